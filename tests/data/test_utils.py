"""Pixel boxes as GeoJSON."""

from __future__ import annotations

import json

import numpy as np

from rvcli.core.box import Box
from rvcli.core.class_map import ClassMap
from rvcli.data.crs_transformer.rasterio_crs_transformer import RasterioCRSTransformer
from rvcli.data.label_store.utils import boxes_to_geojson

CLASSES = ClassMap.construct_from(["car", "ship"])


def test_boxes_are_polygons_on_the_map(grid: RasterioCRSTransformer) -> None:
    """Each box is a closed polygon in map coordinates with its class, and can be saved."""
    geojson = boxes_to_geojson([Box(0, 0, 2, 4)], np.array([2]), grid, CLASSES)
    [feature] = json.loads(json.dumps(geojson))["features"]
    ring = feature["geometry"]["coordinates"][0]
    assert len(ring) == 5
    assert np.allclose(ring[2], grid.pixel_to_map((4, 2)))
    assert feature["properties"] == {"class_id": 2, "class_name": "ship"}


def test_scores_are_numbers_or_lists(grid: RasterioCRSTransformer) -> None:
    """A score is written as `score`, and one for each class as `scores`."""
    boxes = [Box(0, 0, 1, 1), Box(1, 1, 2, 2)]
    geojson = boxes_to_geojson(boxes, [1, 2], grid, CLASSES, [np.float32(0.5), np.array([1, 0])])
    first, second = (feature["properties"] for feature in geojson["features"])
    assert first == {"class_id": 1, "class_name": "car", "score": 0.5}
    assert second["scores"] == [1.0, 0.0]
