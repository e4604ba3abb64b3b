"""Figures of predicted polygons."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box, mapping

from rvcli.core.class_map import ClassMap
from rvcli.errors import DataError
from rvcli.evaluation.semantic_segmentation_evaluation import SemanticSegmentationEvaluation
from rvcli.evaluation.vector_evaluation import (
    VectorEvaluation,
    VectorEvaluationItem,
    match_polygons,
    polygons_of,
)

CLASSES = ClassMap.construct_from({"house": 1, "road": 2})

_boxes = st.lists(
    st.tuples(st.integers(0, 8), st.integers(0, 8), st.integers(1, 5), st.integers(1, 5)).map(
        lambda b: box(b[0], b[1], b[0] + b[2], b[1] + b[3])
    ),
    max_size=8,
)


def iou(left: Any, right: Any) -> float:
    """Give intersection over union."""
    return float(left.intersection(right).area / left.union(right).area)


def matched_plainly(gt: list[Any], pred: list[Any], thresh: float) -> list[float]:
    """Match greedily, by looking at all pairs."""
    pairs = sorted(
        ((iou(g, p), i, j) for i, g in enumerate(gt) for j, p in enumerate(pred)), reverse=True
    )
    used: set[Any] = set()
    found = []
    for value, i, j in pairs:
        if value >= thresh and not {("gt", i), ("pred", j)} & used:
            used |= {("gt", i), ("pred", j)}
            found.append(round(value, 9))
    return found


@given(_boxes, _boxes, st.sampled_from([0.3, 0.5, 0.75]))
def test_matches_are_one_to_one_and_the_best_first(
    gt: list[Any], pred: list[Any], thresh: float
) -> None:
    """Nothing is matched twice; the best pairs are those that looking at all of them gives."""
    matches = match_polygons(gt, pred, thresh)
    assert len(matches) == len({i for i, _ in matches}) == len({j for _, j in matches})
    found = [round(iou(gt[i], pred[j]), 9) for i, j in matches]
    assert sorted(found, reverse=True) == found
    assert all(value >= thresh for value in found)
    # Which of equal pairs comes first may decide on what is left; never on the best.
    assert matched_plainly(gt, pred, thresh)[:1] == found[:1]


def test_half_is_enough() -> None:
    """An intersection over union of exactly 0.5 is a hit, less is none."""
    assert [(0, 0)] == match_polygons([box(0, 0, 2, 1)], [box(0, 0, 1, 1)])
    assert [] == match_polygons([box(0, 0, 2.1, 1)], [box(0, 0, 1, 1)])


def test_each_object_counts_once() -> None:
    """Two predictions of one house are one hit and one false alarm."""
    evaluation = VectorEvaluation(CLASSES)
    house = box(0, 0, 10, 10)
    evaluation.compute([house, box(50, 0, 60, 10)], [house, box(0, 0, 10, 9)], "buildings", 1)
    [item] = evaluation.to_json()
    assert {
        "mode": "buildings", "class_id": 1, "class_name": "house", "precision": 0.5,
        "recall": 0.5, "f1": 0.5, "iou": None, "count_error": 0.0, "gt_count": 2,
        "tp": 1, "fp": 1, "fn": 1,
    } == item  # fmt: skip


def test_nothing_there_and_nothing_predicted() -> None:
    """What is not defined is null, never nan."""
    evaluation = VectorEvaluation(CLASSES)
    evaluation.compute([], [], "polygons", 2)
    evaluation.compute([], [box(0, 0, 1, 1)], "polygons", 1)
    road, house = evaluation.to_json()
    names = ("precision", "recall", "f1", "count_error")
    assert [None, None, None, None] == [road[name] for name in names]
    assert [0.0, None, 0.0, 1.0] == [house[name] for name in names]


def test_scenes_are_added_up() -> None:
    """Overall figures come from the counts of all scenes, per mode and class."""
    total = VectorEvaluation(CLASSES)
    squares = [box(i * 10, 0, i * 10 + 5, 5) for i in range(4)]
    for scene_id, gt, pred in (("a", squares, squares[:1]), ("b", squares[:1], squares[:2])):
        of_scene = VectorEvaluation(CLASSES)
        of_scene.compute(gt, pred, "polygons", 1)
        of_scene.compute(gt, gt, "buildings", 1)
        total.merge(of_scene, scene_id)
    figures = total.to_json()
    polygons, buildings = figures["overall"]
    assert (2, 1, 3, 5) == tuple(polygons[name] for name in ("tp", "fp", "fn", "gt_count"))
    assert (2 / 3, 2 / 5) == (polygons["precision"], polygons["recall"])
    assert ("buildings", 1.0) == (buildings["mode"], buildings["f1"])
    assert [1 / 4, 1.0] == [figures["per_scene"][s][0]["recall"] for s in "ab"]


def test_geojson_and_its_uri(tmp_path: Path) -> None:
    """compute_vector takes GeoJSON, where it is, or polygons; get_by_id has the figures."""
    shapes = [box(0, 0, 4, 4), box(10, 10, 14, 14)]
    features = [{"type": "Feature", "properties": {}, "geometry": mapping(s)} for s in shapes]
    geojson = {"type": "FeatureCollection", "features": features}
    path = tmp_path / "gt.json"
    path.write_text(json.dumps(geojson))
    evaluation = SemanticSegmentationEvaluation(CLASSES)
    for gt in (geojson, str(path), shapes):
        evaluation.clear()
        evaluation.compute_vector(gt, shapes[:1], "polygons", 1)
        item = evaluation.get_by_id(1)
        assert isinstance(item, VectorEvaluationItem)
        assert (1.0, 0.5, 2) == (item.precision, item.recall, item.gt_count)
        assert not evaluation.is_empty()


def test_what_is_no_geojson() -> None:
    """It is refused."""
    with pytest.raises(DataError, match="not GeoJSON"):
        SemanticSegmentationEvaluation(CLASSES).compute_vector({"type": "Topology"}, [], "m", 1)


def test_parts_and_invalid_polygons() -> None:
    """Parts count each for itself, a bow tie as its two halves, lines not at all."""
    bow_tie = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    pair = shapely.MultiPolygon([box(5, 5, 6, 6), box(8, 8, 9, 9)])
    polygons = polygons_of([bow_tie, pair, shapely.LineString([(0, 0), (1, 1)])])
    assert [1.0, 1.0, 1.0, 1.0] == shapely.area(polygons).tolist()


def test_many_polygons_are_matched_quickly() -> None:
    """Tens of thousands of polygons that overlap their neighbours are a matter of a second."""
    x, y = np.meshgrid(np.arange(150) * 10.0, np.arange(150) * 10.0)
    gt = shapely.box(x.ravel(), y.ravel(), x.ravel() + 12, y.ravel() + 12)
    pred = shapely.box(x.ravel() + 1, y.ravel() + 1, x.ravel() + 12, y.ravel() + 12)
    assert 150 * 150 == len(match_polygons(gt, pred))
