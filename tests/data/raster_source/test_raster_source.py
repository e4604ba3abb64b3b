"""RasterSource: channels and transformers around what a subclass reads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvcli.core.box import Box
from rvcli.data.crs_transformer.identity_crs_transformer import IdentityCRSTransformer
from rvcli.data.raster_source.raster_source import (
    ChannelOrderError,
    RasterSource,
    block_size_hw,
    iter_grid,
)
from rvcli.data.raster_transformer.raster_transformer import RasterTransformer


class ArraySource(RasterSource):
    """An image in memory."""

    def __init__(self, array: Any, channel_order: Any = None, transformers: Any = ()) -> None:
        self.array = array
        super().__init__(channel_order, array.shape[2], transformers)

    def get_extent(self) -> Box:
        """Give the extent of the array."""
        return Box(0, 0, *self.array.shape[:2])

    def get_dtype(self) -> Any:
        """Give the dtype of the array."""
        return self.array.dtype

    def get_crs_transformer(self) -> Any:
        """Give a transformer that changes nothing."""
        return IdentityCRSTransformer()

    def _get_chip(self, window: Box) -> Any:
        return self.array[window.ymin : window.ymax, window.xmin : window.xmax]


class Times(RasterTransformer):
    """Multiplies, and remembers the channel order that it was told."""

    def __init__(self, factor: int) -> None:
        self.factor = factor
        self.seen: Any = None

    def transform(self, chip: Any, channel_order: Any = None) -> Any:
        """Multiply."""
        self.seen = channel_order
        return chip * self.factor


IMAGE = np.arange(4 * 6 * 3).reshape(4, 6, 3)
WINDOW = Box(1, 2, 3, 5)


def test_chip_has_all_channels_by_default() -> None:
    """Without channel order a chip has the channels of the image."""
    chip = ArraySource(IMAGE).get_chip(WINDOW)
    np.testing.assert_array_equal(IMAGE[1:3, 2:5], chip)


def test_chip_has_the_channels_in_their_order() -> None:
    """A chip has the channels of the channel order, in that order."""
    chip = ArraySource(IMAGE, [2, 0]).get_chip(WINDOW)
    np.testing.assert_array_equal(IMAGE[1:3, 2:5, [2, 0]], chip)


def test_raw_chip_is_as_in_the_file() -> None:
    """A raw chip has all channels and is not transformed."""
    chip = ArraySource(IMAGE, [2, 0], [Times(3)]).get_raw_chip(WINDOW)
    np.testing.assert_array_equal(IMAGE[1:3, 2:5], chip)


def test_transformers_apply_in_order_and_learn_the_channels() -> None:
    """Every transformer is applied in turn, and is told which channels the chip has."""
    transformers = [Times(3), Times(5)]
    chip = ArraySource(IMAGE, [1], transformers).get_chip(WINDOW)
    np.testing.assert_array_equal(15 * IMAGE[1:3, 2:5, [1]], chip)
    assert [[1], [1]] == [t.seen for t in transformers]


def test_image_array_is_the_chip_of_the_extent() -> None:
    """The image array is the chip of the whole extent, raw or not."""
    source = ArraySource(IMAGE, [0], [Times(2)])
    np.testing.assert_array_equal(2 * IMAGE[:, :, [0]], source.get_image_array())
    np.testing.assert_array_equal(IMAGE, source.get_raw_image_array())


@pytest.mark.parametrize("order", [[3], [0, -1], []])
def test_channels_have_to_exist(order: list[int]) -> None:
    """A channel order that is empty or names what is not there is refused."""
    with pytest.raises(ChannelOrderError) as caught:
        ArraySource(IMAGE, order)
    assert f"channel order {order} does not fit an image of 3 channels" == str(caught.value)
    assert (order, 3) == (caught.value.channel_order, caught.value.num_channels)


@given(
    height=st.integers(1, 3000),
    width=st.integers(1, 3000),
    max_pixels=st.integers(1, 1 << 21),
    unit=st.sampled_from([(256, 256), (1, 3000), (512, 256), (16, 3000)]),
)
def test_blocks_cover_the_extent_once(
    height: int, width: int, max_pixels: int, unit: tuple[int, int]
) -> None:
    """Blocks lie in the extent, do not overlap, fill the extent and have a bounded size."""
    extent = Box(0, 0, height, width)
    size_hw = block_size_hw(max_pixels, unit)
    assert size_hw[0] * size_hw[1] <= max(max_pixels, unit[0] * unit[1])
    blocks = list(iter_grid(extent, size_hw)) if size_hw[0] * size_hw[1] > 4000 else []
    if blocks:
        assert height * width == sum(block.get_area() for block in blocks)
        assert len(blocks) == len({(block.ymin, block.xmin) for block in blocks})
        assert all(extent.intersection(block) == block for block in blocks)


def test_source_gives_blocks() -> None:
    """A source of its own making gives blocks without more ado."""
    assert [Box(0, 0, 4, 6)] == list(ArraySource(IMAGE).iter_blocks())
