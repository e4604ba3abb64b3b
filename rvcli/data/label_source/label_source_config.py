"""Family of label source configs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.config import Config, ConfigBuilder
from rvcli.notices import deprecated

if TYPE_CHECKING:
    from rvcli.core.box import Box
    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer
    from rvcli.data.label_source.label_source import LabelSource

# What old experiments say -> what it is called now.
RENAMED = {
    "OBJECT_DETECTION_GEOJSON": keys.OBJECT_DETECTION,
    "CHIP_CLASSIFICATION_GEOJSON": keys.CHIP_CLASSIFICATION,
    keys.SEMANTIC_SEGMENTATION_RASTER: keys.SEMANTIC_SEGMENTATION,
}


class LabelSourceConfig(Config):
    """Describes where the ground truth of a scene comes from."""

    group = keys.LABEL_SOURCE
    message = "label_source_pb2:LabelSourceConfig"

    source_type: str

    def create_source(
        self, task_config: Any, extent: Box, crs_transformer: CRSTransformer, tmp_dir: str
    ) -> LabelSource:
        """Create the label source on the grid of a scene."""
        raise NotImplementedError(f"{type(self).__name__} has no create_source")

    @staticmethod
    def check_deprecation(source_type: str) -> None:
        """Warn once of a key that old experiments use."""
        if source_type in RENAMED:
            deprecated(f"the label source {source_type}", RENAMED[source_type])

    @classmethod
    def builder(cls, key: str | None = None) -> Any:
        """Return the builder of a label source."""
        cls.check_deprecation(key or "")
        return super().builder(key)


class LabelSourceConfigBuilder(ConfigBuilder):
    """Base of label source config builders."""

    config_class = LabelSourceConfig
