"""Several raster sources of one place as one image."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rasterio.enums import Resampling
from rasterio.transform import from_origin

from rvcli.core.box import Box
from rvcli.data.crs_transformer.identity_crs_transformer import IdentityCRSTransformer
from rvcli.data.raster_source.multi_raster_source import MultiRasterSource
from rvcli.data.raster_source.raster_source import ChannelOrderError
from rvcli.data.raster_source.rasterio_source import RasterioSource
from rvcli.data.raster_transformer.band_math_transformer import BandMathTransformer
from rvcli.data.raster_transformer.cast_transformer import CastTransformer
from rvcli.errors import DataError
from rvcli.testing.mocks import ArraySource

Write = Callable[..., str]
WEST, NORTH = 500_000.0, 1_000_000.0


def place(pixel_m: float, column_m: float = 0.0, row_m: float = 0.0) -> dict[str, Any]:
    """Give the georeference of a raster whose corner lies some metres to the east and south."""
    return {"transform": from_origin(WEST + column_m, NORTH - row_m, pixel_m, pixel_m)}


def noise(bands: int, height: int, width: int, dtype: str = "uint16", seed: int = 0) -> Any:
    """Make bands of noise without nodata."""
    return np.random.default_rng(seed).integers(1, 250, (bands, height, width)).astype(dtype)


def stack_of(tmp_path: Path, paths: list[Any], **options: Any) -> MultiRasterSource:
    """Stack files, or sources."""
    sources = [
        RasterioSource([path], [], str(tmp_path)) if isinstance(path, str) else path
        for path in paths
    ]
    return MultiRasterSource(sources, **options)


def read_all(source: Any) -> Any:
    """Read the whole image."""
    with source.activate():
        return source.get_image_array()


def test_bands_of_files_on_one_grid(write_raster: Write, tmp_path: Path) -> None:
    """Files on one grid give their bands one after the other, as they are."""
    first, second = noise(2, 9, 11), noise(3, 9, 11, "uint8", 1)
    stack = stack_of(tmp_path, [write_raster(first, "a.tif"), write_raster(second, "b.tif")])
    image = read_all(stack)
    np.testing.assert_array_equal(np.concatenate([first, second]).transpose(1, 2, 0), image)
    assert (np.uint16, 5, np.uint16) == (image.dtype, stack.num_channels, stack.get_dtype())


def test_channel_order_counts_over_the_stack(write_raster: Write, tmp_path: Path) -> None:
    """Channels are chosen from those of all sources; one that none has is refused."""
    paths = [write_raster(noise(2, 5, 5), "a.tif"), write_raster(noise(2, 5, 5, seed=1), "b.tif")]
    image = read_all(stack_of(tmp_path, paths, channel_order=[3, 0]))
    whole = read_all(stack_of(tmp_path, paths))
    np.testing.assert_array_equal(whole[:, :, [3, 0]], image)
    with pytest.raises(ChannelOrderError, match="4 channels"):
        stack_of(tmp_path, paths, channel_order=[4])


def test_finest_grid_is_that_of_the_stack(write_raster: Write, tmp_path: Path) -> None:
    """Unless another is named, the source with the smallest pixels gives grid and extent."""
    coarse = write_raster(noise(1, 6, 6), "coarse.tif", **place(20))
    fine = write_raster(noise(1, 12, 10), "fine.tif", **place(10))
    stack = stack_of(tmp_path, [coarse, fine])
    assert (Box(0, 0, 12, 10), 1) == (stack.get_extent(), stack.primary)
    assert 10.0 == stack.get_crs_transformer().get_affine_transform().a
    assert Box(0, 0, 6, 6) == stack_of(tmp_path, [coarse, fine], primary=0).get_extent()
    assert list(stack.iter_blocks()) == list(stack.raster_sources[1].iter_blocks())


def test_extents_may_differ(write_raster: Write, tmp_path: Path) -> None:
    """Where a source ends its bands are 0, and what lies beyond the primary one is left out."""
    primary = write_raster(noise(1, 8, 8), "primary.tif", **place(10))
    bands = noise(1, 8, 8, seed=1)
    beside = write_raster(bands, "beside.tif", **place(10, 30, -20))
    image = read_all(stack_of(tmp_path, [primary, beside]))
    expected = np.zeros((8, 8), dtype=np.uint16)
    expected[:6, 3:] = bands[0, 2:, :5]
    np.testing.assert_array_equal(expected, image[:, :, 1])


@pytest.mark.parametrize("factor", [2, 3])
@pytest.mark.parametrize("method", ["nearest", "bilinear"])
def test_upsampling_is_that_of_gdal(
    write_raster: Write, tmp_path: Path, factor: int, method: str
) -> None:
    """Coarse bands become fine ones as GDAL resamples them, off their edges."""
    coarse = noise(2, 20, 21, "float32")
    path = write_raster(coarse, "coarse.tif", **place(factor))
    fine = write_raster(noise(1, 20 * factor, 21 * factor), "fine.tif", **place(1))
    image = read_all(stack_of(tmp_path, [fine, path], resampling=method))[:, :, 1:]
    with rasterio.open(path) as dataset:
        expected = dataset.read(
            out_shape=(2, 20 * factor, 21 * factor), resampling=Resampling[method]
        )
    np.testing.assert_allclose(expected.transpose(1, 2, 0), image, rtol=1e-5)


def test_average_is_that_of_the_pixels_below(write_raster: Write, tmp_path: Path) -> None:
    """Fine bands become coarse ones by the mean of the pixels that each covers."""
    fine = noise(1, 24, 32, "float32")
    paths = [
        write_raster(noise(1, 6, 8), "coarse.tif", **place(4)),
        write_raster(fine, "fine.tif", **place(1)),
    ]
    image = read_all(stack_of(tmp_path, paths, primary=0, resampling="average"))[:, :, 1]
    np.testing.assert_allclose(fine[0].reshape(6, 4, 8, 4).mean(axis=(1, 3)), image, rtol=1e-5)


def test_average_of_parts_of_pixels(write_raster: Write, tmp_path: Path) -> None:
    """A pixel that is covered in part counts by that part."""
    fine = np.array([[[10, 20, 30, 40]] * 4], dtype=np.float32)
    paths = [
        write_raster(noise(1, 2, 2), "coarse.tif", **place(3, 0.5, 0.5)),
        write_raster(fine, "fine.tif", **place(2)),
    ]
    image = read_all(stack_of(tmp_path, paths, primary=0, resampling="average"))[0, :, 1]
    np.testing.assert_allclose(
        [(1.5 * 10 + 1.5 * 20) / 3, (0.5 * 20 + 2 * 30 + 0.5 * 40) / 3], image
    )


def test_bilinear_passes_no_pixel_over(write_raster: Write, tmp_path: Path) -> None:
    """Where pixels grow, bilinear takes in all of them: a fine pattern becomes its mean."""
    fine = np.tile(np.array([[[10, 30], [30, 10]]], dtype=np.float32), (1, 32, 32))
    paths = [
        write_raster(noise(1, 8, 8), "coarse.tif", **place(8)),
        write_raster(fine, "fine.tif", **place(1)),
    ]
    image = read_all(stack_of(tmp_path, paths, primary=0))[1:-1, 1:-1, 1]
    np.testing.assert_allclose(np.full((6, 6), 20.0), image, rtol=1e-5)


def test_each_source_has_its_own_resampling(write_raster: Write, tmp_path: Path) -> None:
    """Classes are taken from the nearest pixel while imagery is smoothed."""
    steps = np.array([[[1, 9], [1, 9]]], dtype=np.uint8)
    paths = [
        write_raster(noise(1, 8, 8, "uint8"), "fine.tif", **place(1)),
        write_raster(steps, "one.tif", **place(4)),
        write_raster(steps, "other.tif", **place(4)),
    ]
    image = read_all(stack_of(tmp_path, paths, resampling=["nearest", "nearest", "bilinear"]))
    assert {1, 9} == set(image[:, :, 1].ravel().tolist())
    assert [1, 1, 2, 4, 6, 8, 9, 9] == image[0, :, 2].tolist()


@pytest.mark.parametrize("method", ["nearest", "bilinear", "average"])
@pytest.mark.parametrize("pixel_m", [0.3, 1.7, 2.0, 5.0])
def test_nodata_neither_spreads_nor_mixes(
    write_raster: Write, tmp_path: Path, method: str, pixel_m: float
) -> None:
    """A constant band with holes stays constant around them, and holes stay."""
    bands = np.full((1, 60, 60), 100, dtype=np.float32)
    bands[0, 20:40, 25:45] = np.nan
    path = write_raster(bands, "holes.tif", **place(pixel_m))
    size = round(60 * pixel_m)
    grid = write_raster(noise(1, size, size), "grid.tif", **place(1))
    image = read_all(stack_of(tmp_path, [grid, path], primary=0, resampling=method))[:, :, 1]
    assert {0, 100} == set(np.round(image, 3).ravel().tolist())
    middle = round(30 * pixel_m), round(35 * pixel_m)
    assert 0 == image[middle]
    assert abs((image == 0).sum() / size**2 - 400 / 3600) < 0.02


def test_nodata_counts_band_by_band(write_raster: Write, tmp_path: Path) -> None:
    """A band without data at a pixel does not take it from others."""
    bands = np.full((2, 4, 4), 50, dtype=np.uint8)
    bands[0, :2] = 0
    grid = write_raster(noise(1, 8, 8, "uint8"), "grid.tif", **place(1))
    image = read_all(stack_of(tmp_path, [grid, write_raster(bands, "b.tif", **place(2))]))
    assert ([[0, 50], [50, 50]], [0, 50]) == (
        image[[0, 7], 0, 1:].tolist(),
        np.unique(image[:, :, 1:]).tolist(),
    )


@given(
    window=st.tuples(
        st.integers(-9, 60), st.integers(-9, 60), st.integers(1, 40), st.integers(1, 40)
    ),
    pixel_m=st.sampled_from([0.25, 0.7, 1.0, 1.3, 2.0, 3.0, 6.0]),
    offset=st.tuples(st.floats(-9, 9), st.floats(-9, 9)),
    method=st.sampled_from(["nearest", "bilinear", "average"]),
    dtype=st.sampled_from(["uint8", "uint16", "float32", "int32"]),
)
@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_windows_agree_with_the_whole(
    write_raster: Write,
    tmp_path: Path,
    window: Any,
    pixel_m: float,
    offset: Any,
    method: str,
    dtype: str,
) -> None:
    """Any window is, bit by bit, its part of the whole image: there are no seams."""
    top, left, height, width = window
    bands = noise(2, 50, 40, dtype)
    bands[0, 10:20, 5:9] = 0
    paths = [
        write_raster(noise(1, 60, 70, "uint8"), "grid.tif", **place(1)),
        write_raster(bands, "other.tif", **place(pixel_m, *offset)),
    ]
    stack = stack_of(tmp_path, paths, primary=0, resampling=method)
    with stack.activate():
        padded = np.pad(stack.get_image_array(), ((100, 100), (100, 100), (0, 0)))
        expected = padded[top + 100 : top + 100 + height, left + 100 : left + 100 + width]
        chip = stack.get_chip(Box(top, left, top + height, left + width))
    np.testing.assert_array_equal(expected, chip)


def test_large_windows_are_read_in_pieces(
    write_raster: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many fine pixels a window has, no more than a limit are read at once."""
    import rvcli.data.raster_source.resampling as resampling

    paths = [
        write_raster(noise(1, 10, 14), "coarse.tif", **place(10)),
        write_raster(noise(1, 100, 140), "fine.tif", **place(1)),
    ]
    stack = stack_of(tmp_path, paths, primary=0, resampling="average")
    whole = read_all(stack)
    monkeypatch.setattr(resampling, "_MAX_PIXELS", 900)
    read: list[Box] = []
    fine = stack.raster_sources[1]
    get_chip = fine.get_chip
    monkeypatch.setattr(fine, "get_chip", lambda box: (read.append(box), get_chip(box))[1])
    np.testing.assert_array_equal(whole, read_all(stack))
    assert max(box.get_area() for box in read) <= 900


