"""RasterTransformer: changes chips as they are read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    import numpy.typing as npt


class RasterTransformer(ABC):
    """Changes chips as they are read.

    Attributes:
        for_labels: whether it acts on rasters of labels, too; others are for imagery alone.
        sees_nan: whether it gets NaN and infinities as files have them; where none of the
            transformers of a source does, they are 0.
    """

    for_labels: ClassVar[bool] = False
    sees_nan: ClassVar[bool] = False

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
