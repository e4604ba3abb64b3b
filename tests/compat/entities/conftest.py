"""What unit tests of old code had at hand: sources in memory, and `import rastervision`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest

from rvcli.compat import serving
from rvcli.core.box import Box
from rvcli.data.crs_transformer.crs_transformer import CRSTransformer
from rvcli.data.crs_transformer.identity_crs_transformer import IdentityCRSTransformer
from rvcli.data.raster_source.raster_source import RasterSource


@pytest.fixture(autouse=True)
def _served() -> Iterator[None]:
    """Serve `rastervision` while a test runs."""
    with serving():
        yield


class DoublingTransformer(CRSTransformer):
    """Pixels are half a map unit wide; as old code wrote it, without a constructor."""

    def map_to_pixel(self, map_point: Any) -> Any:
        """Return the pixel of a map point."""
        return (map_point[0] * 2, map_point[1] * 2)

    def pixel_to_map(self, pixel_point: Any) -> Any:
        """Return the map point of a pixel."""
        return (pixel_point[0] / 2, pixel_point[1] / 2)


class MockedSource(RasterSource):
    """A raster source whose four methods are those of a Mock, as old unit tests had it."""

    def __init__(
        self,
        channel_order: Any,
        num_channels: int,
        raster_transformers: Any = [],  # noqa: B006
    ) -> None:
        super().__init__(channel_order, num_channels, raster_transformers)
        self.mock = Mock()
        self.mock.get_extent.return_value = Box.make_square(0, 0, 2)
        self.mock.get_dtype.return_value = np.uint8
        self.mock.get_crs_transformer.return_value = IdentityCRSTransformer()
        self.mock._get_chip.return_value = np.ones((2, 2, num_channels))

    def set_raster(self, raster: Any) -> None:
        """Let windows be cut out of an array; those at its edge come out smaller."""
        self.mock.get_extent.return_value = Box(0, 0, raster.shape[0], raster.shape[1])
        self.mock.get_dtype.return_value = raster.dtype
        self.mock._get_chip.side_effect = lambda window: raster[
            window.ymin : window.ymax, window.xmin : window.xmax, :
        ]

    def get_extent(self) -> Any:
        """See RasterSource."""
        return self.mock.get_extent()

    def get_dtype(self) -> Any:
        """See RasterSource."""
        return self.mock.get_dtype()

    def get_crs_transformer(self) -> Any:
        """See RasterSource."""
        return self.mock.get_crs_transformer()

    def _get_chip(self, window: Box) -> Any:
        return self.mock._get_chip(window)


@pytest.fixture
def mocked_source() -> type[MockedSource]:
    """Give the class of mocked raster sources."""
    return MockedSource


@pytest.fixture
def doubling() -> CRSTransformer:
    """Give a transformer of pixels that are half a map unit wide."""
    return DoublingTransformer()