def test_window_reads_its_part_of_each_file(write_raster: Write, tmp_path: Path) -> None:
    """Of a coarse file only what a window needs is read, with a margin of a pixel or two."""
    paths = [
        write_raster(noise(1, 200, 200), "fine.tif", **place(1)),
        write_raster(noise(1, 20, 20), "coarse.tif", **place(10)),
    ]
    stack = stack_of(tmp_path, paths)
    coarse = stack.raster_sources[1]
    read: list[Box] = []
    get_chip = coarse.get_chip
    coarse.get_chip = lambda box: (read.append(box), get_chip(box))[1]  # type: ignore[method-assign]
    with stack.activate():
        stack.get_chip(Box(100, 50, 120, 90))
    (box,) = read
    assert box.get_height() <= 4
    assert box.get_width() <= 6


def test_dtype_holds_all_or_is_as_asked(write_raster: Write, tmp_path: Path) -> None:
    """The dtype holds the values of all sources; one that is asked for clips them."""
    paths = [
        write_raster(np.full((1, 3, 3), -5, np.int16), "a.tif"),
        write_raster(np.full((1, 3, 3), 60_000, np.uint16), "b.tif"),
    ]
    stack = stack_of(tmp_path, paths)
    assert (np.int32, [-5, 60_000]) == (stack.get_dtype(), read_all(stack)[0, 0].tolist())
    small = stack_of(tmp_path, paths, dtype="uint8")
    assert (np.uint8, [0, 255]) == (small.get_dtype(), read_all(small)[0, 0].tolist())


