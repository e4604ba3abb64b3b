"""Config of the transformer that replaces values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rvcli import keys
from rvcli.config import field, not_empty
from rvcli.data.raster_transformer.raster_transformer_config import (
    RasterTransformerConfig,
    RasterTransformerConfigBuilder,
)

if TYPE_CHECKING:
    from rvcli.data.raster_transformer.raster_transformer import RasterTransformer


class NodataTransformerConfig(RasterTransformerConfig):
    """Replace some values by 0, which is nodata, or by another value."""

    key = keys.NODATA_TRANSFORMER

    values: list[float] = field(doc="What is replaced.", check=not_empty, example=[255.0])
    to_value: float = field(default=0.0, doc="What it becomes.")
    all_channels: bool = field(
        default=False,
        doc="Replace only where every channel has one of the values, as in a white collar.",
    )

    def create_transformer(self) -> RasterTransformer:
        """Create the transformer."""
        from rvcli.data.raster_transformer.nodata_transformer import NodataTransformer

        return NodataTransformer(self.values, self.to_value, self.all_channels)


class NodataTransformerConfigBuilder(RasterTransformerConfigBuilder):
    """Builds NodataTransformerConfig."""

    config_class = NodataTransformerConfig
