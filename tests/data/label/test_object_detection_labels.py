"""Boxes with classes and scores."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from shapely.geometry import box, mapping

from rvcli.core.box import Box
from rvcli.data.label.object_detection_labels import ObjectDetectionLabels
from rvcli.errors import DataError

ROWS = [[0.0, 0, 10, 10], [0, 1, 10, 11], [20, 20, 30, 30]]


def make(rows: Any = ROWS, class_ids: Any = (1, 1, 2), scores: Any = None) -> ObjectDetectionLabels:
    """Make labels."""
    return ObjectDetectionLabels(
        np.array(rows, np.float64).reshape(-1, 4),
        np.array(class_ids),
        None if scores is None else np.array(scores),
    )


def test_boxes_classes_and_scores() -> None:
    """Labels give what they were made of; scores are 1 by default."""
    labels = make()
    assert labels.get_npboxes().tolist() == ROWS
    assert labels.get_boxes()[1] == Box(0, 1, 10, 11)
    assert labels.get_class_ids().tolist() == [1, 1, 2]
    assert labels.get_scores().tolist() == [1, 1, 1]
    assert len(labels) == 3
    assert labels.to_dict() == {
        Box(*row): (class_id, 1.0) for row, class_id in zip(ROWS, [1, 1, 2], strict=True)
    }


def test_whole_numbers_become_floats() -> None:
    """Boxes of whole numbers are taken too."""
    labels = ObjectDetectionLabels(np.array([[0, 0, 1, 1]]), np.array([1.0]))
    assert labels.get_npboxes().dtype == np.float64
    assert labels.get_class_ids().dtype == np.int64


def test_classes_that_do_not_fit() -> None:
    """There must be a class for each box."""
    with pytest.raises(DataError, match="'classes'"):
        make(class_ids=[1])


def test_labels_are_equal_by_content() -> None:
    """Labels are equal if boxes, classes and scores are."""
    assert make() == make()
    assert make() != make(class_ids=[1, 1, 1])
    assert make() != ROWS
    make().assert_equal(make())
    with pytest.raises(AssertionError):
        make().assert_equal(make(scores=[1, 1, 0.5]))
    assert repr(make()) == "ObjectDetectionLabels(3 boxes)"


def test_a_sum_has_the_boxes_of_both() -> None:
    """`+` leaves both as they were."""
    left, right = make(ROWS[:1], [1], [0.5]), make(ROWS[1:], [1, 2])
    total = left + right
    assert total == make(scores=[0.5, 1, 1])
    assert (len(left), len(right)) == (1, 2)
    assert ObjectDetectionLabels.concatenate(left, right) == total
    assert ObjectDetectionLabels.join([left, right]) == total
    assert len(ObjectDetectionLabels.join([])) == 0


def test_boxes_are_added_in_place() -> None:
    """`+=` adds to the labels themselves, also to those that are added to."""
    labels = ObjectDetectionLabels.make_empty()
    same = labels
    labels += make(ROWS[:1], [1])
    labels += make(ROWS[1:], [1, 2])
    assert same == make()
    labels += labels
    assert len(same) == 6


def test_lists_of_boxes() -> None:
    """Labels become a list of boxes and come back; without scores they are 1."""
    labels = make(scores=[0.1, 0.2, 0.3])
    boxlist = labels.to_boxlist()
    assert ObjectDetectionLabels.from_boxlist(boxlist) == labels
    del boxlist.data["scores"]
    assert ObjectDetectionLabels.from_boxlist(boxlist) == make()


def test_boxes_within_an_area() -> None:
    """Boxes stay that lie wholly within one area, each once and in order."""
    areas = [box(-1, -1, 10.5, 20), box(-1, -1, 40, 40), box(15, 15, 40, 40)]
    assert make().filter_by_aoi(areas) == make()
    assert make().filter_by_aoi(areas[::2]) == make([ROWS[0], ROWS[2]], [1, 2])
    assert len(make().filter_by_aoi([box(0, 0, 5, 5)])) == 0
    assert len(ObjectDetectionLabels.make_empty().filter_by_aoi(areas)) == 0


def test_boxes_at_the_border_of_an_area() -> None:
    """A box that leaves an area by no more than rounding lies within it."""
    assert make().filter_by_aoi([box(1e-6, 1e-6, 30, 30)]) == make()
    assert len(make().filter_by_aoi([box(0.02, 0, 30, 30)])) == 2
    point = make([[5, 5, 5, 5]], [1])
    assert point.filter_by_aoi([box(0, 0, 9, 9)]) == point


def feature(bounds: Any, **properties: Any) -> Any:
    """Make a feature of (x, y) bounds."""
    return {"type": "Feature", "geometry": mapping(box(*bounds)), "properties": properties}


def test_bounds_of_features() -> None:
    """Features become their bounds, with class and score."""
    geojson = {
        "features": [
            feature((1, 2, 3, 4), class_id=2, score=0.5),
            feature((0, 0, 1, 1), class_id=1),
        ]
    }
    expected = make([[2, 1, 4, 3], [0, 0, 1, 1]], [2, 1], [0.5, 1])
    assert ObjectDetectionLabels.from_geojson(geojson) == expected
    assert len(ObjectDetectionLabels.from_geojson({"features": []})) == 0


def test_features_are_clipped_to_an_extent() -> None:
    """Of a feature at the border the part on the image counts, if it is most of it."""
    geojson = {"features": [feature((0, 0, 2, 2), class_id=1), feature((2, 2, 4, 4), class_id=2)]}
    clipped = ObjectDetectionLabels.from_geojson(geojson, Box(0, 0, 3.9, 3.9))
    assert clipped == make([[0, 0, 2, 2], [2, 2, 3.9, 3.9]], [1, 2])
    assert ObjectDetectionLabels.from_geojson(geojson, Box(0, 0, 3, 3)) == make([[0, 0, 2, 2]], [1])


def test_a_feature_without_class() -> None:
    """A feature without class_id is named."""
    with pytest.raises(DataError, match=r"features\[1\] has no class_id"):
        ObjectDetectionLabels.from_geojson(
            {"features": [feature((0, 0, 1, 1), class_id=1), feature((0, 0, 1, 1))]}
        )


def test_coordinates_of_a_window() -> None:
    """Boxes move between scene, window and shares of the window, and back."""
    window = Box(10, 20, 20, 40)
    boxes = np.array([[11.0, 22, 15, 30]])
    local = ObjectDetectionLabels.global_to_local(boxes, window)
    assert local.tolist() == [[1, 2, 5, 10]]
    assert ObjectDetectionLabels.local_to_global(local, window).tolist() == boxes.tolist()
    shares = ObjectDetectionLabels.local_to_normalized(local, window)
    assert shares.tolist() == [[0.1, 0.1, 0.5, 0.5]]
    assert ObjectDetectionLabels.normalized_to_local(shares, window).tolist() == local.tolist()


def test_boxes_that_overlap_a_window() -> None:
    """Boxes are chosen by the share of them that lies in the window, and clipped if asked for."""
    window = Box(0, 0, 10, 8)
    overlapping = ObjectDetectionLabels.get_overlapping
    assert overlapping(make(), window) == make(ROWS[:2], [1, 1])
    assert overlapping(make(), window, ioa_thresh=0.8) == make(ROWS[:1], [1])
    assert overlapping(make(), window, 0.8, clip=True) == make([[0, 0, 10, 8]], [1])


def test_duplicates_of_a_class_are_pruned() -> None:
    """Of boxes of one class that overlap the best stays; boxes of low score go."""
    labels = make([*ROWS, ROWS[0]], [1, 1, 2, 3], [0.6, 0.9, 0.3, 0.7])
    pruned = ObjectDetectionLabels.prune_duplicates_by_class(labels, 0.5, 0.5)
    pruned.assert_equal(make([ROWS[1], ROWS[0]], [1, 3], [0.9, 0.7]))
    assert len(ObjectDetectionLabels.prune_duplicates_by_class(labels, 0.5, 1.0)) == 3


def test_no_boxes_have_no_duplicates() -> None:
    """Of labels without boxes nothing is left."""
    empty = ObjectDetectionLabels.make_empty()
    assert len(ObjectDetectionLabels.prune_duplicates(empty, 0.5, 0.5)) == 0
    assert len(ObjectDetectionLabels.prune_duplicates_by_class(empty, 0.5, 0.5)) == 0
