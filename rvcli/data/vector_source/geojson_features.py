"""Features of GeoJSON objects."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rvcli.errors import DataError


def features_of(geojson: Any, name: str) -> list[dict[str, Any]]:
    """Return the features of any GeoJSON object.

    Args:
        geojson: a FeatureCollection, a Feature or a geometry.
        name: for the message.

    Raises:
        DataError: it is none of these.
    """
    kind = geojson.get("type") if isinstance(geojson, dict) else None
    if kind == "Feature":
        _check_feature(geojson, name)
        return [geojson]
    if kind == "FeatureCollection" or (kind is None and isinstance(geojson, dict)):
        features = geojson.get("features")
        if isinstance(features, list):
            for index, feature in enumerate(features):
                _check_feature(feature, f"{name}: features[{index}]")
            return features
    elif "coordinates" in (geojson or ()) or "geometries" in (geojson or ()):
        return [{"type": "Feature", "properties": {}, "geometry": geojson}]
    raise DataError(
        f"{name} is not GeoJSON: it has the type {kind!r}"
        + ("" if kind != "FeatureCollection" else " but no list of features"),
        hint="it must be a FeatureCollection, a Feature or a geometry",
    )


def _check_feature(feature: Any, name: str) -> None:
    if not isinstance(feature, dict):
        raise DataError(f"{name} is {str(feature)[:50]!r}, not an object")
    properties = feature.get("properties")
    if properties is not None and not isinstance(properties, dict):
        raise DataError(f"{name}.properties is {str(properties)[:50]!r}, not an object")


@contextmanager
def no_gc() -> Iterator[None]:
    """Put off the search for reference cycles.

    GeoJSON is millions of lists without cycles: looking for them while it is read takes longer
    than reading it.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
