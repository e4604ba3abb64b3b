"""What a file of labels holds: features and their properties, or the values of a raster."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rvcli.errors import DataError, MissingDependencyError
from rvcli.filesystem import base_name
from rvcli.project.image import look_at_values

RASTER_EXTENSIONS = (".tif", ".tiff", ".png", ".vrt", ".img", ".jp2")
GEOJSON_EXTENSIONS = (".geojson", ".json")

# What names a class, the likeliest first; the first two are what rv looks for unless told.
_USUAL_PROPERTIES = (
    *("class_name", "label", "class", "classname", "category", "type", "kind", "name"),
    *("landuse", "landcover", "land_cover", "land_use", "class_id", "classid", "class_number"),
    *("code", "building", "highway", "natural"),
)
# A property with more values than this says what each feature is called, not what it is.
MOST_CLASSES = 40


@dataclass(frozen=True)
class Labels:
    """Labels of a file.

    Attributes:
        uri: where it is.
        count: of features; of a raster 0.
        kinds: how many features are a "polygon", "line" or "point".
        properties: values of each property, one a feature, None where it is not set.
        crs: of the coordinates, None where the file says nothing.
        geometries: shapely geometries in that CRS; None without shapely, or of a raster.
        values: of a raster of class ids, thinned out, shape (rows, columns); else None.
    """

    uri: str
    count: int = 0
    kinds: Mapping[str, int] = field(default_factory=dict)
    properties: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    crs: str | None = None
    geometries: Any = None
    values: Any = None

    @property
    def is_raster(self) -> bool:
        """Whether they are the pixels of a raster."""
        return self.values is not None

    @property
    def is_geojson(self) -> bool:
        """Whether the file is read as GeoJSON."""
        return is_geojson(self.uri)

    @property
    def kind(self) -> str:
        """What most features are: "polygon", "line" or "point"."""
        return max(self.kinds, key=lambda kind: self.kinds[kind], default="polygon")

    def __str__(self) -> str:
        if self.is_raster:
            return f"{self.uri}: a raster of class ids"
        found = ", ".join(
            f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in self.kinds.items()
        )
        names = ", ".join(list(self.properties)[:10]) or "none"
        return f"{self.uri}: {found or 'no features'}; properties: {names}"


def is_geojson(uri: str) -> bool:
    """Tell whether a file is read as GeoJSON."""
    return base_name(uri).lower().endswith(GEOJSON_EXTENSIONS)


def is_raster(uri: str) -> bool:
    """Tell whether labels are a raster, by their name."""
    return base_name(uri).lower().endswith(RASTER_EXTENSIONS)


def look_at_labels(uri: str, tmp_dir: str) -> Labels:
    """Return what a file of labels holds.

    Args:
        uri: of the file.
        tmp_dir: where a remote raster is put.

    Raises:
        DataError: it cannot be read, or there is nothing in it.
        NotReadableError: it is not there.
        MissingDependencyError: what reads it is not installed.
    """
    if is_raster(uri):
        found = Labels(uri, values=look_at_values(uri, tmp_dir))
    else:
        found = _look_at_geojson(uri) if is_geojson(uri) else _look_at_file(uri)
        if not found.count:
            raise DataError(
                f"there is nothing in {uri}: it has no features",
                hint="draw what is to be found, as polygons, and save the layer",
            )
    return found


def class_properties(labels: Sequence[Labels]) -> dict[str, Counter[str]]:
    """Return the properties that may say what a feature is, the likeliest first.

    Returns:
        for each property the number of features by its values, as text.
    """
    features = sum(found.count for found in labels)
    names = dict.fromkeys(name for found in labels for name in found.properties)
    counted = {name: values_of(labels, name) for name in names}
    usual = [
        name
        for wanted in _USUAL_PROPERTIES
        for name in names
        if name.lower() == wanted and 0 < len(counted[name]) <= MOST_CLASSES
    ]
    others = [
        name
        for name, values in counted.items()
        if name not in usual
        and 1 < len(values) <= min(MOST_CLASSES, features / 3)
        and all(not _is_number(value) for value in values)
    ]
    return {name: counted[name] for name in [*usual, *others]}


def values_of(labels: Sequence[Labels], name: str) -> Counter[str]:
    """Return how many features have each value of a property, as text."""
    found: Counter[str] = Counter()
    for one in labels:
        values = one.properties.get(name, ())
        found.update(text_of(v) for v in values if v not in (None, ""))
    return found


def text_of(value: Any) -> str:
    """Return a property's value as the keys of a class mapping hold it."""
    is_whole = isinstance(value, float) and value.is_integer()
    return str(int(value) if is_whole else value)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _look_at_geojson(uri: str) -> Labels:
    features, crs = _read_geojson(uri)
    kinds: Counter[str] = Counter()
    properties: dict[str, list[Any]] = {}
    kept = [f for f in features if (f.get("geometry") or {}).get("type")]
    for number, feature in enumerate(kept):
        kinds[_kind(feature["geometry"]["type"])] += 1
        for name, value in (feature.get("properties") or {}).items():
            if isinstance(value, (str, int, float, bool)):
                properties.setdefault(name, [None] * len(kept))[number] = value
    return Labels(uri, len(kept), kinds, properties, crs, _shapes(kept, uri))


