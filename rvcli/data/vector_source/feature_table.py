"""Features as columns, the form in which files and tiles are read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

# GeoJSON's names, in the order of shapely's type ids.
_TYPE_NAMES = (
    *("Point", "LineString", "LineString", "Polygon"),
    *("MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection"),
)


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """Features of a source, ordered by number.

    Attributes:
        numbers: what the source calls them, shape (n,).
        geometries: shapely geometries in the CRS of the source, or None.
        columns: values by the name of their property; None where a feature lacks it.
        unreadable: numbers of the features whose geometry is of a kind that cannot be read.
    """

    numbers: npt.NDArray[np.int64]
    geometries: npt.NDArray[Any]
    columns: Mapping[str, Sequence[Any]]
    unreadable: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.numbers)

    def records(self, names: Collection[str]) -> Iterator[tuple[int, dict[str, Any]]]:
        """Give number and GeoJSON of each feature, of its geometry the type alone.

        Args:
            names: the properties that are needed.
        """
        chosen = {name: self.columns[name] for name in names if name in self.columns}
        types = shapely.get_type_id(self.geometries).tolist()
        for i, number in enumerate(self.numbers.tolist()):
            geometry = None if types[i] < 0 else {"type": _TYPE_NAMES[types[i]]}
            properties = {
                name: values[i] for name, values in chosen.items() if values[i] is not None
            }
            yield (
                number,
                {"type": "Feature", "id": number, "properties": properties, "geometry": geometry},
            )

    def features(self) -> dict[int, dict[str, Any]]:
        """Return all features as GeoJSON by number."""
        return {
            number: {
                **record,
                "geometry": None if geometry is None else shapely.geometry.mapping(geometry),
            }
            for (number, record), geometry in zip(
                self.records(self.columns), self.geometries, strict=True
            )
        }


def plain_values(values: npt.NDArray[Any], dtype: str) -> list[Any]:
    """Return a column as Python values, None where there is none.

    Args:
        values: as pyogrio reads them: whole numbers with gaps as floats.
        dtype: of the column in its file.
    """
    if values.dtype.kind != "f":
        plain: list[Any] = values.tolist()
        return plain
    is_whole = dtype.startswith(("int", "uint", "bool"))
    return [None if v != v else int(v) if is_whole else v for v in values.tolist()]
