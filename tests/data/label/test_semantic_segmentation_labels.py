"""A class for every pixel, window by window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from shapely.geometry import box

from rvcli.core.box import Box
from rvcli.data.label.semantic_segmentation_labels import Scored, SemanticSegmentationLabels
from rvcli.errors import DataError

WINDOW = Box(2, 3, 6, 8)


def rows(window: Box) -> Any:
    """Label each pixel with its row."""
    ys = np.arange(window.ymin, window.ymax, dtype=np.uint8)
    return np.tile(ys[:, np.newaxis], (1, window.get_width()))


def test_windows_are_listed_and_added() -> None:
    """Windows may come from any iterable, and be added later."""
    labels = SemanticSegmentationLabels(iter([WINDOW]), rows)
    labels.add_window(Box(0, 0, 1, 1))
    assert labels.get_windows() == [WINDOW, Box(0, 0, 1, 1)]


def test_labels_are_made_when_asked_for() -> None:
    """A window's labels are what label_fn gives."""
    labels = SemanticSegmentationLabels([WINDOW], rows)
    assert labels.get_label_arr(WINDOW).tolist() == rows(WINDOW).tolist()


def test_clip_extent_cuts_off_what_lies_outside() -> None:
    """clip_extent cuts labels on all sides to the part inside it."""
    labels = SemanticSegmentationLabels([WINDOW], rows)
    assert labels.get_label_arr(WINDOW, clip_extent=Box(0, 0, 4, 5)).tolist() == [[2, 2], [3, 3]]
    assert labels.get_label_arr(WINDOW, clip_extent=Box(4, 7, 9, 9)).tolist() == [[4], [5]]
    assert labels.get_label_arr(WINDOW, clip_extent=Box(50, 50, 60, 60)).size == 0


def test_aoi_leaves_0_outside() -> None:
    """filter_by_aoi gives labels that are 0 outside the areas, and leaves the old ones alone."""
    labels = SemanticSegmentationLabels([WINDOW], rows)
    filtered = labels.filter_by_aoi([box(3, 2, 5, 4), box(7, 5, 20, 20)])
    expected = [[2, 2, 0, 0, 0], [3, 3, 0, 0, 0], [0] * 5, [0, 0, 0, 0, 5]]
    assert expected == filtered.get_label_arr(WINDOW).tolist()
    assert filtered.get_label_arr(WINDOW, Box(0, 0, 3, 100)).tolist() == expected[:1]
    assert labels.get_label_arr(WINDOW).tolist() == rows(WINDOW).tolist()


def test_all_windows_come_with_their_labels() -> None:
    """get_label_arrs gives each window, clipped, with its labels."""
    labels = SemanticSegmentationLabels([WINDOW, Box(0, 0, 1, 1)], rows)
    found = [(window, array.tolist()) for window, array in labels.get_label_arrs(Box(0, 0, 4, 4))]
    assert found == [(Box(2, 3, 4, 4), [[2], [3]]), (Box(0, 0, 1, 1), [[0]])]
    assert [window for window, _ in labels.get_label_arrs()] == labels.get_windows()


def test_stream_gives_windows_where_there_is_one() -> None:
    """A stream is asked for all windows at once, also after an AOI is set."""
    asked: list[Sequence[Box]] = []

    def stream(windows: Sequence[Box]) -> Iterator[tuple[Box, Any]]:
        asked.append(windows)
        yield from ((window, rows(window)) for window in windows)

    labels = SemanticSegmentationLabels([WINDOW], rows, stream=stream)
    [(_, array)] = labels.filter_by_aoi([box(0, 0, 99, 3)]).get_label_arrs()
    assert array.sum() == 10
    assert asked == [[WINDOW]]


def test_labels_can_be_kept_in_memory() -> None:
    """What is kept is made once and no longer depends on what made it."""
    calls = []

    def make(window: Box) -> Any:
        calls.append(window)
        return np.full((2, 2), 3, np.uint8)

    kept = SemanticSegmentationLabels([Box(0, 0, 2, 2)], make).in_memory()
    arrays = [kept.get_label_arr(kept.windows[0]) for _ in range(2)]
    assert (1, 3, 3) == (len(calls), arrays[0][0, 0], arrays[1][1, 1])


def test_labels_of_several_windows_add_up() -> None:
    """A sum has the windows of both, and of those that both have the later labels."""
    first = SemanticSegmentationLabels([Box(0, 0, 1, 1), Box(5, 0, 6, 1)], rows)
    second = SemanticSegmentationLabels([Box(0, 0, 1, 1)], lambda w: rows(w) + 7)
    third = SemanticSegmentationLabels([Box(3, 0, 4, 1)], rows)
    total = SemanticSegmentationLabels([], rows) + first + second + third
    found = [(window.ymin, array.tolist()) for window, array in total.get_label_arrs()]
    assert [(0, [[7]]), (5, [[5]]), (3, [[3]])] == found
    outside = total.filter_by_aoi([box(0, 0, 1, 4)])
    assert 0 == outside.get_label_arr(Box(5, 0, 6, 1)).sum()


def test_many_labels_are_added_in_place() -> None:
    """`+=` gives what `+` gives, and leaves the labels that it began with as they were."""
    windows = [Box(0, 0, 2, 2), Box(2, 0, 4, 2), Box(0, 0, 2, 2)]
    first, *others = (
        SemanticSegmentationLabels([window], lambda window, value=value: np.full((2, 2), value))
        for value, window in enumerate(windows, 1)
    )
    total = first
    for other in others:
        total += other
    assert total.get_windows() == windows[:2]
    assert [array[0, 0] for _, array in total.get_label_arrs()] == [3, 2]
    assert first.get_windows() == windows[:1]


def test_scores_come_with_their_classes() -> None:
    """Scores are clipped like classes, and 0 where the class is 0."""
    window = Box(0, 0, 4, 6)
    ids = np.ones((4, 6), np.uint8)
    ids[1, 2] = 0
    scores = np.full((2, 4, 6), 0.5, np.float32)

    def stream() -> list[Scored]:
        return [(window, ids, scores)]

    labels = SemanticSegmentationLabels([window], lambda window: ids, score_stream=stream)
    labels = labels.filter_by_aoi([box(0, 0, 3, 3)])
    assert labels.has_scores
    [(shown, found, found_scores)] = labels.get_score_arrs(Box(1, 1, 9, 5))
    assert Box(1, 1, 4, 5) == shown
    assert [[1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0]] == found.tolist()
    np.testing.assert_array_equal([found / 2, found / 2], found_scores)
    np.testing.assert_array_equal(0.5, scores)


def test_labels_without_scores_say_so() -> None:
    """Asking for scores that are not there is an error."""
    labels = SemanticSegmentationLabels([], lambda window: np.zeros((1, 1)))
    assert not labels.has_scores
    with pytest.raises(DataError, match="no class scores"):
        next(labels.get_score_arrs())
