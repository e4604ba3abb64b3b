"""Windows at random places."""

from __future__ import annotations

import random

from rvcli.core.box import Box
from rvcli.task.random_windows import draw_windows

EXTENT = Box(10, 20, 30, 50)


def test_windows_are_different_and_lie_in_the_extent() -> None:
    """As many windows are drawn as wanted, all different, all within the extent."""
    windows = list(draw_windows(EXTENT, 8, 50, lambda drawn: drawn, random.Random(0)))
    assert len(set(windows)) == 50
    assert all(window.intersection(EXTENT) == window for window in windows)


def test_no_more_windows_than_places() -> None:
    """Where there are fewer places than windows wanted, each is drawn once."""
    windows = list(draw_windows(Box(0, 0, 9, 10), 8, 50, lambda drawn: drawn, random.Random(0)))
    assert sorted(window.tuple_format()[:2] for window in windows) == [
        (y, x) for y in range(2) for x in range(3)
    ]


def test_a_small_extent_has_one_window() -> None:
    """A window that is larger than the extent starts at its upper left."""
    windows = draw_windows(EXTENT, 100, 5, lambda drawn: drawn, random.Random(0))
    assert list(windows) == [Box(10, 20, 110, 120)]


def test_draws_come_to_an_end() -> None:
    """If no window passes the filter, drawing ends after so many draws."""
    seen: list[Box] = []

    def none(drawn: list[Box]) -> list[Box]:
        seen.extend(drawn)
        return []

    assert list(draw_windows(EXTENT, 8, 5, none, random.Random(0), max_draws=12)) == []
    assert 5 < len(seen) <= 15
    assert list(draw_windows(EXTENT, 8, 2, none, random.Random(0))) == []
    assert len(seen) <= 15 + 200
