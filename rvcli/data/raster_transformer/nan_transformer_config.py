"""Config of the transformer that gives a value to what is not finite."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rvcli import keys
from rvcli.config import field
from rvcli.data.raster_transformer.raster_transformer_config import (
    RasterTransformerConfig,
    RasterTransformerConfigBuilder,
)

if TYPE_CHECKING:
    from rvcli.data.raster_transformer.raster_transformer import RasterTransformer


class NanTransformerConfig(RasterTransformerConfig):
    """Replace NaN and infinities by a value; without it they are 0, which is nodata."""

    key = keys.NAN_TRANSFORMER

    to_value: float = field(default=0.0, doc="What they become.")

    def create_transformer(self) -> RasterTransformer:
        """Create the transformer."""
        from rvcli.data.raster_transformer.nan_transformer import NanTransformer

        return NanTransformer(self.to_value)


class NanTransformerConfigBuilder(RasterTransformerConfigBuilder):
    """Builds NanTransformerConfig."""

    config_class = NanTransformerConfig
