"""RasterioSource on files of many kinds."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rasterio.control import GroundControlPoint
from rasterio.enums import ColorInterp
from rasterio.transform import Affine, from_origin

from rvcli.core.box import Box
from rvcli.core.raster_stats import RasterStats
from rvcli.data.activate_mixin import ActivationError
from rvcli.data.crs_transformer.identity_crs_transformer import IdentityCRSTransformer
from rvcli.data.raster_source.multi_raster_source import MultiRasterSource
from rvcli.data.raster_source.raster_source import ChannelOrderError
from rvcli.data.raster_source.rasterio_source import RasterioSource, load_window
from rvcli.data.raster_transformer.min_max_transformer import MinMaxTransformer
from rvcli.data.raster_transformer.stats_transformer import StatsTransformer
from rvcli.errors import DataError

Write = Callable[..., str]


def random_bands(dtype: Any, bands: int = 3, height: int = 40, width: int = 50) -> Any:
    """Make an image without zeros."""
    rng = np.random.default_rng(1)
    return rng.integers(1, 250, (bands, height, width)).astype(dtype)


def read_all(path: str, tmp_path: Path, **options: Any) -> Any:
    """Read the whole image through a source."""
    source = RasterioSource([path], [], str(tmp_path), **options)
    with source.activate():
        return source.get_image_array()


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32", "float64"])
def test_reads_what_was_written(dtype: str, write_raster: Write, tmp_path: Path) -> None:
    """Chips have the values and the dtype of the file, channels last."""
    bands = random_bands(dtype)
    image = read_all(write_raster(bands), tmp_path)
    assert np.dtype(dtype) == image.dtype
    np.testing.assert_array_equal(bands.transpose(1, 2, 0), image)


def test_extent_and_dtype_need_no_activation(write_raster: Write, tmp_path: Path) -> None:
    """What the file says of itself is known before activation."""
    source = RasterioSource([write_raster(random_bands("uint16"))], [], str(tmp_path))
    assert Box(0, 0, 40, 50) == source.get_extent()
    assert np.uint16 == source.get_dtype()
    assert 3 == source.num_channels


def test_dtype_is_that_of_transformed_chips(write_raster: Write, tmp_path: Path) -> None:
    """The dtype is the one that chips have after the transformers."""
    stats = RasterStats()
    stats.means, stats.stds = [100.0] * 3, [10.0] * 3
    path = write_raster(random_bands("uint16"))
    source = RasterioSource([path], [StatsTransformer(stats)], str(tmp_path), channel_order=[1])
    assert np.uint8 == source.get_dtype()
    with source.activate():
        assert np.uint8 == source.get_chip(Box(0, 0, 2, 2)).dtype


@given(data=st.data())
@settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_windows_are_padded_with_zeros(data: Any, write_raster: Write, tmp_path: Path) -> None:
    """Any window, inside, across or beyond the edge, is the image padded with 0."""
    bands = random_bands("uint8", bands=2)
    path = tmp_path / "image.tif"
    source = RasterioSource([str(path) if path.exists() else write_raster(bands)], [], "unused")
    padded = np.pad(bands.transpose(1, 2, 0), ((100, 100), (100, 100), (0, 0)))
    y, x = data.draw(st.tuples(st.integers(-60, 60), st.integers(-60, 60)))
    height, width = data.draw(st.tuples(st.integers(0, 80), st.integers(0, 80)))
    with source.activate():
        chip = source.get_chip(Box(y, x, y + height, x + width))
    np.testing.assert_array_equal(
        padded[100 + y : 100 + y + height, 100 + x : 100 + x + width], chip
    )


def test_chooses_channels(write_raster: Write, tmp_path: Path) -> None:
    """The channel order chooses bands, counted from 0."""
    bands = random_bands("uint8", bands=5)
    image = read_all(write_raster(bands), tmp_path, channel_order=[4, 1])
    np.testing.assert_array_equal(bands[[4, 1]].transpose(1, 2, 0), image)


def test_refuses_missing_channel(write_raster: Write, tmp_path: Path) -> None:
    """A channel that the file does not have is refused before anything is read."""
    with pytest.raises(ChannelOrderError, match=r"\[3\] does not fit the image .*image\.tif of 3"):
        RasterioSource([write_raster(random_bands("uint8"))], [], str(tmp_path), [3])


def test_errors_of_transformers_name_the_image(write_raster: Write, tmp_path: Path) -> None:
    """A transformer that does not fit is said not to fit this image, alone or in a stack."""
    fails = MinMaxTransformer([0.0, 1.0], [2.0, 3.0])
    path = write_raster(random_bands("uint8"))
    alone = RasterioSource([path], [fails], str(tmp_path))
    stack = MultiRasterSource([RasterioSource([path], [], str(tmp_path))] * 4)
    stack.raster_transformers = [fails]
    for source, name in (
        (alone, "the image .*image.tif"),
        (stack, "the stack of the image .* and the image .* and the image .* and 1 more"),
    ):
        with source.activate(), pytest.raises(DataError, match=f"^{name}: 2 minima"):
            source.get_chip(Box(0, 0, 4, 4))


@pytest.mark.parametrize(
    ("dtype", "nodata"), [("uint8", 255), ("int16", -9999), ("float32", -3.4e38), ("uint16", 0)]
)
def test_nodata_becomes_zero(
    dtype: str, nodata: float, write_raster: Write, tmp_path: Path
) -> None:
    """Pixels with the file's nodata value are 0, band by band."""
    bands = random_bands(dtype)
    bands[1, 5:9, 3:7] = np.dtype(dtype).type(nodata)
    image = read_all(write_raster(bands, nodata=nodata), tmp_path)
    expected = bands.copy()
    expected[1, 5:9, 3:7] = 0
    np.testing.assert_array_equal(expected.transpose(1, 2, 0), image)


