"""Transformers on rasters of labels: those that give other classes act, others do not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from rvcli import keys
from rvcli.core.box import Box
from rvcli.core.class_map import ClassMap
from rvcli.data.label_source.semantic_segmentation_label_source import (
    SemanticSegmentationLabelSource,
)
from rvcli.data.raster_source.raster_source_config import RasterSourceConfig
from rvcli.data.raster_transformer.raster_transformer_config import RasterTransformerConfig
from rvcli.testing.mocks import ArraySource

WINDOW = Box(0, 0, 2, 4)


def transformer(key: str, **values: Any) -> Any:
    """Build the config of a transformer."""
    return RasterTransformerConfig.builder(key).set(**values).build()


BACKGROUND = transformer(keys.RECLASS_TRANSFORMER, mapping={0: 1, 1: 2})


def labels_of(
    folder: Path,
    values: Any,
    transformers: Sequence[Any],
    mask: Any = None,
    classes: ClassMap | None = None,
    **profile: Any,
) -> list[list[int]]:
    """Write a label raster, (height, width) or (bands, height, width), and read WINDOW of it."""
    values = np.asarray(values)
    bands = values if values.ndim == 3 else values[np.newaxis]
    size = {"count": bands.shape[0], "height": bands.shape[1], "width": bands.shape[2]}
    place = {"crs": "EPSG:32637", "transform": from_origin(500_000, 1_000_000, 1, 1)}
    path = folder / "labels.tif"
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
        rasterio.open(path, "w", "GTiff", dtype=bands.dtype, **size, **place, **profile) as out,
    ):
        out.write(bands)
        if mask is not None:
            out.write_mask(np.asarray(mask, dtype=bool))
    builder = RasterSourceConfig.builder(keys.RASTERIO_SOURCE).with_uri(str(path))
    source = builder.with_transformers(list(transformers)).build().create_source(str(folder))
    labels = SemanticSegmentationLabelSource(source, classes)
    with labels.activate():
        read: list[list[int]] = labels.get_labels(WINDOW).get_label_arr(WINDOW).tolist()
    return read


def test_background_0_becomes_a_class(tmp_path: Path) -> None:
    """Labels of 0 and 1 become classes 1 and 2; beyond the raster there is none."""
    values = np.array([[0, 1, 0]], dtype=np.uint8)
    assert [[1, 2, 1, 0], [0, 0, 0, 0]] == labels_of(tmp_path, values, [BACKGROUND])


@pytest.mark.parametrize(("dtype", "nodata"), [("uint8", 255), ("float32", float("nan"))])
def test_nodata_stays_without_class(tmp_path: Path, dtype: str, nodata: float) -> None:
    """What the raster declares to be without data is 0 still, not background."""
    values = np.array([[0, 1, nodata, 0], [1, nodata, 1, 0]], dtype=dtype)
    read = labels_of(tmp_path, values, [BACKGROUND], nodata=nodata)
    assert [[1, 2, 0, 1], [2, 0, 2, 1]] == read


def test_masked_pixels_stay_without_class(tmp_path: Path) -> None:
    """What a mask hides is 0 still."""
    values, mask = np.array([[0, 1, 1, 0]], np.uint8), [[1, 1, 0, 0]]
    assert [1, 2, 0, 0] == labels_of(tmp_path, values, [BACKGROUND], mask=mask)[0]


def test_nodata_0_can_be_given_a_class(tmp_path: Path) -> None:
    """Who maps 0 means it, even where the raster declares 0 to be nodata."""
    values = np.array([[0, 1, 0, 0]], dtype=np.uint8)
    assert [1, 2, 1, 1] == labels_of(tmp_path, values, [BACKGROUND], nodata=0)[0]


def test_values_to_ignore(tmp_path: Path) -> None:
    """Values that mean nothing become 0, before other transformers see them."""
    ignored = transformer(keys.NODATA_TRANSFORMER, values=[255, 254])
    values = np.array([[255, 1, 254, 3]], dtype=np.uint8)
    assert [0, 1, 0, 3] == labels_of(tmp_path, values, [ignored])[0]


def test_transformers_of_imagery_do_not_act(tmp_path: Path) -> None:
    """Scaling would make other classes of the labels: it is left out."""
    scaled = transformer(keys.MIN_MAX_TRANSFORMER, minimum=0.0, maximum=3.0)
    values = np.array([[0, 1, 2, 3]], dtype=np.uint8)
    assert [0, 1, 2, 3] == labels_of(tmp_path, values, [scaled])[0]


def test_colours_are_replaced_before_they_become_classes(tmp_path: Path) -> None:
    """On labels of colours the transformers act on the colours."""
    classes = ClassMap.construct_from({"car": (1, "#0a0000")})
    red = np.array([[[9, 10, 8, 0]], [[0, 0, 0, 0]], [[0, 0, 0, 0]]], dtype=np.uint8)
    nearly = transformer(keys.RECLASS_TRANSFORMER, mapping={9: 10})
    assert [1, 1, 0, 0] == labels_of(tmp_path, red, [nearly], classes=classes)[0]


def test_any_raster_source_has_data_within_its_extent() -> None:
    """A source that knows nothing of masks has data in all of its extent."""
    source = ArraySource(np.ones((2, 3, 1)))
    assert [[False, False], [False, True]] == source.has_data(Box(-1, -1, 1, 1)).tolist()
    assert not source.has_data(Box(5, 5, 6, 7)).any()
