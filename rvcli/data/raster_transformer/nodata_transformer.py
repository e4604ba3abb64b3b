"""NodataTransformer: values that mean something else than they say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rvcli.data.raster_transformer.raster_transformer import RasterTransformer
from rvcli.data.raster_transformer.values import cast_values


class NodataTransformer(RasterTransformer):
    """Replaces some values: by 0, which is nodata, or by another.

    Args:
        values: to replace.
        to_value: what they become.
        all_channels: replace only where every channel has one of the values, as in a white
            collar around an image.
    """

    for_labels = True

    def __init__(
        self, values: Sequence[float], to_value: float = 0.0, all_channels: bool = False
    ) -> None:
        self.values = list(values)
        self.to_value = to_value
        self.all_channels = all_channels

    def transform(
        self, chip: npt.NDArray[Any], channel_order: Sequence[int] | None = None
    ) -> npt.NDArray[Any]:
        """Return the chip with the values replaced, in the dtype that it has."""
        found: npt.NDArray[np.bool_] = np.zeros(chip.shape, dtype=bool)
        for value in self.values:
            found |= chip == value
        if self.all_channels:
            found = np.asarray(found.all(axis=2, keepdims=True))
        return np.where(found, cast_values(np.array(self.to_value), chip.dtype), chip)
