"""TableVectorSource: vector labels read as tables of features."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Collection
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from rvcli.data.vector_source.class_polygons import ClassPolygons
from rvcli.data.vector_source.feature_table import FeatureTable
from rvcli.data.vector_source.parts import parts_of_geometries
from rvcli.data.vector_source.polygon_builder import check_class_ids, place_parts, which
from rvcli.data.vector_source.vector_source import Features, VectorSource

if TYPE_CHECKING:
    from rvcli.core.box import Box
    from rvcli.data.vector_source.polygon_builder import Placement


class TableVectorSource(VectorSource):
    """Vector labels that are read as tables of features, those on the image only.

    A subclass defines `_table` and `_source_crs`.
    """

    @abstractmethod
    def _table(self, window: Box | None, names: Collection[str] | None) -> FeatureTable:
        """Read features.

        Args:
            window: pixel coordinates; those that may touch it at least, None for all.
            names: the properties that are needed, None for all.
        """

    @abstractmethod
    def _source_crs(self) -> str | None:
        """Return the CRS of the coordinates; None for pixels of an image without CRS."""

    @cached_property
    def _placed(self) -> Placement:
        return self._placement(self._source_crs())

    def _get_geojson(self) -> dict[str, Any]:
        geojson: dict[str, Any] = {
            "type": "FeatureCollection",
            "features": list(self._table(self.extent, None).features().values()),
        }
        crs = self._source_crs()
        if crs is not None:
            geojson["crs"] = {"type": "name", "properties": {"name": crs}}
        return self.class_inference.transform_geojson(geojson)

    def _read(self, keeps_unbuffered: bool = False) -> tuple[Features, ClassPolygons]:
        table = self._table(self.extent, None)
        placement = replace(self._placed, keeps_unbuffered=keeps_unbuffered)
        return table.features(), self._polygons_of(table, placement)

    def _read_polygons(self, window: Box | None, level: int = logging.WARNING) -> ClassPolygons:
        """Read the polygons that may touch a window.

        Args:
            window: pixel coordinates; None for all.
            level: for the log, of what is said of them.
        """
        table = self._table(window, self.class_inference.property_names)
        return self._polygons_of(table, self._placed, level)

    def _polygons_of(
        self, table: FeatureTable, placement: Placement, level: int = logging.WARNING
    ) -> ClassPolygons:
        class_ids = self._class_ids(table.records(self.class_inference.property_names))
        check_class_ids(class_ids, self._name(), table.numbers)
        rows = np.flatnonzero(np.array([class_id is not None for class_id in class_ids], bool))
        parts = parts_of_geometries(table.geometries[rows], rows, self._name())
        if len(rows) < len(table):
            parts.dropped["no class"] += len(table) - len(rows)
        unreadable = np.intersect1d(table.unreadable, table.numbers[rows])
        if len(unreadable):
            parts.dropped["null geometry"] -= len(unreadable)
            parts.dropped[f"unreadable geometry{which(unreadable)}"] += len(unreadable)
        polygons = place_parts(
            parts, class_ids, placement, table.numbers, is_whole=False, level=level
        )
        self._warn(polygons, level)
        return polygons
