"""Class probabilities in GeoTIFFs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.crs import CRS

from rvcli.core.box import Box
from rvcli.core.class_map import ClassMap
from rvcli.data.crs_transformer.identity_crs_transformer import IdentityCRSTransformer
from rvcli.data.crs_transformer.rasterio_crs_transformer import RasterioCRSTransformer
from rvcli.data.label_store.probability_raster import new_probability_raster
from rvcli.errors import NotWritableError

EXTENT = Box(0, 0, 50, 600)
CLASSES = ClassMap.construct_from({"sea": 3, "car": 1, "nodata": 0})


@pytest.fixture
def scores() -> Any:
    """Draw scores of two classes that sum to 1."""
    first = np.random.default_rng(7).random((50, 600), np.float32)
    return np.stack([first, 1 - first])


def write(path: Path, grid: Any, dtype: str, scores: Any) -> None:
    """Write scores in windows out of order."""
    with new_probability_raster(path, EXTENT, grid, CLASSES, dtype, "there") as writer:
        for window in reversed(EXTENT.get_windows(37, 37)):
            inside = window.intersection(EXTENT)
            writer.write(inside, scores[:, inside.ymin : inside.ymax, inside.xmin : inside.xmax])
        writer.write(Box(0, 0, 0, 0), scores[:, :0, :0])


@pytest.mark.parametrize(
    ("dtype", "error", "stored"),
    [("uint8", 0.5 / 255, "uint8"), ("float16", 2**-11, "float32"), ("float32", 0, "float32")],
)
def test_probabilities_come_back(
    tmp_path: Path,
    grid: RasterioCRSTransformer,
    scores: Any,
    dtype: str,
    error: float,
    stored: str,
) -> None:
    """What is read, times the scale of its band, is what was written, as exactly as it says."""
    write(tmp_path / "p.tif", grid, dtype, scores)
    with rasterio.open(tmp_path / "p.tif") as dataset:
        scales = np.array(dataset.scales)[:, None, None]
        np.testing.assert_allclose(scores, dataset.read() * scales, rtol=0, atol=error + 1e-7)
        assert (stored, stored) == dataset.dtypes
        assert ("16" if dtype == "float16" else None) == dataset.tags(1, ns="IMAGE_STRUCTURE").get(
            "NBITS"
        )


def test_the_file_is_what_other_programs_expect(
    tmp_path: Path, grid: RasterioCRSTransformer, scores: Any
) -> None:
    """Bands are named after the classes, by id; the grid is that of the image."""
    write(tmp_path / "p.tif", grid, "uint8", scores)
    with rasterio.open(tmp_path / "p.tif") as dataset:
        assert ("car", "sea") == dataset.descriptions
        assert ["1", "3"] == [dataset.tags(band)["CLASS_ID"] for band in (1, 2)]
        assert (1 / 255, 1 / 255) == dataset.scales
        assert CRS.from_epsg(32737) == dataset.crs
        assert grid.get_affine_transform() == dataset.transform
        assert [(256, 256)] * 2 == dataset.block_shapes
        assert ("deflate", "band") == (
            dataset.compression.value.lower(),
            dataset.interleaving.value.lower(),
        )
        assert dataset.nodata is None


def test_an_image_without_georeference_has_probabilities(tmp_path: Path, scores: Any) -> None:
    """Without a grid the file has none either."""
    write(tmp_path / "p.tif", IdentityCRSTransformer(), "uint8", scores)
    with (
        pytest.warns(rasterio.errors.NotGeoreferencedWarning),
        rasterio.open(tmp_path / "p.tif") as dataset,
    ):
        assert dataset.crs is None


def test_a_file_that_cannot_be_written_is_named(
    tmp_path: Path, grid: RasterioCRSTransformer, scores: Any
) -> None:
    """The error has the name that people know."""
    with pytest.raises(NotWritableError, match="there cannot be written"):
        write(tmp_path / "missing/p.tif", grid, "uint8", scores)
