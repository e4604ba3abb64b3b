"""Several files as one image."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rasterio.transform import Affine, from_origin

from rvcli.core.box import Box
from rvcli.data.raster_source.rasterio_source import (
    RasterioSource,
    build_vrt,
    download_and_build_vrt,
)
from rvcli.errors import DataError

Write = Callable[..., str]
WEST, NORTH, PIXEL_M = 500_000.0, 1_000_000.0, 0.5


def at(column: float, row: float) -> Affine:
    """Give the transform of an image whose corner lies at a pixel of the first one's grid."""
    return from_origin(WEST + column * PIXEL_M, NORTH - row * PIXEL_M, PIXEL_M, PIXEL_M)


def tile(value: int, dtype: str = "uint8", bands: int = 2, size: int = 20) -> Any:
    """Make an image with one value in each band."""
    return np.stack([np.full((size, size), value + b, dtype=dtype) for b in range(bands)])


def read_all(paths: list[str], tmp_path: Path) -> Any:
    """Read the whole mosaic."""
    source = RasterioSource(paths, [], str(tmp_path))
    with source.activate():
        return source.get_image_array()


def test_files_beside_each_other_are_one_image(write_raster: Write, tmp_path: Path) -> None:
    """Two files side by side are one image of their common extent."""
    left = write_raster(tile(10), "left.tif", transform=at(0, 0))
    right = write_raster(tile(30), "right.tif", transform=at(20, 0))
    image = read_all([left, right], tmp_path)
    assert (20, 40, 2) == image.shape
    assert np.uint8 == image.dtype
    assert [10, 11] == image[0, 19].tolist()
    assert [30, 31] == image[0, 20].tolist()


@given(
    offsets=st.lists(st.tuples(st.integers(-30, 30), st.integers(-30, 30)), min_size=2, max_size=4)
)
@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_mosaic_is_the_files_laid_on_top_of_each_other(
    offsets: list[tuple[int, int]], write_raster: Write, tmp_path: Path
) -> None:
    """At any offsets the later file lies on top, and gaps are 0."""
    rng = np.random.default_rng(len(offsets))
    tiles = [rng.integers(1, 1000, (1, 12, 17)).astype(np.uint16) for _ in offsets]
    paths = [
        write_raster(pixels, f"{i}.tif", transform=at(x, y))
        for i, (pixels, (x, y)) in enumerate(zip(tiles, offsets, strict=True))
    ]
    left, top = min(x for x, _ in offsets), min(y for _, y in offsets)
    width = max(x for x, _ in offsets) - left + 17
    height = max(y for _, y in offsets) - top + 12
    expected = np.zeros((height, width, 1), dtype=np.uint16)
    for pixels, (x, y) in zip(tiles, offsets, strict=True):
        expected[y - top : y - top + 12, x - left : x - left + 17, 0] = pixels[0]
    source = RasterioSource(paths, [], str(tmp_path))
    with source.activate():
        np.testing.assert_array_equal(expected, source.get_image_array())
    corner = source.get_crs_transformer().get_affine_transform()
    assert (WEST + left * PIXEL_M, NORTH - top * PIXEL_M) == (corner.c, corner.f)


@pytest.mark.parametrize(
    ("dtype", "nodata"), [("uint8", 255), ("uint8", 0), ("float32", float("nan")), ("int16", -1)]
)
def test_nodata_lets_the_file_below_show(
    dtype: str, nodata: float, write_raster: Write, tmp_path: Path
) -> None:
    """Where the upper file has nodata the lower one shows, and where both have it is 0."""
    below, above = tile(10, dtype), tile(30, dtype)
    above[:, :10] = nodata
    below[:, :, :5] = nodata
    paths = [
        write_raster(pixels, f"{i}.tif", nodata=nodata) for i, pixels in enumerate((below, above))
    ]
    image = read_all(paths, tmp_path)
    assert ([0, 0], [10, 11], [30, 31]) == tuple(
        image[y, x].tolist() for y, x in ((0, 0), (0, 10), (19, 0))
    )


def test_nodata_of_the_source_lets_the_file_below_show(write_raster: Write, tmp_path: Path) -> None:
    """A nodata value that is given with the source counts in files that declare none."""
    below, above = tile(10), tile(30)
    above[:, :10] = 99
    below[:, :, :5] = 99
    paths = [write_raster(pixels, f"{i}.tif") for i, pixels in enumerate((below, above))]
    source = RasterioSource(paths, [], str(tmp_path), nodata=99)
    with source.activate():
        image = source.get_image_array()
    assert [[0, 0], [10, 11], [30, 31]] == [
        image[y, x].tolist() for y, x in ((0, 0), (0, 10), (19, 0))
    ]


def test_mask_and_alpha_let_the_file_below_show(write_raster: Write, tmp_path: Path) -> None:
    """Where the upper file is masked or transparent the lower one shows."""
    below, above = tile(10, bands=4), tile(30, bands=4)
    below[3], above[3] = 255, 255
    above[3, :10] = 0
    options = {"photometric": "RGB", "alpha": "YES"}
    with_alpha = [
        write_raster(p, f"alpha-{i}.tif", **options) for i, p in enumerate((below, above))
    ]
    with_mask = [
        write_raster(p[:3], f"mask-{i}.tif", mask=p[3]) for i, p in enumerate((below, above))
    ]
    for paths in (with_alpha, with_mask):
        image = read_all(paths, tmp_path)
        assert [[10, 11, 12], [30, 31, 32]] == [image[0, 0].tolist(), image[19, 0].tolist()]


