"""Geometries taken apart into flat arrays: parts, their rings, the rings' positions."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

POINT, LINE, POLYGON = 0, 1, 2

# Kind by shapely's type id: Point, LineString, LinearRing, Polygon; from there on of several parts.
_KIND_OF_TYPE = np.array([POINT, LINE, LINE, POLYGON], dtype=np.int8)
_FIRST_MULTI = int(shapely.GeometryType.MULTIPOINT)


@dataclass(frozen=True, eq=False)
class Parts:
    """Simple parts of geometries: points, lines, polygons.

    A part is a run of rings, a ring a run of positions; points and lines are parts of one ring.

    Attributes:
        name: of the source, for messages.
        kinds: POINT, LINE or POLYGON of each part.
        features: position of the feature that each part is of.
        ring_counts: how many rings each part has.
        ring_lengths: how many positions each ring has.
        xy: all positions, float64, shape (n, 2).
        dropped: how many geometries, parts or holes were left out, by reason.
        split: how many features gave more than one part.
    """

    name: str
    kinds: npt.NDArray[np.int8]
    features: npt.NDArray[np.int64]
    ring_counts: npt.NDArray[np.int64]
    ring_lengths: npt.NDArray[np.int64]
    xy: npt.NDArray[np.float64]
    dropped: Counter[str]
    split: int


def parts_of_geometries(
    geometries: npt.NDArray[Any], features: npt.NDArray[np.int64], name: str
) -> Parts:
    """Take shapely geometries apart, points first, then lines, then polygons.

    Args:
        geometries: of any type; None is left out.
        features: the position of the feature that each is of.
        name: of the source, for messages.
    """
    missing = shapely.is_missing(geometries)
    empty = shapely.is_empty(geometries)
    dropped = Counter({"null geometry": int(missing.sum()), "empty geometry": int(empty.sum())})
    sound = ~(missing | empty)
    geometries, features = geometries[sound], features[sound]
    simple, owner = _simple(geometries)
    kinds = _KIND_OF_TYPE[shapely.get_type_id(simple)]
    order = np.argsort(kinds, kind="stable")
    simple, owner, kinds = simple[order], owner[order], kinds[order]
    others, polygons = simple[kinds != POLYGON], simple[kinds == POLYGON]
    rings, polygon_of_ring = shapely.get_rings(polygons, return_index=True)
    rings = np.concatenate([others, rings])
    ring_counts = np.concatenate(
        [np.ones(len(others), np.int64), np.bincount(polygon_of_ring, minlength=len(polygons))]
    )
    return Parts(
        name,
        kinds,
        features[owner],
        ring_counts,
        shapely.get_num_coordinates(rings).astype(np.int64),
        shapely.get_coordinates(rings),
        +dropped,  # without the reasons that did not occur
        int((np.bincount(owner) > 1).sum()),
    )


def _simple(
    geometries: npt.NDArray[Any],
) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
    """Return points, lines and polygons, with the position of the geometry that each is of."""
    simple, owner = geometries, np.arange(len(geometries))
    # A collection may hold collections.
    while (shapely.get_type_id(simple) >= _FIRST_MULTI).any():
        simple, inner = shapely.get_parts(simple, return_index=True)
        owner = owner[inner]
    filled = ~shapely.is_empty(simple)
    return simple[filled], owner[filled]