def _read_geojson(uri: str) -> tuple[list[dict[str, Any]], str | None]:
    """Return the features of a GeoJSON file and the CRS that it names."""
    try:
        from rvcli.data.vector_source.geojson_features import features_of
        from rvcli.data.vector_source.geojson_vector_source import read_geojson
        from rvcli.data.vector_source.projection import crs_of_geojson
    except ImportError:
        # Without numpy there is no more to it than this.
        from rvcli.utils.files import file_to_str

        try:
            geojson = json.loads(file_to_str(uri))
            return list(geojson["features"]), None
        except (ValueError, KeyError, TypeError) as e:
            raise DataError(
                f"{uri} is not GeoJSON: {e}", hint="it must be a FeatureCollection"
            ) from e
    geojson = read_geojson(uri)
    return features_of(geojson, uri), crs_of_geojson(geojson, uri)


def _shapes(features: Sequence[Mapping[str, Any]], uri: str) -> Any:
    try:
        import numpy as np
        import shapely
        from shapely.geometry import shape
    except ImportError:
        return None
    try:
        shapes = [shape(feature["geometry"]) for feature in features]
        return shapely.force_2d(np.array(shapes, dtype=object))
    except (
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        shapely.GEOSException,
    ) as e:
        raise DataError(
            f"{uri} holds a geometry that cannot be read: {e}",
            hint="open it in QGIS and save it again as GeoJSON",
        ) from e


def _look_at_file(uri: str) -> Labels:
    try:
        import shapely

        from rvcli.data.vector_source.ogr_file import OGRFile
    except ImportError as e:
        raise MissingDependencyError(
            f"{uri} can be looked at with pyogrio only", hint="pip install 'rvcli[local]'"
        ) from e
    file = OGRFile(uri)
    table = file.read()
    is_there = ~shapely.is_missing(table.geometries)
    names = ("point", "line", "line", "polygon", "point", "line", "polygon", "polygon")
    types = shapely.get_type_id(table.geometries[is_there]).tolist()
    properties = {
        name: [value for value, kept in zip(column, is_there, strict=True) if kept]
        for name, column in table.columns.items()
    }
    return Labels(
        uri,
        len(types),
        Counter(names[kind] for kind in types),
        properties,
        file.description.crs,
        table.geometries[is_there],
    )


def _kind(geometry_type: str) -> str:
    kinds = {"Point": "point", "MultiPoint": "point"}
    kinds |= {"LineString": "line", "MultiLineString": "line"}
    return kinds.get(geometry_type, "polygon")
