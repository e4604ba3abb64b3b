"""A raster transformer that appends an index such as NDVI as one more channel.

transformer = (
    rv.RasterTransformerConfig.builder("NORMALIZED_DIFFERENCE")
    .with_first_channel(3)
    .with_second_channel(0)
    .build()
)
raster_source = rv.RasterSourceConfig.builder(rv.RASTERIO_SOURCE).with_transformer(transformer)
"""

from __future__ import annotations

from typing import Any

import rvcli as rv
from rvcli.config import not_negative


class NormalizedDifference(rv.RasterTransformer):
    """Appends (first - second) / (first + second)."""

    def __init__(self, first_channel: int, second_channel: int) -> None:
        self.first_channel = first_channel
        self.second_channel = second_channel

    def transform(self, chip: Any, channel_order: Any = None) -> Any:
        """Return the chip with one channel more, in its own dtype.

        The index, from -1 to 1, is stretched from 1 to the largest value of an integer type,
        and shifted to 1 to 3 in a float one; 0 stays for nodata.
        """
        import numpy as np

        first = chip[..., self.first_channel].astype(np.float64)
        second = chip[..., self.second_channel].astype(np.float64)
        total = first + second
        index = np.divide(first - second, total, out=np.zeros_like(total), where=total != 0)
        if np.issubdtype(chip.dtype, np.integer):
            channel = np.rint(1 + (index + 1) / 2 * (np.iinfo(chip.dtype).max - 1))
        else:
            channel = index + 2
        channel = np.where(chip.any(axis=-1), channel, 0).astype(chip.dtype)
        return np.concatenate([chip, channel[..., None]], axis=-1)


class NormalizedDifferenceConfig(rv.RasterTransformerConfig):
    """Append the normalized difference of two channels, such as NDVI from near infrared and red."""

    key = "NORMALIZED_DIFFERENCE"

    first_channel: int = rv.field(doc="The channel that counts, from 0.", check=not_negative)
    second_channel: int = rv.field(
        doc="The channel to compare it with, from 0.", check=not_negative
    )

    def create_transformer(self) -> NormalizedDifference:
        """Return the transformer that does the work."""
        return NormalizedDifference(self.first_channel, self.second_channel)


def register_plugin(plugin_registry: Any) -> None:
    """Tell `rv` what this file brings."""
    plugin_registry.register_config(NormalizedDifferenceConfig)
