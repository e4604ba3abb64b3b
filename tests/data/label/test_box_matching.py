"""Matching of boxes, and average precision."""

from __future__ import annotations

import contextlib
import io
import math

import numpy as np
import pytest

from rvcli.data.label.box_matching import average_precision, match_boxes


def squares(*corners: tuple[float, float], side: float = 10) -> np.ndarray:
    """Give squares by their upper left corners, as rows (ymin, xmin, ymax, xmax)."""
    return np.array([[y, x, y + side, x + side] for y, x in corners], float).reshape(-1, 4)


def test_a_box_takes_the_true_box_that_it_overlaps_most() -> None:
    """Of two true boxes that overlap enough the nearer one is taken."""
    matches = match_boxes(squares((0, 2)), np.ones(1), squares((0, 0), (0, 3)), 0.1)
    assert matches.tolist() == [1]


def test_a_true_box_is_taken_by_the_higher_score() -> None:
    """The second of two boxes on one object is wrong, whatever their order."""
    matches = match_boxes(squares((0, 1), (0, 0)), np.array([0.5, 0.9]), squares((0, 0)))
    assert matches.tolist() == [-1, 0]


def test_a_box_that_is_late_takes_the_next_best() -> None:
    """A true box that is taken leaves the other one free."""
    found, truth = squares((0, 0), (0, 1)), squares((0, 0), (0, 4))
    assert match_boxes(found, np.array([0.9, 0.8]), truth, 0.3).tolist() == [0, 1]


def test_overlap_at_the_threshold_is_enough() -> None:
    """Intersection over union may equal the threshold."""
    found, truth = squares((0, 0)), np.array([[0.0, 0.0, 10.0, 5.0]])
    assert match_boxes(found, np.ones(1), truth, 0.5).tolist() == [0]
    assert match_boxes(found, np.ones(1), truth, 0.51).tolist() == [-1]


@pytest.mark.parametrize(("found", "truth"), [(0, 0), (0, 2), (2, 0)])
def test_nothing_matches_nothing(found: int, truth: int) -> None:
    """Without boxes on one side there is no match."""
    boxes = squares((0, 0), (5, 5))
    assert match_boxes(boxes[:found], np.ones(found), boxes[:truth]).tolist() == [-1] * found


def test_average_precision_of_a_known_curve() -> None:
    """Two of four found in the ranks 1 and 3 give 51 recalls of precision 1 and 2/3."""
    value = average_precision(np.array([0.9, 0.8, 0.7]), np.array([True, False, True]), 4)
    assert value == pytest.approx((26 * 1 + 25 * 2 / 3) / 101)


def test_average_precision_without_true_boxes_is_no_number() -> None:
    """A class that does not occur has no average precision."""
    assert math.isnan(average_precision(np.array([0.5]), np.array([False]), 0))


def test_average_precision_of_nothing_found_is_zero() -> None:
    """Where all is missed the average precision is 0."""
    assert average_precision(np.empty(0), np.empty(0), 3) == 0.0


@pytest.mark.parametrize("iou_thresh", [0.5, 0.75])
def test_average_precision_is_that_of_pycocotools(iou_thresh: float) -> None:
    """Random boxes in several images give the value of the reference implementation."""
    coco_module = pytest.importorskip("pycocotools.coco")
    cocoeval = pytest.importorskip("pycocotools.cocoeval")
    rng = np.random.default_rng(3)
    truths, results, scores, right = [], [], [], []
    for image in range(1, 6):
        truth = squares(*rng.uniform(0, 200, (8, 2)).tolist(), side=20)
        found = np.concatenate([truth + rng.normal(0, 3, truth.shape), truth[::2] + 1])
        found[:, 2:] = np.maximum(found[:, 2:], found[:, :2] + 1)
        score = rng.permutation(1000)[: len(found)] / 1000
        matches = match_boxes(found, score, truth, iou_thresh)
        scores += score.tolist()
        right += (matches >= 0).tolist()
        for y0, x0, y1, x1 in truth.tolist():
            box = [x0, y0, x1 - x0, y1 - y0]
            truths.append({"bbox": box, "area": box[2] * box[3], "iscrowd": 0, "image_id": image})
        for (y0, x0, y1, x1), value in zip(found.tolist(), score.tolist(), strict=True):
            box = [x0, y0, x1 - x0, y1 - y0]
            results.append({"image_id": image, "category_id": 1, "bbox": box, "score": value})
    with contextlib.redirect_stdout(io.StringIO()):
        coco = coco_module.COCO()
        coco.dataset = {
            "images": [{"id": image} for image in range(1, 6)],
            "categories": [{"id": 1}],
            "annotations": [{"id": i, "category_id": 1, **t} for i, t in enumerate(truths, 1)],
            "info": {},
        }
        coco.createIndex()
        evaluation = cocoeval.COCOeval(coco, coco.loadRes(results), "bbox")
        evaluation.params.iouThrs = np.array([iou_thresh])
        evaluation.evaluate()
        evaluation.accumulate()
    expected = float(evaluation.eval["precision"][0, :, 0, 0, 2].mean())
    value = average_precision(np.array(scores), np.array(right), len(truths))
    assert value == pytest.approx(expected, abs=1e-9)
