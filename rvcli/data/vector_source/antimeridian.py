"""Geometries across the antimeridian, on images on which the world goes around."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from rvcli.core.box import Box

if TYPE_CHECKING:
    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer

Floats: TypeAlias = npt.NDArray[np.float64]

# An edge of half the world or more is taken for one that goes around the other way.
_HALF = 0.5
# What merely touches the image, but for rounding, does not lie on it.
_TINY = 1e-9


def world_width(crs: Any) -> float | None:
    """Return how far it is once around the world along x, in units of a CRS.

    None for a CRS in which x and longitude are not in proportion, as in UTM.
    """
    crs = pyproj.CRS.from_user_input(crs.to_wkt() if hasattr(crs, "to_wkt") else crs)
    if crs.is_geographic:
        return float(2 * np.pi / crs.axis_info[0].unit_conversion_factor)
    if not crs.is_projected:
        return None
    project = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform
    longitudes = np.arange(-180.0, 181, 8)
    widths = []
    for latitude in (0.0, 40.0):
        x, y = project(longitudes, np.full_like(longitudes, latitude))
        if not (np.isfinite(x).all() and np.allclose(y, y[0], atol=1.0)):
            return None
        # One step goes over the edge of the map.
        steps = np.diff(x)
        step = np.median(steps)
        if np.count_nonzero(~np.isclose(steps, step, rtol=1e-6)) > 1:
            return None
        widths.append(float(step) * 360 / 8)
    is_cylindrical = bool(np.isclose(widths[0], widths[1], rtol=1e-6)) and widths[0] != 0
    return widths[0] if is_cylindrical else None


def world_step(crs_transformer: CRSTransformer) -> Floats | None:
    """Return the way once around the world in pixels, (x, y); None where there is none."""
    crs, affine = crs_transformer.get_image_crs(), crs_transformer.get_affine_transform()
    if crs is None or affine is None:
        return None
    width = world_width(crs)
    if width is None:
        return None
    inverse = ~affine
    return np.array([inverse.a * width, inverse.d * width])


def joined(
    xy: Floats,
    ring_lengths: npt.NDArray[np.int64],
    ring_counts: npt.NDArray[np.int64],
    step: Floats,
) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Bring together the positions of parts that lie on both sides of the antimeridian.

    Args:
        xy: positions in pixels, shape (n, 2).
        ring_lengths: see Parts.
        ring_counts: see Parts.
        step: see world_step.

    Returns:
        the positions, and the parts that changed.
    """
    turns = xy @ step / (step @ step)
    with np.errstate(invalid="ignore"):
        way = np.diff(turns)
        leaps = np.where(np.abs(way) > _HALF, -np.round(way), 0.0)
    ring_ends = np.cumsum(ring_lengths)
    leaps[ring_ends[:-1] - 1] = 0
    leaps[~np.isfinite(leaps)] = 0
    leaping = np.flatnonzero(leaps)
    if not len(leaping):
        return xy, np.empty(0, np.int64)
    ring_of_part = np.cumsum(ring_counts)
    parts = np.unique(
        np.searchsorted(ring_of_part, np.searchsorted(ring_ends, leaping, "right"), "right")
    )
    xy, changed = xy.copy(), []
    for part in parts:
        ends = ring_ends[ring_of_part[part] - ring_counts[part] : ring_of_part[part]]
        rows = slice(ends[0] - ring_lengths[ring_of_part[part] - ring_counts[part]], ends[-1])
        moved = _joined_rings(turns[rows], leaps[rows], ends - rows.start)
        if moved is not None:
            xy[rows] += np.outer(np.round(moved - turns[rows]), step)
            changed.append(part)
    return xy, np.array(changed, np.int64)


def _joined_rings(turns: Floats, leaps: Floats, ends: npt.NDArray[np.int64]) -> Floats | None:
    """Return where the rings of a part lie if no edge is long, in turns around the world.

    None if they enclose a pole, or would lie farther apart or have no width.
    """
    rings: list[Floats] = []
    for start, end in zip([0, *ends[:-1]], ends, strict=True):
        ring = turns[start:end] + np.concatenate([[0], np.cumsum(leaps[start : end - 1])])
        if rings:
            ring = ring + np.round(rings[0].mean() - ring.mean())
        was_closed = bool(turns[start] == turns[end - 1])
        if was_closed and abs(ring[0] - ring[-1]) > _HALF:
            return None
        rings.append(ring)
    moved = np.concatenate(rings)
    return moved if _TINY < np.ptp(moved) < _HALF else None


def copies(
    geometries: npt.NDArray[Any], step: Floats, extent: Box
) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
    """Move geometries by turns around the world to where they lie on an image.

    Args:
        geometries: shapely geometries in pixels.
        step: see world_step.
        extent: of the image, pixel coordinates.

    Returns:
        the geometries, and the position of the one that each is made from: one that lies on the
        image twice, at its left and its right edge, is there twice; one that does not lie on it
        stays where it is.
    """
    low, high = _turns(shapely.bounds(geometries), step)
    left, right = _turns(np.array([extent.shapely_format()], dtype=np.float64), step)
    first = np.floor(left + _TINY - high) + 1
    last = np.ceil(right - _TINY - low) - 1
    missing = last < first
    first[missing], last[missing] = 0, 0
    counts = (last - first + 1).astype(np.int64)
    index = np.repeat(np.arange(len(geometries)), counts)
    turns = first[index] + np.arange(len(index)) - np.repeat(np.cumsum(counts) - counts, counts)
    moved = geometries[index]
    for turn in np.unique(turns[turns != 0]).tolist():
        chosen = turns == turn
        way = turn * step
        moved[chosen] = shapely.transform(moved[chosen], lambda xy, way=way: xy + way)
    return moved, index


def _turns(bounds_xyxy: Floats, step: Floats) -> tuple[Floats, Floats]:
    """Return from where to where bounds reach, in turns around the world."""
    corners = bounds_xyxy[:, [[0, 1], [0, 3], [2, 1], [2, 3]]] @ step / (step @ step)
    return corners.min(axis=1), corners.max(axis=1)
