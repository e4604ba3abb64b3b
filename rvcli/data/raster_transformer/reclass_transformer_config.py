"""Config of the transformer that gives other values to some."""

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


class ReclassTransformerConfig(RasterTransformerConfig):
    """Give other values to some, all at once; on a raster of labels, other classes."""

    key = keys.RECLASS_TRANSFORMER

    mapping: dict[int, int] = field(
        doc="From values of the raster to new ones.", check=not_empty, example={0: 1, 1: 2}
    )
    default: int | None = field(
        default=None, doc="What all other values become; they stay as they are if not set."
    )

    def create_transformer(self) -> RasterTransformer:
        """Create the transformer."""
        from rvcli.data.raster_transformer.reclass_transformer import ReclassTransformer

        return ReclassTransformer(self.mapping, self.default)


class ReclassTransformerConfigBuilder(RasterTransformerConfigBuilder):
    """Builds ReclassTransformerConfig."""

    config_class = ReclassTransformerConfig
