"""NanTransformer: a value for what is not finite."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rvcli.data.raster_transformer.raster_transformer import RasterTransformer


class NanTransformer(RasterTransformer):
    """Replaces NaN and infinities by a value; without it they are 0, which is nodata.

    Args:
        to_value: what they become.
    """

    for_labels = True
    sees_nan = True

    def __init__(self, to_value: float = 0.0) -> None:
        self.to_value = to_value

    def transform(
        self, chip: npt.NDArray[Any], channel_order: Sequence[int] | None = None
    ) -> npt.NDArray[Any]:
        """Return the chip with all values finite; integers are so already."""
        if chip.dtype.kind != "f":
            return chip
        return np.where(np.isfinite(chip), chip, chip.dtype.type(self.to_value))
