"""Default label sources for plain URIs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from rvcli import keys
from rvcli.data.label_source.label_source_config import LabelSourceConfig
from rvcli.data.raster_source.default import RasterioSourceDefaultProvider
from rvcli.data.raster_source.raster_source_config import RasterSourceConfig


class LabelSourceDefaultProvider(ABC):
    """Turns URIs of some kind into label source configs for some task."""

    @staticmethod
    @abstractmethod
    def handles(task_type: str, s: str) -> bool:
        """True if this provider understands the URI for the task."""

    @abstractmethod
    def construct(self, s: str) -> Any:
        """Return a config that reads the URI."""


class SemanticSegmentationLabelSourceDefaultProvider(LabelSourceDefaultProvider):
    """Reads label rasters as they are, and draws anything else as vectors."""

    @staticmethod
    def handles(task_type: str, uri: str) -> bool:
        """True for semantic segmentation."""
        return task_type == keys.SEMANTIC_SEGMENTATION

    @staticmethod
    def construct(uri: str) -> Any:
        """Return a label source over a raster, or over drawn vectors."""
        builder = LabelSourceConfig.builder(keys.SEMANTIC_SEGMENTATION)
        if RasterioSourceDefaultProvider.handles(uri):
            return builder.with_raster_source(uri).build()
        drawn = RasterSourceConfig.builder(keys.RASTERIZED_SOURCE).with_uri(uri).build()
        return builder.with_raster_source(drawn).build()


class ChipClassificationLabelSourceDefaultProvider(LabelSourceDefaultProvider):
    """Reads vectors."""

    @staticmethod
    def handles(task_type: str, uri: str) -> bool:
        """True for chip classification."""
        return task_type == keys.CHIP_CLASSIFICATION

    @staticmethod
    def construct(uri: str) -> Any:
        """Return a label source over vectors."""
        return LabelSourceConfig.builder(keys.CHIP_CLASSIFICATION).with_uri(uri).build()


class ObjectDetectionLabelSourceDefaultProvider(LabelSourceDefaultProvider):
    """Reads vectors."""

    @staticmethod
    def handles(task_type: str, uri: str) -> bool:
        """True for object detection."""
        return task_type == keys.OBJECT_DETECTION

    @staticmethod
    def construct(uri: str) -> Any:
        """Return a label source over vectors."""
        return LabelSourceConfig.builder(keys.OBJECT_DETECTION).with_uri(uri).build()
