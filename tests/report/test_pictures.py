"""Arrays as pictures."""

import numpy as np
import pytest
from rasterio.io import MemoryFile

from rvcli.core.class_map import ClassItem, ClassMap
from rvcli.report import pictures


def pixels_of(picture):
    """Decode a picture: shape (height, width, bands)."""
    with MemoryFile(picture.data) as file, file.open() as dataset:
        return np.moveaxis(dataset.read(), 0, -1)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_classes_keep_their_exact_colours():
    """A picture of classes is without loss, and class 0 may be transparent."""
    class_map = ClassMap([ClassItem(1, "a", "#102030"), ClassItem(300, "b")])
    ids = np.array([[0, 1], [300, 1]])
    palette = pictures.palette_of(class_map)
    assert (palette[ids] == pixels_of(pictures.classes(ids, palette))[:, :, :3]).all()
    shown = pixels_of(pictures.classes(ids, palette, is_transparent=True))
    assert [[0, 255], [255, 255]] == shown[:, :, 3].tolist()


@pytest.mark.parametrize("bands", [1, 2, 3, 4, 13])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
def test_imagery_of_any_kind_is_stretched(bands, dtype):
    """Whatever the bands and the dtype, most of the range of colours is used."""
    ramp = np.linspace(10, 120, 64 * 64).reshape(64, 64, 1).astype(dtype)
    shown = pictures.rgb(np.repeat(ramp, bands, axis=2))
    assert (64, 64, 3) == shown.shape
    assert np.uint8 == shown.dtype
    assert shown.min() < 10
    assert shown.max() > 245


def test_bands_of_another_scale_are_stretched_each_by_itself():
    """Reflectances of bands that differ tenfold still give grey for grey."""
    ramp = np.linspace(100, 1000, 4096).reshape(64, 64)
    array = np.stack([ramp, 10 * ramp, 3 * ramp], axis=2).astype(np.uint16)
    shown = pictures.rgb(array).astype(int)
    assert np.abs(shown[:, :, 0] - shown[:, :, 1]).max() <= 2


def test_what_has_no_data_stays_black():
    """Pixels that are 0 in all bands, or no numbers, are black, and nothing warns."""
    array = np.full((8, 8, 3), 5000, np.float32)
    array[0, 0] = 0
    array[1, 1] = np.nan
    shown = pictures.rgb(array)
    assert [0, 0, 0] == shown[0, 0].tolist() == shown[1, 1].tolist()
    assert (pictures.rgb(np.zeros((4, 4, 3), np.uint8)) == 0).all()


def test_colours_are_css_for_legends():
    """A class without a colour gets one, and class 0 is in no legend."""
    class_map = ClassMap([ClassItem(0, "nodata"), ClassItem(2, "b"), ClassItem(1, "a", "red")])
    colors = pictures.colors_of(class_map)
    assert [1, 2] == list(colors)
    assert ("a", "#ff0000") == colors[1]
    assert colors[2][1].startswith("#")


def test_a_picture_is_as_small_as_asked_for():
    """A picture that takes too many bytes has fewer pixels, down to 64 a side."""
    noise = np.random.default_rng(0).integers(0, 255, (200, 300, 4), np.uint8)
    for encode in (pictures.photo, pictures.drawing):
        shown = encode(noise, max_bytes=20_000)
        assert len(shown.data) <= 20_000
        assert shown.size_hw < (200, 300)
    assert max(pictures.drawing(noise, max_bytes=1).size_hw) <= 64
