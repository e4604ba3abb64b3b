"""Predicted pixels that are asked for as polygons."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import shapely

from rvcli import keys
from rvcli.core.box import Box
from rvcli.core.class_map import ClassMap
from rvcli.data.crs_transformer.rasterio_crs_transformer import RasterioCRSTransformer
from rvcli.data.label.semantic_segmentation_labels import SemanticSegmentationLabels
from rvcli.data.label_store.label_store_config import LabelStoreConfig
from rvcli.data.vector_source.ogr_file import OGRFile
from rvcli.errors import DataError

TASK = SimpleNamespace(class_map=ClassMap.construct_from(["field", "lake", "none of these"]))


def labels(array: Any) -> SemanticSegmentationLabels:
    """Make labels of one window."""
    window = Box(0, 0, *array.shape)
    return SemanticSegmentationLabels([window], lambda _: array)


@pytest.mark.parametrize("ending", ["geojson", "gpkg", "fgb"])
def test_all_classes_become_polygons(
    tmp_path: Path, grid: RasterioCRSTransformer, ending: str
) -> None:
    """Each patch is one polygon with its class; what has no class is in none."""
    array = np.ones((20, 30), np.uint8)
    array[2:5, 2:5] = 2
    array[10:, :] = 0
    uri = str(tmp_path / f"out.{ending}")
    config = LabelStoreConfig.builder(keys.SEMANTIC_SEGMENTATION_RASTER).build()
    store = config.for_prediction(uri).create_store(
        TASK, Box(0, 0, 20, 30), grid, str(tmp_path / "tmp")
    )
    store.save(labels(array))
    table = OGRFile(uri).read()
    found = sorted(zip(table.columns["class_id"], table.columns["class_name"], strict=True))
    assert [(1, "field"), (2, "lake")] == found
    assert 1 == sum(len(p.interiors) for p in shapely.get_parts(table.geometries))
    with pytest.raises(DataError, match="not read from the polygons"):
        store.get_labels()
    assert [f"out.{ending}"] == [path.name for path in tmp_path.glob("out*")]
