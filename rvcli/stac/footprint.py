"""The footprint of an image on the Earth, as GeoJSON has it.

RFC 7946, https://www.rfc-editor.org/rfc/rfc7946: what crosses the antimeridian is cut there, and
its bounding box starts in the east and ends in the west.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import box, mapping, shape
from shapely.geometry.polygon import orient

from rvcli.data.vector_source.projection import WGS_84, source_projector
from rvcli.errors import DataError

if TYPE_CHECKING:
    from rvcli.core.box import Box
    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer

# About a centimetre.
_DECIMALS = 7
_POINTS_PER_EDGE = 16
# Of the larger side; what is straighter needs no points between.
_TOLERANCE = 1e-4
_MOST_JOINED = 1000


@dataclass(frozen=True)
class Footprint:
    """Where something lies.

    Attributes:
        geometry: a Polygon or MultiPolygon in WGS 84, longitude first.
        bbox: west, south, east, north in degrees; west > east across the antimeridian.
    """

    geometry: Mapping[str, Any]
    bbox: tuple[float, float, float, float]

    def to_dict(self) -> dict[str, Any]:
        """Return the members of an item."""
        return {"geometry": dict(self.geometry), "bbox": list(self.bbox)}


def footprint(extent: Box, crs_transformer: CRSTransformer) -> Footprint | None:
    """Return the footprint of an image; None where it has no georeference.

    None as well where a part of its edge does not lie on the Earth, as that of whole-disc imagery.

    Args:
        extent: in pixels, from (0, 0).
    """
    if crs_transformer.get_image_crs() is None or extent.get_area() == 0:
        return None
    try:
        lon_lat = source_projector(crs_transformer, WGS_84)(_ring(extent))
    except DataError:
        return None
    if not np.isfinite(lon_lat).all():
        return None
    lon = np.unwrap(lon_lat[:, 0], period=360)
    lat = np.clip(lon_lat[:, 1], -90, 90)
    if abs(lon[-1] - lon[0]) > 180:
        # Around a pole.
        pole = 90.0 if lat.mean() > 0 else -90.0
        return _of(box(-180, min(lat.min(), pole), 180, max(lat.max(), pole)))
    if lon.max() - lon.min() >= 360:
        return _of(box(-180, lat.min(), 180, lat.max()))
    polygon = shapely.Polygon(np.column_stack([lon, lat]))
    west, south, east, north = polygon.bounds
    return _of(polygon.simplify(_TOLERANCE * max(east - west, north - south)))


def joined(footprints: Iterable[Footprint]) -> Footprint | None:
    """Return what several footprints cover together; None if there are none.

    Of very many it is their bounding box.
    """
    found = list(footprints)
    shapes = [shape(f.geometry) for f in found]
    if not shapes:
        return None
    if len(shapes) > _MOST_JOINED:
        shapes = [box(*shapely.total_bounds(shapes))]
    union = shapely.union_all([s if s.is_valid else s.buffer(0) for s in shapes])
    return Footprint(_geojson(union), _bbox_of([f.bbox for f in found]))


def _ring(extent: Box) -> npt.NDArray[np.float64]:
    """Return the edge of an image in pixel (x, y), clockwise on screen and closed."""
    x, y = float(extent.xmax), float(extent.ymax)
    corners = np.array([(0.0, 0.0), (0.0, y), (x, y), (x, 0.0), (0.0, 0.0)])
    steps = np.linspace(0, 1, _POINTS_PER_EDGE, endpoint=False)[:, None]
    edges = [a + (b - a) * steps for a, b in pairwise(corners)]
    return np.concatenate([*edges, corners[-1:]])


def _of(polygon: Any) -> Footprint:
    """Make the footprint of a polygon whose longitudes may reach beyond 180 degrees."""
    west, south, east, north = polygon.bounds
    if west < -180 or east > 180:
        parts = [
            shapely.transform(polygon, partial(np.add, np.array([turn, 0.0])))
            for turn in (-360, 0, 360)
        ]
        polygon = shapely.union_all([part.intersection(box(-180, -90, 180, 90)) for part in parts])
        west, east = (west + 180) % 360 - 180, (east + 180) % 360 - 180
    bbox = tuple(round(float(v), _DECIMALS) for v in (west, south, east, north))
    return Footprint(_geojson(polygon), bbox)  # type: ignore[arg-type]


def _geojson(geometry: Any) -> dict[str, Any]:
    parts = [part for part in getattr(geometry, "geoms", [geometry]) if part.geom_type == "Polygon"]
    rounded = [
        orient(shapely.transform(part, lambda xy: np.round(xy, _DECIMALS))) for part in parts
    ]
    whole = rounded[0] if len(rounded) == 1 else shapely.MultiPolygon(rounded)
    found: dict[str, Any] = mapping(whole)
    return {"type": found["type"], "coordinates": _lists(found["coordinates"])}


def _lists(value: Any) -> Any:
    return [_lists(v) for v in value] if isinstance(value, (list, tuple)) else value


def _bbox_of(boxes: list[tuple[float, float, float, float]]) -> tuple[float, float, float, float]:
    """Return the box around boxes, over the antimeridian if one of them is."""
    south, north = min(b[1] for b in boxes), max(b[3] for b in boxes)
    if all(b[0] <= b[2] for b in boxes):
        return min(b[0] for b in boxes), south, max(b[2] for b in boxes), north
    # Counted from 0 to 360, the antimeridian is a longitude as others are.
    turned = [(b[0] % 360, b[2] % 360) for b in boxes]
    if any(west > east for west, east in turned):
        return -180.0, south, 180.0, north
    west, east = min(w for w, _ in turned), max(e for _, e in turned)
    return (west + 180) % 360 - 180, south, (east + 180) % 360 - 180, north
