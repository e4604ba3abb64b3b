"""Polygons of large sources, read in squares of the image."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from math import ceil, floor

from rvcli.core.box import Box
from rvcli.data.vector_source.class_polygons import ClassPolygons, merged

BLOCK_PX = 2048
# Some 200 MB of polygons of a dozen vertices.
KEPT_POLYGONS = 200_000


class PolygonBlocks:
    """Reads the squares of an image that are asked for, and keeps the last of them.

    Args:
        read: gives the polygons that touch a window at least, each whole.
        kept_polygons: how many are kept; the square last used is, whatever it holds.
    """

    def __init__(
        self, read: Callable[[Box], ClassPolygons], kept_polygons: int = KEPT_POLYGONS
    ) -> None:
        self._read = read
        self._kept_polygons = kept_polygons
        self._blocks: OrderedDict[tuple[int, int], ClassPolygons] = OrderedDict()

    def part(self, window: Box) -> ClassPolygons:
        """Return the polygons whose bounds touch a window, whole and in order."""
        return merged([block.part(window) for block in self._over(window)])

    def pieces(self, window: Box) -> ClassPolygons:
        """Return the polygons for drawing in a window, those of very many vertices divided."""
        return merged([block.divided.part(window) for block in self._over(window)])

    def clear(self) -> None:
        """Let go of what is kept."""
        self._blocks.clear()

    def _over(self, window: Box) -> Iterator[ClassPolygons]:
        for row in _blocks_over(window.ymin, window.ymax):
            for column in _blocks_over(window.xmin, window.xmax):
                yield self._block(row, column)

    def _block(self, row: int, column: int) -> ClassPolygons:
        key = (row, column)
        if key not in self._blocks:
            self._blocks[key] = self._read(
                Box.make_square(row * BLOCK_PX, column * BLOCK_PX, BLOCK_PX)
            )
            while len(self._blocks) > 1 and self._count() > self._kept_polygons:
                self._blocks.popitem(last=False)
        self._blocks.move_to_end(key)
        return self._blocks[key]

    def _count(self) -> int:
        return sum(map(len, self._blocks.values()))


def _blocks_over(start: float, stop: float) -> range:
    first = floor(start / BLOCK_PX)
    return range(first, max(ceil(stop / BLOCK_PX), first + 1))