def test_transformers_of_sources_and_of_the_stack(write_raster: Write, tmp_path: Path) -> None:
    """Sources give what their transformers make; those of the stack act on all channels."""
    path = write_raster(np.stack([np.full((3, 3), v, np.uint16) for v in (100, 300)]), "a.tif")
    ndvi = BandMathTransformer(["(b2 - b1) / (b2 + b1)"], scale=(-1, 1))
    source = RasterioSource([path], [ndvi], str(tmp_path))
    stack = stack_of(tmp_path, [source, path], raster_transformers=[CastTransformer("uint8")])
    assert (5, np.uint8) == (stack.num_channels, stack.get_dtype())
    with stack.activate():
        assert [100, 300, 192, 100, 300] == stack.get_raw_chip(Box(0, 0, 1, 1)).ravel().tolist()
        assert [100, 255, 192, 100, 255] == stack.get_chip(Box(0, 0, 1, 1)).ravel().tolist()


class Placed(ArraySource):
    """An array whose pixels are so many units wide, of no CRS."""

    def __init__(self, image: Any, pixel: float = 1) -> None:
        super().__init__(image)
        self.pixel = pixel

    def get_crs_transformer(self) -> IdentityCRSTransformer:
        """Place the first pixel at the origin."""
        return IdentityCRSTransformer(transform=rasterio.Affine.scale(self.pixel))


