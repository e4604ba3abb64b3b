"""Label rasters that lie on the imagery, and others."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.errors import NotGeoreferencedWarning

import rvcli as rv
from rvcli.data.raster_source.rasterio_source import RasterioSource
from rvcli.errors import DataError

SIZE_HW = (40, 60)
GRID = Affine(0.5, 0, 530_000, 0, -0.5, 9_330_000)

DISC = Affine(200_000, 0, -6_000_000, 0, -200_000, 6_000_000)

CreateLabels = Callable[..., Any]


@pytest.fixture
def create_labels(tmp_path: Path) -> CreateLabels:
    """Give a function that makes the label source of an image from the grid of a label raster."""

    def write(name: str, size_hw: tuple[int, int], transform: Any, crs: Any) -> str:
        path = str(tmp_path / name)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.open(
                path,
                "w",
                driver="GTiff",
                count=1,
                height=size_hw[0],
                width=size_hw[1],
                dtype="uint8",
                crs=crs,
                transform=transform,
            ) as dataset:
                dataset.write(np.ones((1, *size_hw), np.uint8))
        return path

    def create(
        size_hw: tuple[int, int] = SIZE_HW,
        transform: Any = GRID,
        crs: Any = "EPSG:32737",
        image_crs: Any = "EPSG:32737",
        image_transform: Any = GRID,
    ) -> Any:
        path = write("image.tif", SIZE_HW, image_transform if image_crs else None, image_crs)
        image = RasterioSource(path, [], str(tmp_path))
        config = (
            rv.LabelSourceConfig.builder(rv.SEMANTIC_SEGMENTATION)
            .with_raster_source(write("labels.tif", size_hw, transform, crs))
            .build()
        )
        task = rv.TaskConfig.builder(rv.SEMANTIC_SEGMENTATION).with_classes(["car"]).build()
        return config.create_source(
            task, image.get_extent(), image.get_crs_transformer(), str(tmp_path)
        )

    return create


def test_labels_on_the_grid_are_taken(create_labels: CreateLabels) -> None:
    """A label raster with the georeference of the image is taken."""
    assert create_labels().source.get_extent().get_width() == SIZE_HW[1]


def test_labels_may_end_before_the_image(create_labels: CreateLabels) -> None:
    """A label raster of the same grid that covers less is taken: what it lacks is ignored."""
    assert create_labels(size_hw=(20, 30)).source.get_extent().get_height() == 20


def test_rounded_resolutions_are_the_same(create_labels: CreateLabels) -> None:
    """Resolutions that differ by less than moves a pixel are one."""
    assert create_labels(transform=GRID * Affine.scale(1.000001))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (Affine.translation(10, 0), "up to 10 pixels"),
        (Affine.translation(0.5, 0.5), "up to 0.5 pixels"),
        (Affine.scale(2), "up to 30 pixels"),
        (Affine.scale(1, -1), "not on the grid"),
    ],
    ids=["shifted", "half a pixel", "coarser", "south up"],
)
def test_labels_on_another_grid_are_refused(
    change: Affine, message: str, create_labels: CreateLabels
) -> None:
    """A label raster on another grid is refused, and the message says how far it is off."""
    with pytest.raises(DataError, match=message) as caught:
        create_labels(transform=GRID * change)
    assert "gdalwarp" in str(caught.value.hint)


def test_grids_beyond_the_map_are_compared(create_labels: CreateLabels) -> None:
    """Grids of one CRS are compared where that CRS is not defined on the ground, too."""
    disc = {"crs": "+proj=geos +h=35785831 +lon_0=0 +sweep=y", "transform": DISC}
    disc["image_crs"] = disc["crs"]
    assert create_labels(**disc, image_transform=DISC)
    with pytest.raises(DataError, match="up to 1 pixels"):
        create_labels(
            **{**disc, "transform": DISC * Affine.translation(1, 0)}, image_transform=DISC
        )


def test_labels_in_another_crs_are_refused(create_labels: CreateLabels) -> None:
    """A label raster in another CRS is refused, and the message names both."""
    with pytest.raises(DataError, match=r"EPSG:32736.*EPSG:32737"):
        create_labels(crs="EPSG:32736")


def test_without_georeference_the_size_decides(create_labels: CreateLabels) -> None:
    """Without a georeference a label raster has to be as large as the image."""
    assert create_labels(transform=None, crs=None)
    assert create_labels(image_crs=None)
    with pytest.raises(DataError, match=r"labels\.tif .* 20 x 60 pixels large, .* 40 x 60"):
        create_labels(size_hw=(20, 60), transform=None, crs=None)
