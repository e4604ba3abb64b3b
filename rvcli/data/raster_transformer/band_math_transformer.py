"""BandMathTransformer: bands computed from others, such as NDVI."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rvcli.data.raster_transformer.band_expression import BandExpression
from rvcli.data.raster_transformer.raster_transformer import RasterTransformer
from rvcli.data.raster_transformer.values import TINY, scale_values
from rvcli.errors import DataError


class BandMathTransformer(RasterTransformer):
    """Computes channels from those of a chip.

    A pixel has a result where all channels of its expression have data; elsewhere, and where
    something is divided by 0, it is 0. A result that is 0 becomes the tiny 2**-20.

    Args:
        expressions: such as "(b4 - b3) / (b4 + b3)"; b1 is the first channel of the chip.
        append: put the results after the channels of the chip, instead of in their place.
        scale: lower and upper limit of what becomes uint8, from 1 to 255; float32 by default.

    Raises:
        ConfigError: an expression is no arithmetic of bands.
    """

    def __init__(
        self,
        expressions: Sequence[str],
        append: bool = True,
        scale: tuple[float, float] | None = None,
    ) -> None:
        self.expressions = [BandExpression(text) for text in expressions]
        self.append = append
        self.scale = scale

    def transform(
        self, chip: npt.NDArray[Any], channel_order: Sequence[int] | None = None
    ) -> npt.NDArray[Any]:
        """Return the chip with the results, or these alone.

        Raises:
            DataError: an expression names a channel that the chip does not have.
        """
        used = {band for expression in self.expressions for band in expression.bands}
        self._check(max(used), chip.shape[2])
        dtype = np.result_type(chip.dtype, np.float32)
        planes = {band: chip[:, :, band].astype(dtype) for band in used}
        results = [self._compute(expression, planes) for expression in self.expressions]
        kept = [chip[:, :, i] for i in range(chip.shape[2])] if self.append else []
        return np.moveaxis(np.stack([*kept, *results]), 0, -1)

    def _compute(
        self, expression: BandExpression, planes: dict[int, npt.NDArray[Any]]
    ) -> npt.NDArray[Any]:
        result = expression.evaluate(planes)
        valid = np.isfinite(result)
        for band in expression.bands:
            valid &= (planes[band] != 0) & np.isfinite(planes[band])
        result = np.where(valid, np.where(result == 0, TINY, result), 0)
        if self.scale is not None:
            return scale_values(result, *self.scale)
        with np.errstate(over="ignore"):
            return result.astype(np.float32)

    def _check(self, highest: int, num_channels: int) -> None:
        if highest >= num_channels:
            raise DataError(
                f"b{highest + 1} is none of the {num_channels} channels of the chip",
                hint="b1 is the first of those that channel_order chooses",
            )
