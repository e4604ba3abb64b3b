"""VectorSource: where vector labels come from."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from rvcli.data.activate_mixin import ActivateMixin
from rvcli.data.vector_source.class_inference import ClassInference, ClassInferenceOptions
from rvcli.data.vector_source.geojson_features import features_of, no_gc
from rvcli.data.vector_source.warnings_of_labels import (
    warn_of_names,
    warn_of_none,
    warn_of_tiny,
    warn_of_unknown,
)
from rvcli.errors import DataError

if TYPE_CHECKING:
    from rvcli.core.box import Box
    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer
    from rvcli.data.vector_source.class_polygons import ClassPolygons
    from rvcli.data.vector_source.polygon_builder import Placement

PIXELS, METRES = "pixels", "metres"

# GeoJSON features by what ClassPolygons.features calls them.
Features: TypeAlias = Mapping[int, Mapping[str, Any]]


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
            class as they are. The class is the property `class_id`, by default 1.
        point_bufs: {class id: radius in pixels}, likewise.
        to_map_coords: give map coordinates, else pixel (x, y).

    Raises:
        DataError: it is not GeoJSON.
    """
    source = _GivenGeoJSON(geojson, crs_transformer, line_bufs, point_bufs)
    return source.get_geojson(to_map_coords)


class VectorSource(ActivateMixin, ABC):
    """A source of vector labels, in any form that can be given as GeoJSON.

    A subclass defines `_get_geojson`. What is read is kept until the source is deactivated.
    """

    # Here, since a plugin's constructor need not call this one's.
    extent: Box | None = None
    crs: str | None = None
    buffer_unit: str = PIXELS
    _kept: ClassPolygons | None = None

    def __init__(
        self,
        crs_transformer: CRSTransformer,
        line_bufs: Mapping[Any, Any] | None = None,
        point_bufs: Mapping[Any, Any] | None = None,
        class_inf_opts: ClassInferenceOptions | None = None,
        *,
        extent: Box | None = None,
        crs: str | None = None,
        buffer_unit: str = PIXELS,
    ) -> None:
        """Make a source.

        Args:
            crs_transformer: of the image that the labels are for.
            line_bufs: {class id: half width}; 1 by default; None leaves lines of that class
                out, but for get_geojson, which gives them as they are.
            point_bufs: {class id: radius}, likewise.
            class_inf_opts: how the classes of features follow from their properties.
            extent: of the image, pixel coordinates: lets the source read what lies on it only,
                and find what lies on it across the antimeridian.
            crs: of the coordinates; by default what the source says.
            buffer_unit: of line_bufs and point_bufs: "pixels" or "metres".
        """
        self.crs_transformer = crs_transformer
        self.line_bufs = line_bufs
        self.point_bufs = point_bufs
        self.class_inference = ClassInference(class_inf_opts)
        self.extent = extent
        self.crs = crs
        self.buffer_unit = buffer_unit

    def get_geojson(self, to_map_coords: bool = False) -> dict[str, Any]:
        """Return the labels as a FeatureCollection of valid polygons with `class_id`.

        Args:
            to_map_coords: give map coordinates, else pixel (x, y).

        Raises:
            DataError: the source cannot be read.
        """
        features, polygons = self._read(keeps_unbuffered=True)
        return _to_geojson(polygons, features, self.crs_transformer, to_map_coords)

    def get_polygons(self, window: Box | None = None) -> ClassPolygons:
        """Return the labels as arrays of polygons and class ids, in pixel (x, y).

        Args:
            window: pixel coordinates, half-open: give the polygons whose bounds touch it, whole,
                in the order of the source; None means all, or all on the image where the source
                knows its extent and reads by window.

        Raises:
            DataError: the source cannot be read.
        """
        return self._all() if window is None else self._all().part(window)

    def get_pieces(self, window: Box) -> ClassPolygons:
        """Return polygons for drawing: as get_polygons, but those of very many vertices divided.

        Args:
            window: pixel coordinates, half-open: only pieces whose bounds touch it are given.
        """
        return self._all().divided.part(window)

    def _all(self) -> ClassPolygons:
        """Return all polygons, kept from the first time that they are read."""
        if self._kept is None:
            with no_gc():
                self._kept = self._read_polygons(self.extent)
        return self._kept

    def max_class_id(self) -> int:
        """Return the largest class id that polygons have, or may have."""
        return self._all().max_class_id

    def warn_if_outside(self, extent: Box) -> None:
        """Warn if there are labels, and none lies on the image, or none is as large as a pixel.

        Args:
            extent: of the image, pixel coordinates.
        """
        polygons = self._all()
        near = polygons.touching(extent)
        if len(polygons) and not len(near):
            warn_of_none(self._name(), len(polygons))
        warn_of_tiny(self._name(), polygons.geometries[near])

    def _activate(self) -> None:
        """Nothing: labels are read on first use."""

    def _deactivate(self) -> None:
        self._kept = None

    def _read_polygons(self, window: Box | None) -> ClassPolygons:
        """Read the polygons that touch a window at least; None is all."""
        if type(self).get_geojson is VectorSource.get_geojson:
            return self._read()[1]
        # A plugin has a way of its own to bring labels into pixels.
        from rvcli.data.vector_source.polygon_builder import class_polygons

        features = features_of(self.get_geojson(), self._name())
        class_ids = self._class_ids(enumerate(features))
        return class_polygons(features, class_ids, lambda xy: xy, name=self._name())

    def _read(self, keeps_unbuffered: bool = False) -> tuple[Features, ClassPolygons]:
        from rvcli.data.vector_source.polygon_builder import place_geojson
        from rvcli.data.vector_source.projection import crs_of_geojson

        geojson = self._load()
        name = self._name()
        features = features_of(geojson, name)
        class_ids = self._class_ids(enumerate(features))
        placement = self._placement(self.crs or crs_of_geojson(geojson, name))
        placement = replace(placement, keeps_unbuffered=keeps_unbuffered)
        polygons = place_geojson(features, class_ids, placement, name)
        self._warn(polygons)
        return dict(enumerate(features)), polygons

    def _class_ids(self, features: Iterable[tuple[int, Mapping[str, Any]]]) -> list[int | None]:
        """Return the class of each numbered feature, None for those to leave out."""
        class_ids: list[int | None] = []
        inference = self.class_inference
        inference.unknown_names.clear()
        named, is_there = inference.options.class_property, False
        for number, feature in features:
            try:
                class_ids.append(inference.infer_class_id(feature))
            except DataError as e:
                raise DataError(f"{self._name()}: features[{number}]: {e}", hint=e.hint) from e
            if named is not None and not is_there:
                is_there = (feature.get("properties") or {}).get(named) is not None
        inference.lacks_property = named is not None and bool(class_ids) and not is_there
        return class_ids

    def _placement(self, crs: str | None) -> Placement:
        """Return how features in a CRS come to lie on the image."""
        from rvcli.data.vector_source.antimeridian import world_step
        from rvcli.data.vector_source.buffers import checked_buffers, pixel_size_xy
        from rvcli.data.vector_source.polygon_builder import Placement
        from rvcli.data.vector_source.projection import pixel_projector

        return Placement(
            pixel_projector(self.crs_transformer, crs),
            checked_buffers(self.line_bufs, "line_bufs"),
            checked_buffers(self.point_bufs, "point_bufs"),
            pixel_size_xy(self.crs_transformer, self.extent)
            if self.buffer_unit == METRES
            else (1.0, 1.0),
            world_step(self.crs_transformer),
            self.extent,
        )

    def _warn(self, polygons: ClassPolygons, level: int = logging.WARNING) -> None:
        """Warn of classes that the class map lacks."""
        warn_of_names(self.class_inference, self._name(), level)
        warn_of_unknown(polygons, self.class_inference.options.class_map, self._name(), level)

    def _load(self) -> dict[str, Any]:
        """Return GeoJSON whose features may still lack their `class_id`."""
        return self._get_geojson()

    def _name(self) -> str:
        """Return how messages call the source."""
        return type(self).__name__

    @abstractmethod
    def _get_geojson(self) -> dict[str, Any]:
        """Return a FeatureCollection in map coordinates, each feature with a `class_id`."""


class _GivenGeoJSON(VectorSource):
    """GeoJSON in memory."""

    def __init__(self, geojson: Mapping[str, Any], *args: Any) -> None:
        super().__init__(*args)
        self.geojson = geojson

    def _get_geojson(self) -> dict[str, Any]:
        return dict(self.geojson)

    def _name(self) -> str:
        return "GeoJSON"


def _to_geojson(
    polygons: ClassPolygons,
    features: Features,
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
