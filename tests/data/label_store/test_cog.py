"""Cloud Optimized GeoTIFFs made of tiles as they are."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rvcli.core.box import Box
from rvcli.core.class_map import ClassMap
from rvcli.data.crs_transformer.rasterio_crs_transformer import RasterioCRSTransformer
from rvcli.data.label_store import class_raster, cog
from rvcli.data.label_store.class_raster import new_class_raster, overview_sizes_hw
from rvcli.errors import DataError, NotWritableError

CLASSES = ClassMap.construct_from({"car": (1, "red"), "tree": (2, "#00ff00"), "käse": 3})


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let small images have several blocks and overviews."""
    monkeypatch.setattr(class_raster, "BLOCK_SIZE", 32)


def write(path: Path, array: Any, grid: Any, order: Any = None, **options: Any) -> None:
    """Write class ids, in windows of 20 pixels, as a Cloud Optimized GeoTIFF."""
    options = {"class_map": CLASSES, "rgb": False, **options}
    extent = Box(0, 0, *array.shape[:2])
    with new_class_raster(path, extent, grid, **options) as writer:
        for window in order or extent.get_windows(20, 20):
            inside = window.intersection(extent)
            pixels = array[inside.ymin : inside.ymax, inside.xmin : inside.xmax]
            writer.write(inside, pixels)


def noise(height: int, width: int, *bands: int) -> Any:
    """Draw class ids with a seed."""
    return np.random.default_rng(3).integers(0, 4, (height, width, *bands), dtype=np.uint8)


def directories(content: bytes) -> Iterator[tuple[int, dict[int, tuple[int, ...]]]]:
    """Yield the place and the whole numbers of each directory of a TIFF, read independently."""
    big = content[2] == 43
    pointer, count_form, size = ("<Q", "<Q", 20) if big else ("<I", "<H", 12)
    width = struct.calcsize(pointer)
    (place,) = struct.unpack_from(pointer, content, 8 if big else 4)
    while place:
        (entries,) = struct.unpack_from(count_form, content, place)
        first = place + struct.calcsize(count_form)
        tags = {}
        for at in range(first, first + entries * size, size):
            tag, kind = struct.unpack_from("<HH", content, at)
            (count,) = struct.unpack_from(pointer, content, at + 4)
            letter = {3: "H", 4: "I", 16: "Q"}.get(kind)
            if letter is None:
                continue
            start = at + size - width
            if count * struct.calcsize(letter) > width:
                (start,) = struct.unpack_from(pointer, content, start)
            tags[tag] = struct.unpack_from(f"<{count}{letter}", content, start)
        yield place, tags
        (place,) = struct.unpack_from(pointer, content, first + entries * size)


def assert_order_of_cog(path: Path) -> None:
    """Check the rules of GDAL's validator, and the tile leaders and trailers it promises."""
    content = path.read_bytes()
    found = list(directories(content))
    places = [place for place, _ in found]
    assert sorted(places) == places
    assert all(place % 2 == 0 for place in places)
    widths = [tags[256][0] for _, tags in found]
    assert sorted(widths, reverse=True) == widths
    assert [(1,)] * (len(found) - 1) == [tags[254] for _, tags in found[1:]]
    end = places[-1]
    for _, tags in reversed(found):
        for offset, count in zip(tags[324], tags[325], strict=True):
            if count == 0:
                continue
            assert offset > end
            assert (count,) == struct.unpack_from("<I", content, offset - 4)
            last = content[offset + count - 4 : offset + count]
            assert last == content[offset + count : offset + count + 4]
            end = offset + count
    with rasterio.open(path) as dataset:
        assert "COG" == dataset.tags(ns="IMAGE_STRUCTURE")["LAYOUT"]
        assert dataset.profile["tiled"]


def test_predictions_are_cloud_optimized(tmp_path: Path, grid: RasterioCRSTransformer) -> None:
    """The order is that of GDAL's validator; pixels, grid, names and colours are in the file."""
    array, path = noise(150, 201), tmp_path / "p.tif"
    write(path, array, grid)
    assert_order_of_cog(path)
    with rasterio.open(path) as dataset:
        assert array.tolist() == dataset.read(1).tolist()
        assert [2, 4, 8] == dataset.overviews(1)
        assert (grid.get_affine_transform(), 32737) == (dataset.transform, dataset.crs.to_epsg())
        assert (0, "deflate") == (dataset.nodata, dataset.compression.name)
        assert {"1": "car", "2": "tree", "3": "käse"} == json.loads(dataset.tags()["CLASS_NAMES"])
        assert ("1 car, 2 tree, 3 käse",) == dataset.descriptions
        assert (255, 0, 0, 255) == dataset.colormap(1)[1]
    assert [path] == list(tmp_path.iterdir())


