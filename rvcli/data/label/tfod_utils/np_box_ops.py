"""Areas and overlaps of boxes in arrays.

Boxes are rows (ymin, xmin, ymax, xmax), shape (n, 4). Those of n boxes with m boxes are matrices
of shape (n, m); of many boxes few overlap, and `BoxIndex` finds them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import shapely

Array: TypeAlias = npt.NDArray[Any]
Pairs: TypeAlias = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Array]

_FIRST_ROWS = 64
_GROWTH = 4
_PAIRS_AT_ONCE = 1 << 20


def area(boxes: Array) -> Array:
    """Return the areas, shape (n,)."""
    return np.asarray((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]))


def intersection(boxes1: Array, boxes2: Array) -> Array:
    """Return the areas that each two boxes share, shape (n, m)."""
    return _shared(boxes1[:, np.newaxis], boxes2[np.newaxis])


def iou(boxes1: Array, boxes2: Array) -> Array:
    """Return intersection over union of each two boxes, shape (n, m); 0 for boxes without area."""
    shared = intersection(boxes1, boxes2)
    return _share(shared, area(boxes1)[:, np.newaxis] + area(boxes2)[np.newaxis] - shared)


def ioa(boxes1: Array, boxes2: Array) -> Array:
    """Return the share of each box of `boxes2` that lies in each of `boxes1`, shape (n, m)."""
    shared = intersection(boxes1, boxes2)
    return _share(shared, np.broadcast_to(area(boxes2), shared.shape))


class BoxIndex:
    """Finds which of many boxes overlap others, in memory that the overlaps do not exceed."""

    def __init__(self, boxes: Array) -> None:
        """Make an index.

        Args:
            boxes: float, shape (n, 4).
        """
        self.boxes = boxes
        self._tree = shapely.STRtree(_as_polygons(boxes))

    def touching(self, box: Any) -> npt.NDArray[np.int64]:
        """Return the positions of the boxes that touch one box, in order.

        Args:
            box: ymin, xmin, ymax, xmax.
        """
        ymin, xmin, ymax, xmax = box
        return np.sort(self._tree.query(shapely.box(xmin, ymin, xmax, ymax))).astype(np.int64)

    def pairs(self, boxes: Array, wanted: npt.NDArray[np.bool_] | None = None) -> Iterator[Pairs]:
        """Yield the pairs of boxes that share an area, a block of `boxes` at a time.

        Args:
            boxes: float, shape (m, 4).
            wanted: bool, shape (m,): boxes to leave out are False. It may change between blocks.

        Yields:
            Positions in `boxes`, ascending; positions in the index; shared areas.
        """
        start, rows = 0, _FIRST_ROWS
        while start < len(boxes):
            chosen = np.arange(start, min(start + rows, len(boxes)))
            if wanted is not None:
                chosen = chosen[wanted[chosen]]
            mine, theirs = self._tree.query(_as_polygons(boxes[chosen]))
            shared = _shared(boxes[chosen[mine]], self.boxes[theirs])
            overlaps = shared > 0
            yield chosen[mine[overlaps]], theirs[overlaps], shared[overlaps]
            start += rows
            rows = int(rows * min(_GROWTH, _PAIRS_AT_ONCE / (len(mine) + 1))) or 1


def suppress(
    boxes: Array, overlap: Callable[[Pairs], Array], threshold: float
) -> npt.NDArray[np.int64]:
    """Tell which boxes go since a better one that stays overlaps them too much.

    Args:
        boxes: float, shape (n, 4), the best first.
        overlap: gives the overlaps of pairs of a better box and another.
        threshold: largest overlap of boxes that both stay.

    Returns:
        For each box the position of the better one that it goes for; -1 if it stays.
    """
    goes_for = np.full(len(boxes), -1)
    stays = np.ones(len(boxes), np.bool_)
    for better, other, shared in BoxIndex(boxes).pairs(boxes, stays):
        later = better < other
        pairs = better[later], other[later], shared[later]
        much = overlap(pairs) > threshold
        better, other = pairs[0][much], pairs[1][much]
        firsts = np.flatnonzero(np.diff(better, prepend=-1))
        for box, others in zip(better[firsts].tolist(), np.split(other, firsts)[1:], strict=True):
            if stays[box]:
                fresh = others[stays[others]]
                goes_for[fresh] = box
                stays[fresh] = False
    return goes_for


def _as_polygons(boxes: Array) -> Array:
    return np.asarray(shapely.box(boxes[:, 1], boxes[:, 0], boxes[:, 3], boxes[:, 2]))


def _shared(boxes1: Array, boxes2: Array) -> Array:
    """Return the areas that boxes share with those at the same place."""
    upper = np.maximum(boxes1[..., :2], boxes2[..., :2])
    lower = np.minimum(boxes1[..., 2:], boxes2[..., 2:])
    return np.asarray(np.maximum(lower - upper, 0).prod(axis=-1))


def _share(part: Array, whole: Array) -> Array:
    return np.divide(part, whole, out=np.zeros(part.shape, np.float64), where=whole > 0)
