"""GeoJSON geometries taken apart into flat lists of positions, and from these into arrays."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from rvcli.data.vector_source.parts import LINE, POINT, POLYGON, Parts
from rvcli.errors import DataError

_MIN_POSITIONS = {POINT: 1, LINE: 2, POLYGON: 3}
_KINDS = {
    "Point": POINT,
    "LineString": LINE,
    "Polygon": POLYGON,
    "MultiPoint": POINT,
    "MultiLineString": LINE,
    "MultiPolygon": POLYGON,
}
_TYPES_HINT = f"the types are {', '.join(_KINDS)} and GeometryCollection"


class GeoJSONParts:
    """Takes GeoJSON geometries apart, one after the other.

    Attributes:
        kinds, features, ring_counts, dropped, split: as in Parts.
        rings: lists of [x, y] positions.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.kinds: list[int] = []
        self.features: list[int] = []
        self.ring_counts: list[int] = []
        self.rings: list[Sequence[Any]] = []
        self.dropped: Counter[str] = Counter()
        self.split = 0

    def add_feature(self, index: int, geometry: Mapping[str, Any] | None) -> None:
        """Take the geometry of a feature apart.

        Raises:
            DataError: it is not GeoJSON; the message names the feature.
        """
        if not geometry:
            self.dropped["null geometry"] += 1
            return
        before = len(self.kinds)
        try:
            self._add(index, geometry)
        except (KeyError, TypeError, AttributeError) as e:
            reason = f"{e.args[0]!r} is missing" if isinstance(e, KeyError) else str(e)
            raise DataError(
                f"{self.name}: features[{index}].geometry is not valid GeoJSON: {reason}"
            ) from e
        self.split += len(self.kinds) - before > 1

    def _add(self, index: int, geometry: Mapping[str, Any]) -> None:
        name = geometry["type"]
        if name == "GeometryCollection":
            members = geometry["geometries"]
            if not members:
                self.dropped["empty geometry"] += 1
            for member in members:
                if member:
                    self._add(index, member)
                else:
                    self.dropped["null geometry"] += 1
            return
        kind = _KINDS.get(name)
        if kind is None:
            raise DataError(
                f"{self.name}: features[{index}].geometry has the type {name!r}", hint=_TYPES_HINT
            )
        coordinates = geometry["coordinates"]
        if not isinstance(coordinates, (list, tuple)):
            raise TypeError(f"its coordinates are {str(coordinates)[:50]!r}")
        if not coordinates:
            self.dropped["empty geometry"] += 1
            return
        for part in coordinates if name.startswith("Multi") else (coordinates,):
            self._add_part(index, kind, part if kind == POLYGON else (_ring(kind, part),))

    def _add_part(self, index: int, kind: int, rings: Sequence[Sequence[Any]]) -> None:
        least = _MIN_POSITIONS[kind]
        if not rings or len(rings[0]) < least:
            self.dropped["degenerate geometry"] += 1
            return
        sound = [ring for ring in rings if len(ring) >= least]
        if len(sound) < len(rings):
            self.dropped["degenerate hole"] += len(rings) - len(sound)
        self.kinds.append(kind)
        self.features.append(index)
        self.ring_counts.append(len(sound))
        self.rings += sound

    def parts(self) -> Parts:
        """Return all that was added, as arrays.

        Raises:
            DataError: a position is not a list of two or more numbers.
        """
        return Parts(
            self.name,
            np.array(self.kinds, dtype=np.int8),
            np.array(self.features, dtype=np.int64),
            np.array(self.ring_counts, dtype=np.int64),
            np.fromiter(map(len, self.rings), np.int64, len(self.rings)),
            self._coordinates(),
            self.dropped,
            self.split,
        )

    def _coordinates(self) -> npt.NDArray[np.float64]:
        """Return x and y of all positions, float64, shape (n, 2); z and m are left out.

        Raises:
            DataError: a position is not a list of two or more numbers; the message names the
                first feature that has such a one.
        """
        try:
            lengths = set(map(len, chain.from_iterable(self.rings)))
            if lengths <= {2}:
                numbers: Iterable[Any] = chain.from_iterable(chain.from_iterable(self.rings))
            elif min(lengths) >= 2:
                numbers = (x for ring in self.rings for position in ring for x in position[:2])
            else:
                raise ValueError("a position has fewer than two numbers")
            xy = np.fromiter(numbers, dtype=np.float64).reshape(-1, 2)
            # numpy takes null for nan.
            if not np.isfinite(xy).all():
                raise ValueError("a position is null or infinite")
            return xy
        except (TypeError, ValueError) as e:
            raise self._bad_position() from e

    def _bad_position(self) -> DataError:
        rings = iter(self.rings)
        for feature, count in zip(self.features, self.ring_counts, strict=True):
            for _ in range(count):
                for position in next(rings):
                    if not _is_position(position):
                        return DataError(
                            f"{self.name}: features[{feature}].geometry has the position "
                            f"{position!r}",
                            hint="a position is a list of two or three numbers, [x, y]",
                        )
        raise AssertionError("all positions are sound")


def _ring(kind: int, coordinates: Sequence[Any]) -> Sequence[Any]:
    return (coordinates,) if kind == POINT else coordinates


def _is_position(position: Any) -> bool:
    if not isinstance(position, (list, tuple)) or len(position) < 2:
        return False
    return all(isinstance(x, (int, float)) and math.isfinite(x) for x in position[:2])
