"""Scores of overlapping windows, blended so that no seams show."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rvcli.core.box import Box

Array: TypeAlias = npt.NDArray[Any]
Score: TypeAlias = Callable[[Sequence[Box]], Iterable[tuple[Box, Array]]]

# Of the scores that are summed and of those that are handed out, together.
_MAX_BYTES = 128 << 20
# Blocks of GeoTIFFs: columns of whole blocks are written once each.
_BLOCK = 512
# A window at the border of two columns is predicted for both: one in 25 of windows of 300
# pixels with 10 classes that overlap by half, and one in four of very large ones.
_MIN_WINDOWS_ACROSS = 4


class WindowGrid:
    """Square windows at equal steps over an extent, and what each of them counts.

    The weight of a window falls towards its sides, where the next one takes over: along each
    axis it is 1 in the middle and a quarter wave of sin^2 over what is shared with the next
    window, or over half of the window if more than that is shared. The weights of all windows
    at a pixel sum to 1, so those at the border of the extent count fully there.

    Attributes:
        overlap: pixels that a window shares with the next one along an axis.
    """

    def __init__(self, extent: Box, size: int, stride: int) -> None:
        """Make a grid.

        Args:
            extent: pixel coordinates, half-open. Windows may reach beyond its lower and right
                side.
            size: of a window, in pixels.
            stride: step between windows in pixels, at most `size`.
        """
        self._extent = extent
        self._size = size
        self._stride = stride
        self.overlap = size - stride
        self._ys = _starts(extent.ymin, extent.ymax, size, stride)
        self._xs = _starts(extent.xmin, extent.xmax, size, stride)

    def windows(self) -> list[Box]:
        """List all windows, row by row."""
        return self.touching(self._extent)

    def touching(self, area: Box) -> list[Box]:
        """List the windows that share pixels with an area, row by row."""
        xs = [x for x in self._xs if x < area.xmax and x + self._size > area.xmin]
        ys = [y for y in self._ys if y < area.ymax and y + self._size > area.ymin]
        return [Box.make_square(y, x, self._size) for y in ys for x in xs]

    def blocks(self, classes: int) -> list[Box]:
        """Cut the extent into blocks to blend: columns of bounded memory, each from the top down.

        Args:
            classes: number of classes, which decides how broad a column can be.
        """
        bytes_across = (self._size + self._stride) * classes * np.dtype(np.float32).itemsize
        width = max(_MAX_BYTES // bytes_across, _MIN_WINDOWS_ACROSS * self._size)
        width = max(1, width // _BLOCK) * _BLOCK
        extent = self._extent
        return [
            Box(top, left, bottom, min(left + width, extent.xmax))
            for left in range(extent.xmin, extent.xmax, width)
            for top, bottom in zip(self._ys, [*self._ys[1:], extent.ymax], strict=True)
        ]

    def weights(self) -> tuple[dict[int, Array], dict[int, Array]]:
        """Return the weights of windows along y and along x, by where a window starts.

        Each is float32 of shape (size,); what a window counts at a pixel is the product of two.
        """
        ys, xs = (_weights(starts, self._size, self.overlap) for starts in (self._ys, self._xs))
        return ys, xs


def blend(
    blocks: Sequence[Box], grid: WindowGrid, classes: int, score: Score
) -> Iterator[tuple[Box, Array]]:
    """Sum the weighted scores of windows.

    Every window is scored once for each column of blocks that it touches. At every pixel the
    windows are summed row by row, whatever the blocks.

    Args:
        blocks: pixel coordinates; parts of the extent, best in the order of `grid.blocks`.
        grid: the windows.
        classes: number of classes.
        score: gives windows with their scores, shape (classes, height, width), in the order
            in which it gets them; it may leave some out, which then count as 0.

    Yields:
        each block with its scores, float32 of shape (classes, height, width). They are valid
        until the next block is asked for.
    """
    weights = grid.weights()
    memory = np.zeros(0, np.float32)
    for column in _columns(blocks):
        area = Box(column[0].ymin, column[0].xmin, column[-1].ymax, column[0].xmax)
        windows = grid.touching(area)
        shape = (classes, _rows_at_once(column, windows), area.get_width())
        if memory.size < math.prod(shape):
            memory = np.zeros(math.prod(shape), np.float32)
        sums = memory[: math.prod(shape)].reshape(shape)
        sums.fill(0)
        yield from _blend_column(column, area, sums, weights, score(windows))


def _blend_column(
    blocks: Sequence[Box],
    area: Box,
    sums: Array,
    weights: tuple[dict[int, Array], dict[int, Array]],
    scored: Iterable[tuple[Box, Array]],
) -> Iterator[tuple[Box, Array]]:
    """Blend blocks that lie one below the other.

    Args:
        blocks: from the top down.
        area: that they make up.
        sums: zeros, shape (classes, rows, columns); scores of the blocks that wait for more
            windows, from the upper side of the first one.
        weights: of windows along y and x.
        scored: windows with their scores, row by row.
    """
    waiting = deque(blocks)
    for window, scores in scored:
        while waiting[0].ymax <= window.ymin:
            block = waiting.popleft()
            yield block, sums[:, : block.get_height()]
            _move_up(sums, block.get_height())
        shared = window.intersection(area)
        here = _part(shared, waiting[0].ymin, area.xmin)
        there = _part(shared, window.ymin, window.xmin)
        _, rows, columns = there
        weight = weights[0][window.ymin][rows, None] * weights[1][window.xmin][columns]
        sums[here] += scores[there] * weight
    for block in waiting:
        yield block, sums[:, : block.get_height()]
        _move_up(sums, block.get_height())


def best_classes(scores: Array, class_ids: Sequence[int]) -> Array:
    """Return the class with the highest score for every pixel; 0 where all scores are 0.

    Args:
        scores: shape (classes, height, width); not negative.
        class_ids: by plane; of equal scores the first counts.

    Returns:
        uint8 or uint16 class ids, shape (height, width).
    """
    dtype = np.uint8 if max(class_ids, default=0) <= np.iinfo(np.uint8).max else np.uint16
    found = np.zeros(scores.shape[1:], dtype)
    best = np.zeros(scores.shape[1:], scores.dtype)
    for class_id, plane in zip(class_ids, scores, strict=True):
        np.copyto(found, dtype(class_id), where=plane > best)
        np.maximum(best, plane, out=best)
    return found


def _starts(first: int, last: int, size: int, stride: int) -> list[int]:
    """List where windows start, without those that would add nothing to the one before."""
    return list(range(first, max(first + 1, last - (size - stride)), stride))


def _weights(starts: Sequence[int], size: int, overlap: int) -> dict[int, Array]:
    ramp = min(overlap, size // 2)
    rise = np.sin(np.pi / 2 * (np.arange(ramp) + 0.5) / max(ramp, 1)) ** 2
    shape = np.concatenate([rise, np.ones(size - 2 * ramp), rise[::-1]])
    total = np.zeros(starts[-1] + size - starts[0])
    parts = {start: slice(start - starts[0], start - starts[0] + size) for start in starts}
    for part in parts.values():
        total[part] += shape
    return {start: (shape / total[part]).astype(np.float32) for start, part in parts.items()}


def _columns(blocks: Sequence[Box]) -> Iterator[list[Box]]:
    """Yield runs of blocks that lie one below the other."""
    column: list[Box] = []
    for block in blocks:
        last = column[-1] if column else block
        sides = (last.ymax, last.xmin, last.xmax)
        if column and sides != (block.ymin, block.xmin, block.xmax):
            yield column
            column = []
        column.append(block)
    if column:
        yield column


def _rows_at_once(blocks: Sequence[Box], windows: Sequence[Box]) -> int:
    """Give the most rows that wait at one time, from the first block to the end of a window."""
    tops = [block.ymin for block in blocks]
    rows: int = max(block.get_height() for block in blocks)
    for y, end in {(window.ymin, window.ymax) for window in windows}:
        top = tops[max(0, bisect_right(tops, y) - 1)]
        rows = max(rows, min(end, blocks[-1].ymax) - top)
    return rows


def _move_up(sums: Array, rows: int) -> None:
    """Drop the upper rows."""
    for plane in sums:  # one by one, since numpy copies what it moves within one array
        plane[: len(plane) - rows] = plane[rows:]
        plane[len(plane) - rows :] = 0


def _part(box: Box, top: int, left: int) -> tuple[slice, slice, slice]:
    """Return where a box lies in the planes of an array that begins at (top, left)."""
    rows = slice(box.ymin - top, box.ymax - top)
    return slice(None), rows, slice(box.xmin - left, box.xmax - left)