@pytest.mark.parametrize("declared", [None, 7])
def test_nodata_can_be_given_with_the_source(
    declared: int | None, write_raster: Write, tmp_path: Path
) -> None:
    """Pixels of the value that is given with the source are 0, beside those of the file's own."""
    bands = random_bands("uint16")
    bands[0, :4] = 999
    bands[1, :4] = 7
    image = read_all(write_raster(bands, nodata=declared), tmp_path, nodata=999)
    assert 0 == image[:4, :, 0].max()
    assert (0 if declared else 7) == image[:4, :, 1].max()


def test_nodata_that_no_pixel_can_have_is_ignored(write_raster: Write, tmp_path: Path) -> None:
    """A nodata value outside the dtype's range changes nothing."""
    bands = random_bands("uint8")
    path = write_raster(bands)
    vrt = Path(path).with_suffix(".vrt")
    vrt.write_text(
        '<VRTDataset rasterXSize="50" rasterYSize="40"><VRTRasterBand dataType="Byte" band="1">'
        f"<NoDataValue>-9999</NoDataValue><SimpleSource><SourceFilename>{path}</SourceFilename>"
        "<SourceBand>1</SourceBand></SimpleSource></VRTRasterBand></VRTDataset>"
    )
    image = read_all(str(vrt), tmp_path)
    np.testing.assert_array_equal(bands[:1].transpose(1, 2, 0), image)


@pytest.mark.parametrize("nodata", [None, float("nan"), -1.0])
def test_nan_becomes_zero(nodata: float | None, write_raster: Write, tmp_path: Path) -> None:
    """NaN is nodata in floating-point images, declared or not."""
    bands = random_bands("float32")
    bands[0, :4] = np.nan
    image = read_all(write_raster(bands, nodata=nodata), tmp_path)
    assert 0 == image[:4, :, 0].max()
    np.testing.assert_array_equal(bands[1:].transpose(1, 2, 0), image[:, :, 1:])