@pytest.mark.parametrize("dtype", ["int32", "int64", "float64"])
def test_values_of_many_digits_are_kept(dtype: str) -> None:
    """Values of 32 and 64 bits are resampled with all their digits."""
    value = 2**31 - 9
    coarse = Placed(np.full((4, 4, 1), value, dtype=dtype), 2)
    image = MultiRasterSource([Placed(np.ones((8, 8, 1), np.uint8)), coarse]).get_image_array()
    assert (np.dtype(dtype), {value}) == (image.dtype, set(image[:, :, 1].ravel().tolist()))


def test_what_is_not_finite_does_not_spread() -> None:
    """NaN that a source gives is without data, and mixes into nothing."""
    coarse = Placed(np.array([[[3.0], [np.nan]]]), 2)
    image = MultiRasterSource([Placed(np.ones((2, 4, 1))), coarse]).get_image_array()
    assert [3, 3, 0, 0] == image[0, :, 1].tolist()


def test_images_without_georeference(write_raster: Write, tmp_path: Path) -> None:
    """Images without georeference lie on each other if they are of one size."""
    bare = {"crs": None, "transform": None}
    one, other, large = (
        write_raster(noise(1, size, 5), name, **bare)
        for name, size in (("a.tif", 4), ("b.tif", 4), ("c.tif", 8))
    )
    assert (4, 5, 2) == read_all(stack_of(tmp_path, [one, other])).shape
    with pytest.raises(DataError, match=r"source 1 \(of 2\) is 8 x 5 pixels, the stack 4 x 5"):
        stack_of(tmp_path, [one, large])
    with pytest.raises(DataError, match="not in the CRS of the stack"):
        stack_of(tmp_path, [one, write_raster(noise(1, 4, 5), "d.tif")], primary=0)


def test_other_crs_and_rotation_are_refused(write_raster: Write, tmp_path: Path) -> None:
    """Sources that cannot be laid on the grid are refused, with what to do."""
    grid = write_raster(noise(1, 50, 50), "grid.tif", **place(1))
    other = write_raster(noise(1, 50, 50), "other.tif", crs="EPSG:32638", **place(1))
    with pytest.raises(DataError, match="not in the CRS of the stack: EPSG:32638") as caught:
        stack_of(tmp_path, [grid, other], primary=0)
    assert "with_crs" in str(caught.value.hint)
    turned = place(1)["transform"] * rasterio.Affine.rotation(10)
    with pytest.raises(DataError, match="rotated against each other"):
        stack_of(tmp_path, [grid, write_raster(noise(1, 50, 50), "r.tif", transform=turned)])


def test_sources_that_lie_elsewhere_are_warned_of(
    write_raster: Write, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A source that covers nothing of the stack is all 0, and the log says so."""
    grid = write_raster(noise(1, 50, 50), "grid.tif", **place(1))
    far = write_raster(noise(1, 50, 50), "far.tif", **place(1, 500))
    assert not read_all(stack_of(tmp_path, [grid, far], primary=0))[:, :, 1].any()
    assert "raster source 1 (of 2) lies nowhere on the grid" in caplog.text


@pytest.mark.parametrize("options", [{"resampling": ["nearest"]}, {"primary": 2}, {"primary": -3}])
def test_options_have_to_fit(write_raster: Write, tmp_path: Path, options: Any) -> None:
    """Ways of resampling and primary have to be of the sources that there are."""
    path = write_raster(noise(1, 5, 5))
    with pytest.raises(DataError, match="a stack of 2 raster sources"):
        stack_of(tmp_path, [path, path], **options)
    with pytest.raises(DataError, match="a stack of 0 raster sources"):
        MultiRasterSource([])
