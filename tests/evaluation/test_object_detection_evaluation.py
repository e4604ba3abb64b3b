"""Figures of predicted boxes, of one scene and of several."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from shapely.geometry import box

import rvcli as rv
from rvcli.core.class_map import ClassMap
from rvcli.data.label.object_detection_labels import ObjectDetectionLabels
from rvcli.evaluation.object_detection_evaluation import ObjectDetectionEvaluation, compute_metrics
from rvcli.evaluation.object_detection_evaluator import ObjectDetectionEvaluator

CLASSES = ClassMap.construct_from(["car", "tree", "ship"])
A, B, C = [0, 0, 10, 10], [20, 20, 30, 30], [40, 40, 50, 50]
NEAR_A, FAR = [0, 1, 10, 11], [60, 60, 70, 70]


def make(rows: Any, class_ids: Any, scores: Any = None) -> ObjectDetectionLabels:
    """Make labels."""
    return ObjectDetectionLabels(
        np.array(rows, np.float64).reshape(-1, 4), np.array(class_ids), scores
    )


NOTHING = make([], [])
# Of two cars one is found, beside it one that is none; the tree is found as a car; no ship.
TRUTH = make([A, B, C], [1, 1, 2])
PREDICTED = make([NEAR_A, FAR, C], [1, 1, 1], [0.9, 0.8, 0.7])


def figures(truth: Any, predicted: Any) -> Any:
    """Give the figures of labels by the name of the class."""
    evaluation = ObjectDetectionEvaluation(CLASSES)
    evaluation.compute(truth, predicted)
    return {item["class_name"]: item for item in evaluation.to_json()}


def test_counts_of_classes() -> None:
    """Hits, false boxes and missed ones are counted class by class, from class 1 on."""
    counts = compute_metrics(TRUTH, PREDICTED, 3)
    assert [array.tolist() for array in counts] == [[1, 0, 0], [2, 0, 0], [1, 1, 0]]
    strict = compute_metrics(TRUTH, PREDICTED, 2, iou_thresh=0.9)
    assert [array.tolist() for array in strict] == [[0, 0], [3, 0], [2, 1]]


def test_figures_of_a_class() -> None:
    """A class has precision, recall, F1, counts and average precisions."""
    assert figures(TRUTH, PREDICTED)["car"] == {
        "class_id": 1,
        "class_name": "car",
        "precision": 1 / 3,
        "recall": 1 / 2,
        "f1": 2 / 5,
        "iou": None,
        "count_error": 1,
        "gt_count": 2,
        "tp": 1,
        "fp": 2,
        "fn": 1,
        "ap50": pytest.approx(51 / 101),  # precision 1 up to a recall of 0.5
        "ap": pytest.approx(51 / 101 * 7 / 10),  # the overlap of 9 / 11 reaches 0.8
        "best_f1": pytest.approx(2 / 3),  # of the first box alone
        "best_score_thresh": pytest.approx(0.85),
    }


def test_a_class_that_is_missed() -> None:
    """A class that is there and was never predicted has recall and average precision 0 alone."""
    tree = figures(TRUTH, PREDICTED)["tree"]
    assert (tree["precision"], tree["recall"], tree["f1"]) == (None, 0, None)
    assert (tree["fn"], tree["ap50"], tree["ap"]) == (1, 0, 0)


def test_a_class_that_never_occurs() -> None:
    """Figures of a class that neither occurs nor was predicted are not known, never 0 or nan."""
    ship = figures(TRUTH, PREDICTED)["ship"]
    unknown = ("precision", "recall", "f1", "count_error", "ap50", "ap", "best_f1")
    assert [ship[name] for name in unknown] == [None] * 7
    assert [ship[name] for name in ("gt_count", "tp", "fp", "fn")] == [0, 0, 0, 0]


def test_a_class_that_is_only_predicted() -> None:
    """A class that is not there, but was predicted, has counts alone."""
    car = figures(NOTHING, PREDICTED)["car"]
    assert (car["precision"], car["recall"], car["f1"], car["ap"]) == (None,) * 4
    assert (car["tp"], car["fp"], car["fn"]) == (0, 3, 0)


def test_the_average() -> None:
    """Averages are weighted by gt_count; average precisions are means over classes that occur."""
    average = figures(TRUTH, PREDICTED)["average"]
    assert average["precision"] == pytest.approx(1 / 3 * 2 / 3)
    assert average["gt_count"] == 3
    assert (average["tp"], average["fp"], average["fn"]) == (1, 2, 2)
    assert average["ap50"] == pytest.approx(51 / 101 / 2)
    assert figures(NOTHING, NOTHING)["average"]["ap"] is None


def test_boxes_of_unknown_classes_do_not_count() -> None:
    """Boxes of class 0, or of a class that is not in the map, are left out on both sides."""
    truth, predicted = make([A, B], [0, 9]), make([A, B], [9, 0])
    assert figures(truth, predicted) == figures(NOTHING, NOTHING)


def test_scenes_are_evaluated_together() -> None:
    """Boxes of all scenes are ranked together: figures are not those of scenes averaged."""
    total = ObjectDetectionEvaluation(CLASSES)
    # Alone each scene has an average precision of 1; together a false box comes between.
    scenes = [
        (make([A], [1]), make([A], [1], [0.5])),
        (NOTHING, make([A], [1], [0.7])),
        (make([A], [1]), make([A], [1], [0.9])),
    ]
    for name, (truth, predicted) in zip("abc", scenes, strict=True):
        of_scene = ObjectDetectionEvaluation(CLASSES)
        of_scene.compute(truth, predicted)
        total.merge(of_scene, scene_id=name)
    car = total.to_json()["overall"][0]
    assert (car["tp"], car["fp"], car["fn"]) == (2, 1, 0)
    assert car["precision"] == pytest.approx(2 / 3)
    assert car["ap50"] == pytest.approx((51 + 50 * 2 / 3) / 101)
    alone = total.to_json()["per_scene"]
    assert [alone[name][0]["ap50"] for name in "abc"] == [1, None, 1]


def scene(scene_id: str, truth: Any, predicted: Any, aoi: Any = ()) -> Any:
    """Make a scene that is nothing but labels."""
    return SimpleNamespace(
        id=scene_id,
        ground_truth_label_source=SimpleNamespace(get_labels=lambda: truth),
        prediction_label_store=SimpleNamespace(get_labels=lambda: predicted),
        aoi_polygons=aoi,
    )


def evaluated(tmp_path: Path, *scenes: Any) -> Any:
    """Evaluate scenes, and read what was written."""
    uri = str(tmp_path / "eval.json")
    task = rv.TaskConfig.builder(rv.OBJECT_DETECTION).with_classes(CLASSES).build()
    built = rv.EvaluatorConfig.builder(rv.OBJECT_DETECTION_EVALUATOR).with_task(task)
    config = rv.EvaluatorConfig.from_proto(built.with_output_uri(uri).build().to_proto())
    evaluator = config.create_evaluator()
    assert isinstance(evaluator, ObjectDetectionEvaluator)
    evaluator.process(scenes, "")
    return json.loads(Path(uri).read_text())


def test_the_file_has_the_old_shape(tmp_path: Path) -> None:
    """The file has overall figures with their average, those of scenes, warnings; then curves."""
    saved = evaluated(tmp_path, scene("x", TRUTH, PREDICTED), scene("y", TRUTH, TRUTH))
    assert list(saved) == ["overall", "per_scene", "warnings", "curves"]
    assert [item["class_name"] for item in saved["overall"]] == ["car", "tree", "ship", "average"]
    assert [item["ap"] for item in saved["per_scene"]["y"]] == [1, 1, None, 1]
    assert saved["overall"][0]["gt_count"] == 4


def test_areas_count_on_both_sides(tmp_path: Path) -> None:
    """Boxes outside the areas of interest count neither as truth nor as predictions."""
    saved = evaluated(tmp_path, scene("x", TRUTH, PREDICTED, [box(0, 0, 30, 30)]))
    car, tree = saved["overall"][:2]
    assert (car["tp"], car["fp"], car["fn"]) == (1, 0, 1)
    assert (tree["gt_count"], tree["recall"]) == (0, None)


def test_a_scene_without_boxes_is_warned_of(tmp_path: Path) -> None:
    """A scene in which nothing is known to be there is told."""
    saved = evaluated(tmp_path, scene("x", NOTHING, PREDICTED))
    assert saved["warnings"] == ["the scene x has no labelled boxes to evaluate"]


def test_the_area_under_a_curve_is_the_average_precision(tmp_path: Path) -> None:
    """The mean of the precisions of a class over all scenes is its AP50; none where it is not."""
    rng = np.random.default_rng(4)

    def drawn(count: int, scores: Any = None) -> ObjectDetectionLabels:
        corners = rng.uniform(0, 60, (count, 2))
        return make(np.hstack([corners, corners + 20]), rng.integers(1, 3, count), scores)

    scenes = [scene(n, drawn(20), drawn(60, rng.random(60))) for n in "xyz"]
    saved = evaluated(tmp_path, *scenes)
    assert ("boxes", 1.0) == (saved["curves"]["counted"], saved["curves"]["share"])
    assert [i / 100 for i in range(101)] == saved["curves"]["recall"]
    for item, curve in zip(saved["overall"], saved["curves"]["classes"], strict=False):
        assert item["class_name"] == curve["class_name"]
        assert item["ap50"] == curve["average_precision"]
        if item["ap50"] is None:
            assert curve["precision"] is None
        else:
            assert 0 < item["ap50"] < 1
            assert np.mean(curve["precision"]) == pytest.approx(item["ap50"], abs=1e-6)
            assert sorted(curve["precision"], reverse=True) == curve["precision"]
