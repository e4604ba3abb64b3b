"""Family of raster transformer configs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rvcli import keys
from rvcli.config import BundledConfigMixin, Config, ConfigBuilder

if TYPE_CHECKING:
    from rvcli.data.raster_transformer.raster_transformer import RasterTransformer


class RasterTransformerConfig(BundledConfigMixin, Config):
    """Describes a transformer, which changes the chips of a raster source as they are read."""

    group = keys.RASTER_TRANSFORMER
    message = "raster_transformer_pb2:RasterTransformerConfig"

    transformer_type: str

    def create_transformer(self) -> RasterTransformer:
        """Create the transformer."""
        raise NotImplementedError(f"{type(self).__name__} has no create_transformer")


class RasterTransformerConfigBuilder(ConfigBuilder):
    """Base of raster transformer config builders."""

    config_class = RasterTransformerConfig
