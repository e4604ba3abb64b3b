"""Stacks, transformers and statistics on real imagery; skipped where there is none."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.enums import Resampling

from rvcli import keys
from rvcli.core.raster_stats import RasterStats
from rvcli.data.raster_source.raster_source_config import RasterSourceConfig, as_raster_source
from rvcli.data.raster_transformer.raster_transformer_config import RasterTransformerConfig

IMAGERY = Path(os.environ.get("RV_TEST_IMAGERY", Path(__file__).parents[4] / "shared" / "data"))

pytestmark = pytest.mark.skipif(not IMAGERY.is_dir(), reason="no imagery on this machine")


def image_of(config: Any, folder: Path) -> Any:
    """Read the whole image that a config describes."""
    source = config.create_source(str(folder))
    with source.activate():
        return source.get_image_array()


@pytest.fixture
def sentinel() -> str:
    """Give a forest of 13 bands of Sentinel-2."""
    return str(min((IMAGERY / "eurosat100/train/images").glob("*Forest*.tif")))


def test_forest_is_green(sentinel: str, tmp_path: Path) -> None:
    """The vegetation index of a forest is high, and equals what numpy makes of the file."""
    ndvi = RasterTransformerConfig.builder(keys.BAND_MATH_TRANSFORMER)
    config = as_raster_source(sentinel, [3, 7]).to_builder()
    config = config.with_transformer(
        ndvi.with_expression("(b2 - b1) / (b2 + b1)").with_append(False).build()
    )
    image = image_of(config.build(), tmp_path)[:, :, 0]
    with rasterio.open(sentinel) as dataset:
        red, infrared = dataset.read([4, 8]).astype(float)
    np.testing.assert_allclose((infrared - red) / (infrared + red), image, atol=1e-6)
    assert image.mean() > 0.6


def test_percentiles_spread_the_bands(sentinel: str, tmp_path: Path) -> None:
    """Between the percentiles that were measured each band fills the bytes."""
    stats = RasterStats()
    stats.compute([as_raster_source(sentinel, None).create_source(str(tmp_path))])
    stats.save(str(tmp_path / "stats.json"))
    limits = RasterTransformerConfig.builder(keys.MIN_MAX_TRANSFORMER).with_percentiles((2, 98))
    config = as_raster_source(sentinel, [3, 2, 1]).to_builder()
    config = config.with_transformer(limits.with_stats_uri(str(tmp_path / "stats.json")).build())
    image = image_of(config.build(), tmp_path)
    assert np.uint8 == image.dtype
    assert [(1, 255)] * 3 == [(image[..., i].min(), image[..., i].max()) for i in range(3)]
    assert (image.std(axis=(0, 1)) > 40).all()


def test_item_of_two_resolutions(sentinel: str, tmp_path: Path) -> None:
    """Bands of 10 and 20 m of an item come on one grid, as GDAL resamples them."""
    with rasterio.open(sentinel) as dataset:
        swir = dataset.read(12, out_shape=(32, 32), resampling=Resampling.average)
        profile = {**dataset.profile, "count": 1, "width": 32, "height": 32}
        profile |= {"transform": dataset.transform * dataset.transform.scale(2)}
        profile = {k: v for k, v in profile.items() if not k.startswith("block")}
        red = dataset.read(4)
    with rasterio.open(tmp_path / "B11.tif", "w", **profile) as out:
        out.write(swir, 1)
    with rasterio.open(tmp_path / "B11.tif") as dataset:
        expected = dataset.read(1, out_shape=(64, 64), resampling=Resampling.bilinear)
    assets = {"all": {"href": sentinel}, "B11": {"href": "B11.tif"}}
    item = tmp_path / "item.json"
    item.write_text(json.dumps({"type": "Feature", "stac_version": "1.0.0", "assets": assets}))
    builder = RasterSourceConfig.builder(keys.STAC_ITEM_SOURCE).with_uri(str(item))
    config = builder.with_assets(["B11", "all"]).with_channel_order([0, 4]).build()
    image = image_of(config, tmp_path)
    np.testing.assert_array_equal(red, image[:, :, 1])
    np.testing.assert_allclose(expected, image[:, :, 0], atol=1)
