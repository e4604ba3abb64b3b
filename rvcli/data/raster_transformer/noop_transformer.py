"""NoopTransformer: leaves chips as they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rvcli.data.raster_transformer.raster_transformer import RasterTransformer

if TYPE_CHECKING:
    import numpy.typing as npt


class NoopTransformer(RasterTransformer):
    """Leaves chips as they are."""

    def transform(
        self, chip: npt.NDArray[Any], channel_order: Sequence[int] | None = None
    ) -> npt.NDArray[Any]:
        """Return the chip itself."""
        return chip
