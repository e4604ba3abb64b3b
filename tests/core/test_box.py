"""Box: arithmetic of windows and extents."""

from __future__ import annotations

import pickle
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Polygon

from rvcli.core import Box, BoxSizeError

coordinate = st.integers(-10_000, 10_000)


@st.composite
def boxes(draw: st.DrawFn, max_side: int = 200) -> Box:
    """Draw a box of whole pixels."""
    ymin, xmin = draw(coordinate), draw(coordinate)
    side = st.integers(1, max_side)
    return Box(ymin, xmin, ymin + draw(side), xmin + draw(side))


def test_sizes() -> None:
    """Height, width and area follow from the corners."""
    box = Box(1, 2, 4, 7)
    assert (box.get_height(), box.get_width(), box.get_area()) == (3, 5, 15)


def test_formats_name_their_axis_order() -> None:
    """Each format has the axis order that its reader expects."""
    box = Box(1, 2, 3, 4)
    assert box.tuple_format() == (1, 2, 3, 4)
    assert box.shapely_format() == (2, 1, 4, 3)
    assert box.rasterio_format() == ((1, 3), (2, 4))
    assert box.geojson_coordinates() == [[2, 1], [2, 3], [4, 3], [4, 1], [2, 1]]


@given(boxes())
def test_round_trips(box: Box) -> None:
    """A box survives every format that it can be made from, and pickling."""
    assert Box.from_tuple(box.tuple_format()) == box
    assert Box.from_npbox(box.npbox_format()) == box
    assert Box.from_shapely(box.to_shapely()) == box
    assert Box.from_dict(box.to_dict()) == box
    assert pickle.loads(pickle.dumps(box)) == box
    assert box.make_copy() == box


def test_npboxes_of_none() -> None:
    """No boxes make an array of no rows and four columns."""
    assert Box.to_npboxes([]).shape == (0, 4)
    assert np.array_equal(Box.to_npboxes([Box(1, 2, 3, 4)]), [[1, 2, 3, 4]])


def test_to_int_truncates() -> None:
    """Coordinates are truncated to integers."""
    assert Box(0.9, 1.2, 2.9, 3.0).to_int() == Box(0, 1, 2, 3)


@given(boxes(), boxes())
def test_intersection_is_what_both_contain(a: Box, b: Box) -> None:
    """The intersection has the area that shapely finds, and is the same both ways."""
    assert a.intersection(b).get_area() == a.to_shapely().intersection(b.to_shapely()).area
    assert a.intersection(b) == b.intersection(a)
    assert a.intersects(b) == (a.intersection(b).get_area() > 0)


@given(boxes(), st.integers(0, 100), st.integers(0, 2**32))
def test_random_container_contains(box: Box, extra: int, seed: int) -> None:
    """A random square container holds the whole box and has the size asked for."""
    size = max(box.get_height(), box.get_width()) + extra
    square = box.make_random_square_container(size, rng=random.Random(seed))
    assert square.intersection(box) == box
    assert (square.get_height(), square.get_width()) == (size, size)


@given(boxes(), st.data())
def test_random_square_lies_inside(box: Box, data: st.DataObject) -> None:
    """A random square lies in the box, even where it fills it."""
    size = data.draw(st.integers(1, min(box.get_height(), box.get_width())))
    square = box.make_random_square(size)
    assert square.intersection(box) == square
    assert (square.get_height(), square.get_width()) == (size, size)


def test_random_squares_that_do_not_fit() -> None:
    """A square that is too small as a container, or too large to lie inside, is refused."""
    box = Box(0, 0, 5, 10)
    with pytest.raises(BoxSizeError, match="side 9 can contain"):
        box.make_random_square_container(9)
    with pytest.raises(BoxSizeError, match="side 6 fits into"):
        box.make_random_square(6)


def test_random_square_repeats_for_a_seed() -> None:
    """The same seed draws the same square."""
    box = Box(0, 0, 1000, 1000)
    draws = {box.make_random_square(10, rng=random.Random(3)) for _ in range(5)}
    assert len(draws) == 1


def test_reproject_keeps_min_below_max() -> None:
    """A transform that turns the y axis over still gives ymin below ymax."""
    assert Box(0, 0, 10, 20).reproject(lambda p: (p[0] + 5, -p[1])) == Box(-10, 5, 0, 25)


def test_buffer_in_pixels_and_in_fractions() -> None:
    """A buffer below 1 is a fraction of the side, others are pixels; both are clipped."""
    extent = Box(0, 0, 100, 100)
    assert Box(10, 10, 20, 30).make_buffer(5, extent) == Box(5, 5, 25, 35)
    assert Box(10, 10, 20, 30).make_buffer(0.5, extent) == Box(5, 0, 25, 40)
    assert Box(10, 10, 20, 30).make_buffer(-1, extent) == Box(10, 10, 20, 30)
    assert Box(10, 10, 95, 95).make_buffer(50, Box(2, 3, 100, 99)) == Box(2, 3, 100, 99)


def test_eroded() -> None:
    """Each side moves inwards."""
    assert Box(0, 0, 10, 20).make_eroded(2) == Box(2, 2, 8, 18)


@given(boxes(60), st.integers(1, 30), st.data())
def test_windows_cover_the_box(box: Box, size: int, data: st.DataObject) -> None:
    """Windows whose stride is at most their size cover every pixel of the box."""
    stride = data.draw(st.integers(1, size))
    covered = np.zeros((box.get_height(), box.get_width()), dtype=bool)
    for window in box.get_windows(size, stride):
        top, left = window.ymin - box.ymin, window.xmin - box.xmin
        covered[top : top + size, left : left + size] = True
    assert covered.all()


def test_windows_start_at_the_corner_of_the_box() -> None:
    """The grid starts at the box's own corner and runs row by row."""
    windows = Box(10, 20, 14, 26).get_windows(4, 3)
    assert windows == [Box.make_square(y, x, 4) for y in (10, 13) for x in (20, 23)]


@pytest.mark.parametrize(("size", "stride"), [(0, 1), (1, 0), (-3, 2)])
def test_windows_need_positive_sizes(size: int, stride: int) -> None:
    """A size or stride below 1 is refused."""
    with pytest.raises(BoxSizeError, match="at least 1"):
        Box(0, 0, 5, 5).get_windows(size, stride)


def test_filter_by_aoi_keeps_windows_within_one_polygon() -> None:
    """Windows wholly within a polygon stay, in their order, and once."""
    left = Polygon([(0, 0), (10, 0), (10, 10), (0, 10)])
    right = Polygon([(5, 0), (20, 0), (20, 10), (5, 10)])
    windows = [Box(0, 6, 4, 10), Box(0, 0, 10, 11), Box(0, 11, 5, 16), Box(0, 0, 4, 4)]
    kept = Box.filter_by_aoi(windows, [left, right])
    assert kept == [windows[0], windows[2], windows[3]]


def test_filter_by_aoi_is_not_strict_to_the_last_digit() -> None:
    """A window that a polygon was drawn around is within it, however its corners were rounded."""
    polygon = Polygon([(1e-7, 0), (9.9999999, 0), (10, 9.9999999), (0, 10)])
    windows = [Box(0, 0, 10, 10), Box(0, 0, 10.01, 10)]
    assert windows[:1] == Box.filter_by_aoi(windows, [polygon])


def test_filter_by_aoi_without_polygons_or_windows() -> None:
    """Nothing lies within no polygon."""
    assert Box.filter_by_aoi([Box(0, 0, 1, 1)], []) == []
    assert Box.filter_by_aoi([], [Polygon([(0, 0), (1, 0), (1, 1)])]) == []
