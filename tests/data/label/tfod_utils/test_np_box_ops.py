"""Areas and overlaps of boxes in arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from rvcli.data.label.tfod_utils import np_box_ops
from rvcli.data.label.tfod_utils.np_box_ops import BoxIndex

LEFT = np.array([[0.0, 0, 4, 4], [10, 10, 12, 14]])
RIGHT = np.array([[2.0, 2, 6, 4], [20, 20, 21, 21], [10, 10, 12, 12]])

corners = st.integers(0, 30)
boxes = st.lists(
    st.tuples(corners, corners, st.integers(1, 15), st.integers(1, 15)), max_size=12
).map(
    lambda rows: np.array([(y, x, y + h, x + w) for y, x, h, w in rows], np.float64).reshape(-1, 4)
)


def polygons(rows: Any) -> Any:
    """Give the boxes as shapely polygons."""
    return shapely.box(rows[:, 1], rows[:, 0], rows[:, 3], rows[:, 2])


def test_area() -> None:
    """An area is height times width."""
    assert np_box_ops.area(LEFT).tolist() == [16, 8]


def test_intersection_of_each_with_each() -> None:
    """Shared areas are a matrix, 0 where boxes do not overlap."""
    assert np_box_ops.intersection(LEFT, RIGHT).tolist() == [[4, 0, 0], [0, 0, 4]]


def test_iou_of_each_with_each() -> None:
    """Intersection over union is a matrix."""
    expected = [[4 / 20, 0, 0], [0, 0, 4 / 8]]
    assert np_box_ops.iou(LEFT, RIGHT).tolist() == expected


def test_ioa_is_over_the_area_of_the_second() -> None:
    """Intersection over area is that over the boxes of the second argument."""
    assert np_box_ops.ioa(LEFT, RIGHT).tolist() == [[4 / 8, 0, 0], [0, 0, 1]]


def test_boxes_without_area_overlap_nothing() -> None:
    """Of boxes without area, iou and ioa are 0 and not undefined."""
    flat = np.array([[1.0, 1, 1, 3]])
    assert np_box_ops.iou(flat, flat).tolist() == [[0]]
    assert np_box_ops.ioa(LEFT, flat).tolist() == [[0], [0]]


@given(boxes, boxes)
def test_overlaps_are_those_of_shapely(left: Any, right: Any) -> None:
    """Intersections and unions are those that shapely computes of the polygons."""
    a, b = polygons(left)[:, np.newaxis], polygons(right)[np.newaxis]
    shared = shapely.area(shapely.intersection(a, b))
    assert np_box_ops.intersection(left, right) == pytest.approx(shared)
    union = shapely.area(shapely.union(a, b))
    assert np_box_ops.iou(left, right) == pytest.approx(shared / union)


@given(boxes, boxes)
def test_an_index_finds_all_that_overlap(left: Any, right: Any) -> None:
    """The pairs of an index, with their shared areas, are those of the whole matrix."""
    found = np.zeros((len(left), len(right)))
    for i, j, shared in BoxIndex(right).pairs(left):
        found[i, j] = shared
    assert found.tolist() == np_box_ops.intersection(left, right).tolist()


def test_an_index_leaves_out_what_is_not_wanted() -> None:
    """Boxes marked as not wanted yield no pairs, also if they are marked between blocks."""
    many = np.tile([[0.0, 0, 1, 1]], (200, 1))
    wanted = np.ones(200, np.bool_)
    wanted[0] = False
    seen = []
    for i, _, _ in BoxIndex(many[:1]).pairs(many, wanted):
        seen += i.tolist()
        wanted[70:] = False
    assert seen == list(range(1, 70))


def test_blocks_stay_small_where_all_overlap() -> None:
    """Where each box overlaps each, a block holds some millions of pairs and not all of them."""
    many = np.tile([[0.0, 0, 1, 1]], (4000, 1))
    sizes = [len(i) for i, _, _ in BoxIndex(many).pairs(many)]
    assert sum(sizes) == 4000 * 4000
    assert max(sizes) < 2_000_000


def test_an_index_tells_what_touches_a_box() -> None:
    """Positions of the boxes that touch a box come in order."""
    assert BoxIndex(RIGHT).touching((6, 4, 12, 12)).tolist() == [0, 2]
