"""Choosing, merging, clipping and scaling of lists of boxes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvcli.data.label.tfod_utils import np_box_list_ops as ops
from rvcli.data.label.tfod_utils import np_box_ops
from rvcli.data.label.tfod_utils.np_box_list import BoxList
from rvcli.errors import DataError

# The second lies nearly on the first, the third beside them.
BOXES = np.array([[0.0, 0, 10, 10], [0, 1, 10, 11], [20, 20, 30, 30]])


def make(boxes: Any = BOXES, **fields: Any) -> BoxList:
    """Make a list with fields."""
    boxlist = BoxList(np.asarray(boxes, np.float64).reshape(-1, 4))
    for name, values in fields.items():
        boxlist.add_field(name, np.asarray(values))
    return boxlist


def test_overlaps_of_lists() -> None:
    """Areas and overlaps of lists are those of their arrays."""
    left, right = make(), make(BOXES[1:])
    assert ops.area(left).tolist() == [100, 100, 100]
    assert ops.intersection(left, right).tolist() == [[90, 0], [100, 0], [0, 100]]
    assert ops.iou(left, right).tolist() == [[90 / 110, 0], [1, 0], [0, 1]]
    assert ops.ioa(left, right).tolist() == [[0.9, 0], [1, 0], [0, 1]]


def test_gather_keeps_order_and_fields() -> None:
    """Boxes are chosen in the order of the positions, with all fields or some."""
    boxlist = make(scores=[0.1, 0.2, 0.3], classes=[1, 2, 3])
    chosen = ops.gather(boxlist, np.array([2, 0]))
    assert chosen.get().tolist() == BOXES[[2, 0]].tolist()
    assert chosen.get_field("classes").tolist() == [3, 1]
    assert ops.gather(boxlist, np.array([]), ["scores"]).get_extra_fields() == ["scores"]


@pytest.mark.parametrize("position", [3, -1])
def test_gather_of_no_box(position: int) -> None:
    """A position where no box is is refused."""
    with pytest.raises(DataError, match="there are 3 boxes"):
        ops.gather(make(), np.array([position]))


def test_sort_by_field() -> None:
    """Boxes are sorted by falling or rising value; one order is the other reversed."""
    boxlist = make(scores=[0.5, 0.9, 0.5], place=[0, 1, 2])
    assert ops.sort_by_field(boxlist, "scores").get_field("place").tolist() == [1, 2, 0]
    rising = ops.sort_by_field(boxlist, "scores", ops.SortOrder.ASCEND)
    assert rising.get_field("place").tolist() == [0, 2, 1]


def test_sort_by_what_has_no_order() -> None:
    """A field of several values a box and an unknown order are refused."""
    with pytest.raises(DataError, match=r"'boxes', which has the shape \(3, 4\)"):
        ops.sort_by_field(make(), "boxes")
    with pytest.raises(DataError, match="the order is 7"):
        ops.sort_by_field(make(scores=[1, 2, 3]), "scores", 7)


def test_the_better_of_two_that_overlap_stays() -> None:
    """Of boxes that overlap above the threshold the one of the higher score stays."""
    kept = ops.non_max_suppression(make(scores=[0.6, 0.8, 0.1]), iou_threshold=0.5)
    assert kept.get().tolist() == BOXES[[1, 2]].tolist()
    assert kept.get_field("scores").tolist() == [0.8, 0.1]


def test_an_overlap_of_just_the_threshold_stays() -> None:
    """Boxes whose overlap is the threshold and not above it stay."""
    kept = ops.non_max_suppression(make(scores=[0.6, 0.8, 0.1]), iou_threshold=90 / 110)
    assert kept.num_boxes() == 3


def test_what_is_suppressed_suppresses_nothing() -> None:
    """In a chain of boxes, one that is gone does not take the next with it."""
    chain = [[0, 0, 10, 10], [0, 4, 10, 14], [0, 8, 10, 18]]
    kept = ops.non_max_suppression(make(chain, scores=[0.9, 0.8, 0.7]), iou_threshold=0.3)
    assert kept.get_field("scores").tolist() == [0.9, 0.7]


def test_limits_of_suppression() -> None:
    """Boxes of low score go, and only so many stay; a threshold of 1 suppresses nothing."""
    boxlist = make(scores=[0.6, 0.8, 0.1])
    assert ops.non_max_suppression(boxlist).num_boxes() == 3
    assert ops.non_max_suppression(boxlist, score_threshold=0.1).num_boxes() == 2
    assert ops.non_max_suppression(boxlist, max_output_size=1).get_field("scores") == [0.8]
    assert ops.non_max_suppression(boxlist, max_output_size=0).num_boxes() == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"iou_threshold": 1.5}, "iou_threshold is 1.5"),
        ({"max_output_size": -1}, "max_output_size is -1"),
    ],
)
def test_arguments_out_of_range(arguments: Any, message: str) -> None:
    """Arguments that make no sense are refused."""
    with pytest.raises(DataError, match=message):
        ops.non_max_suppression(make(scores=[1, 1, 1]), **arguments)


boxes_and_scores = st.lists(
    st.tuples(
        st.integers(0, 40),
        st.integers(0, 40),
        st.integers(1, 20),
        st.integers(1, 20),
        st.integers(0, 5),
    ),
    max_size=40,
)


@given(boxes_and_scores, st.sampled_from([0.0, 0.2, 0.5, 0.9]))
def test_suppression_is_the_greedy_one(rows: Any, threshold: float) -> None:
    """What stays is what the plain loop over boxes by falling score keeps."""
    boxes = np.array([(y, x, y + h, x + w) for y, x, h, w, _ in rows]).reshape(-1, 4)
    scores = np.array([row[-1] for row in rows], np.float64)
    overlaps = np_box_ops.iou(boxes.astype(np.float64), boxes.astype(np.float64))
    expected: list[int] = []
    for place in np.argsort(scores, kind="stable")[::-1].tolist():
        if all(overlaps[place, better] <= threshold for better in expected):
            expected.append(place)
    kept = ops.non_max_suppression(
        make(boxes, scores=scores, place=range(len(boxes))), iou_threshold=threshold
    )
    assert kept.get_field("place").tolist() == expected


def test_each_class_is_suppressed_by_itself() -> None:
    """Boxes go only for better ones of their class; the class is the column of the score."""
    scores = [[0.9, 0.8], [0.5, 0.85], [0.1, 0.2]]
    kept = ops.multi_class_non_max_suppression(make(scores=scores), 0.15, 0.5, 10)
    assert kept.get_field("scores").tolist() == [0.9, 0.85, 0.2]
    assert kept.get_field("classes").tolist() == [0, 1, 1]
    assert kept.get().tolist() == BOXES.tolist()


def test_scores_of_one_class() -> None:
    """Scores without columns are those of one class."""
    kept = ops.multi_class_non_max_suppression(make(scores=[0.9, 0.8, 0.1]), 0.0, 0.5, 1)
    assert kept.get_field("classes").tolist() == [0]


def test_scores_of_too_many_dimensions() -> None:
    """Scores that are no table are refused."""
    with pytest.raises(DataError, match=r"\(3, 1, 1\)"):
        ops.multi_class_non_max_suppression(make(scores=np.ones((3, 1, 1))), 0.0, 0.5, 1)


def test_scale() -> None:
    """Coordinates are multiplied, fields stay."""
    scaled = ops.scale(make(scores=[1, 2, 3]), 2, 10)
    assert scaled.get()[1].tolist() == [0, 10, 20, 110]
    assert scaled.get_field("scores").tolist() == [1, 2, 3]


def test_clip_to_window() -> None:
    """Boxes are cut off at the window; those that only touch it go."""
    clipped = ops.clip_to_window(make(scores=[1, 2, 3]), [5, 10, 25, 25])
    assert clipped.get().tolist() == [[5, 10, 10, 11], [20, 20, 25, 25]]
    assert clipped.get_field("scores").tolist() == [2, 3]


def test_prune_non_overlapping_boxes() -> None:
    """Boxes stay of which at least some share lies in one box of the second list."""
    windows = make([[0, 1, 10, 20], [0, 0, 1, 1]])
    kept = ops.prune_non_overlapping_boxes(make(), windows, 0.9)
    assert kept.get().tolist() == BOXES[:2].tolist()
    assert ops.prune_non_overlapping_boxes(make(), windows, 0.95).num_boxes() == 1
    assert ops.prune_non_overlapping_boxes(make(), make([]), 0.1).num_boxes() == 0


def test_prune_outside_window() -> None:
    """Boxes that are not wholly in the window go; the positions of the others are told."""
    kept, positions = ops.prune_outside_window(make(), [0, 1, 30, 30])
    assert kept.get().tolist() == BOXES[1:].tolist()
    assert positions.tolist() == [1, 2]


def test_concatenate() -> None:
    """Lists are put one after the other, with the fields of the first or those named."""
    left, right = make(BOXES[:1], scores=[1]), make(BOXES[1:], scores=[2, 3], classes=[4, 5])
    joined = ops.concatenate([left, right])
    assert joined.get().tolist() == BOXES.tolist()
    assert joined.get_field("scores").tolist() == [1, 2, 3]
    assert ops.concatenate([left, right], []).get_extra_fields() == []


def test_lists_that_cannot_be_put_together() -> None:
    """No list at all, and a list without a field, are refused."""
    with pytest.raises(DataError, match="no lists"):
        ops.concatenate([])
    with pytest.raises(DataError, match="no field 'scores'"):
        ops.concatenate([make(scores=[1, 2, 3]), make()])


def test_filter_scores_greater_than() -> None:
    """Boxes stay whose score is above the threshold, not those on it."""
    boxlist = make(scores=[0.5, 0.6, 0.4])
    assert ops.filter_scores_greater_than(boxlist, 0.5).get_field("scores").tolist() == [0.6]


def test_filter_by_several_scores() -> None:
    """Boxes with several scores each have none to be filtered by."""
    with pytest.raises(DataError, match=r"\(3, 2\)"):
        ops.filter_scores_greater_than(make(scores=np.ones((3, 2))), 0.5)


def test_change_coordinate_frame() -> None:
    """Coordinates become shares of a window."""
    changed = ops.change_coordinate_frame(make(), [0, 0, 20, 10])
    assert changed.get()[1].tolist() == [0, 0.1, 0.5, 1.1]
