"""StatsTransformer: imagery of any dtype to uint8, by its statistics."""

from __future__ import annotations

from collections.abc import Sequence

from rvcli.core.raster_stats import RasterStats
from rvcli.data.raster_transformer.range_transformer import (
    Limits,
    RangeTransformer,
    measured_channels,
)
from rvcli.errors import DataError

# Standard deviations on each side of the mean that uint8 has room for.
_RANGE_SDS = 3.0


class StatsTransformer(RangeTransformer):
    """Scales each channel to uint8 by its mean and standard deviation.

    Three deviations below the mean become 1, three above it 255, and what lies beyond is
    clipped. 0 is nodata: it stays 0, NaN and infinities become 0, and no valid value becomes 0.

    Args:
        raster_stats: figures for the channels of the image, before any channel order.
        channels: those of the chip to scale, counted from 0; the others are left as they are.
            All by default.
    """

    def __init__(
        self, raster_stats: RasterStats | None = None, channels: Sequence[int] | None = None
    ) -> None:
        super().__init__()
        self.raster_stats = raster_stats
        self.channels = channels

    def limits(
        self, num_channels: int, channel_order: Sequence[int] | None
    ) -> Sequence[Limits | None]:
        """Return three deviations below and above the mean of each channel.

        Raises:
            DataError: there are no statistics, or they do not cover the channels.
        """
        stats = self.raster_stats
        if stats is None or stats.means is None or stats.stds is None:
            raise DataError(
                "the statistics transformer has no statistics",
                hint="run the analyze command, or set stats_uri",
            )
        places = measured_channels(num_channels, channel_order, len(stats.means), self.channels)
        # A channel that is the same everywhere has no deviation to divide by.
        reach = [_RANGE_SDS * (std or 1.0) for std in stats.stds]
        return [
            None if i is None else (stats.means[i] - reach[i], stats.means[i] + reach[i])
            for i in places
        ]