def test_files_a_little_off_the_grid_are_rounded_to_it(write_raster: Write, tmp_path: Path) -> None:
    """A file that lies off the grid by part of a pixel is laid on the nearest one."""
    left = write_raster(tile(10), "left.tif", transform=at(0, 0))
    right = write_raster(tile(30), "right.tif", transform=at(20.3, 0.1))
    image = read_all([left, right], tmp_path)
    assert (20, 40, 2) == image.shape
    assert [30, 31] == image[0, 20].tolist()


@pytest.mark.parametrize(
    ("what", "pixels", "profile"),
    [
        ("differ in CRS", tile(1), {"crs": "EPSG:32638"}),
        ("differ in resolution", tile(1), {"transform": from_origin(WEST, NORTH, 0.6, 0.6)}),
        ("differ in number of bands", tile(1, bands=3), {}),
        ("differ in dtype", tile(1, "uint16"), {}),
        ("has no georeference", tile(1), {"crs": None, "transform": None}),
        ("is rotated", tile(1), {"transform": at(0, 0) * Affine.rotation(10)}),
    ],
)
def test_files_that_do_not_fit_are_refused(
    what: str, pixels: Any, profile: dict[str, Any], write_raster: Write, tmp_path: Path
) -> None:
    """Files that differ in what a mosaic must share are refused by name."""
    first = write_raster(tile(1), "first.tif")
    other = write_raster(pixels, "other.tif", **profile)
    with pytest.raises(DataError, match=what) as caught:
        RasterioSource([first, other], [], str(tmp_path))
    assert other in str(caught.value)


def test_names_of_any_kind_work(write_raster: Write, tmp_path: Path) -> None:
    """Spaces, letters beyond ASCII and signs of XML in a path do no harm."""
    name = "bild & <größe> 図.tif"
    paths = [write_raster(tile(10 * i), f"{i} {name}") for i in (1, 2)]
    assert 20 == read_all(paths, tmp_path)[0, 0, 0]


def test_build_vrt_takes_relative_paths(
    write_raster: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A virtual raster of relative paths can be opened from anywhere."""
    write_raster(tile(7), "a.tif")
    monkeypatch.chdir(tmp_path)
    build_vrt("mosaic.vrt", ["a.tif", "a.tif"])
    monkeypatch.chdir("/")
    with rasterio.open(tmp_path / "mosaic.vrt") as dataset:
        assert 7 == dataset.read(1).max()
        assert "EPSG:32637" == dataset.crs.to_string()


def test_one_file_needs_no_virtual_raster(write_raster: Write, tmp_path: Path) -> None:
    """One local file is read as it is."""
    path = write_raster(tile(7))
    assert path == download_and_build_vrt([path], str(tmp_path))
    assert path == download_and_build_vrt([f"file://{path}"], str(tmp_path))


def test_mosaics_in_one_directory_do_not_clash(write_raster: Write, tmp_path: Path) -> None:
    """Two mosaics may share a directory for their virtual rasters."""
    paths = [write_raster(tile(i), f"{i}.tif") for i in range(3)]
    made = {download_and_build_vrt(pair, str(tmp_path)) for pair in (paths[:2], paths[1:])}
    assert 2 == len(made)


def test_window_across_files_is_read_beyond_the_edge(write_raster: Write, tmp_path: Path) -> None:
    """A window across two files and the edge of both is padded with 0."""
    left = write_raster(tile(10), "left.tif", transform=at(0, 0))
    right = write_raster(tile(30), "right.tif", transform=at(20, 0))
    source = RasterioSource([left, right], [], str(tmp_path))
    with source.activate():
        chip = source.get_chip(Box(-2, 18, 2, 22))
    assert [0, 0, 10, 10] == chip[:, 0, 0].tolist()
    assert [10, 10, 30, 30] == chip[3, :, 0].tolist()


def test_files_far_from_each_other_are_refused(write_raster: Write, tmp_path: Path) -> None:
    """A mosaic larger than any image can be names the file that lies far away."""
    near = write_raster(tile(10), "near.tif", transform=at(0, 0))
    far = write_raster(tile(30), "far.tif", transform=at(1e11, 0))
    with pytest.raises(DataError, match=r"span 100000000020 x 20 pixels.*far\.tif lies far from"):
        read_all([near, far], tmp_path)


def test_crs_that_differ_are_named_in_short(write_raster: Write, tmp_path: Path) -> None:
    """Files in different CRS are refused with the names of these."""
    one = write_raster(tile(10), "one.tif")
    other = write_raster(tile(10), "other.tif", crs="EPSG:32737")
    with pytest.raises(DataError, match=r"other\.tif has EPSG:32737, .*one\.tif has EPSG:32637$"):
        read_all([one, other], tmp_path)
