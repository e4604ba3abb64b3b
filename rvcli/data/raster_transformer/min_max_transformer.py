"""MinMaxTransformer: each channel between its minimum and maximum to uint8 or 0 to 1."""

from __future__ import annotations

from collections.abc import Sequence

from rvcli.core.raster_stats import RasterStats
from rvcli.data.raster_transformer.range_transformer import (
    Limits,
    RangeTransformer,
    measured_channels,
)
from rvcli.errors import DataError


class MinMaxTransformer(RangeTransformer):
    """Scales each channel between a minimum and a maximum; what lies beyond is clipped.

    0 is nodata: it stays 0, NaN and infinities become 0, and no valid value becomes 0.

    Args:
        minimum: of each channel of a chip, or one for all.
        maximum: of each channel of a chip, or one for all.
        dtype: "uint8" (1 to 255) or "float32" (above 0, up to 1).
    """

    def __init__(
        self, minimum: Sequence[float], maximum: Sequence[float], dtype: str = "uint8"
    ) -> None:
        super().__init__(dtype)
        self.minimum = list(minimum)
        self.maximum = list(maximum)

    def limits(
        self, num_channels: int, channel_order: Sequence[int] | None
    ) -> Sequence[Limits | None]:
        """Return the minimum and maximum of each channel.

        Raises:
            DataError: there are more or fewer of them than channels.
        """
        minimum, maximum = (
            values * num_channels if len(values) == 1 else values
            for values in (self.minimum, self.maximum)
        )
        if not len(minimum) == len(maximum) == num_channels:
            raise DataError(
                f"{len(self.minimum)} minima and {len(self.maximum)} maxima do not fit a chip of"
                f" {num_channels} channels",
                hint="give one for each channel, or one for all",
            )
        return list(zip(minimum, maximum, strict=True))


class PercentileTransformer(RangeTransformer):
    """Scales each channel between two of its percentiles, as MinMaxTransformer does.

    Args:
        raster_stats: figures for the channels of the image, before any channel order.
        percentiles: the lower and the upper, in percent, as the statistics have them.
        dtype: "uint8" (1 to 255) or "float32" (above 0, up to 1).

    Raises:
        DataError: the statistics do not have these percentiles.
    """

    def __init__(
        self, raster_stats: RasterStats, percentiles: tuple[float, float], dtype: str = "uint8"
    ) -> None:
        super().__init__(dtype)
        known = raster_stats.percentiles or {}
        lacking = [share for share in percentiles if share not in known]
        if lacking:
            raise DataError(
                f"the statistics have no percentile {lacking[0]:g}",
                hint="run the analyze command again, with this release",
            )
        self._minimum, self._maximum = (known[share] for share in percentiles)

    def limits(
        self, num_channels: int, channel_order: Sequence[int] | None
    ) -> Sequence[Limits | None]:
        """Return the percentiles of each channel.

        Raises:
            DataError: the statistics do not cover the channels.
        """
        places = measured_channels(num_channels, channel_order, len(self._minimum))
        return [(self._minimum[i or 0], self._maximum[i or 0]) for i in places]
