"""Scores of overlapping windows, blended."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvcli.core.box import Box
from rvcli.task import blend as blend_module
from rvcli.task.blend import WindowGrid, best_classes, blend


def scores_of(window: Box, classes: int) -> Any:
    """Draw scores that sum to 1, others for every window."""
    rng = np.random.default_rng([window.ymin + 1000, window.xmin + 1000])
    drawn = rng.random((classes, window.get_height(), window.get_width()), np.float32)
    return drawn / drawn.sum(axis=0)


def score(classes: int, skip: Callable[[Box], bool] = lambda window: False) -> Any:
    """Give a function that scores windows but those to be skipped."""

    def scored(windows: Sequence[Box]) -> Iterator[tuple[Box, Any]]:
        for window in windows:
            if not skip(window):
                yield window, scores_of(window, classes)

    return scored


def whole(blocks: Any, extent: Box, classes: int) -> Any:
    """Put blocks together, and see that they do not overlap."""
    result = np.full((classes, extent.get_height(), extent.get_width()), np.nan, np.float32)
    for block, scores in blocks:
        y, x = block.ymin - extent.ymin, block.xmin - extent.xmin
        part = result[:, y : y + block.get_height(), x : x + block.get_width()]
        assert np.isnan(part).all()
        part[...] = scores
    return result


def plain(extent: Box, grid: WindowGrid, classes: int) -> Any:
    """Blend the whole extent at once, with the same weights."""
    bottom = max(window.ymax for window in grid.windows())
    right = max(window.xmax for window in grid.windows())
    total = np.zeros((classes, bottom - extent.ymin, right - extent.xmin), np.float32)
    along_y, along_x = grid.weights()
    for window in grid.windows():
        y, x = window.ymin - extent.ymin, window.xmin - extent.xmin
        weights = along_y[window.ymin][:, None] * along_x[window.xmin]
        part = total[:, y : y + window.get_height(), x : x + window.get_width()]
        part += scores_of(window, classes) * weights
    return total[:, : extent.get_height(), : extent.get_width()]


sizes = st.tuples(st.integers(1, 12), st.integers(1, 12)).map(sorted)


@given(sizes, st.integers(1, 40), st.integers(1, 40), st.integers(1, 20), st.integers(1, 20))
def test_blocks_do_not_matter(
    steps: list[int], height: int, width: int, block_height: int, block_width: int
) -> None:
    """Whatever blocks are asked for, every pixel is that of a blend of the whole, bit for bit."""
    stride, size = steps
    extent = Box(3, -5, 3 + height, -5 + width)
    grid = WindowGrid(extent, size, stride)
    blocks = [
        Box(y, x, min(y + block_height, extent.ymax), min(x + block_width, extent.xmax))
        for x in range(extent.xmin, extent.xmax, block_width)
        for y in range(extent.ymin, extent.ymax, block_height)
    ]
    found = whole(blend(blocks, grid, 3, score(3)), extent, 3)
    np.testing.assert_array_equal(plain(extent, grid, 3), found)


@given(sizes, st.integers(1, 60), st.integers(1, 40))
def test_blocks_of_a_grid_cover_it(steps: list[int], height: int, width: int) -> None:
    """The blocks of a grid are blended like the whole; columns are as narrow as memory asks."""
    stride, size = steps
    extent = Box(0, 0, height, width)
    grid = WindowGrid(extent, size, stride)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blend_module, "_BLOCK", 2)
        patch.setattr(blend_module, "_MAX_BYTES", 1)
        blocks = grid.blocks(2)
    assert min(width, 4 * size - 1) <= max(b.get_width() for b in blocks) <= max(4 * size, 2)
    found = whole(blend(blocks, grid, 2, score(2)), extent, 2)
    np.testing.assert_array_equal(plain(extent, grid, 2), found)


@given(sizes, st.integers(1, 60))
def test_weights_sum_to_one(steps: list[int], length: int) -> None:
    """At every pixel of the extent the weights of all windows sum to 1, and all are above 0."""
    stride, size = steps
    grid = WindowGrid(Box(0, 0, length, 1), size, stride)
    along_y, _ = grid.weights()
    total = np.zeros(max(along_y) + size)
    for start, weights in along_y.items():
        assert weights.min() > 0
        total[start : start + size] += weights
    np.testing.assert_allclose(1, total[:length], atol=1e-6)


def test_a_window_fades_out_where_the_next_takes_over() -> None:
    """Weights are 1 in the middle and a quarter wave of sin^2 over the overlap, as documented."""
    along_y, _ = WindowGrid(Box(0, 0, 30, 10), 10, 7).weights()
    rise = np.sin(np.pi / 2 * np.array([0.5, 1.5, 2.5]) / 3) ** 2
    expected = np.concatenate([rise, np.ones(4), rise[::-1]])
    np.testing.assert_allclose(expected, along_y[7], atol=1e-6)
    np.testing.assert_allclose(expected[3:], along_y[0][3:], atol=1e-6)
    np.testing.assert_array_equal(1, along_y[0][:3])


def test_windows_side_by_side_keep_their_scores() -> None:
    """Without overlap the scores of windows come out as they went in."""
    extent = Box(0, 0, 20, 30)
    grid = WindowGrid(extent, 10, 10)
    found = whole(blend(grid.blocks(2), grid, 2, score(2)), extent, 2)
    for window in extent.get_windows(10, 10):
        np.testing.assert_array_equal(
            scores_of(window, 2), found[:, window.ymin : window.ymax, window.xmin : window.xmax]
        )


def test_no_seams_show() -> None:
    """Where windows disagree, scores change gradually from one to the next."""
    extent = Box(0, 0, 8, 200)
    grid = WindowGrid(extent, 80, 40)

    def flat(windows: Sequence[Box]) -> Iterator[tuple[Box, Any]]:
        for window in windows:
            value = window.xmin // 40 % 2
            yield window, np.stack([np.full((80, 80), v, np.float32) for v in (value, 1 - value)])

    found = whole(blend(grid.blocks(2), grid, 2, flat), extent, 2)
    assert 0.9 < found[0].max() - found[0].min()
    assert 0.05 > np.abs(np.diff(found[0], axis=1)).max()


def test_windows_that_are_left_out_count_as_nothing() -> None:
    """Where no window has scores they are 0, also over several blocks."""
    extent = Box(0, 0, 60, 20)
    grid = WindowGrid(extent, 10, 5)
    blocks = blend(grid.blocks(2), grid, 2, score(2, lambda window: 15 <= window.ymin < 40))
    found = whole(blocks, extent, 2)
    assert not found[:, 20:40].any()
    assert found[:, :19].any(axis=0).all()
    assert found[:, 41:].any(axis=0).all()


def test_memory_follows_the_window() -> None:
    """Windows over 100,000 pixels with 10 classes take 120 MB at most, few of them twice."""
    extent = Box(0, 0, 300, 100_000)
    grid = WindowGrid(extent, 300, 150)
    scores = np.zeros((10, 300, 300), np.float32)
    windows = 0

    def count(asked: Sequence[Box]) -> Iterator[tuple[Box, Any]]:
        nonlocal windows
        windows += len(asked)
        for window in asked:
            yield window, scores

    blocks = grid.blocks(10)
    tracemalloc.start()
    try:
        for _ in blend(blocks, grid, 10, count):
            pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 120e6
    assert len(grid.windows()) < windows < 1.05 * len(grid.windows())


def test_the_best_class_wins() -> None:
    """The class with the highest score is chosen; of equal ones the first; 0 without scores."""
    scores = np.array([[[0.2, 0.5, 0.0]], [[0.7, 0.5, 0.0]], [[0.1, 0.0, 0.0]]], np.float32)
    assert [[4, 2, 0]] == best_classes(scores, [2, 4, 300]).tolist()
    assert np.uint16 == best_classes(scores, [2, 4, 300]).dtype
    assert np.uint8 == best_classes(scores, [2, 4, 255]).dtype
