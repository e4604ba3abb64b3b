"""Where a window of an image lies in a source's own coordinates."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from rvcli.core.box import Box
from rvcli.data.vector_source.projection import Projector

Bounds: TypeAlias = tuple[float, float, float, float]

# Points along each side of a window; the edges of its image between them are nearly straight.
_POINTS = 21


def source_bounds(
    window: Box, to_source: Projector, width: float | None, total: Bounds | None
) -> list[Bounds] | None:
    """Return bounds that hold all of a window, as (xmin, ymin, xmax, ymax) of the source.

    They are somewhat too wide, so that nothing is missed between the points that are projected.

    Args:
        window: pixel coordinates.
        to_source: see projection.source_projector.
        width: once around the world in the source's CRS, see antimeridian.world_width.
        total: bounds of all features, if they are known.

    Returns:
        one or more bounds, or None where that cannot be said: everything has to be read.
    """
    xmin, ymin, xmax, ymax = window.shapely_format()
    grid = np.meshgrid(np.linspace(xmin, xmax, _POINTS), np.linspace(ymin, ymax, _POINTS))
    points = to_source(np.column_stack([grid[0].ravel(), grid[1].ravel()]))
    if not np.isfinite(points).all():
        return None
    x, y = points[:, 0].reshape(_POINTS, _POINTS), points[:, 1].reshape(_POINTS, _POINTS)
    if width is not None:
        x = np.unwrap(np.unwrap(x, axis=1, period=width), axis=0, period=width)
    (left, right), (bottom, top) = _range(x), _range(y)
    if width is None:
        return [(left, bottom, right, top)]
    if right - left >= width:  # around a pole
        return [(-2 * width, bottom, 2 * width, top)]
    return [
        (left + turn, bottom, right + turn, top)
        for turn in (0.0, -width, width)
        if turn == 0 or _may_hold(left + turn, right + turn, width, total)
    ]


def _range(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> tuple[float, float]:
    """Return least and greatest value, each moved out by the largest step of the grid."""
    step = max(np.abs(np.diff(values, axis=axis)).max() for axis in (0, 1))
    return float(values.min() - step), float(values.max() + step)


def _may_hold(left: float, right: float, width: float, total: Bounds | None) -> bool:
    """Tell whether features may lie between two x, a turn away from the window itself."""
    low, high = (-width / 2, width / 2) if total is None else (total[0], total[2])
    return left <= high and right >= low
