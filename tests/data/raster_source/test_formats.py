"""Imagery in formats other than plain GeoTIFF: URIs alone, side-cars, containers, warps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import rasterio.shutil
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rasterio.transform import from_origin
from rasterio.vrt import WarpedVRT
from rasterio.warp import transform_bounds

from rvcli import keys
from rvcli.core.box import Box
from rvcli.core.raster_stats import RasterStats
from rvcli.data.raster_source.raster_source_config import RasterSourceConfig, as_raster_source
from rvcli.data.raster_source.rasterio_source import RasterioSource
from rvcli.data.raster_transformer.nan_transformer import NanTransformer
from rvcli.errors import ConfigError, DataError

Write = Callable[..., str]

BANDS = np.random.default_rng(1).integers(1, 250, (3, 16, 24)).astype(np.uint8)


def read(uri: str, folder: Path, *transformers: Any, **options: Any) -> Any:
    """Read a whole image, bands last."""
    source = RasterioSource([uri], transformers, str(folder), **options)
    with source.activate():
        return source.get_image_array()


@pytest.mark.parametrize(
    ("driver", "name", "count"),
    [
        ("PNG", "a.png", 3),
        ("JP2OpenJPEG", "a.jp2", 3),
        ("WEBP", "a.webp", 3),
        ("HFA", "a.img", 3),
        ("ENVI", "a.bsq", 3),
        ("BMP", "a.bmp", 1),
        ("GIF", "a.gif", 1),
        ("PCIDSK", "a.pix", 3),
        ("MRF", "a.mrf", 3),
        ("COG", "a.tiff", 3),
        ("RST", "a.rst", 1),
        ("ERS", "a.ers", 3),
    ],
)
def test_uri_is_enough(
    driver: str, name: str, count: int, write_raster: Write, tmp_path: Path
) -> None:
    """The default source of a URI reads the pixels and the place, whatever the format."""
    plain = write_raster(BANDS[:count], "plain.tif")
    uri = str(tmp_path / name)
    lossless = {"JP2OpenJPEG": {"QUALITY": "100", "REVERSIBLE": "YES"}, "WEBP": {"LOSSLESS": "YES"}}
    rasterio.shutil.copy(plain, uri, driver=driver, **lossless.get(driver, {}))
    source = as_raster_source(uri, None).create_source(str(tmp_path))
    with source.activate():
        np.testing.assert_array_equal(BANDS[:count].transpose(1, 2, 0), source.get_image_array())
    affine = source.get_crs_transformer().get_affine_transform()
    assert (500_000, 1_000_000, 0.5) == (affine.c, affine.f, affine.a)
    assert source.get_crs_transformer().get_image_crs().to_epsg() == 32637


def test_virtual_rasters_are_read(write_raster: Write, tmp_path: Path) -> None:
    """A VRT is an image as any other."""
    plain = write_raster(BANDS, "plain.tif")
    vrt = str(tmp_path / "a.vrt")
    rasterio.shutil.copy(plain, vrt, driver="VRT")
    np.testing.assert_array_equal(BANDS.transpose(1, 2, 0), read(vrt, tmp_path))


@pytest.mark.parametrize(
    ("driver", "name", "side_car"), [("PNG", "a.png", "a.pgw"), ("JPEG", "a.jpg", "a.jgw")]
)
def test_world_files_say_where_an_image_lies(
    driver: str, name: str, side_car: str, write_raster: Write, tmp_path: Path
) -> None:
    """The world file beside an image gives its transform; the CRS is still unknown."""
    uri = write_raster(BANDS, name, driver=driver, crs=None, transform=None)
    (tmp_path / side_car).write_text("0.5\n0\n0\n-0.5\n500000.25\n999999.75\n")
    transformer = RasterioSource([uri], [], str(tmp_path)).get_crs_transformer()
    assert from_origin(500_000, 1_000_000, 0.5, 0.5) == transformer.get_affine_transform()
    assert transformer.get_image_crs() is None


def test_16_bits_in_png(write_raster: Write, tmp_path: Path) -> None:
    """A PNG of 16 bits keeps them."""
    bands = BANDS.astype(np.uint16) * 250
    uri = write_raster(bands, "a.png", driver="PNG", crs=None, transform=None)
    np.testing.assert_array_equal(bands.transpose(1, 2, 0), read(uri, tmp_path))


def test_mask_in_a_side_car(write_raster: Write, tmp_path: Path) -> None:
    """A mask in a .msk file beside the image counts as one within it."""
    uri = write_raster(BANDS)
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=False), rasterio.open(uri, "r+") as dataset:
        mask = np.ones((16, 24), bool)
        mask[:, 10:] = False
        dataset.write_mask(mask)
    assert (tmp_path / "image.tif.msk").exists()
    image = read(uri, tmp_path)
    assert not image[:, 10:].any()
    np.testing.assert_array_equal(BANDS[:, :, :10].transpose(1, 2, 0), image[:, :10])


def test_what_is_not_finite_is_nodata(write_raster: Write, tmp_path: Path) -> None:
    """NaN and infinities are 0, band by band."""
    bands = np.array([[[np.nan, 2, np.inf]], [[4, -np.inf, 6]]], dtype=np.float32)
    uri = write_raster(bands)
    assert [[0, 4], [2, 0], [0, 6]] == read(uri, tmp_path)[0].tolist()


def test_nan_can_be_told_from_0(write_raster: Write, tmp_path: Path) -> None:
    """A transformer for NaN sees it, so that it can become another value than 0."""
    uri = write_raster(np.array([[[np.nan, 0, np.inf]]], dtype=np.float32), nodata=np.nan)
    assert [7, 0, 7] == read(uri, tmp_path, NanTransformer(7)).ravel().tolist()
    assert np.float32 == read(uri, tmp_path, NanTransformer(7)).dtype


def test_images_with_and_without_alpha_are_measured_together(
    write_raster: Write, tmp_path: Path
) -> None:
    """Statistics of RGB and RGBA are of red, green and blue; transparent pixels do not count."""
    rgb = np.full((3, 4, 4), 10, np.uint8)
    rgba = np.concatenate([np.full((3, 4, 4), 30, np.uint8), np.full((1, 4, 4), 255, np.uint8)])
    rgba[3, 2:] = 0
    sources = [
        RasterioSource([write_raster(rgb, "rgb.tif", photometric="RGB")], [], str(tmp_path)),
        RasterioSource(
            [write_raster(rgba, "rgba.tif", photometric="RGB", alpha="YES")], [], str(tmp_path)
        ),
    ]
    stats = RasterStats()
    stats.compute(sources)
    assert ([24, 24, 24], [10 * 2 / 3 + 10] * 3) == (stats.counts, stats.means)
    named = RasterioSource(sources[1].uris, [], str(tmp_path), channel_order=[0, 1, 2, 3])
    assert (3, 4) == (sources[1].num_bands, named.num_bands)


class TestSubdatasets:
    """Files that hold several rasters."""

    @pytest.fixture
    def container(self, write_raster: Write, tmp_path: Path) -> str:
        """Write a NetCDF file of two variables."""
        uri = str(tmp_path / "a.nc")
        rasterio.shutil.copy(write_raster(BANDS[:2], "plain.tif"), uri, driver="netCDF")
        return uri

    def test_one_is_read_by_name(self, container: str, tmp_path: Path) -> None:
        """The file is the URI, and the variable an option."""
        builder = RasterSourceConfig.builder(keys.RASTERIO_SOURCE).with_uri(container)
        config = builder.with_subdataset("Band2").build()
        again = RasterSourceConfig.from_proto(config.to_proto())
        source = again.create_source(str(tmp_path))
        with source.activate():
            np.testing.assert_array_equal(BANDS[1], source.get_image_array()[:, :, 0])

    def test_wrong_name_is_told(self, container: str, tmp_path: Path) -> None:
        """A name that the file does not have is told, with the nearest or all."""
        for name, hint in (("Band3", "did you mean 'Band"), ("x", "there are: Band1, Band2")):
            with pytest.raises(DataError, match=f"has no subdataset '{name}'") as caught:
                read(container, tmp_path, subdataset=name)
            assert hint in str(caught.value.hint)

    def test_missing_name_is_told(self, container: str, tmp_path: Path) -> None:
        """A file of several rasters is refused without a name, with those that it has."""
        with pytest.raises(DataError, match="has no bands") as caught:
            read(container, tmp_path)
        assert "with_subdataset(...): Band1, Band2" in str(caught.value.hint)


class TestWarp:
    """Files that are warped to another CRS as they are read."""

    def test_pixels_are_those_of_gdal(self, write_raster: Write, tmp_path: Path) -> None:
        """The image is the one that GDAL's warp gives, on its grid."""
        uri = write_raster(BANDS)
        source = RasterioSource([uri], [], str(tmp_path), crs="EPSG:3857", resampling="nearest")
        with rasterio.open(uri) as dataset, WarpedVRT(dataset, crs="EPSG:3857") as expected:
            assert expected.transform == source.get_crs_transformer().get_affine_transform()
            with source.activate():
                image = source.get_image_array()
            np.testing.assert_array_equal(expected.read().transpose(1, 2, 0), image)

    @pytest.mark.parametrize("nodata", [None, 0, 255, "mask", "nan"])
    def test_nodata_does_not_mix_into_its_neighbours(
        self, nodata: Any, write_raster: Write, tmp_path: Path
    ) -> None:
        """Whatever says that there is no data, what has data keeps its value."""
        bands = np.full((2, 60, 60), 100, np.float32 if nodata == "nan" else np.uint8)
        mask = np.ones((60, 60), bool)
        mask[20:40, 20:40] = False
        value = {None: 0, "mask": 7, "nan": np.nan}.get(nodata, nodata)
        bands[:, ~mask] = value
        options: dict[str, Any] = {"mask": mask} if nodata == "mask" else {}
        if nodata not in (None, "mask"):
            options = {"nodata": value}
        uri = write_raster(bands, **options)
        image = read(uri, tmp_path, crs="EPSG:4326")
        assert {0, 100} == set(np.round(image, 3).ravel().tolist())
        height, width, _ = image.shape
        assert not image[height // 2, width // 2].any()

    def test_its_own_crs_changes_nothing(self, write_raster: Write, tmp_path: Path) -> None:
        """A file that is in the CRS already is read as it is."""
        image = read(write_raster(BANDS), tmp_path, crs="EPSG:32637")
        np.testing.assert_array_equal(BANDS.transpose(1, 2, 0), image)

    def test_georeference_is_needed(self, write_raster: Write, tmp_path: Path) -> None:
        """An image of no CRS cannot be warped, and no image to a CRS that does not exist."""
        bare = write_raster(BANDS, "a.png", driver="PNG", crs=None, transform=None)
        with pytest.raises(DataError, match="cannot be warped to EPSG:3857"):
            read(bare, tmp_path, crs="EPSG:3857")
        with pytest.raises(ConfigError, match="no CRS 'EPSG:1'"):
            read(write_raster(BANDS), tmp_path, crs="EPSG:1")

    @given(
        window=st.tuples(
            st.integers(-9, 400), st.integers(-9, 400), st.integers(1, 300), st.integers(1, 300)
        )
    )
    @settings(
        max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
    )
    def test_windows_agree_with_the_whole(
        self, window: Any, write_raster: Write, tmp_path: Path
    ) -> None:
        """Any window is its part of the whole image, but for the rounding of a few values."""
        top, left, height, width = window
        bands = np.random.default_rng(0).integers(1, 250, (1, 500, 450)).astype(np.uint8)
        uri = write_raster(bands)
        source = RasterioSource([uri], [], str(tmp_path), crs="EPSG:32636")
        with source.activate():
            padded = np.pad(source.get_image_array(), ((400, 400), (400, 400), (0, 0)))
            expected = padded[top + 400 : top + 400 + height, left + 400 : left + 400 + width]
            chip = source.get_chip(Box(top, left, top + height, left + width))
        np.testing.assert_allclose(expected.astype(int), chip.astype(int), atol=1)
        assert (expected != chip).sum() <= 2 + chip.size / 500

    def test_sources_of_a_stack_are_warped_to_its_crs(
        self, write_raster: Write, tmp_path: Path
    ) -> None:
        """In a stack files of other CRS are warped to the grid of the primary one."""
        grid = write_raster(np.full((1, 40, 40), 5, np.uint8), "grid.tif")
        west, south, _, _ = transform_bounds(
            "EPSG:32637", "EPSG:32636", 500_000, 999_980, 500_020, 1_000_000
        )
        corner = from_origin(west - 10_000, south + 10_000, 10, 10)
        wide = {"crs": "EPSG:32636", "transform": corner}
        other = write_raster(np.full((2, 2000, 2000), 9, np.uint8), "other.tif", **wide)
        builder = RasterSourceConfig.builder(keys.MULTI_RASTER_SOURCE)
        builder = builder.with_raster_sources([grid, other])
        source = builder.with_primary(0).build().create_source(str(tmp_path))
        with source.activate():
            assert [5, 9, 9] == np.unique(source.get_image_array(), axis=0)[0, 0].tolist()
        with pytest.raises(DataError, match="in different CRS") as caught:
            builder.build().create_source(str(tmp_path))
        assert "with_primary(0)" in str(caught.value.hint)
