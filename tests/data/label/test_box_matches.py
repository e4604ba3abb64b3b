"""Matches of boxes, and average precision, held against pycocotools."""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from rvcli.core.class_map import ClassMap
from rvcli.data.label.box_matches import Matches, match_boxes, matched_boxes
from rvcli.data.label.object_detection_labels import ObjectDetectionLabels
from rvcli.evaluation.object_detection_evaluation import ObjectDetectionEvaluation

Labels: TypeAlias = ObjectDetectionLabels
Scenes: TypeAlias = Sequence[tuple[Labels, Labels]]

CLASSES = ClassMap.construct_from(["car", "tree", "house"])
NO_LIMIT = 10_000


def coco_precisions(scenes: Scenes) -> Any:
    """Give the average precision of each IoU threshold and class by pycocotools; -1 for none."""
    images = [{"id": number} for number in range(1, len(scenes) + 1)]
    categories = [{"id": item.id} for item in CLASSES.get_items()]
    truth: list[dict[str, Any]] = []
    found: list[dict[str, Any]] = []
    for number, (gt_labels, pred_labels) in enumerate(scenes, 1):
        for labels, rows in ((gt_labels, truth), (pred_labels, found)):
            for (y0, x0, y1, x1), class_id, score in zip(
                labels.get_npboxes().tolist(),
                labels.get_class_ids().tolist(),
                labels.get_scores().tolist(),
                strict=True,
            ):
                rows.append(
                    {
                        "id": len(rows) + 1,
                        "image_id": number,
                        "category_id": class_id,
                        "bbox": [x0, y0, x1 - x0, y1 - y0],
                        "area": (x1 - x0) * (y1 - y0),
                        "iscrowd": 0,
                        "score": score,
                    }
                )
    with contextlib.redirect_stdout(io.StringIO()):
        known, predicted = COCO(), COCO()
        for coco, rows in ((known, truth), (predicted, found)):
            coco.dataset = {"images": images, "categories": categories, "annotations": rows}
            coco.createIndex()
        evaluation = COCOeval(known, predicted, "bbox")
        evaluation.params.maxDets = [NO_LIMIT]
        evaluation.params.areaRng = [[0, 1e10]]
        evaluation.params.areaRngLbl = ["all"]
        evaluation.evaluate()
        evaluation.accumulate()
    precision = evaluation.eval["precision"]  # IoU, recall, class, area, maxDets
    return precision[:, :, :, 0, 0].mean(axis=1)


def random_scene(rng: np.random.Generator, gt_count: int, more: int) -> tuple[Labels, Labels]:
    """Make true boxes, and predictions around them and elsewhere, in quarters of a pixel.

    Many scores are equal, and so are many overlaps.
    """
    corners = rng.integers(0, 200, (gt_count, 2))
    truth = np.hstack([corners, corners + rng.integers(8, 40, (gt_count, 2))]) / 4
    near = truth[rng.integers(0, gt_count, more)] if gt_count else np.empty((0, 4))
    near = near + rng.integers(-8, 9, (len(near), 4)) / 4
    corners = rng.integers(0, 200, (more, 2))
    elsewhere = np.hstack([corners, corners + rng.integers(8, 40, (more, 2))]) / 4
    predicted = np.vstack([near, elsewhere, truth[::2]])
    predicted = np.hstack([predicted[:, :2], np.maximum(predicted[:, 2:], predicted[:, :2] + 0.25)])
    # The third class never occurs; the second only here and there.
    gt_ids, pred_ids = (1 + (rng.random(n) < 0.2) for n in (gt_count, len(predicted)))
    scores = rng.integers(0, 11, len(predicted)) / 10
    return ObjectDetectionLabels(truth, gt_ids), ObjectDetectionLabels(predicted, pred_ids, scores)


def evaluate(scenes: Scenes) -> ObjectDetectionEvaluation:
    """Evaluate scenes together."""
    total = ObjectDetectionEvaluation(CLASSES)
    for number, (truth, predicted) in enumerate(scenes):
        of_scene = ObjectDetectionEvaluation(CLASSES)
        of_scene.compute(truth, predicted)
        total.merge(of_scene, scene_id=str(number))
    return total


def check_against_coco(scenes: Scenes) -> None:
    """Compare the average precisions of all classes, and their means."""
    expected = coco_precisions(scenes)
    evaluation = evaluate(scenes)
    for column, class_id in enumerate(CLASSES.get_keys()):
        item: Any = evaluation.get_by_id(class_id)
        found = item.matches.average_precisions()
        if item.gt_count == 0:
            assert expected[:, column].tolist() == [-1] * 10
            assert (found, item.ap, item.ap50) == (None, None, None)
        else:
            assert found == pytest.approx(expected[:, column].tolist(), abs=1e-12)
            assert item.ap50 == pytest.approx(expected[0, column], abs=1e-12)
            assert item.ap == pytest.approx(expected[:, column].mean(), abs=1e-12)
    there = expected[:, expected[0] >= 0]
    average: Any = evaluation.avg_item
    assert average.ap == (pytest.approx(there.mean(), abs=1e-12) if there.size else None)
    assert average.ap50 == (pytest.approx(there[0].mean(), abs=1e-12) if there.size else None)


