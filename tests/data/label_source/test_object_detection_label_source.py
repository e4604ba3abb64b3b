"""Boxes around the polygons of a vector source."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from shapely.geometry import MultiPolygon, box

import rvcli as rv
from rvcli.core.box import Box
from rvcli.core.class_map import ClassMap
from rvcli.data.label_source.object_detection_label_source import ObjectDetectionLabelSource
from rvcli.data.vector_source.class_inference import ClassInferenceOptions
from rvcli.data.vector_source.geojson_vector_source import GeoJSONVectorSource
from rvcli.protos.label_source_pb2 import LabelSourceConfig as LabelSourceMsg

EXTENT = Box(0, 0, 100, 200)
CLASSES = ClassMap.construct_from(["car", "tree"])

Make = Callable[..., ObjectDetectionLabelSource]


@pytest.fixture
def make(write_labels: Any, grid: Any) -> Make:
    """Give a function that makes a source of polygons in pixel (x, y)."""

    def make(
        geometries: Any, names: Any = None, extent: Box | None = EXTENT
    ) -> ObjectDetectionLabelSource:
        properties = None if names is None else [{"class_name": name} for name in names]
        uri = write_labels(geometries, properties)
        vectors = GeoJSONVectorSource(uri, grid, class_inf_opts=ClassInferenceOptions(CLASSES))
        return ObjectDetectionLabelSource(vectors, grid, CLASSES, extent)

    return make


def rows(labels: Any) -> Any:
    """Give the boxes, rounded: they have been to the map and back."""
    return np.round(labels.get_npboxes(), 3).tolist()


def test_boxes_are_the_bounds_of_polygons(make: Make) -> None:
    """A polygon of any form gives its bounds, ymin first, and its class."""
    triangle = box(10, 20, 30, 60).difference(box(10, 20, 20, 30))
    labels = make([triangle, box(100, 10, 120, 20)], ["tree", "car"]).get_labels()
    assert rows(labels) == [[20, 10, 60, 30], [10, 100, 20, 120]]
    assert labels.get_class_ids().tolist() == [2, 1]
    assert labels.get_scores().tolist() == [1, 1]


def test_each_part_is_a_box(make: Make) -> None:
    """A geometry of several parts gives a box for each."""
    labels = make([MultiPolygon([box(0, 0, 10, 10), box(50, 50, 60, 70)])]).get_labels()
    assert rows(labels) == [[0, 0, 10, 10], [50, 50, 70, 60]]


def test_boxes_are_clipped_to_the_image(make: Make) -> None:
    """Boxes are cut off at the image; those of which too little lies on it are left out."""
    geometries = [box(190, 90, 201, 101), box(195, 0, 205, 10), box(300, 0, 310, 10)]
    assert rows(make(geometries).get_labels()) == [[90, 190, 100, 200]]
    assert len(make(geometries, extent=None).get_labels()) == 3


def test_boxes_of_a_window(make: Make) -> None:
    """A window gives the boxes that overlap it, whole, and not those that only touch it."""
    source = make([box(0, 0, 20, 20), box(20, 20, 40, 40), box(60, 60, 80, 80)])
    assert rows(source.get_labels(Box(5, 5, 20, 20))) == [[0, 0, 20, 20]]
    assert rows(source.get_labels(Box(10, 10, 30, 30))) == [[0, 0, 20, 20], [20, 20, 40, 40]]
    assert len(source.get_labels(Box(90, 90, 100, 100))) == 0


def test_class_0_is_ignored(make: Make, write_labels: Any, grid: Any) -> None:
    """Polygons of class 0 give no boxes."""
    uri = write_labels([box(0, 0, 5, 5), box(5, 5, 9, 9)], [{"class_id": 0}, {"class_id": 2}])
    source = ObjectDetectionLabelSource(GeoJSONVectorSource(uri, grid), grid, CLASSES, EXTENT)
    assert source.get_labels().get_class_ids().tolist() == [2]


def test_polygons_elsewhere_are_warned_of(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    """If no polygon gives a box on the image, that is said; an image without polygons is fine."""
    assert len(make([]).get_labels()) == 0
    assert caplog.text == ""
    with caplog.at_level(logging.WARNING):
        assert len(make([box(500, 0, 510, 10)]).get_labels()) == 0
    assert "none of the 1 polygons gives a box on the image" in caplog.text


def test_tiny_polygons_are_warned_of(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    """Polygons in degrees on an image in pixels are all smaller than one; that is said."""
    make([box(15.1, 52.3, 15.2, 52.4), box(20, 20, 22, 22)]).get_labels()
    assert caplog.text == ""
    make([box(15.1, 52.3, 15.2, 52.4)]).get_labels()
    assert "all of the 1 polygons on the image are smaller than a pixel" in caplog.text
    assert "labels of an image without georeference are in pixels" in caplog.text


def test_a_source_from_a_uri(write_labels: Any, grid: Any) -> None:
    """A URI is enough for a config, which survives a message and makes a source."""
    uri = write_labels([box(0, 0, 5, 5)], [{"class_name": "tree"}])
    task = rv.TaskConfig.builder(rv.OBJECT_DETECTION).with_classes(CLASSES).build()
    built = rv.LabelSourceConfig.builder(rv.OBJECT_DETECTION).with_uri(uri).build()
    config = rv.LabelSourceConfig.from_proto(built.to_proto())
    source = config.create_source(task, EXTENT, grid, "")
    assert source.get_labels().get_class_ids().tolist() == [2]


def test_the_older_form_of_a_message() -> None:
    """A message of GeoJSON boxes is a source over a GeoJSON vector source."""
    msg = LabelSourceMsg(source_type="OBJECT_DETECTION_GEOJSON")
    msg.object_detection_geojson_source.uri = "x.geojson"
    config = rv.LabelSourceConfig.from_proto(msg)
    assert config.vector_source.uri == "x.geojson"
    assert config.to_proto().WhichOneof("label_source_config") == "object_detection_label_source"
