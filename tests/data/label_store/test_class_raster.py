"""Windows collected in a strip and written in rows of blocks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rasterio.errors import RasterioIOError

from rvcli.core.box import Box
from rvcli.core.class_map import ClassMap
from rvcli.data.crs_transformer.rasterio_crs_transformer import RasterioCRSTransformer
from rvcli.data.label_store.class_raster import (
    StripWriter,
    block_size_hw,
    class_colors,
    class_dtype,
    new_class_raster,
)
from rvcli.errors import NotWritableError


class Recorder:
    """A dataset that keeps what is written, and how high each write was."""

    name = "/temporary.tif"

    def __init__(self, height: int, width: int) -> None:
        self.height, self.width, self.count, self.dtypes = height, width, 1, ("uint8",)
        self.pixels = np.zeros((height, width), dtype=np.uint8)
        self.writes: list[tuple[int, int]] = []

    def write(self, array: Any, indexes: Any, window: Any) -> None:
        """Keep the pixels of a window."""
        assert indexes == [1]
        y, x = window.row_off, window.col_off
        self.pixels[y : y + window.height, x : x + window.width] = array[0]
        self.writes.append((y, window.height))


def test_windows_in_order_are_written_once_in_rows_of_blocks() -> None:
    """Windows row by row give one write for each row of blocks, in order."""
    dataset = Recorder(100, 60)
    writer = StripWriter(dataset, 32)
    for window in Box(0, 0, 100, 60).get_windows(20, 20):
        writer.write(window, np.full((20, 20), 1, dtype=np.uint8))
    writer.finish()
    assert dataset.writes == [(0, 32), (32, 32), (64, 36)]
    assert (dataset.pixels == 1).all()


def test_strip_is_as_high_as_a_row_of_windows() -> None:
    """However high the image is, the strip holds no more than windows and blocks reach."""
    writer = StripWriter(Recorder(100_000, 10), 16)
    heights = []
    for y in range(0, 100_000, 1000):
        writer.write(Box.make_square(y, 0, 10), np.ones((10, 10), dtype=np.uint8))
        heights.append(len(writer._strip))
    assert max(heights) <= 32


def test_full_disk_is_named() -> None:
    """A write that fails names the file as it was given, and says what to look at."""

    class Full(Recorder):
        def write(self, array: Any, indexes: Any, window: Any) -> None:
            """Fail as GDAL does."""
            raise RasterioIOError(f"{self.name}: No space left on device")

    writer = StripWriter(Full(8, 8), 8, "p.tif")
    writer.write(Box(0, 0, 8, 8), np.ones((8, 8), dtype=np.uint8))
    with pytest.raises(NotWritableError) as caught:
        writer.finish()
    expected = "p.tif cannot be written: p.tif: No space left on device"
    assert expected == caught.value.message


_windows = st.tuples(
    st.integers(-10, 70), st.integers(-10, 50), st.integers(1, 40), st.integers(1, 40)
)


@given(st.lists(_windows, max_size=12), st.integers(1, 40))
def test_later_window_wins_in_any_order(windows: list[Any], block_height: int) -> None:
    """In whatever order windows come, the file holds what the last one on each pixel said."""
    dataset = Recorder(60, 45)
    writer = StripWriter(dataset, block_height)
    canvas = np.zeros((200, 200), dtype=np.uint8)
    for value, (y, x, height, width) in enumerate(windows, start=1):
        pixels = np.full((height, width), value, dtype=np.uint8)
        writer.write(Box(y, x, y + height, x + width), pixels)
        canvas[y + 50 : y + 50 + height, x + 50 : x + 50 + width] = value
    writer.finish()
    assert canvas[50:110, 50:95].tolist() == dataset.pixels.tolist()


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(Box(0, 0, 90, 70).get_windows(40, 30)))
def test_file_takes_windows_in_any_order(tmp_path: Path, windows: list[Box]) -> None:
    """Overlapping windows in any order give the same pixels in a real, compressed file."""
    transformer = RasterioCRSTransformer(Affine.identity(), "EPSG:32737")
    path = tmp_path / "classes.tif"
    expected = np.zeros((120, 120), dtype=np.uint8)
    with new_class_raster(path, Box(0, 0, 90, 70), transformer, None, rgb=False) as writer:
        for value, window in enumerate(windows, start=1):
            pixels = np.full((40, 40), value, dtype=np.uint8)
            writer.write(window, pixels)
            expected[window.ymin : window.ymax, window.xmin : window.xmax] = value
    with rasterio.open(path) as dataset:
        assert expected[:90, :70].tolist() == dataset.read(1).tolist()


@pytest.mark.parametrize(
    ("size", "block"), [((1, 1), (16, 16)), ((512, 100), (512, 112)), ((9999, 513), (512, 512))]
)
def test_blocks_are_512_or_less(size: tuple[int, int], block: tuple[int, int]) -> None:
    """Blocks are squares of 512, smaller for small images, always multiples of 16."""
    assert block == block_size_hw(*size)


def test_dtype_holds_all_ids() -> None:
    """Class ids over 255 take two bytes."""
    assert class_dtype(None) == "uint8"
    assert class_dtype(ClassMap.construct_from({"a": 255})) == "uint8"
    assert class_dtype(ClassMap.construct_from({"a": 256})) == "uint16"


def test_classes_without_color_get_one_of_their_own() -> None:
    """A class without a colour always gets the same one, unlike its neighbours'."""
    colors = class_colors(ClassMap.construct_from({"a": (1, "red"), "b": 2, "c": 3}))
    assert colors[0] == (0, 0, 0, 0)
    assert colors[1] == (255, 0, 0, 255)
    assert len(set(colors.values())) == 4
    assert colors[2] == class_colors(ClassMap.construct_from({"x": 2}))[2]
