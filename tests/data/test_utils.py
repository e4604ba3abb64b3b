"""Pixel boxes as GeoJSON."""

from __future__ import annotations

import json

import numpy as np
import pytest
from affine import Affine
from rasterio.crs import CRS

from rvcli.core.box import Box
from rvcli.core.class_map import ClassMap
from rvcli.data.crs_transformer.rasterio_crs_transformer import RasterioCRSTransformer
from rvcli.data.label_store.utils import boxes_to_geojson
from rvcli.errors import ConfigError

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


def test_boxes_beyond_the_map_are_left_out(caplog: pytest.LogCaptureFixture) -> None:
    """A box that no map coordinates lead to is left out, and the log counts it."""
    affine = Affine(1e6, 0, 0, 0, -1e6, 0)
    disc = RasterioCRSTransformer(affine, CRS.from_proj4("+proj=geos +h=35785831 +sweep=y"))
    geojson = boxes_to_geojson([Box(0, 0, 1, 1), Box(90, 90, 91, 91)], [1, 2], disc, CLASSES)
    assert [1] == [feature["properties"]["class_id"] for feature in geojson["features"]]
    assert "1 boxes are left out" in caplog.text


def test_rows_of_an_array_are_boxes(grid: RasterioCRSTransformer) -> None:
    """Boxes may be given as an array, and are the same polygons."""
    boxes = [Box(0, 0, 2, 4), Box(1, 2, 3, 4)]
    expected = boxes_to_geojson(boxes, [1, 2], grid, CLASSES)
    assert expected == boxes_to_geojson(Box.to_npboxes(boxes), [1, 2], grid, CLASSES)


def test_a_class_that_is_none(grid: RasterioCRSTransformer) -> None:
    """A box of a class that the class map lacks is an error."""
    with pytest.raises(ConfigError, match="no class has the id 3"):
        boxes_to_geojson([Box(0, 0, 2, 4)], [3], grid, CLASSES)
