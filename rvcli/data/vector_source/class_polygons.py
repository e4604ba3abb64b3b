"""Polygons with classes, in pixel coordinates: vector labels as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import shapely

from rvcli.core.box import Box

Geometries: TypeAlias = npt.NDArray[Any]
Ids: TypeAlias = npt.NDArray[np.int64]

# Drawing goes through all vertices in Python: from here on it pays to cut a polygon first.
LARGE = 256
# Cutting goes through all vertices as well: from here on a polygon is divided once and for all.
_HUGE = 2048
# Pieces overlap by twice this, so that no seams show; smaller ones are not divided.
_OVERLAP_PX = 2
_SMALL_PX = 64


@dataclass(frozen=True, eq=False)
class ClassPolygons:
    """Polygons in the order of the features that they come from.

    Attributes:
        geometries: shapely polygons in pixel (x, y), shape (n,).
        class_ids: the class of each.
        features: the feature that each comes from: its position in the source, or its number
            in a file that numbers them.
        scores: the property `score` of the feature of each, 1 where it has none; None where
            no feature has one, or it was not read.
    """

    geometries: Geometries
    class_ids: Ids
    features: Ids
    scores: npt.NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.geometries)

    @cached_property
    def tree(self) -> shapely.STRtree:
        """The polygons' spatial index, made on first use."""
        return shapely.STRtree(self.geometries)

    @cached_property
    def max_class_id(self) -> int:
        """The largest class id, 0 if there are no polygons."""
        return int(self.class_ids.max(initial=0))

    def touching(self, window: Box) -> Ids:
        """Return the positions of the polygons whose bounds touch a window, in order."""
        found = self.tree.query(shapely.box(*window.shapely_format()))
        return np.sort(found).astype(np.int64)

    def part(self, window: Box) -> ClassPolygons:
        """Return the polygons whose bounds touch a window, whole and in order."""
        chosen = self.touching(window)
        return self._owned(self.geometries[chosen], chosen)

    @cached_property
    def divided(self) -> ClassPolygons:
        """The same for drawing: polygons of very many vertices in pieces that overlap a little."""
        huge = shapely.get_num_coordinates(self.geometries) > _HUGE
        if not huge.any():
            return self
        pieces = [_divided(g) if h else [g] for g, h in zip(self.geometries, huge, strict=True)]
        owners = np.repeat(np.arange(len(self)), [len(own) for own in pieces])
        geometries = np.array([*chain.from_iterable(pieces), None], dtype=object)[:-1]
        return self._owned(geometries, owners)

    def _owned(self, geometries: Geometries, owners: Ids) -> ClassPolygons:
        """Return geometries, each with what the polygon at a position has."""
        scores = None if self.scores is None else self.scores[owners]
        return ClassPolygons(geometries, self.class_ids[owners], self.features[owners], scores)

    def pieces(self, window: Box) -> tuple[list[dict[str, Any]], list[int]]:
        """Return all polygons as GeoJSON, in order, with the class of each, to draw in a window.

        Polygons of many vertices are cut a little outside the window.
        """
        geometries, class_ids = self.geometries, self.class_ids
        large = shapely.get_num_coordinates(geometries) > LARGE
        if large.any():
            geometries = geometries.copy()
            frame = window.make_eroded(-_OVERLAP_PX).shapely_format()
            geometries[large] = shapely.clip_by_rect(geometries[large], *frame)
            geometries, owners = _areas(geometries)
            class_ids = class_ids[owners]
        return _to_geojson(geometries), class_ids.tolist()


def _areas(geometries: Geometries) -> tuple[Geometries, Ids]:
    """Return the polygons in geometries, with the position of the one that each is of."""
    # Cutting may leave lines behind, which would be drawn.
    parts, owners = shapely.get_parts(geometries, return_index=True)
    areal = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    return parts[areal], owners[areal]


def _divided(polygon: Any) -> list[Any]:
    """Return pieces of a polygon that have few vertices or are small."""
    xmin, ymin, xmax, ymax = polygon.bounds
    is_wide = xmax - xmin > ymax - ymin
    if shapely.get_num_coordinates(polygon) <= _HUGE or max(xmax - xmin, ymax - ymin) <= _SMALL_PX:
        return [polygon]
    x, y = (xmin + xmax) / 2, (ymin + ymax) / 2
    overlap = _OVERLAP_PX
    halves = (
        ((xmin, ymin, x + overlap, ymax), (x - overlap, ymin, xmax, ymax))
        if is_wide
        else ((xmin, ymin, xmax, y + overlap), (xmin, y - overlap, xmax, ymax))
    )
    cut = np.array([shapely.clip_by_rect(polygon, *half) for half in halves], dtype=object)
    return [piece for part in _areas(cut)[0] for piece in _divided(part)]


def _to_geojson(polygons: Geometries) -> list[dict[str, Any]]:
    """Return polygons as GeoJSON: all at once, which takes a quarter of the time of one by one."""
    rings, owners = shapely.get_rings(polygons, return_index=True)
    ends = np.cumsum(shapely.get_num_coordinates(rings)).tolist()
    positions = shapely.get_coordinates(rings).tolist()
    geojson: list[dict[str, Any]] = [{"type": "Polygon", "coordinates": []} for _ in polygons]
    for owner, start, end in zip(owners.tolist(), [0, *ends], ends, strict=False):
        geojson[owner]["coordinates"].append(positions[start:end])
    return geojson


def merged(polygons: Sequence[ClassPolygons]) -> ClassPolygons:
    """Return polygons of several reads of one source, each feature's once, in its order."""
    if len(polygons) == 1:
        return polygons[0]
    features = np.concatenate([p.features for p in polygons])
    reads = np.repeat(np.arange(len(polygons)), [len(p) for p in polygons])
    # Each read gives a feature's polygons whole: those of the first read that has it stay.
    _, first, number = np.unique(features, return_index=True, return_inverse=True)
    kept = np.flatnonzero(reads == reads[first[number]])
    kept = kept[np.argsort(features[kept], kind="stable")]
    geometries = np.concatenate([p.geometries for p in polygons])
    class_ids = np.concatenate([p.class_ids for p in polygons])
    scores = [p.scores for p in polygons if p.scores is not None]
    joined = np.concatenate(scores) if len(scores) == len(polygons) else None
    return ClassPolygons(geometries, class_ids, features, joined)._owned(geometries[kept], kept)
