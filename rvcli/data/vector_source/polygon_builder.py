"""Features of any source turned into polygons with classes, in pixel coordinates."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from rvcli.core.box import Box
from rvcli.data.vector_source.antimeridian import copies, joined
from rvcli.data.vector_source.buffers import DEFAULT_BUFFER, Buffers, checked_buffers
from rvcli.data.vector_source.class_polygons import ClassPolygons, Geometries, Ids
from rvcli.data.vector_source.geojson_parts import GeoJSONParts
from rvcli.data.vector_source.parts import LINE, POINT, POLYGON, Parts
from rvcli.data.vector_source.projection import Projector
from rvcli.errors import DataError

log = logging.getLogger(__name__)

MAX_CLASS_ID = 65535
# Of a quarter of a circle, as the `buffer` of a single geometry draws it.
_QUARTER_SEGMENTS = 16


@dataclass(frozen=True)
class Placement:
    """How features come to lie on an image.

    Attributes:
        to_pixel: see projection.pixel_projector.
        line_bufs: {class id: half width}; 1 for classes that are not in it; None as a half
            width leaves the lines of that class out.
        point_bufs: {class id: radius}, likewise.
        buffer_unit_xy: width and height of a pixel in the unit of the buffers; (1, 1) if that
            is pixels.
        world_step: see antimeridian.world_step.
        extent: of the image, pixel coordinates; without it nothing is moved by turns around the
            world.
        keeps_unbuffered: whether lines and points without buffer are given as they are.
    """

    to_pixel: Projector
    line_bufs: Buffers = field(default_factory=dict)
    point_bufs: Buffers = field(default_factory=dict)
    buffer_unit_xy: tuple[float, float] = (1.0, 1.0)
    world_step: npt.NDArray[np.float64] | None = None
    extent: Box | None = None
    keeps_unbuffered: bool = False


def class_polygons(
    features: Iterable[Mapping[str, Any]],
    class_ids: Sequence[int | None],
    to_pixel: Projector,
    *,
    line_bufs: Mapping[Any, Any] | None = None,
    point_bufs: Mapping[Any, Any] | None = None,
    name: str = "GeoJSON",
) -> ClassPolygons:
    """Turn GeoJSON features into polygons in pixel coordinates, see place_geojson.

    Args:
        features: GeoJSON features.
        class_ids: the class of each feature; None leaves it out.
        to_pixel, line_bufs, point_bufs: see Placement.
        name: of the features, for messages.

    Raises:
        DataError: a feature is not GeoJSON, or nothing of it can be projected.
    """
    placement = Placement(
        to_pixel, checked_buffers(line_bufs, "line_bufs"), checked_buffers(point_bufs, "point_bufs")
    )
    return place_geojson(features, class_ids, placement, name)


def place_geojson(
    features: Iterable[Mapping[str, Any]],
    class_ids: Sequence[int | None],
    placement: Placement,
    name: str,
) -> ClassPolygons:
    """Turn GeoJSON features into polygons in pixel coordinates.

    Raises:
        DataError: a feature is not GeoJSON, its class id is none, or nothing can be projected.
    """
    check_class_ids(class_ids, name)
    parts = GeoJSONParts(name)
    scores = np.ones(len(class_ids))
    scored = False
    for index, (feature, class_id) in enumerate(zip(features, class_ids, strict=True)):
        if class_id is None:
            parts.dropped["no class"] += 1
        else:
            parts.add_feature(index, feature.get("geometry"))
            score = (feature.get("properties") or {}).get("score")
            if isinstance(score, int | float):
                scores[index], scored = score, True
    polygons = place_parts(parts.parts(), class_ids, placement)
    return replace(polygons, scores=scores[polygons.features]) if scored else polygons


def check_class_ids(class_ids: Sequence[int | None], name: str, numbers: Ids | None = None) -> None:
    """Check that classes are from 0 to 65535.

    Raises:
        DataError: one is not; the message names the feature.
    """
    for index, class_id in enumerate(class_ids):
        if class_id is not None and not 0 <= class_id <= MAX_CLASS_ID:
            number = index if numbers is None else numbers[index]
            raise DataError(
                f"{name}: features[{number}] has the class id {class_id}",
                hint=f"class ids are from 0 to {MAX_CLASS_ID}",
            )


def place_parts(
    parts: Parts,
    class_ids: Sequence[int | None],
    placement: Placement,
    numbers: Ids | None = None,
    is_whole: bool = True,
    level: int = logging.WARNING,
) -> ClassPolygons:
    """Turn geometries that were taken apart into polygons in pixel coordinates.

    Lines and points are buffered, invalid polygons repaired, geometries across the antimeridian
    put together. What is left out or changed is counted in one line of the log.

    Args:
        parts: of the features that have a class.
        class_ids: the class of each feature.
        placement: how they come to lie on the image.
        numbers: what the features are called in the result and in messages; by default their
            positions.
        is_whole: these are all features of a source: if no geometry can be projected its CRS is
            wrong.
        level: of the line in the log.

    Raises:
        DataError: no geometry can be projected.
    """
    ids = np.array([-1 if c is None else c for c in class_ids], np.int64)
    builder = _Builder(parts, ids, placement, numbers)
    builder.leave_out_unprojected(is_whole)
    builder.join(parts)
    builder.add_polygons()
    builder.add_buffered(LINE, placement.line_bufs)
    builder.add_buffered(POINT, placement.point_bufs)
    polygons = builder.polygons()
    builder.log(level)
    return polygons


class _Builder:
    """Makes the polygons of parts, kind by kind."""

    def __init__(
        self, parts: Parts, class_ids: Ids, placement: Placement, numbers: Ids | None
    ) -> None:
        self.name = parts.name
        self.placement = placement
        self.numbers = np.arange(len(class_ids)) if numbers is None else numbers
        self.notes: Counter[str] = Counter(
            {f"{reason} left out": n for reason, n in parts.dropped.items()}
        )
        if parts.split:
            self.notes["feature of several parts taken apart"] = parts.split
        self.named: dict[str, Ids] = {}
        self.kinds = parts.kinds.copy()
        self.features = parts.features
        self.class_ids = class_ids
        self.xy = placement.to_pixel(parts.xy)
        # part_of_ring, and from it part_of_position: which part each row of xy belongs to.
        self.part_of_ring = np.repeat(np.arange(len(self.kinds)), parts.ring_counts)
        self.ring_of_position = np.repeat(np.arange(len(parts.ring_lengths)), parts.ring_lengths)
        self.found: list[tuple[Geometries, Ids]] = []

    def leave_out_unprojected(self, is_whole: bool) -> None:
        """Leave out what the CRS of the image does not hold.

        Raises:
            DataError: nothing is left of a whole source.
        """
        bad = ~np.isfinite(self.xy).all(axis=1)
        if not bad.any():
            return
        parts = np.unique(self.part_of_ring[self.ring_of_position[bad]])
        if is_whole and len(parts) == len(self.kinds):
            first = self.numbers[self.features[parts[0]]]
            raise DataError(
                f"{self.name}: no geometry can be projected to the image (see features[{first}])",
                hint="GeoJSON is in WGS 84 longitude, latitude unless a crs is given",
            )
        self._note("geometry that cannot be projected to the image left out", parts)
        self.kinds[parts] = -1

    def join(self, parts: Parts) -> None:
        """Put together what lies on both sides of the antimeridian."""
        step = self.placement.world_step
        if step is not None and len(self.xy):
            self.xy, changed = joined(self.xy, parts.ring_lengths, parts.ring_counts, step)
            self._note("geometry across the antimeridian put together", changed)

    def _rows(self, kind: int) -> tuple[Ids, Ids, npt.NDArray[np.float64]]:
        """Return the parts of a kind, and the ring and (x, y) of each of their positions."""
        chosen = self.kinds == kind
        rows = chosen[self.part_of_ring[self.ring_of_position]]
        return np.flatnonzero(chosen), self.ring_of_position[rows], self.xy[rows]

    def add_polygons(self) -> None:
        """Make polygons of rings, and repair those that are invalid."""
        parts, rings, xy = self._rows(POLYGON)
        if not len(parts):
            return
        used_rings, ring_index = np.unique(rings, return_inverse=True)
        shells_and_holes = shapely.linearrings(xy, indices=ring_index)
        polygon_index = np.searchsorted(parts, self.part_of_ring[used_rings])
        polygons = shapely.polygons(shells_and_holes, indices=polygon_index)
        invalid = np.flatnonzero(~shapely.is_valid(polygons))
        if not len(invalid):
            self.found.append((polygons, parts))
            return
        pieces, piece_parts = _repair(polygons[invalid], parts[invalid])
        self._note("invalid polygon repaired", np.intersect1d(parts[invalid], piece_parts))
        lost = np.setdiff1d(parts[invalid], piece_parts)
        self._note("invalid polygon without area left out", lost)
        sound = np.delete(np.arange(len(polygons)), invalid)
        self.found += [(polygons[sound], parts[sound]), (pieces, piece_parts)]

    def add_buffered(self, kind: int, buffers: Buffers) -> None:
        """Make polygons of lines or points."""
        parts, rings, xy = self._rows(kind)
        if not len(parts):
            return
        ids, which = np.unique(self.class_ids[self.features[parts]], return_inverse=True)
        widths = [buffers.get(int(class_id), DEFAULT_BUFFER) for class_id in ids]
        # None becomes 0: both leave nothing to fill.
        distances = np.array([width or 0.0 for width in widths])[which]
        what = "line" if kind == LINE else "point"
        _, index = np.unique(rings, return_inverse=True)
        simple = shapely.linestrings(xy, indices=index) if kind == LINE else shapely.points(xy)
        kept = distances > 0
        if self.placement.keeps_unbuffered:
            self.found.append((simple[~kept], parts[~kept]))
        elif not kept.all():
            self.notes[f"{what} of a class without buffer left out"] += int((~kept).sum())
        self.found.append((self._buffered(simple[kept], distances[kept]), parts[kept]))

    def _buffered(self, simple: Geometries, distances: npt.NDArray[np.float64]) -> Geometries:
        unit = np.array(self.placement.buffer_unit_xy)
        if (unit == 1).all():
            return np.asarray(shapely.buffer(simple, distances, quad_segs=_QUARTER_SEGMENTS))
        # Pixels need not be square on the ground.
        stretched = shapely.transform(simple, lambda xy: xy * unit)
        wide = shapely.buffer(stretched, distances, quad_segs=_QUARTER_SEGMENTS)
        return np.asarray(shapely.transform(wide, lambda xy: xy / unit))

    def _note(self, text: str, parts: Ids) -> None:
        """Count parts in the log, and name the features that they are of."""
        if len(parts):
            self.notes[text] = len(parts)
            self.named[text] = self.numbers[self.features[parts]]

    def polygons(self) -> ClassPolygons:
        """Return all polygons made so far in the order of their features."""
        if not self.found:
            nothing = np.empty(0, dtype=np.int64)
            return ClassPolygons(np.empty(0, dtype=object), nothing, nothing)
        geometries = np.concatenate([geometries for geometries, _ in self.found])
        parts = np.concatenate([parts for _, parts in self.found])
        filled = ~shapely.is_empty(geometries)
        geometries, parts = geometries[filled], parts[filled]
        step, extent = self.placement.world_step, self.placement.extent
        if step is not None and extent is not None:
            geometries, index = copies(geometries, step, extent)
            parts = parts[index]
        features = self.features[parts]
        numbers = self.numbers[features]
        order = np.lexsort((parts, numbers))
        return ClassPolygons(geometries[order], self.class_ids[features[order]], numbers[order])

    def log(self, level: int) -> None:
        """Say in one line what was left out, taken apart or repaired."""
        texts = [
            f"{n} x {text}{which(self.named[text]) if text in self.named else ''}"
            for text, n in self.notes.items()
            if n
        ]
        if texts:
            log.log(level, "%s: %s", self.name, "; ".join(texts))


def which(numbers: Ids) -> str:
    """Name some features, for messages."""
    named = np.unique(numbers)
    more = f" and {len(named) - 10} more" if len(named) > 10 else ""
    return f" (features {', '.join(map(str, named[:10]))}{more})"


def _repair(polygons: Geometries, parts: Ids) -> tuple[Geometries, Ids]:
    """Return the valid polygons that invalid ones amount to, with the part of each."""
    repaired, owner = shapely.get_parts(shapely.make_valid(polygons), return_index=True)
    # A collection may hold a multipolygon.
    pieces, inner = shapely.get_parts(repaired, return_index=True)
    areal = shapely.get_type_id(pieces) == shapely.GeometryType.POLYGON
    return pieces[areal], parts[owner[inner[areal]]]