def test_masked_pixels_are_zero(write_raster: Write, tmp_path: Path) -> None:
    """Pixels that the file's own mask excludes are 0 in all bands."""
    bands = random_bands("uint8")
    mask = np.full((40, 50), 255, dtype=np.uint8)
    mask[10:20, 30:] = 0
    image = read_all(write_raster(bands, mask=mask), tmp_path)
    expected = bands.copy()
    expected[:, 10:20, 30:] = 0
    np.testing.assert_array_equal(expected.transpose(1, 2, 0), image)


def test_alpha_is_a_mask_and_no_channel(write_raster: Write, tmp_path: Path) -> None:
    """An alpha band says which pixels are valid, and is left out of the default channels."""
    bands = random_bands("uint8", bands=4)
    bands[3] = 255
    bands[3, :, :10] = 0
    path = write_raster(bands, photometric="RGB", alpha="YES")
    with rasterio.open(path) as dataset:
        assert ColorInterp.alpha == dataset.colorinterp[3]
    source = RasterioSource([path], [], str(tmp_path))
    assert [0, 1, 2] == source.channel_order
    with source.activate():
        image = source.get_image_array()
    assert 0 == image[:, :10].max()
    np.testing.assert_array_equal(bands[:3, :, 10:].transpose(1, 2, 0), image[:, 10:])


@pytest.mark.parametrize("copies", [1, 2], ids=["file", "mosaic"])
def test_alpha_that_is_asked_for_is_data(copies: int, write_raster: Write, tmp_path: Path) -> None:
    """A band that GDAL takes for alpha masks nothing when it is named, as near infrared is."""
    bands = random_bands("uint8", bands=4)
    bands[3, :, :10] = 0
    paths = [write_raster(bands, f"{i}.tif", photometric="RGB", alpha="YES") for i in range(copies)]
    source = RasterioSource(paths, [], str(tmp_path), channel_order=[3, 0, 1, 2])
    with source.activate():
        image = source.get_image_array()
    np.testing.assert_array_equal(bands[[3, 0, 1, 2]].transpose(1, 2, 0), image)


@pytest.mark.parametrize(("name", "driver"), [("i.png", "PNG"), ("i.jpg", "JPEG")])
def test_reads_images_without_georeference(
    name: str, driver: str, write_raster: Write, tmp_path: Path
) -> None:
    """PNG and JPEG files are read; map coordinates are then pixels."""
    bands = np.full((3, 32, 48), 99, dtype=np.uint8)
    path = write_raster(bands, name, driver=driver, crs=None, transform=None)
    source = RasterioSource([path], [], str(tmp_path))
    assert isinstance(source.get_crs_transformer(), IdentityCRSTransformer)
    with source.activate():
        np.testing.assert_array_equal(bands.transpose(1, 2, 0), source.get_image_array())


@pytest.mark.parametrize("dtype", ["complex64", "complex_int16"])
@pytest.mark.parametrize("copies", [1, 2])
def test_complex_pixels_are_refused(
    dtype: str, copies: int, write_raster: Write, tmp_path: Path
) -> None:
    """Complex pixels, of integers as well, are refused: only their real parts would count."""
    path = write_raster(np.ones((1, 4, 4), np.complex64), dtype=dtype)
    with pytest.raises(DataError, match=rf"image\.tif has complex pixels \({dtype}\)"):
        RasterioSource([path] * copies, [], str(tmp_path))


