"""Config of the store that keeps predicted boxes in GeoJSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.data.label_store.geojson_store_config import GeoJSONStoreConfig
from rvcli.data.label_store.label_store_config import LabelStoreConfigBuilder

if TYPE_CHECKING:
    from rvcli.core.box import Box
    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer
    from rvcli.data.label_store.label_store import LabelStore


class ObjectDetectionGeoJSONStoreConfig(GeoJSONStoreConfig):
    """Keep predicted boxes with class and a score in GeoJSON, in WGS 84."""

    key = keys.OBJECT_DETECTION_GEOJSON
    part = ""

    def create_store(
        self, task_config: Any, extent: Box, crs_transformer: CRSTransformer, tmp_dir: str
    ) -> LabelStore:
        """Create the label store on the grid of a scene."""
        from rvcli.data.label_store.object_detection_geojson_store import (
            ObjectDetectionGeoJSONStore,
        )

        return ObjectDetectionGeoJSONStore(self.uri or "", crs_transformer, task_config.class_map)


class ObjectDetectionGeoJSONStoreConfigBuilder(LabelStoreConfigBuilder):
    """Builds ObjectDetectionGeoJSONStoreConfig."""

    config_class = ObjectDetectionGeoJSONStoreConfig
