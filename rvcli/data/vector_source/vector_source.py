"""VectorSource: where vector labels come from."""

from __future__ import annotations

import gc
import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rvcli.data.vector_source.class_inference import ClassInference, ClassInferenceOptions
from rvcli.errors import DataError

if TYPE_CHECKING:
    from rvcli.core.box import Box
    from rvcli.core.class_map import ClassMap
    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer
    from rvcli.data.vector_source.class_polygons import ClassPolygons

log = logging.getLogger(__name__)


def transform_geojson(
    geojson: Mapping[str, Any],
    crs_transformer: CRSTransformer,
    line_bufs: Mapping[Any, Any] | None = None,
    point_bufs: Mapping[Any, Any] | None = None,
    to_map_coords: bool = False,
) -> dict[str, Any]:
    """Bring GeoJSON into a simple form: valid polygons, each with its feature's properties.

    Geometries of several parts are taken apart, null and empty ones left out, lines and points
    buffered by pixels, invalid polygons repaired.

    Args:
        geojson: a FeatureCollection in the transformer's map CRS, or in that of its `crs`
            member.
        crs_transformer: of the image.
        line_bufs: {class id: half width in pixels}; 1 by default; None leaves lines of that
            class out. The class is the property `class_id`, by default 1.
        point_bufs: {class id: radius in pixels}, likewise.
        to_map_coords: give map coordinates, else pixel (x, y).

    Raises:
        DataError: it is not GeoJSON.
    """
    features = features_of(geojson, "GeoJSON")
    inference = ClassInference(ClassInferenceOptions())
    class_ids = [inference.infer_class_id(feature) for feature in features]
    polygons = _polygons(geojson, features, class_ids, crs_transformer, line_bufs, point_bufs)
    return _to_geojson(polygons, features, crs_transformer, to_map_coords)


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


class VectorSource(ABC):
    """A source of vector labels, in any form that can be given as GeoJSON.

    A subclass defines `_get_geojson`.
    """

    _kept: ClassPolygons | None = None

    def __init__(
        self,
        crs_transformer: CRSTransformer,
        line_bufs: Mapping[Any, Any] | None = None,
        point_bufs: Mapping[Any, Any] | None = None,
        class_inf_opts: ClassInferenceOptions | None = None,
    ) -> None:
        """Make a source.

        Args:
            crs_transformer: of the image that the labels are for.
            line_bufs: {class id: half width in pixels}; 1 by default; None leaves lines of
                that class out.
            point_bufs: {class id: radius in pixels}, likewise.
            class_inf_opts: how the classes of features follow from their properties.
        """
        self.crs_transformer = crs_transformer
        self.line_bufs = line_bufs
        self.point_bufs = point_bufs
        self.class_inference = ClassInference(class_inf_opts)

    def get_geojson(self, to_map_coords: bool = False) -> dict[str, Any]:
        """Return the labels as a FeatureCollection of valid polygons with `class_id`.

        Args:
            to_map_coords: give map coordinates, else pixel (x, y).

        Raises:
            DataError: the source does not give GeoJSON.
        """
        features, polygons = self._read()
        return _to_geojson(polygons, features, self.crs_transformer, to_map_coords)

    def get_polygons(self, window: Box | None = None) -> ClassPolygons:
        """Return the labels as arrays of polygons and class ids, in pixel (x, y).

        Args:
            window: pixel coordinates, half-open: give the polygons whose bounds touch it, whole,
                in the order of the source; None means all.

        Raises:
            DataError: the source does not give GeoJSON.
        """
        if self._kept is None:
            with no_gc():
                self._kept = self._read()[1]
        return self._kept if window is None else self._kept.part(window)

    def _read(self) -> tuple[Sequence[Mapping[str, Any]], ClassPolygons]:
        geojson = self._load()
        name = self._name()
        features = features_of(geojson, name)
        class_ids: list[int | None] = []
        self.class_inference.unknown_names.clear()
        try:
            class_ids += map(self.class_inference.infer_class_id, features)
        except DataError as e:
            raise DataError(
                f"{name}: features[{_position(self.class_inference, features)}]: {e}", hint=e.hint
            ) from e
        polygons = _polygons(
            geojson,
            features,
            class_ids,
            self.crs_transformer,
            self.line_bufs,
            self.point_bufs,
            name,
            self._crs(),
        )
        _warn_of_names(self.class_inference, name)
        _warn_of_unknown(polygons, self.class_inference.options.class_map, name)
        return features, polygons

    def _load(self) -> dict[str, Any]:
        """Return GeoJSON whose features may still lack their `class_id`."""
        return self._get_geojson()

    def _name(self) -> str:
        """Return how messages call the source."""
        return type(self).__name__

    def _crs(self) -> str | None:
        """Return the CRS of the coordinates if it is known better than from the GeoJSON."""
        return None

    @abstractmethod
    def _get_geojson(self) -> dict[str, Any]:
        """Return a FeatureCollection in map coordinates, each feature with a `class_id`."""


