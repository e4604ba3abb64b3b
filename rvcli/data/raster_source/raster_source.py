"""RasterSource: what gives chips of one image."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rvcli.core.box import Box
from rvcli.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer
    from rvcli.data.raster_transformer.raster_transformer import RasterTransformer


class ChannelOrderError(DataError):
    """A channel is asked for that the image does not have."""

    def __init__(
        self, channel_order: Sequence[int], num_channels: int, name: str = "an image"
    ) -> None:
        super().__init__(
            f"channel order {list(channel_order)} does not fit {name} of {num_channels} channels",
            hint=f"channels are counted from 0 to {num_channels - 1}",
        )
        self.channel_order = channel_order
        self.num_channels = num_channels


class RasterSource(ABC):
    """What gives chips of one image, window by window.

    A subclass defines `get_extent`, `get_dtype`, `get_crs_transformer` and `_get_chip`.

    Attributes:
        channel_order: the channels of a chip, as indices into those of the image.
        num_channels: how many channels the image has.
        num_bands: how many of them, from the first, hold imagery; alpha after these does not.
        raster_transformers: applied to each chip, in order.
    """

    def __init__(
        self,
        channel_order: Sequence[int] | None,
        num_channels: int,
        raster_transformers: Sequence[RasterTransformer] = (),
    ) -> None:
        order = list(range(num_channels)) if channel_order is None else list(channel_order)
        self.validate_channel_order(order, num_channels)
        self.channel_order = order
        self.num_channels = num_channels
        self.num_bands = num_channels
        self.raster_transformers = list(raster_transformers)

    def validate_channel_order(self, channel_order: Sequence[int], num_channels: int) -> None:
        """Check that every channel exists.

        Raises:
            ChannelOrderError: one does not, or there is none.
        """
        if not len(channel_order) or any(not 0 <= c < num_channels for c in channel_order):
            raise ChannelOrderError(channel_order, num_channels, self.get_name())

    def get_name(self) -> str:
        """Return how messages call the image, such as "the image a.tif"."""
        return "an image"

    @abstractmethod
    def get_extent(self) -> Box:
        """Return the extent of the image in pixels, from (0, 0)."""

    @abstractmethod
    def get_dtype(self) -> np.dtype[Any]:
        """Return the dtype of transformed chips."""

    @abstractmethod
    def get_crs_transformer(self) -> CRSTransformer:
        """Return the transformer between map coordinates and the pixels of this image."""

    def count_chip_channels(self) -> int:
        """Return how many channels a transformed chip has."""
        return int(self._transform_pixel("float32").shape[2])

    def _transform_pixel(self, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """Transform a chip of one pixel without data, whose channels have some dtype."""
        import numpy as np

        chip: npt.NDArray[Any] = np.zeros((1, 1, len(self.channel_order)), dtype=dtype)
        for transformer in self.raster_transformers:
            chip = transformer.transform(chip, self.channel_order)
        return chip

    @abstractmethod
    def _get_chip(self, window: Box) -> npt.NDArray[Any]:
        """Read a window with all channels of the image, shape (height, width, num_channels)."""

    def get_chip(self, window: Box) -> npt.NDArray[Any]:
        """Read a window, choose its channels and transform it.

        Args:
            window: pixel coordinates, half-open; may reach beyond the extent.

        Returns:
            Shape (height, width, channels), channels in `channel_order`; 0 is nodata.

        Raises:
            DataError: a transformer cannot be applied to the image.
        """
        chip = self._get_chip(window)
        if self.channel_order != list(range(chip.shape[2])):
            chip = chip[:, :, self.channel_order]
        try:
            for transformer in self.raster_transformers:
                chip = transformer.transform(chip, self.channel_order)
        except DataError as error:
            raise DataError(f"{self.get_name()}: {error.message}", hint=error.hint) from error
        return chip

    def get_raw_chip(self, window: Box) -> npt.NDArray[Any]:
        """Read a window as it is in the file: all channels, not transformed.

        Args:
            window: pixel coordinates, half-open; may reach beyond the extent.

        Returns:
            Shape (height, width, num_channels); 0 is nodata.
        """
        return self._get_chip(window)

    def has_data(self, window: Box) -> npt.NDArray[np.bool_]:
        """Tell for which pixels of a window a raster of labels says something.

        Args:
            window: pixel coordinates, half-open; may reach beyond the extent.

        Returns:
            bool, shape (height, width): not beyond the extent, and not where the file says by
            a mask, or by a nodata value other than 0, that it has no data.
        """
        import numpy as np

        box, inside = window.to_int(), window.to_int().intersection(self.get_extent())
        found = np.zeros((box.get_height(), box.get_width()), dtype=bool)
        if inside.get_area() > 0:
            y, x = inside.ymin - box.ymin, inside.xmin - box.xmin
            found[y : y + inside.get_height(), x : x + inside.get_width()] = True
        return found

    def get_image_array(self) -> npt.NDArray[Any]:
        """Read the whole image as `get_chip` does; it has to fit into memory."""
        return self.get_chip(self.get_extent())

    def get_raw_image_array(self) -> npt.NDArray[Any]:
        """Read the whole image as `get_raw_chip` does; it has to fit into memory."""
        return self.get_raw_chip(self.get_extent())

    def iter_blocks(self, max_pixels: int = 1 << 20) -> Iterator[Box]:
        """Yield windows that cover the extent once and are cheap to read in this order.

        Args:
            max_pixels: size of the largest window, about.
        """
        return iter_grid(self.get_extent(), block_size_hw(max_pixels))


def block_size_hw(max_pixels: int, unit_hw: tuple[int, int] = (256, 256)) -> tuple[int, int]:
    """Return a nearly square size, in whole multiples of a unit, of about `max_pixels`.

    Args:
        max_pixels: area not to exceed, where one unit is not larger.
        unit_hw: (height, width) of the blocks that a file is read in.
    """
    unit_height, unit_width = unit_hw
    width = max(1, int(max_pixels**0.5) // unit_width) * unit_width
    height = max(1, max_pixels // width // unit_height) * unit_height
    return height, width


def iter_grid(extent: Box, size_hw: tuple[int, int]) -> Iterator[Box]:
    """Yield the windows of a grid over an extent, row by row, clipped to the extent."""
    height, width = size_hw
    for y in range(extent.ymin, extent.ymax, height):
        for x in range(extent.xmin, extent.xmax, width):
            yield Box(y, x, min(y + height, extent.ymax), min(x + width, extent.xmax))


def sample_grid(extent: Box, size: int, max_pixels: int) -> list[Box]:
    """Choose squares of a grid over an extent, of all its parts, always the same ones.

    Args:
        extent: pixel coordinates, half-open.
        size: side of the squares, which are clipped to the extent.
        max_pixels: of all squares together, about; all are chosen if they have no more.

    Returns:
        In the order of iter_grid.
    """
    import numpy as np

    squares = list(iter_grid(extent, (size, size)))
    wanted = max(1, max_pixels // size**2)
    if len(squares) <= wanted:
        return squares
    rng = np.random.default_rng(0)
    starts = np.linspace(0, len(squares), wanted + 1)
    places = starts[:-1] + rng.random(wanted) * (starts[1] - starts[0])
    return [squares[place] for place in places.astype(int).tolist()]
