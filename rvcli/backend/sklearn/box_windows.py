"""Windows that slide over an image, and what leads from a window to the box of an object."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rvcli.core.box import Box

Array: TypeAlias = npt.NDArray[Any]

# Windows of one size lie this share of their sides apart, or these pixels if that is more.
_STEP = 0.2
_LEAST_STEP = 4.0
# A window does not grow or shrink by more than e.
_MOST_GROWTH = 1.0


def choose_sizes(boxes: Array, count: int, seed: int) -> list[tuple[float, float]]:
    """Choose heights and widths that boxes are near to.

    Objects may lie either way round, so that each box counts with its sides exchanged too.

    Args:
        boxes: rows (ymin, xmin, ymax, xmax), shape (n, 4), one at least.
        count: how many sizes, at most.
        seed: of the search.

    Returns:
        (height, width) in pixels, sorted.
    """
    from sklearn.cluster import KMeans

    sides = np.log(np.maximum(boxes[:, 2:] - boxes[:, :2], 1.0))
    sides = np.concatenate([sides, sides[:, ::-1]])
    count = min(count, len(np.unique(sides, axis=0)))
    centres = KMeans(count, n_init=4, random_state=seed).fit(sides).cluster_centers_
    return sorted((float(height), float(width)) for height, width in np.exp(centres).round(2))


def slide(area: Box, sizes: Sequence[tuple[float, float]]) -> Array:
    """Lay windows of some sizes over an area.

    Their places do not depend on the area: two areas have the same windows where they overlap.

    Args:
        area: where the centres of windows lie, in pixels, half-open.
        sizes: (height, width) of the windows.

    Returns:
        rows (ymin, xmin, ymax, xmax), shape (n, 4).
    """
    found = []
    for height, width in sizes:
        ys = _places(area.ymin, area.ymax, max(_LEAST_STEP, _STEP * height))
        xs = _places(area.xmin, area.xmax, max(_LEAST_STEP, _STEP * width))
        y, x = (axis.ravel() for axis in np.meshgrid(ys, xs, indexing="ij"))
        half_y, half_x = height / 2, width / 2
        found.append(np.column_stack([y - half_y, x - half_x, y + half_y, x + half_x]))
    return np.concatenate(found)


def _places(low: float, high: float, step: float) -> Array:
    return np.arange(np.ceil(low / step), np.ceil(high / step)) * step


def encode(windows: Array, boxes: Array) -> Array:
    """Return what leads from windows to boxes: shifts in sides, logarithms of the growth.

    Args:
        windows: rows (ymin, xmin, ymax, xmax), shape (n, 4).
        boxes: likewise.
    """
    sides, wanted = windows[:, 2:] - windows[:, :2], boxes[:, 2:] - boxes[:, :2]
    shifts = (boxes[:, :2] + boxes[:, 2:] - windows[:, :2] - windows[:, 2:]) / 2 / sides
    return np.concatenate([shifts, np.log(wanted / sides)], axis=1)


def decode(windows: Array, offsets: Array) -> Array:
    """Return the boxes to which offsets lead from windows; the inverse of `encode`."""
    sides = windows[:, 2:] - windows[:, :2]
    centres = (windows[:, :2] + windows[:, 2:]) / 2 + offsets[:, :2] * sides
    half = sides * np.exp(offsets[:, 2:].clip(-_MOST_GROWTH, _MOST_GROWTH)) / 2
    return np.concatenate([centres - half, centres + half], axis=1)