@pytest.mark.parametrize("seed", range(12))
def test_average_precision_is_that_of_pycocotools(seed: int) -> None:
    """Over several scenes, of which some have no truth, values are those of pycocotools."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(0, 30, (5, 2))
    check_against_coco([random_scene(rng, gt_count, more) for gt_count, more in sizes])


def test_more_than_a_hundred_boxes_in_a_scene() -> None:
    """No box is left out where a scene has hundreds."""
    check_against_coco([random_scene(np.random.default_rng(0), 300, 400)])


def test_scenes_without_truth_or_predictions() -> None:
    """Scenes without truth count with what was predicted, scenes without predictions too."""
    rng = np.random.default_rng(1)
    truth, predicted = random_scene(rng, 20, 10)
    nothing = ObjectDetectionLabels.make_empty()
    check_against_coco([(truth, predicted), (nothing, predicted), (truth, nothing)])
    check_against_coco([(nothing, predicted)])
    check_against_coco([(truth, nothing)])


def test_equal_scores_in_several_scenes() -> None:
    """Boxes of equal score are ranked by scene and then by their order."""
    rng = np.random.default_rng(2)
    scenes = []
    for _ in range(4):
        truth, predicted = random_scene(rng, 15, 15)
        ones = np.full(len(predicted), 0.5)
        boxes, ids = predicted.get_npboxes(), predicted.get_class_ids()
        scenes.append((truth, ObjectDetectionLabels(boxes, ids, ones)))
    check_against_coco(scenes)


def test_a_true_box_is_hit_once() -> None:
    """Of two boxes on one true box the better hits, the other does not."""
    truth = np.array([[0.0, 0, 10, 10]])
    predicted = np.array([[0.0, 0, 10, 9], [0, 0, 10, 10]])
    scores, hits = match_boxes(truth, predicted, np.array([0.5, 0.9]))
    assert scores.tolist() == [0.9, 0.5]
    assert hits.tolist() == [[True, False]] * 10


def test_a_box_takes_the_true_box_that_it_overlaps_most() -> None:
    """The best overlap decides, and what is left goes to the next box."""
    truth = np.array([[0.0, 0, 10, 10], [0, 2, 10, 12]])
    predicted = np.array([[0.0, 1.9, 10, 12], [0, 2, 10, 12]])
    _, hits = match_boxes(truth, predicted, np.array([0.9, 0.8]), np.array([0.5, 0.9]))
    assert hits.tolist() == [[True, True], [True, False]]


def test_an_overlap_of_just_the_threshold_hits() -> None:
    """A box hits from the threshold on."""
    truth, predicted = np.array([[0.0, 0, 10, 10]]), np.array([[0.0, 0, 10, 5]])
    for threshold, expected in ((0.5, True), (0.5000001, False)):
        _, hits = match_boxes(truth, predicted, np.ones(1), np.array([threshold]))
        assert hits.tolist() == [[expected]]


def test_many_boxes_take_little_time() -> None:
    """20,000 boxes in a scene take a second or two, not hours."""
    rng = np.random.default_rng(0)
    corners = rng.uniform(0, 5000, (20_000, 2))
    truth = np.hstack([corners, corners + rng.uniform(10, 40, (20_000, 2))])
    predicted = truth + np.tile(rng.uniform(-2, 2, (20_000, 2)), 2)
    start = time.perf_counter()
    matches = Matches.of_scene(truth, predicted, rng.random(20_000))
    assert matches.average_precisions() is not None
    assert matches.hits > 15_000
    assert time.perf_counter() - start < 20


def test_average_precision_of_a_known_curve() -> None:
    """Two of four found, in the ranks 1 and 3, give 26 recalls of precision 1 and 25 of 2/3."""
    hits = np.array([[True, False, True]])
    matches = Matches([(np.array([0.9, 0.8, 0.7]), hits, 4)])
    precisions = matches.average_precisions()
    assert precisions is not None
    assert precisions == pytest.approx([(26 + 25 * 2 / 3) / 101])


def test_the_best_score_threshold() -> None:
    """The threshold with the highest F1 lies between two scores, or below all."""
    hits = np.array([[True, True, False, False, True]])

    def best(scores: Sequence[float]) -> Any:
        return Matches([(np.array(scores), hits, 3)]).best_f1()

    assert best([0.9, 0.8, 0.6, 0.5, 0.4]) == pytest.approx((4 / 5, 0.7))
    assert best([0.9, 0.8, 0.8, 0.8, 0.4]) == pytest.approx((3 / 4, 0))
    assert best([0.9, 0.5, 0.5, 0.5, 0.5]) == pytest.approx((3 / 4, 0))


@pytest.mark.parametrize(("gt_count", "predicted"), [(0, 0), (0, 2), (2, 0)])
def test_no_score_threshold_is_best(gt_count: int, predicted: int) -> None:
    """Where nothing is there or nothing was predicted, no threshold is the best."""
    matches = Matches([(np.ones(predicted), np.zeros((1, predicted), np.bool_), gt_count)])
    assert matches.best_f1() is None
    assert Matches([]).average_precisions() is None


def test_matched_boxes_say_which_hits_which() -> None:
    """Each predicted box that hits one is told with the true box, in the order they were given."""
    rng = np.random.default_rng(0)
    corners = rng.uniform(0, 60, (80, 2))
    truth = np.hstack([corners, corners + rng.uniform(5, 15, (80, 2))])
    predicted = truth[rng.permutation(80)[:50]] + rng.normal(0, 1.5, (50, 4))
    scores = rng.uniform(0, 1, 50)
    pairs = matched_boxes(truth, predicted, scores)
    _, hits = match_boxes(truth, predicted, scores, np.array([0.5]))
    order = np.argsort(-scores, kind="stable")
    assert sorted(pairs) == sorted(order[hits[0]].tolist())
    assert len(set(pairs.values())) == len(pairs)
    assert {} == matched_boxes(truth[:0], predicted, scores)
