"""A class for every pixel, from label images."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.errors import NotGeoreferencedWarning

from rvcli.core.box import Box
from rvcli.core.class_map import ClassMap
from rvcli.data.label_source.semantic_segmentation_label_source import (
    SemanticSegmentationLabelSource,
)
from rvcli.data.raster_source.rasterio_source import RasterioSource
from rvcli.errors import DataError

WriteImage = Callable[..., RasterioSource]


@pytest.fixture
def label_image(tmp_path: Path) -> WriteImage:
    """Give a function that writes an image, (bands, height, width), and opens a source of it."""

    def write(array: Any, nodata: Any = None, **options: Any) -> RasterioSource:
        array = np.asarray(array)
        count, height, width = array.shape
        path = str(tmp_path / "labels.tif")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.open(
                path,
                "w",
                driver="GTiff",
                count=count,
                height=height,
                width=width,
                dtype=array.dtype.name,
                nodata=nodata,
            ) as dataset:
                dataset.write(array)
        return RasterioSource([path], [], str(tmp_path), **options)

    return write


def test_label_image_gives_its_values(label_image: WriteImage) -> None:
    """A label image gives its class ids, and 0 where it has no data or ends."""
    source = SemanticSegmentationLabelSource(
        label_image(np.array([[[1, 2], [255, 3]]], dtype=np.uint8), nodata=255)
    )
    with source.activate():
        window = Box(0, 0, 3, 2)
        labels = source.get_labels(window).get_label_arr(window)
        assert labels.tolist() == [[1, 2], [0, 3], [0, 0]]
        assert labels.dtype == np.uint8


def test_without_window_squares_cover_the_image(label_image: WriteImage) -> None:
    """Without a window the labels are squares of chip_size over the whole extent."""
    image = np.arange(15, dtype=np.uint8).reshape(1, 3, 5)
    source = SemanticSegmentationLabelSource(label_image(image))
    with source.activate():
        labels = source.get_labels(chip_size=2)
        assert len(labels.get_windows()) == 6
        assert len(source.get_labels().get_windows()) == 1
        corner = labels.get_label_arr(Box(2, 4, 4, 6))
        assert corner.tolist() == [[14, 0], [0, 0]]


def test_colors_become_classes(label_image: WriteImage) -> None:
    """With an RGB class map the colours of the image become class ids."""
    classes = ClassMap.construct_from({"car": (1, "red"), "tree": (4, "#0000ff")})
    rgb = np.array([[[255, 0]], [[0, 0]], [[0, 255]]], dtype=np.uint8)
    source = SemanticSegmentationLabelSource(label_image(rgb), classes)
    with source.activate():
        window = Box(0, 0, 1, 2)
        assert source.get_labels(window).get_label_arr(window).tolist() == [[1, 4]]


def test_channel_order_chooses_the_band(label_image: WriteImage) -> None:
    """The first channel of the raster source's order holds the class ids."""
    image = np.array([[[1]], [[2]], [[3]]], dtype=np.uint8)
    source = SemanticSegmentationLabelSource(label_image(image, channel_order=[2]))
    with source.activate():
        window = Box(0, 0, 1, 1)
        assert source.get_labels(window).get_label_arr(window).tolist() == [[3]]


def test_rgb_needs_three_channels(label_image: WriteImage) -> None:
    """An RGB class map for an image of one channel is refused."""
    classes = ClassMap.construct_from({"car": (1, "red")})
    source = SemanticSegmentationLabelSource(
        label_image(np.ones((1, 1, 1), dtype=np.uint8)), classes
    )
    with source.activate(), pytest.raises(DataError, match="1 channels"):
        source.get_labels(Box(0, 0, 1, 1)).get_label_arr(Box(0, 0, 1, 1))


@pytest.mark.parametrize("dtype", ["int16", "int32", "float32", "uint16", "uint32"])
def test_whole_numbers_of_any_type_are_class_ids(label_image: WriteImage, dtype: str) -> None:
    """Class ids may be stored in any type of number."""
    source = SemanticSegmentationLabelSource(label_image(np.array([[[1, 0, 300]]], dtype=dtype)))
    with source.activate():
        window = Box(0, 0, 1, 3)
        labels = source.get_labels(window).get_label_arr(window)
        assert labels.tolist() == [[1, 0, 300]]
        assert labels.dtype == np.uint16


@pytest.mark.parametrize(
    ("values", "dtype"), [([-1, 2], "int16"), ([70000, 1], "int32"), ([0.5, 1], "float32")]
)
def test_other_numbers_are_refused(label_image: WriteImage, values: Any, dtype: str) -> None:
    """Values that are no class ids are refused, with their range and the file."""
    source = SemanticSegmentationLabelSource(label_image(np.array([[values]], dtype=dtype)))
    with source.activate(), pytest.raises(DataError, match=r"\.tif .*no class ids"):
        source.get_labels(Box(0, 0, 1, 2)).get_label_arr(Box(0, 0, 1, 2))


def test_enough_target_pixels_counts_those_of_the_classes(label_image: WriteImage) -> None:
    """A window has enough target pixels if it has as many as the threshold."""
    image = np.array([[[1, 2, 2], [3, 0, 1]]], dtype=np.uint8)
    source = SemanticSegmentationLabelSource(label_image(image))
    window = Box(0, 0, 2, 3)
    with source.activate():
        assert source.enough_target_pixels(window, 3, [2, 3])
        assert not source.enough_target_pixels(window, 4, [2, 3])
        assert source.enough_target_pixels(Box(0, 0, 1, 3), 2, {2})
        assert not source.enough_target_pixels(window, 1, [])