def test_ground_control_points_are_warned_of(
    write_raster: Write, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An image that only has ground control points is taken as it is, which is said."""
    corners = [(0, 0, 39.0, -6.0), (0, 64, 39.1, -6.0), (64, 0, 39.0, -6.1)]
    points = [GroundControlPoint(*corner) for corner in corners]
    path = write_raster(random_bands("uint8"), crs="EPSG:4326", transform=None, gcps=points)
    source = RasterioSource([path], [], str(tmp_path))
    assert isinstance(source.get_crs_transformer(), IdentityCRSTransformer)
    assert "ground control points" in caplog.text


def test_crs_of_a_site_is_warned_of(
    write_raster: Write, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A CRS that says nothing of the Earth counts as none, which is said; its transform stays."""
    path = write_raster(random_bands("uint8"), crs='LOCAL_CS["site",UNIT["metre",1]]')
    transformer = RasterioSource([path], [], str(tmp_path)).get_crs_transformer()
    assert transformer.get_image_crs() is None
    assert from_origin(500_000, 1_000_000, 0.5, 0.5) == transformer.get_affine_transform()
    assert "image.tif is in a CRS of its own" in caplog.text
    for options, message in (
        ({"crs": "EPSG:4326"}, "cannot be warped to EPSG:4326"),
        ({"x_shift_meters": 3.0}, "cannot be shifted"),
    ):
        with pytest.raises(DataError, match=message):
            RasterioSource([path], [], str(tmp_path), **options)


@pytest.mark.parametrize(
    ("values", "channel_order", "is_warned"),
    [
        (np.arange(1, 201), None, True),
        (np.arange(1, 201), [0, 1, 2, 3], False),
        ([255] * 190 + list(range(10)), None, False),
    ],
    ids=["imagery", "named", "transparency"],
)
def test_imagery_in_an_alpha_band_is_warned_of(
    values: Any,
    channel_order: list[int] | None,
    is_warned: bool,
    write_raster: Write,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A fourth band that GDAL took for alpha, with values as those of imagery, is warned of."""
    bands = np.resize(np.array(values, np.uint8), (4, 40, 50))
    path = write_raster(bands)
    RasterioSource([path], [], str(tmp_path), channel_order)
    assert is_warned == ("with_channel_order([0, 1, 2, 3])" in caplog.text)


def test_image_without_crs_keeps_its_transform(write_raster: Write, tmp_path: Path) -> None:
    """An image whose CRS is not known still says by its transform where its predictions lie."""
    transform = Affine(0.5, 0, 100, 0, -0.5, 900)
    path = write_raster(random_bands("uint8"), crs=None, transform=transform)
    transformer = RasterioSource([path], [], str(tmp_path)).get_crs_transformer()
    assert transform == transformer.get_affine_transform()
    assert transformer.get_image_crs() is None
    assert (10, 20) == transformer.map_to_pixel((10, 20))


def test_rotated_image_has_its_transform(write_raster: Write, tmp_path: Path) -> None:
    """A rotated image keeps its affine transform."""
    transform = Affine.translation(500_000, 1_000_000) * Affine.rotation(30) * Affine.scale(2, -2)
    path = write_raster(random_bands("uint8"), transform=transform)
    transformer = RasterioSource([path], [], str(tmp_path)).get_crs_transformer()
    assert transform.almost_equals(transformer.get_affine_transform())
    assert (10, 20) == transformer.map_to_pixel(transformer.pixel_to_map((10, 20)))


@pytest.mark.parametrize(
    ("shift", "pixels_xy"), [((5.0, 0.0), (10, 0)), ((0.0, 5.0), (0, -10)), ((-2.0, -3.0), (-4, 6))]
)
def test_shift_moves_the_view(
    shift: tuple[float, float], pixels_xy: tuple[int, int], write_raster: Write, tmp_path: Path
) -> None:
    """A shift in metres moves the view to the right and up, in whole pixels of 0.5 m."""
    path = write_raster(random_bands("uint8"))
    plain = RasterioSource([path], [], str(tmp_path))
    shifted = RasterioSource([path], [], str(tmp_path), None, *shift)
    x, y = pixels_xy
    with plain.activate(), shifted.activate():
        expected = plain.get_chip(Box(15 + y, 20 + x, 25 + y, 30 + x))
        np.testing.assert_array_equal(expected, shifted.get_chip(Box(15, 20, 25, 30)))


def test_shift_in_degrees(write_raster: Write, tmp_path: Path) -> None:
    """The shift is in metres on the ground, also where the image's CRS counts degrees."""
    bands = random_bands("uint8")
    path = write_raster(bands, crs="EPSG:4326", transform=from_origin(10.0, 60.0, 1e-5, 1e-5))
    # At 60 degrees north 1e-5 degrees of longitude are 0.558 m, of latitude 1.114 m.
    source = RasterioSource([path], [], str(tmp_path), None, 5.58, 11.14)
    with source.activate():
        chip = source.get_chip(Box(20, 20, 30, 30))
    np.testing.assert_array_equal(bands[:, 10:20, 30:40].transpose(1, 2, 0), chip)


def test_shift_needs_georeference(write_raster: Write, tmp_path: Path) -> None:
    """An image without georeference cannot be shifted by metres."""
    path = write_raster(random_bands("uint8"), crs=None, transform=None)
    with pytest.raises(DataError, match="has no georeference"):
        RasterioSource([path], [], str(tmp_path), None, 1.0, 0.0)


def test_bands_of_different_dtypes_are_read_together(write_raster: Write, tmp_path: Path) -> None:
    """Bands of different dtypes come in one that holds the values of all."""
    path = write_raster(random_bands("uint8", bands=1))
    band = (
        f"<SimpleSource><SourceFilename>{path}</SourceFilename>"
        "<SourceBand>1</SourceBand></SimpleSource>"
    )
    vrt = tmp_path / "mixed.vrt"
    vrt.write_text(
        '<VRTDataset rasterXSize="50" rasterYSize="40">'
        f'<VRTRasterBand dataType="Byte" band="1">{band}</VRTRasterBand>'
        f'<VRTRasterBand dataType="Float32" band="2">{band}</VRTRasterBand></VRTDataset>'
    )
    image = read_all(str(vrt), tmp_path)
    assert np.float32 == image.dtype
    np.testing.assert_array_equal(image[:, :, 0], image[:, :, 1])


def test_reading_needs_activation(write_raster: Write, tmp_path: Path) -> None:
    """Reading outside of activation is refused with the way out."""
    source = RasterioSource([write_raster(random_bands("uint8"))], [], str(tmp_path))
    with pytest.raises(ActivationError, match="while its source is not active"):
        source.get_chip(Box(0, 0, 1, 1))


def test_can_be_activated_again(write_raster: Write, tmp_path: Path) -> None:
    """A source that was closed opens again."""
    source = RasterioSource([write_raster(random_bands("uint8"))], [], str(tmp_path))
    for _ in range(2):
        with source.activate():
            assert (1, 1, 3) == source.get_chip(Box(0, 0, 1, 1)).shape
    assert not source.is_active


def test_uris_are_named(tmp_path: Path) -> None:
    """A source without URIs is refused."""
    with pytest.raises(DataError, match="has no URIs"):
        RasterioSource([], [], str(tmp_path))


def test_one_uri_may_be_text(write_raster: Write, tmp_path: Path) -> None:
    """One URI may be given as it is."""
    path = write_raster(random_bands("uint8"))
    assert [path] == RasterioSource(path, [], str(tmp_path)).uris


def test_missing_file_is_named(tmp_path: Path) -> None:
    """A file that does not exist is named in the error."""
    path = tmp_path / "missing.tif"
    with pytest.raises(DataError, match=f"cannot open the image {path}: No such file"):
        RasterioSource([str(path)], [], str(tmp_path))


def test_no_image_is_named(tmp_path: Path) -> None:
    """A file that is no image is named in the error."""
    path = tmp_path / "text.tif"
    path.write_text("no image at all")
    with pytest.raises(DataError, match=f"cannot open the image {path}"):
        RasterioSource([str(path)], [], str(tmp_path))


def test_truncated_file_is_named_with_the_window(write_raster: Write, tmp_path: Path) -> None:
    """A file that was cut short fails where pixels are missing, naming file and window."""
    bands = np.random.default_rng(0).integers(0, 255, (3, 256, 256)).astype(np.uint8)
    path = write_raster(bands, tiled=True, blockxsize=64, blockysize=64, compress="deflate")
    os.truncate(path, os.path.getsize(path) // 2)  # noqa: PTH202
    source = RasterioSource([path], [], str(tmp_path))
    with source.activate():
        assert source.get_chip(Box(0, 0, 10, 10)).any()
        with pytest.raises(DataError) as caught:
            source.get_chip(Box(200, 200, 250, 250))
    assert (
        f"cannot read the window Box(ymin=200, xmin=200, ymax=250, xmax=250) of the image {path}"
        in str(caught.value)
    )


def test_file_without_bands_is_refused(write_raster: Write, tmp_path: Path) -> None:
    """A container of several images, with no bands of its own, is refused with a hint."""
    for table in ("one", "two"):
        options = {"driver": "GPKG", "raster_table": table, "append_subdataset": "YES"}
        path = write_raster(random_bands("uint8"), "several.gpkg", **options)
    with pytest.raises(DataError, match="has no bands") as caught:
        RasterioSource([path], [], str(tmp_path))
    assert "subdatasets" in str(caught.value.hint)


def test_threads_share_a_source(write_raster: Write, tmp_path: Path) -> None:
    """Threads that read from one source get what they asked for."""
    bands = random_bands("uint16", height=200, width=200)
    source = RasterioSource([write_raster(bands, tiled=True, blockxsize=16, blockysize=16)], [], "")
    failures: list[int] = []

    def read(seed: int) -> None:
        rng = np.random.default_rng(seed)
        for _ in range(50):
            y, x = rng.integers(0, 150, 2).tolist()
            chip = source.get_chip(Box(y, x, y + 50, x + 50))
            if not np.array_equal(bands[:, y : y + 50, x : x + 50].transpose(1, 2, 0), chip):
                failures.append(seed)

    with source.activate():
        threads = [threading.Thread(target=read, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [] == failures


def test_child_process_opens_its_own_handle(write_raster: Write, tmp_path: Path) -> None:
    """A process that was forked from an active source reads through a handle of its own."""
    source = RasterioSource([write_raster(random_bands("uint8"))], [], str(tmp_path))
    with source.activate():
        parents = source._open_dataset()
        source._owner_pid = -1  # as a child sees it
        assert parents is not source._open_dataset()
        assert os.getpid() == source._owner_pid
        parents.close()


@pytest.mark.parametrize(
    "layout",
    [
        {"tiled": True, "blockxsize": 16, "blockysize": 16},
        {"tiled": True, "blockxsize": 512, "blockysize": 512},
        {"blockysize": 1},
        {},
    ],
)
def test_blocks_cover_the_image(
    layout: dict[str, Any], write_raster: Write, tmp_path: Path
) -> None:
    """The blocks of any file cover its extent once."""
    path = write_raster(np.ones((1, 700, 900), dtype=np.uint8), **layout)
    blocks = list(RasterioSource([path], [], "").iter_blocks(max_pixels=90_000))
    assert 700 * 900 == sum(block.get_area() for block in blocks)
    assert max(block.get_area() for block in blocks) <= 512 * 512


def test_load_window_takes_windows_of_rasterio(write_raster: Write) -> None:
    """A window is a Box, rows and columns as rasterio has them, or the whole image."""
    bands = random_bands("uint8", bands=1)
    with rasterio.open(write_raster(bands)) as dataset:
        expected = bands[0, 3:5, 7:9, None]
        np.testing.assert_array_equal(expected, load_window(dataset, ((3, 5), (7, 9))))
        np.testing.assert_array_equal(expected, load_window(dataset, Box(3, 7, 5, 9)))
        np.testing.assert_array_equal(bands[0, :, :, None], load_window(dataset))


def test_load_window_heeds_the_mask_if_asked(write_raster: Write) -> None:
    """The mask of a dataset counts only with is_masked."""
    bands = random_bands("uint8", bands=1)
    path = write_raster(bands, mask=np.zeros((40, 50), dtype=np.uint8))
    with rasterio.open(path) as dataset:
        assert load_window(dataset).all()
        assert not load_window(dataset, is_masked=True).any()