_squares = st.tuples(st.integers(0, 139), st.integers(0, 99)).map(
    lambda corner: Box(*corner, corner[0] + 50, corner[1] + 50)
)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_squares, max_size=6))
def test_overviews_are_the_nearest_pixels(tmp_path: Path, grid: Any, windows: list[Box]) -> None:
    """In whatever order windows come, an overview has every second pixel of what it shows."""
    array, path = noise(140, 100), tmp_path / "p.tif"
    order = [*windows, *Box(0, 0, 140, 100).get_windows(20, 20)]
    write(path, array, grid, order)
    for level in range(3):
        with rasterio.open(path, overview_level=level) as dataset:
            expected = array[:: 2 ** (level + 1), :: 2 ** (level + 1)]
            assert expected.tolist() == dataset.read(1).tolist()
            assert 0 == dataset.nodata


def test_colours_are_cloud_optimized(tmp_path: Path, grid: RasterioCRSTransformer) -> None:
    """Three bands of colours have overviews too."""
    array, path = noise(70, 90, 3), tmp_path / "p.tif"
    write(path, array, grid, rgb=True)
    assert_order_of_cog(path)
    with rasterio.open(path, overview_level=1) as dataset:
        assert np.moveaxis(array[::4, ::4], 2, 0).tolist() == dataset.read().tolist()


def test_large_file_is_bigtiff(
    tmp_path: Path, grid: RasterioCRSTransformer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What does not fit into 4 GiB is a BigTIFF, in the same order."""
    monkeypatch.setattr(cog, "_CLASSIC_LIMIT", 100)
    array, path = noise(80, 80), tmp_path / "p.tif"
    write(path, array, grid)
    assert b"II+\0" == path.read_bytes()[:4]
    assert_order_of_cog(path)
    with rasterio.open(path) as dataset:
        assert array.tolist() == dataset.read(1).tolist()


def test_levels_may_be_bigtiff_and_sparse(tmp_path: Path) -> None:
    """Tiles that were never written stay out, and BigTIFF is read as well."""
    options = {
        "driver": "GTiff", "width": 64, "height": 64, "count": 1, "dtype": "float32",
        "tiled": True, "blockxsize": 32, "blockysize": 32, "crs": "EPSG:32737",
        "transform": rasterio.Affine(2, 0, 5, 0, -2, 7), "compress": "lzw", "nodata": -1,
    }  # fmt: skip
    level, path = tmp_path / "level.tif", tmp_path / "cog.tif"
    pixels = np.ones((1, 32, 32), np.float32)
    with rasterio.open(level, "w", **options, bigtiff="yes", sparse_ok=True) as dataset:
        dataset.write(pixels, window=((32, 64), (0, 32)))
    cog.write_cog([level], path)
    assert_order_of_cog(path)
    with rasterio.open(path) as dataset:
        assert (1, -1) == (dataset.read(1)[40, 3], dataset.read(1)[3, 40])
        assert options["transform"] == dataset.transform


def test_what_is_not_tiled_is_refused(tmp_path: Path) -> None:
    """Of strips no Cloud Optimized GeoTIFF can be made without compressing anew."""
    level = tmp_path / "level.tif"
    options = {"width": 9, "height": 9, "count": 1, "dtype": "uint8", "crs": "EPSG:32737"}
    transform = rasterio.Affine(2, 0, 5, 0, -2, 7)
    with rasterio.open(level, "w", driver="GTiff", **options, transform=transform) as dataset:
        dataset.write(np.ones((1, 9, 9), np.uint8))
    with pytest.raises(DataError, match="not tiled"):
        cog.write_cog([level], tmp_path / "cog.tif")


def test_many_classes_are_named_in_part(tmp_path: Path, grid: RasterioCRSTransformer) -> None:
    """The description of the band names ten classes, the tag all."""
    classes = ClassMap.construct_from([f"c{i}" for i in range(1, 13)])
    write(tmp_path / "p.tif", noise(20, 20), grid, class_map=classes)
    with rasterio.open(tmp_path / "p.tif") as dataset:
        assert dataset.descriptions[0].endswith("10 c10 and 2 more")
        assert 12 == len(json.loads(dataset.tags()["CLASS_NAMES"]))


def test_a_failure_leaves_nothing(tmp_path: Path, grid: RasterioCRSTransformer) -> None:
    """If the last step fails, the error names the file, and the folder is as it was."""
    (tmp_path / "p.tif").mkdir()
    with pytest.raises(NotWritableError, match=r"p\.tif cannot be written: .*directory"):
        write(tmp_path / "p.tif", noise(20, 20), grid)
    assert [tmp_path / "p.tif"] == list(tmp_path.iterdir())


def test_overviews_end_at_one_block() -> None:
    """Each is half as large as the one before, rounded up; the last is no larger than a block."""
    assert [(33, 65), (17, 33), (9, 17)] == overview_sizes_hw(33, 65)
    assert [(32, 1)] == overview_sizes_hw(32, 1)
