"""RangeTransformer: base of those that scale each channel between two limits."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rvcli.data.raster_transformer.raster_transformer import RasterTransformer
from rvcli.data.raster_transformer.values import scale_values
from rvcli.errors import DataError

Limits: TypeAlias = "tuple[float, float]"


class RangeTransformer(RasterTransformer):
    """Scales each channel between two limits, to uint8 or float32.

    0 is nodata: it stays 0, NaN and infinities become 0, and no valid value becomes 0.

    Args:
        dtype: of the scaled channels, "uint8" (1 to 255) or "float32" (above 0, up to 1).
    """

    def __init__(self, dtype: str = "uint8") -> None:
        self.dtype = np.dtype(dtype)
        self._tables: dict[tuple[Limits, str], npt.NDArray[Any]] = {}

    @abstractmethod
    def limits(
        self, num_channels: int, channel_order: Sequence[int] | None
    ) -> Sequence[Limits | None]:
        """Return the lower and upper limit of each channel of a chip; None leaves it as it is."""

    def transform(
        self, chip: npt.NDArray[Any], channel_order: Sequence[int] | None = None
    ) -> npt.NDArray[Any]:
        """Scale a chip.

        Args:
            chip: shape (height, width, channels), any real dtype; 0 is nodata.
            channel_order: for each channel of the chip, its index in the image; by default
                the chip has the image's channels.

        Returns:
            Shape (height, width, channels), of the dtype of scaled channels, or one that holds
            them and those that were left as they are; 0 is nodata.

        Raises:
            DataError: the limits do not cover the channels.
        """
        height, width, num_channels = chip.shape
        limits = self.limits(num_channels, channel_order)
        dtype = self.dtype if all(limits) else np.result_type(self.dtype, chip.dtype)
        scaled = np.empty((num_channels, height, width), dtype=dtype)
        for number, of_channel in enumerate(limits):
            plane = chip[:, :, number]
            if of_channel is None:
                scaled[number] = plane
            elif plane.dtype.kind in "iu" and plane.dtype.itemsize <= 2:
                index = plane.view(np.uint8 if plane.dtype.itemsize == 1 else np.uint16)
                table = self._table(of_channel, plane.dtype).astype(dtype, copy=False)
                # With "clip" numpy needs no buffer for its output; no index is out of range.
                np.take(table, index, out=scaled[number], mode="clip")
            else:
                scaled[number] = scale_values(plane, *of_channel, self.dtype)
        return np.moveaxis(scaled, 0, -1)

    def _table(self, limits: Limits, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
        key = (limits, dtype.str)
        if key not in self._tables:
            bits = 8 * dtype.itemsize
            values = np.arange(1 << bits, dtype=np.uint32).astype(f"u{dtype.itemsize}").view(dtype)
            self._tables[key] = scale_values(values, *limits, self.dtype)
        return self._tables[key]


def measured_channels(
    num_channels: int,
    channel_order: Sequence[int] | None,
    measured: int,
    chosen: Sequence[int] | None = None,
) -> list[int | None]:
    """Return the place in the statistics of each channel of a chip.

    Args:
        num_channels: of the chip.
        channel_order: for each channel of the chip, its index in the statistics; by default
            the chip has the channels of the statistics.
        measured: how many channels the statistics have.
        chosen: channels of the chip that are asked for; the others get None. All by default.

    Raises:
        DataError: the statistics do not cover the channels.
    """
    order = list(range(measured)) if channel_order is None else list(channel_order)
    wanted = range(num_channels) if chosen is None else chosen
    fits = len(order) == num_channels if chosen is None else set(wanted) <= set(range(len(order)))
    if not fits or max((order[i] for i in wanted), default=0) >= measured:
        raise DataError(
            f"statistics of {measured} channels do not fit a chip of {num_channels} channels"
            f" that are {order} of the image",
            hint="let the transformer come before those that add channels, name the channels"
            " to scale with with_channels, or run the analyze command again on imagery of this"
            " kind",
        )
    return [order[i] if i in wanted else None for i in range(num_channels)]
