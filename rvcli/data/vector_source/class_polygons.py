"""Polygons with classes, in pixel coordinates: vector labels as arrays."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import shapely

from rvcli.core.box import Box
from rvcli.data.vector_source.parts import LINE, POINT, POLYGON, Parts
from rvcli.data.vector_source.projection import Projector
from rvcli.errors import ConfigError, DataError

log = logging.getLogger(__name__)

Buffers: TypeAlias = Mapping[int, float | None]
Geometries: TypeAlias = npt.NDArray[Any]
Ids: TypeAlias = npt.NDArray[np.int64]

DEFAULT_BUFFER_PX = 1.0
MAX_CLASS_ID = 65535
# Drawing goes through all vertices in Python: from here on it pays to cut a polygon first.
LARGE = 256


@dataclass(frozen=True, eq=False)
class ClassPolygons:
    """Polygons in the order of the features that they come from.

    Attributes:
        geometries: shapely polygons in pixel (x, y), shape (n,).
        class_ids: the class of each.
        features: index of the feature that each comes from.
    """

    geometries: Geometries
    class_ids: Ids
    features: Ids

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
        return ClassPolygons(self.geometries[chosen], self.class_ids[chosen], self.features[chosen])

    @cached_property
    def _is_large(self) -> npt.NDArray[np.bool_]:
        return np.asarray(shapely.get_num_coordinates(self.geometries) > LARGE)

    def pieces(self, window: Box) -> tuple[list[Any], list[int]]:
        """Return what touches a window, in order, with the class of each piece.

        Polygons of many vertices are cut a little outside the window.
        """
        chosen = self.touching(window)
        geometries, class_ids = self.geometries[chosen], self.class_ids[chosen]
        large = self._is_large[chosen]
        if large.any():
            frame = window.make_eroded(-2).shapely_format()
            geometries[large] = shapely.clip_by_rect(geometries[large], *frame)
            # Cutting may leave lines behind, which would be drawn.
            geometries, owners = shapely.get_parts(geometries, return_index=True)
            areal = shapely.get_type_id(geometries) == shapely.GeometryType.POLYGON
            geometries, class_ids = geometries[areal], class_ids[owners[areal]]
        return geometries.tolist(), class_ids.tolist()


def class_polygons(
    features: Iterable[Mapping[str, Any]],
    class_ids: Sequence[int | None],
    to_pixel: Projector,
    *,
    line_bufs: Mapping[Any, Any] | None = None,
    point_bufs: Mapping[Any, Any] | None = None,
    name: str = "GeoJSON",
) -> ClassPolygons:
    """Turn GeoJSON features into polygons in pixel coordinates.

    Geometries of several parts are taken apart, lines and points are buffered, invalid polygons
    are repaired. What is left out or repaired is counted in one line of the log.

    Args:
        features: GeoJSON features.
        class_ids: the class of each feature; None leaves it out.
        to_pixel: see projection.pixel_projector.
        line_bufs: {class id: half width in pixels}; 1 for classes that are not in it; None as
            a half width leaves the lines of that class out.
        point_bufs: {class id: radius in pixels}, likewise.
        name: of the features, for messages.

    Raises:
        DataError: a feature is not GeoJSON, or nothing of it can be projected.
    """
    parts = Parts(name)
    for index, (feature, class_id) in enumerate(zip(features, class_ids, strict=True)):
        if class_id is None:
            parts.dropped["no class"] += 1
        elif not 0 <= class_id <= MAX_CLASS_ID:
            raise DataError(
                f"{name}: features[{index}] has the class id {class_id}",
                hint=f"class ids are from 0 to {MAX_CLASS_ID}",
            )
        else:
            parts.add_feature(index, feature.get("geometry"))
    xy = to_pixel(parts.coordinates())
    builder = _Builder(parts, xy, np.array([-1 if c is None else c for c in class_ids], np.int64))
    builder.add_polygons()
    builder.add_buffered(LINE, checked_buffers(line_bufs, "line_bufs"))
    builder.add_buffered(POINT, checked_buffers(point_bufs, "point_bufs"))
    polygons = builder.polygons()
    builder.log()
    return polygons


def checked_buffers(buffers: Mapping[Any, Any] | None, name: str) -> Buffers:
    """Return {class id: pixels or None} with keys and values as numbers.

    Raises:
        ConfigError: a key is no class id, or a value is negative or no number.
    """
    checked: dict[int, float | None] = {}
    for key, value in (buffers or {}).items():
        try:
            checked[int(key)] = None if value is None else float(value)
        except (TypeError, ValueError) as e:
            raise _bad_buffer(name, key, value) from e
        if value is not None and not 0 <= float(value) < np.inf:
            raise _bad_buffer(name, key, value)
    return checked


def _bad_buffer(name: str, key: Any, value: Any) -> ConfigError:
    return ConfigError(
        f"{name} has {key!r}: {value!r}",
        hint="write {class id: pixels}, as in {1: 3.5}; None leaves the class out",
    )


class _Builder:
    """Makes the polygons of parts, kind by kind."""

    def __init__(self, parts: Parts, xy: npt.NDArray[np.float64], class_ids: Ids) -> None:
        self.name = parts.name
        self.notes: Counter[str] = Counter(
            {f"{reason} left out": n for reason, n in parts.dropped.items()}
        )
        if parts.split:
            self.notes["feature of several parts taken apart"] = parts.split
        self.named: dict[str, Ids] = {}
        self.kinds = np.array(parts.kinds, dtype=np.int8)
        self.features = np.array(parts.features, dtype=np.int64)
        self.class_ids = class_ids
        self.xy = xy
        # part_of_ring, and from it part_of_position: which part each row of xy belongs to.
        ring_lengths = np.fromiter(map(len, parts.rings), np.int64, len(parts.rings))
        self.part_of_ring = np.repeat(np.arange(len(self.kinds)), parts.ring_counts)
        self.ring_of_position = np.repeat(np.arange(len(parts.rings)), ring_lengths)
        self.found: list[tuple[Geometries, Ids]] = []
        self._leave_out_unprojected()

    def _leave_out_unprojected(self) -> None:
        bad = ~np.isfinite(self.xy).all(axis=1)
        if not bad.any():
            return
        parts = np.unique(self.part_of_ring[self.ring_of_position[bad]])
        if len(parts) == len(self.kinds):
            first = self.features[parts[0]]
            raise DataError(
                f"{self.name}: no geometry can be projected to the image (see features[{first}])",
                hint="GeoJSON is in WGS 84 longitude, latitude unless a crs is given",
            )
        self.notes["geometry that cannot be projected to the image left out"] = len(parts)
        self.named["geometry that cannot be projected to the image left out"] = self.features[parts]
        self.kinds[parts] = -1

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
        self._note_repairs(parts[invalid], piece_parts)
        sound = np.delete(np.arange(len(polygons)), invalid)
        self.found += [(polygons[sound], parts[sound]), (pieces, piece_parts)]

    def _note_repairs(self, invalid: Ids, repaired: Ids) -> None:
        for text, parts in (
            ("invalid polygon repaired", np.intersect1d(invalid, repaired)),
            ("invalid polygon without area left out", np.setdiff1d(invalid, repaired)),
        ):
            if len(parts):
                self.notes[text] = len(parts)
                self.named[text] = self.features[parts]

    def add_buffered(self, kind: int, buffers: Buffers) -> None:
        """Make polygons of lines or points."""
        parts, rings, xy = self._rows(kind)
        if not len(parts):
            return
        ids, which = np.unique(self.class_ids[self.features[parts]], return_inverse=True)
        widths = [buffers.get(int(class_id), DEFAULT_BUFFER_PX) for class_id in ids]
        # None becomes 0: both leave nothing to fill.
        distances = np.array([width or 0.0 for width in widths])[which]
        what = "line" if kind == LINE else "point"
        self._note(f"{what} of a class without buffer left out", int((distances == 0).sum()))
        _, index = np.unique(rings, return_inverse=True)
        simple = shapely.linestrings(xy, indices=index) if kind == LINE else shapely.points(xy)
        kept = distances > 0
        self.found.append((shapely.buffer(simple[kept], distances[kept]), parts[kept]))

    def _note(self, text: str, count: int) -> None:
        if count:
            self.notes[text] += count

    def polygons(self) -> ClassPolygons:
        """Return all polygons made so far in the order of their features."""
        if not self.found:
            nothing = np.empty(0, dtype=np.int64)
            return ClassPolygons(np.empty(0, dtype=object), nothing, nothing)
        geometries = np.concatenate([geometries for geometries, _ in self.found])
        parts = np.concatenate([parts for _, parts in self.found])
        filled = ~shapely.is_empty(geometries)
        geometries, parts = geometries[filled], parts[filled]
        order = np.argsort(parts, kind="stable")
        features = self.features[parts[order]]
        return ClassPolygons(geometries[order], self.class_ids[features], features)

    def log(self) -> None:
        """Say in one line what was left out, taken apart or repaired."""
        if self.notes:
            texts = [f"{n} x {text}{self._which(text)}" for text, n in self.notes.items()]
            log.warning("%s: %s", self.name, "; ".join(texts))

    def _which(self, text: str) -> str:
        named = np.unique(self.named.get(text, np.empty(0, np.int64)))
        if not len(named):
            return ""
        more = f" and {len(named) - 10} more" if len(named) > 10 else ""
        return f" (features {', '.join(map(str, named[:10]))}{more})"


def _repair(polygons: Geometries, parts: Ids) -> tuple[Geometries, Ids]:
    """Return the valid polygons that invalid ones amount to, with the part of each."""
    repaired, owner = shapely.get_parts(shapely.make_valid(polygons), return_index=True)
    # A collection may hold a multipolygon.
    pieces, inner = shapely.get_parts(repaired, return_index=True)
    areal = shapely.get_type_id(pieces) == shapely.GeometryType.POLYGON
    return pieces[areal], parts[owner[inner[areal]]]
