"""Config of the transformer that scales by statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rvcli import keys
from rvcli.config import field, not_empty
from rvcli.data.raster_transformer.measured_transformer_config import (
    STATS_FILE,
    MeasuredTransformerConfig,
)
from rvcli.data.raster_transformer.raster_transformer_config import RasterTransformerConfigBuilder

if TYPE_CHECKING:
    from rvcli.data.raster_transformer.raster_transformer import RasterTransformer

__all__ = ["STATS_FILE", "StatsTransformerConfig", "StatsTransformerConfigBuilder"]


class StatsTransformerConfig(MeasuredTransformerConfig):
    """Scale every band to uint8 by the mean and deviation that the analyze command measured."""

    key = keys.STATS_TRANSFORMER
    part = ""
    positional = ("stats_uri",)

    channels: list[int] | None = field(
        default=None,
        doc="Channels of the chip to scale, counted from 0, where others are to be left as they"
        " are; all if not set.",
        check=not_empty,
    )

    def create_transformer(self) -> RasterTransformer:
        """Read the statistics and create the transformer."""
        from rvcli.core.raster_stats import RasterStats
        from rvcli.data.raster_transformer.stats_transformer import StatsTransformer

        # Without statistics, as while they are measured, chips pass unchanged.
        if self.stats_uri is None:
            from rvcli.data.raster_transformer.noop_transformer import NoopTransformer

            return NoopTransformer()
        return StatsTransformer(RasterStats.load(self.stats_uri), self.channels)


class StatsTransformerConfigBuilder(RasterTransformerConfigBuilder):
    """Builds StatsTransformerConfig."""

    config_class = StatsTransformerConfig
