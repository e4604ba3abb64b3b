"""CastTransformer: chips in another dtype, rounded and clipped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rvcli.data.raster_transformer.raster_transformer import RasterTransformer
from rvcli.data.raster_transformer.values import cast_values


class CastTransformer(RasterTransformer):
    """Gives chips another dtype: values are rounded and clipped to what it holds.

    Args:
        dtype: such as "uint8".
    """

    def __init__(self, dtype: str) -> None:
        self.dtype = np.dtype(dtype)

    def transform(
        self, chip: npt.NDArray[Any], channel_order: Sequence[int] | None = None
    ) -> npt.NDArray[Any]:
        """Return the chip in the other dtype; NaN becomes 0 where it holds none."""
        return cast_values(chip, self.dtype)
