"""StatsTransformer: imagery of any dtype to uint8, by its statistics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rvcli.core.raster_stats import RasterStats
from rvcli.data.raster_transformer.raster_transformer import RasterTransformer
from rvcli.errors import DataError

# Standard deviations on each side of the mean that uint8 has room for.
_RANGE_SDS = 3.0


class StatsTransformer(RasterTransformer):
    """Scales each channel to uint8 by its mean and standard deviation.

    Three deviations below the mean become 1, three above it 255, and what lies beyond is
    clipped. 0 is nodata: it stays 0, NaN becomes 0, and no valid value becomes 0.

    Args:
        raster_stats: figures for the channels of the image, before any channel order.
    """

    def __init__(self, raster_stats: RasterStats | None = None) -> None:
        self.raster_stats = raster_stats
        self._tables: dict[tuple[int, str], npt.NDArray[np.uint8]] = {}

    def transform(
        self, chip: npt.NDArray[Any], channel_order: Sequence[int] | None = None
    ) -> npt.NDArray[np.uint8]:
        """Scale a chip.

        Args:
            chip: shape (height, width, channels), any real dtype; 0 is nodata.
            channel_order: for each channel of the chip, its index in the statistics; by
                default the chip has the channels of the statistics.

        Returns:
            uint8, shape (height, width, channels); 0 is nodata.

        Raises:
            DataError: there are no statistics, or they do not cover the channels.
        """
        height, width, num_channels = chip.shape
        channels = self._channels(num_channels, channel_order)
        scaled = np.empty((num_channels, height, width), dtype=np.uint8)
        for number, channel in enumerate(channels):
            plane = chip[:, :, number]
            if plane.dtype.kind in "iu" and plane.dtype.itemsize <= 2:
                table = self._table(channel, plane.dtype)
                index = plane.view(np.uint8 if plane.dtype.itemsize == 1 else np.uint16)
                # With "clip" numpy needs no buffer for its output; no index is out of range.
                np.take(table, index, out=scaled[number], mode="clip")
            else:
                scaled[number] = self._scale(channel, plane)
        return np.moveaxis(scaled, 0, -1)

    def _channels(self, num_channels: int, channel_order: Sequence[int] | None) -> list[int]:
        measured = len(self._figures()[0])
        channels = list(range(measured)) if channel_order is None else list(channel_order)
        if len(channels) != num_channels or max(channels) >= measured:
            raise DataError(
                f"statistics of {measured} channels do not fit a chip of {num_channels} channels "
                f"that are {channels} of the image",
                hint="let the statistics transformer come before those that add channels, or run"
                " the analyze command again on imagery of this kind",
            )
        return channels

    def _figures(self) -> tuple[Sequence[float], Sequence[float]]:
        stats = self.raster_stats
        if stats is None or stats.means is None or stats.stds is None:
            raise DataError(
                "the statistics transformer has no statistics",
                hint="run the analyze command, or set stats_uri",
            )
        return stats.means, stats.stds

    def _table(self, channel: int, dtype: np.dtype[Any]) -> npt.NDArray[np.uint8]:
        key = (channel, dtype.str)
        if key not in self._tables:
            bits = 8 * dtype.itemsize
            values = np.arange(1 << bits, dtype=np.uint32).astype(f"u{dtype.itemsize}").view(dtype)
            self._tables[key] = self._scale(channel, values)
        return self._tables[key]

    def _scale(self, channel: int, values: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
        means, stds = self._figures()
        # A channel that is the same everywhere has no deviation to divide by.
        deviation = stds[channel] or 1.0
        with np.errstate(invalid="ignore", over="ignore"):
            scores = (values.astype(np.float64) - means[channel]) / deviation
            scaled = np.rint(1 + (scores + _RANGE_SDS) * (254 / (2 * _RANGE_SDS)))
        valid = (values != 0) & ~np.isnan(scaled)
        return np.where(valid, np.clip(scaled, 1, 255), 0).astype(np.uint8)