def _polygons(
    geojson: Mapping[str, Any],
    features: Sequence[Mapping[str, Any]],
    class_ids: Sequence[int | None],
    crs_transformer: CRSTransformer,
    line_bufs: Mapping[Any, Any] | None,
    point_bufs: Mapping[Any, Any] | None,
    name: str = "GeoJSON",
    crs: str | None = None,
) -> ClassPolygons:
    from rvcli.data.vector_source.class_polygons import class_polygons
    from rvcli.data.vector_source.projection import crs_of_geojson, pixel_projector

    source_crs = crs or crs_of_geojson(geojson, name)
    return class_polygons(
        features,
        class_ids,
        pixel_projector(crs_transformer, source_crs),
        line_bufs=line_bufs,
        point_bufs=point_bufs,
        name=name,
    )


def _to_geojson(
    polygons: ClassPolygons,
    features: Sequence[Mapping[str, Any]],
    crs_transformer: CRSTransformer,
    to_map_coords: bool,
) -> dict[str, Any]:
    import shapely

    from rvcli.data.vector_source.projection import map_projector

    geometries = polygons.geometries
    if to_map_coords:
        geometries = shapely.transform(geometries, map_projector(crs_transformer))
    return {
        "type": "FeatureCollection",
        "features": [
            {
                **{key: value for key, value in features[index].items() if key != "bbox"},
                "type": "Feature",
                "geometry": shapely.geometry.mapping(geometry),
                "properties": {
                    **(features[index].get("properties") or {}),
                    "class_id": class_id,
                },
            }
            for geometry, class_id, index in zip(
                geometries, polygons.class_ids.tolist(), polygons.features.tolist(), strict=True
            )
        ],
    }


def _position(inference: ClassInference, features: Sequence[Mapping[str, Any]]) -> int:
    """Return the index of the first feature whose class id cannot be inferred."""
    for index, feature in enumerate(features):
        try:
            inference.infer_class_id(feature)
        except DataError:
            return index
    raise AssertionError("all classes can be inferred")


def _warn_of_names(inference: ClassInference, name: str) -> None:
    unknown = inference.unknown_names
    if unknown:
        names = [shown for shown, _ in unknown.most_common(10)]
        more = f" and {len(unknown) - 10} more" if len(unknown) > 10 else ""
        log.warning(
            "%s: %d features have names that the class map lacks: they are of class %s (%s%s)",
            name,
            unknown.total(),
            inference.options.default_class_id,
            ", ".join(names),
            more,
        )


def _warn_of_unknown(polygons: ClassPolygons, class_map: ClassMap | None, name: str) -> None:
    import numpy as np

    if class_map is None:
        return
    strange = np.setdiff1d(polygons.class_ids, [0, *class_map.get_keys()])
    if len(strange):
        log.warning(
            "%s: %d polygons have class ids that the class map lacks: %s",
            name,
            int(np.isin(polygons.class_ids, strange).sum()),
            ", ".join(map(str, strange[:10])),
        )
