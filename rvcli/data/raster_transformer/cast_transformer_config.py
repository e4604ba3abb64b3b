"""Config of the transformer that gives chips another dtype."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rvcli import keys
from rvcli.config import field, one_of
from rvcli.data.raster_transformer.raster_transformer_config import (
    RasterTransformerConfig,
    RasterTransformerConfigBuilder,
)

if TYPE_CHECKING:
    from rvcli.data.raster_transformer.raster_transformer import RasterTransformer

DTYPES = (
    *("uint8", "uint16", "uint32", "uint64"),
    *("int8", "int16", "int32", "int64", "float32", "float64"),
)


class CastTransformerConfig(RasterTransformerConfig):
    """Give chips another data type; values are rounded and clipped, never wrapped around."""

    key = keys.CAST_TRANSFORMER

    dtype: str = field(doc="The data type.", check=one_of(*DTYPES), example="uint16")

    def create_transformer(self) -> RasterTransformer:
        """Create the transformer."""
        from rvcli.data.raster_transformer.cast_transformer import CastTransformer

        return CastTransformer(self.dtype)


class CastTransformerConfigBuilder(RasterTransformerConfigBuilder):
    """Builds CastTransformerConfig."""

    config_class = CastTransformerConfig
