"""Boxes of windows that overlap, merged over the whole scene."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvcli.core.box import Box
from rvcli.data.label.object_detection_labels import ObjectDetectionLabels
from rvcli.task.blend import WindowGrid
from rvcli.task.merge_boxes import find_cut_sides, merge_boxes

EXTENT = Box(0, 0, 100, 150)
WINDOWS = WindowGrid(EXTENT, 100, 50).windows()


def make(rows: Any, scores: Any, class_ids: Any = None) -> ObjectDetectionLabels:
    """Make labels, of class 1 if nothing else is said."""
    boxes = np.array(rows, np.float64).reshape(-1, 4)
    ids = np.ones(len(boxes), np.int64) if class_ids is None else np.array(class_ids)
    return ObjectDetectionLabels(boxes, ids, np.array(scores, np.float64))


def merge(labels: ObjectDetectionLabels, merge_thresh: float = 0.5) -> ObjectDetectionLabels:
    """Merge boxes that were found in the windows."""
    sides = find_cut_sides(labels.get_npboxes(), WINDOWS, EXTENT, 1)
    return merge_boxes(labels, sides, 0.1, merge_thresh)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ([10, 60, 30, 100], [3]),  # the first window ends at x = 100
        ([10, 60, 30, 99.2], [3]),
        ([10, 60, 30, 98], []),
        ([10, 50, 30, 80], [1]),  # the second begins at x = 50
        ([10, 51, 30, 99], [1, 3]),
        ([10, 100, 30, 120], []),  # no window begins at x = 100
        ([0, 0, 100, 30], []),  # the image ends there
        ([60, 120, 100, 150], []),
    ],
)
def test_sides_that_lie_where_a_window_ends(row: Any, expected: list[int]) -> None:
    """A side may be cut off if it lies at the border of a window inside the image."""
    sides = find_cut_sides(np.array([row], np.float64), WINDOWS, EXTENT, 1)
    assert np.flatnonzero(sides[0]).tolist() == expected


def test_the_half_of_a_box_goes_for_the_whole() -> None:
    """A box that a window cut off goes for the whole one; the whole takes the higher score."""
    whole, half = [10, 60, 30, 140], [10, 60, 30, 100]
    merged = merge(make([half, whole], [0.9, 0.6]))
    assert merged == make([whole], [0.9])


def test_two_halves_go_for_the_whole() -> None:
    """Both halves of a box go, though neither overlaps the whole by half of their union."""
    whole, left, right = [10, 80, 30, 130], [10, 80, 30, 100], [10, 100, 30, 130]
    assert merge(make([left, whole, right], [0.3, 0.6, 0.5])) == make([whole], [0.6])


def test_of_what_is_seen_only_in_parts_the_largest_stays() -> None:
    """Where no window shows an object whole, the part with the largest area stays."""
    left, right = [10, 5, 30, 100], [10, 50, 30, 145]
    small = [10, 50, 30, 100]
    assert merge(make([small, left], [0.9, 0.5])) == make([left], [0.9])
    assert merge(make([left, right], [0.9, 0.8])) == make([left], [0.9])


def test_a_part_of_another_form_stays() -> None:
    """A cut box goes only if it is the part of the whole one on this side of the border."""
    whole, other = [10, 60, 70, 140], [40, 80, 70, 100]  # the part is 60 x 40 pixels, not 30 x 20
    assert len(merge(make([whole, other], [0.9, 0.8]))) == 2
    near = [15, 62, 70, 100]
    assert merge(make([whole, near], [0.7, 0.8])) == make([whole], [0.8])


def test_a_whole_box_keeps_its_place_beside_a_larger_one() -> None:
    """A small whole box within a large one is another object."""
    large, small = [10, 10, 60, 60], [20, 20, 40, 40]
    assert len(merge(make([large, small], [0.9, 0.5]))) == 2


def test_cut_boxes_of_other_objects_stay() -> None:
    """A cut box stays that no other of its class covers."""
    labels = make(
        [[10, 60, 30, 100], [10, 60, 30, 140], [50, 60, 70, 100]], [0.9, 0.8, 0.7], [1, 2, 1]
    )
    assert len(merge(labels)) == 3


def test_the_better_of_two_whole_boxes_stays() -> None:
    """Among whole boxes the higher score stays, by intersection over union; others come after."""
    rows = [[10, 10, 30, 30], [10, 12, 30, 32], [60, 60, 70, 70]]
    assert merge(make(rows, [0.5, 0.7, 0.6])) == make(rows[1:], [0.7, 0.6])


def test_thresholds() -> None:
    """Boxes of low score go before anything else; with a merge threshold of 1 nothing is merged."""
    whole, half = [10, 60, 30, 140], [10, 60, 30, 100]
    assert merge(make([half, whole], [0.9, 0.1])) == make([half], [0.9])
    assert len(merge(make([half, whole], [0.9, 0.2]), merge_thresh=1)) == 2


def test_nothing_to_merge() -> None:
    """No boxes stay no boxes."""
    assert len(merge(ObjectDetectionLabels.make_empty())) == 0


@given(
    st.lists(
        st.tuples(st.integers(0, 80), st.integers(0, 130), st.integers(2, 20), st.integers(2, 20)),
        max_size=30,
    ),
    st.integers(0, 1000),
)
def test_whole_boxes_are_merged_as_duplicates_are_pruned(rows: Any, seed: int) -> None:
    """Where no box is cut, merging is suppression class by class."""
    boxes = [(y, x, y + h, x + w) for y, x, h, w in rows]
    rng = np.random.default_rng(seed)
    labels = make(boxes, rng.permutation(len(boxes)) / 100, rng.integers(1, 3, len(boxes)))
    merged = merge_boxes(labels, np.zeros((len(boxes), 4), np.bool_), 0.05, 0.3)
    assert merged == ObjectDetectionLabels.prune_duplicates_by_class(labels, 0.05, 0.3)
