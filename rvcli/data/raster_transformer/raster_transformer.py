"""RasterTransformer: changes chips as they are read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy.typing as npt


class RasterTransformer(ABC):
    """Changes chips as they are read."""

    @abstractmethod
    def transform(
        self, chip: npt.NDArray[Any], channel_order: Sequence[int] | None = None
    ) -> npt.NDArray[Any]:
        """Return the changed chip.

        Args:
            chip: shape (height, width, channels); 0 is nodata.
            channel_order: for each channel of the chip, its index in the image; by default
                the chip has the image's channels.

        Returns:
            Shape (height, width, channels) of any dtype; 0 is nodata.
        """
