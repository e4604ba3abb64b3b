"""Footprints of buildings: patches of pixels taken apart where narrow, with right angles.

A patch that fills most of its smallest rectangle becomes a rectangle of the patch's own area and
direction. The outline of any other is drawn anew with sides along and across the direction of its
smallest rectangle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import shapely
from affine import Affine
from rasterio.features import shapes
from scipy.ndimage import binary_opening, label

from rvcli.data.label_store.polygonize import Polygons, simplified
from rvcli.data.label_store.vector_output_config import BuildingOptions

_Floats: TypeAlias = npt.NDArray[np.float64]

# A patch that fills this share of its smallest rectangle is taken for one.
_RECTANGLE_FILL = 0.8
# An outline with right angles that shares less than this with the patch is not used.
_MIN_IOU = 0.7


def footprints(
    patches: Polygons, areas: _Floats, options: BuildingOptions, tolerance: float
) -> Polygons:
    """Turn patches of pixels into footprints of buildings.

    Args:
        patches: polygons in pixel (x, y), shape (n,).
        areas: of the patches, in the unit of the option min_area, shape (n,).
        options: which patches may be several buildings.
        tolerance: in pixels; how far the outline may be moved before it gets right angles.

    Returns:
        Polygons in pixel (x, y), at least one for each patch.
    """
    buildings = _taken_apart(patches, areas, options)
    frames = _frames(buildings)
    filled = shapely.area(buildings) / (frames.length * frames.width)
    is_rectangle = filled >= _RECTANGLE_FILL
    drawn = np.empty(len(buildings), dtype=object)
    drawn[is_rectangle] = _rectangles(buildings[is_rectangle], frames.chosen(is_rectangle))
    for i in np.flatnonzero(~is_rectangle):
        drawn[i] = _right_angled(buildings[i], frames.angle[i], tolerance)
    return drawn


@dataclass(frozen=True)
class _Frames:
    """The smallest rectangles around patches: shape (n,) each.

    Attributes:
        length: of the longer side.
        width: of the shorter side.
        angle: of the longer side to the x axis, in radians.
    """

    length: _Floats
    width: _Floats
    angle: _Floats

    def chosen(self, index: Any) -> _Frames:
        return _Frames(self.length[index], self.width[index], self.angle[index])


def _frames(polygons: Polygons) -> _Frames:
    corners = shapely.get_coordinates(shapely.oriented_envelope(polygons)).reshape(-1, 5, 2)
    sides = np.diff(corners[:, :3], axis=1)
    sizes = np.hypot(sides[..., 0], sides[..., 1])
    longest = sizes.argmax(axis=1)
    along = sides[np.arange(len(sides)), longest]
    return _Frames(sizes.max(axis=1), sizes.min(axis=1), np.arctan2(along[:, 1], along[:, 0]))


def _rotated(polygon: Any, angle: float) -> Any:
    """Turn a polygon around the origin; a hole that touches the outline may get lost."""
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    rotated = shapely.transform(polygon, lambda xy: xy @ turn)
    return rotated if rotated.is_valid else shapely.Polygon(rotated.exterior)


def _taken_apart(patches: Polygons, areas: _Floats, options: BuildingOptions) -> Polygons:
    """Return the buildings of all patches."""
    frames = _frames(patches)
    is_cluster = frames.length >= options.min_aspect_ratio * frames.width
    is_cluster &= areas >= (options.min_area or 0.0)
    parts: list[Any] = list(patches[~is_cluster])
    for i in np.flatnonzero(is_cluster):
        parts += _parts(patches[i], frames.chosen(i), options)
    return np.array(parts, dtype=object)


def _parts(patch: Any, frame: _Frames, options: BuildingOptions) -> list[Any]:
    """Return what a patch falls into if its narrow places are cut out; else the patch.

    What is not as wide as a bar across the cluster at that place is cut out: a morphological
    opening by the bar.
    """
    bar = (
        max(1, round(float(options.element_width_factor * frame.width))),
        max(1, round(float(options.element_thickness * frame.length))),
    )
    level = _rotated(patch, -float(frame.angle))
    xmin, ymin, xmax, ymax = level.bounds
    columns, rows = (np.arange(max(1, round(size))) + 0.5 for size in (xmax - xmin, ymax - ymin))
    shapely.prepare(level)
    cells = shapely.contains_xy(level, xmin + columns, ymin + rows[:, None])
    kept = binary_opening(cells, np.ones(bar, np.bool_))
    if label(kept)[1] <= 1:
        return [patch]
    pixels, place = kept.view(np.uint8), Affine.translation(xmin, ymin)
    found = shapes(pixels, mask=pixels, connectivity=4, transform=place)
    return [_rotated(shapely.geometry.shape(geometry), float(frame.angle)) for geometry, _ in found]


def _rectangles(polygons: Polygons, frames: _Frames) -> Polygons:
    """Return rectangles around the centroids, as large as the polygons."""
    centres = shapely.get_coordinates(shapely.centroid(polygons))
    scale = np.sqrt(shapely.area(polygons) / (frames.length * frames.width))
    unit = np.stack([np.cos(frames.angle), np.sin(frames.angle)], axis=1)
    along = unit * (frames.length * scale / 2)[:, None]
    across = unit[:, ::-1] * [-1, 1] * (frames.width * scale / 2)[:, None]
    corners = [-along - across, along - across, along + across, -along + across]
    rectangles: Polygons = shapely.polygons(np.stack(corners, axis=1) + centres[:, None])
    return rectangles


def _right_angled(polygon: Any, angle: float, tolerance: float) -> Any:
    """Return a polygon with sides along and across a direction; the polygon where none fits."""
    level = _rotated(polygon, -angle)
    [outline] = simplified(np.array([level]), tolerance)
    shell, *holes = (_right_angled_ring(ring) for ring in shapely.get_rings(outline))
    drawn = shapely.Polygon(shell, [hole for hole in holes if hole is not None])
    if not drawn.is_valid or _iou(drawn, level) < _MIN_IOU:
        drawn = outline
    placed = _rotated(drawn, angle)
    return placed if placed.is_valid else polygon


def _iou(left: Any, right: Any) -> float:
    shared = left.intersection(right).area
    return float(shared / (left.area + right.area - shared))


def _right_angled_ring(ring: Any) -> _Floats | None:
    """Return a ring of level and upright sides in turn; None if there are fewer than four.

    Sides one after the other that are rather level, or rather upright, become one, at their mean
    place.
    """
    xy = shapely.get_coordinates(ring)
    steps = np.diff(xy, axis=0)
    is_level = np.abs(steps[:, 0]) >= np.abs(steps[:, 1])
    changes = np.flatnonzero(is_level != np.roll(is_level, 1))
    if len(changes) < 4:
        return None
    # Begin where a side begins.
    steps, is_level = (np.roll(values, -changes[0], axis=0) for values in (steps, is_level))
    middles = np.roll((xy[:-1] + xy[1:]) / 2, -changes[0], axis=0)
    side = np.cumsum(np.r_[False, is_level[1:] != is_level[:-1]])
    weight = np.abs(np.where(is_level, steps[:, 0], steps[:, 1]))
    place = np.where(is_level, middles[:, 1], middles[:, 0])
    places = np.bincount(side, weight * place) / np.bincount(side, weight)
    following = np.roll(places, -1)
    # Sides take turns, so a corner has the y of the one and the x of the next, or the reverse.
    first_is_level = np.arange(len(places)) % 2 == (0 if is_level[0] else 1)
    return np.stack(
        [np.where(first_is_level, following, places), np.where(first_is_level, places, following)],
        axis=1,
    )
