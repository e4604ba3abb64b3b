"""A small piece of imagery, in files that the model reads like any other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.enums import ColorInterp
from rasterio.transform import from_origin

from rvcli import keys
from rvcli.data.raster_source.image_for_prediction import source_for_image
from rvcli.data.raster_source.raster_source_config import RasterSourceConfig
from rvcli.package.facts import active, image_facts
from rvcli.package.sample import argument, open_source, write_sample
from rvcli.package.synthetic import draw


def write(path: Path, array: Any, pixel: float = 1.0, alpha: bool = False) -> str:
    """Write bands with a georeference."""
    options = {"crs": "EPSG:32633", "transform": from_origin(5e5, 4e6, pixel, pixel)}
    bands, height, width = array.shape
    with rasterio.open(
        path, "w", "GTiff", width, height, bands, dtype=array.dtype, **options
    ) as dataset:
        if alpha:
            dataset.colorinterp = [ColorInterp.gray] * (bands - 1) + [ColorInterp.alpha]
        dataset.write(array)
    return str(path)


def read(source: Any, tmp_path: Path, window: Any = None) -> Any:
    """Read chips of a source, transformed."""
    opened = open_source(source, str(tmp_path / "tmp"))
    with active(opened):
        return opened.get_chip(window or opened.get_extent())


@pytest.fixture
def image() -> Any:
    """Two bands of 600 x 700 pixels, of which the lower right shows something."""
    array = np.ones((2, 600, 700), np.uint16)
    array[:, 300:, 400:] = np.random.default_rng(0).integers(1, 900, (2, 300, 300))
    array[:, :100, :] = 0
    return array


def test_a_sample_reads_as_its_window_does(tmp_path: Path, image: Any) -> None:
    """The window with most to see is copied, place, dtype, channels and alpha included."""
    alpha = np.concatenate([image, np.full((1, 600, 700), 255, np.uint16)])
    alpha[2, 400:450] = 0
    builder = RasterSourceConfig.builder(keys.RASTERIO_SOURCE)
    source = builder.with_uri(write(tmp_path / "a.tif", alpha, alpha=True)).build()
    names, window = write_sample(source, tmp_path / "s", str(tmp_path / "tmp"), 100)
    assert (["image.tif"], (172, 444, 428, 700)) == (names, window.tuple_format())
    again = source_for_image(source, argument(tmp_path / "s", names))
    expected, found = read(source, tmp_path, window), read(again, tmp_path)
    assert (256, 256, 2) == found.shape
    np.testing.assert_array_equal(expected, found)
    assert ["image.tif"] == [path.name for path in (tmp_path / "s").iterdir()]


def test_a_stack_is_several_files(tmp_path: Path, image: Any) -> None:
    """Each on its own grid, cut around one place."""
    fine, coarse = (
        write(tmp_path / "f.tif", image),
        write(tmp_path / "c.tif", image[:1, ::2, ::2], 2),
    )
    builder = RasterSourceConfig.builder(keys.MULTI_RASTER_SOURCE)
    source = builder.with_raster_sources([fine, coarse]).build()
    names, window = write_sample(source, tmp_path / "s", str(tmp_path / "tmp"), 100)
    assert ["image-0.tif", "image-1.tif"] == names
    again = source_for_image(source, argument(tmp_path / "s", names))
    expected, found = read(source, tmp_path, window), read(again, tmp_path)
    np.testing.assert_array_equal(expected, found)


def test_a_model_of_items_gets_an_item(tmp_path: Path, image: Any) -> None:
    """Its assets have the names that the model asks for."""
    for i, name in enumerate(("red", "nir")):
        write(tmp_path / f"{name}.tif", image[i : i + 1])
    assets = {n: {"href": f"./{n}.tif", "roles": ["data"]} for n in ("red", "nir")}
    (tmp_path / "item.json").write_text(json.dumps({"type": "Feature", "assets": assets}))
    builder = RasterSourceConfig.builder(keys.STAC_ITEM_SOURCE)
    uri = str(tmp_path / "item.json")
    source = builder.with_uri(uri).with_assets(["nir", "red"]).build()
    names, window = write_sample(source, tmp_path / "s", str(tmp_path / "tmp"), 100)
    assert ["item.json"] == names
    again = source_for_image(source, argument(tmp_path / "s", names))
    np.testing.assert_array_equal(read(source, tmp_path, window), read(again, tmp_path))


def test_facts_of_an_image(tmp_path: Path, image: Any) -> None:
    """Bands, pixels and values are known, without reading all of it."""
    builder = RasterSourceConfig.builder(keys.RASTERIO_SOURCE)
    source = open_source(
        builder.with_uri(write(tmp_path / "a.tif", image, 2)).build(), str(tmp_path)
    )
    with active(source):
        facts = image_facts(source)
    assert (2, 2, "uint16", "EPSG:32633") == (facts.bands, facts.channels, facts.dtype, facts.crs)
    assert ([2.0, 2.0], "metre") == (facts.pixel_size, facts.unit)
    assert 2 == pytest.approx(facts.pixel_size_m, rel=1e-3)
    assert facts.percentiles is not None
    assert [1.0, 1.0] == facts.percentiles["2"]
    assert 0.1 < (facts.nodata_share or 0) < 0.2


def test_a_drawn_image_has_the_values_of_training() -> None:
    """The same ones each time, of the dtype that is known or holds them."""
    percentiles = {"0": [0, 0], "2": [10, 100], "50": [50, 200], "98": [99, 900], "100": [100, 999]}
    made = draw(percentiles, None, 100)
    assert ((100, 100, 2), "uint16") == (made.shape, made.dtype)
    np.testing.assert_array_equal(made, draw(percentiles, None, 100))
    assert (10, 100) == tuple(made.min(axis=(0, 1)))
    assert (99, 900) == tuple(made.max(axis=(0, 1)))
    assert "float32" == draw(percentiles, "float32", 8).dtype
