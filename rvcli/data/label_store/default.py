"""Default label stores for tasks and plain URIs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from rvcli import keys
from rvcli.data.label_store.label_store_config import LabelStoreConfig


class LabelStoreDefaultProvider(ABC):
    """Turns a task type, and perhaps a URI, into a label store config."""

    @staticmethod
    @abstractmethod
    def is_default_for(task_type: str) -> bool:
        """True if this provider's store is what the task uses when nothing is said."""

    @staticmethod
    @abstractmethod
    def handles(task_type: str, s: str) -> bool:
        """True if this provider understands the URI for the task."""

    @abstractmethod
    def construct(self, s: str | None = None) -> Any:
        """Return a config that writes to the URI, or to where the experiment says."""


class SemanticSegmentationRasterStoreDefaultProvider(LabelStoreDefaultProvider):
    """Keeps the predictions of semantic segmentation in GeoTIFFs."""

    @staticmethod
    def is_default_for(task_type: str) -> bool:
        """True for semantic segmentation."""
        return task_type == keys.SEMANTIC_SEGMENTATION

    @staticmethod
    def handles(task_type: str, uri: str) -> bool:
        """True for semantic segmentation and GeoTIFFs."""
        return task_type == keys.SEMANTIC_SEGMENTATION and uri.lower().endswith((".tif", ".tiff"))

    @staticmethod
    def construct(uri: str | None = None) -> Any:
        """Return a raster store."""
        builder = LabelStoreConfig.builder(keys.SEMANTIC_SEGMENTATION_RASTER)
        return builder.with_uri(uri).build()


class ChipClassificationGeoJSONStoreDefaultProvider(LabelStoreDefaultProvider):
    """Keeps the predictions of chip classification in GeoJSON."""

    @staticmethod
    def is_default_for(task_type: str) -> bool:
        """True for chip classification."""
        return task_type == keys.CHIP_CLASSIFICATION

    @staticmethod
    def handles(task_type: str, uri: str) -> bool:
        """True for chip classification and GeoJSON."""
        return task_type == keys.CHIP_CLASSIFICATION and uri.lower().endswith((".json", ".geojson"))

    @staticmethod
    def construct(uri: str | None = None) -> Any:
        """Return a GeoJSON store."""
        return LabelStoreConfig.builder(keys.CHIP_CLASSIFICATION_GEOJSON).with_uri(uri).build()


class ObjectDetectionGeoJSONStoreDefaultProvider(LabelStoreDefaultProvider):
    """Keeps the predictions of object detection in GeoJSON."""

    @staticmethod
    def is_default_for(task_type: str) -> bool:
        """True for object detection."""
        return task_type == keys.OBJECT_DETECTION

    @staticmethod
    def handles(task_type: str, uri: str) -> bool:
        """True for object detection and GeoJSON."""
        return task_type == keys.OBJECT_DETECTION and uri.lower().endswith((".json", ".geojson"))

    @staticmethod
    def construct(uri: str | None = None) -> Any:
        """Return a GeoJSON store."""
        return LabelStoreConfig.builder(keys.OBJECT_DETECTION_GEOJSON).with_uri(uri).build()
