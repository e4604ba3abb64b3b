"""Which predicted boxes hit true ones, and the average precision that follows.

As COCO does it (Lin et al. 2014, arXiv:1405.0312; pycocotools), without its limit to 100 boxes of
an image: https://cocodataset.org/#detection-eval
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rvcli.data.label.tfod_utils import np_box_ops

Array: TypeAlias = npt.NDArray[Any]

IOU_THRESHOLDS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0, 1, 101)


def match_boxes(
    truth: Array, predicted: Array, scores: Array, iou_thresholds: Array = IOU_THRESHOLDS
) -> tuple[Array, Array]:
    """Match boxes of one class in one scene.

    Predicted boxes choose by falling score, each the true box with which its intersection over
    union is largest among those that no better box chose, if it reaches the threshold.

    Args:
        truth: rows (ymin, xmin, ymax, xmax), shape (n, 4).
        predicted: likewise, shape (m, 4).
        scores: of the predicted boxes, shape (m,).
        iou_thresholds: ascending, shape (t,).

    Returns:
        Falling scores, shape (m,), and bool, shape (t, m): which boxes of these hit a true one.
    """
    order = np.argsort(-scores, kind="stable")
    boxes, ious = _pairs(predicted[order], truth, iou_thresholds[0])
    hits = np.zeros((len(iou_thresholds), len(order)), np.bool_)
    for row, threshold in zip(hits, iou_thresholds, strict=True):
        row[list(_choose(boxes[ious >= threshold]))] = True
    return scores[order], hits


def matched_boxes(
    truth: Array, predicted: Array, scores: Array, iou_threshold: float = IOU_THRESHOLDS[0]
) -> dict[int, int]:
    """Tell which predicted boxes of one class hit which true ones; see match_boxes.

    Args:
        truth: rows (ymin, xmin, ymax, xmax), shape (n, 4).
        predicted: likewise, shape (m, 4).
        scores: of the predicted boxes, shape (m,).
        iou_threshold: from which on a box hits another.

    Returns:
        The position of the true box that was hit, by the position of the predicted one.
    """
    order = np.argsort(-scores, kind="stable")
    boxes, _ = _pairs(predicted[order], truth, iou_threshold)
    return {int(order[box]): true for box, true in _choose(boxes).items()}


def _pairs(predicted: Array, truth: Array, threshold: float) -> tuple[Array, Array]:
    """Return pairs (predicted, true) that overlap enough, in order of choice, and their IoU."""
    areas, true_areas = np_box_ops.area(predicted), np_box_ops.area(truth)
    index = np_box_ops.BoxIndex(truth)
    found = [(np.empty((0, 2), np.int64), np.empty(0))]
    for box, true, shared in index.pairs(predicted):
        iou = shared / (areas[box] + true_areas[true] - shared)
        enough = iou >= threshold
        found.append((np.stack([box, true], axis=1)[enough], iou[enough]))
    pairs, ious = (np.concatenate(part) for part in zip(*found, strict=True))
    # Of two true boxes with equal overlap the later one is chosen, as pycocotools does.
    order = np.lexsort([-pairs[:, 1], -ious, pairs[:, 0]])
    return pairs[order], ious[order]


def _choose(pairs: Array) -> dict[int, int]:
    """Return the true box of each predicted one that gets one; pairs come in order of choice."""
    chosen: dict[int, int] = {}
    taken: set[int] = set()
    for box, true in pairs.tolist():
        if box not in chosen and true not in taken:
            chosen[box] = true
            taken.add(true)
    return chosen


class Matches:
    """The matches of one class, in one scene or in several together.

    Attributes:
        gt_count: how many true boxes there are.
        predicted: how many boxes were predicted.
        hits: how many of these hit a true one with an IoU of at least 0.5.
    """

    def __init__(self, parts: Iterable[tuple[Array, Array, int]]) -> None:
        """Take falling scores, hits (see match_boxes) and the number of true boxes of scenes."""
        self._parts = list(parts)
        self.gt_count = sum(gt_count for _, _, gt_count in self._parts)
        self.predicted = sum(len(scores) for scores, _, _ in self._parts)
        self.hits = sum(int(hits[0].sum()) for _, hits, _ in self._parts)
        self._precisions: list[float] | None = None

    @classmethod
    def of_scene(cls, truth: Array, predicted: Array, scores: Array) -> Matches:
        """Match the boxes of one scene; see match_boxes."""
        return cls([(*match_boxes(truth, predicted, scores), len(truth))])

    def __add__(self, other: Matches) -> Matches:
        """Return the matches of all scenes of both."""
        return Matches([*self._parts, *other._parts])

    def average_precisions(self) -> list[float] | None:
        """Return the average precision for each of IOU_THRESHOLDS; None if nothing is there.

        It is the mean over 101 recalls from 0 to 1 of the highest precision at that recall or
        more, with the boxes of all scenes in one ranking.
        """
        if self._precisions is None and self.gt_count:
            _, hits = self._ranked()
            self._precisions = [_average_precision(row, self.gt_count) for row in hits]
        return self._precisions

    def best_precisions(self) -> Array | None:
        """Return what the first average precision is the mean of; None if nothing is there.

        Returns:
            The highest precision at each of RECALLS or more, shape (101,).
        """
        if not self.gt_count:
            return None
        hits = np.cumsum(self._ranked()[1][0])
        return best_precisions(hits, np.arange(1, len(hits) + 1), self.gt_count)

    def best_f1(self) -> tuple[float, float] | None:
        """Return the highest F1 that a score threshold gives, and that threshold.

        Hits are those at the first IoU threshold. Boxes count whose score is above the score
        threshold, which lies midway between two scores, or is 0 if all boxes count.

        Returns:
            None if nothing is there or nothing was predicted.
        """
        if not self.gt_count or not self.predicted:
            return None
        scores, hits = self._ranked()
        # Between boxes of equal score there is no threshold.
        last = np.flatnonzero(np.append(scores[1:] < scores[:-1], True))
        f1 = 2 * np.cumsum(hits[0])[last] / (last + 1 + self.gt_count)
        best = int(np.argmax(f1))
        between = np.append((scores[last[:-1]] + scores[last[1:]]) / 2, 0.0)
        return float(f1[best]), float(between[best])

    def _ranked(self) -> tuple[Array, Array]:
        """Return scores and hits of all scenes by falling score."""
        scores = np.concatenate([scores for scores, _, _ in self._parts])
        hits = np.concatenate([hits for _, hits, _ in self._parts], axis=1)
        order = np.argsort(-scores, kind="stable")
        return scores[order], hits[:, order]


def best_precisions(hits: Array, predicted: Array, gt_count: int) -> Array:
    """Return the highest precision at each of RECALLS or more, 0 where that is not reached.

    Args:
        hits: how many of what a falling threshold takes for a class are of it, shape (n,).
        predicted: how many it takes for it, shape (n,).
        gt_count: how many there are.

    Returns:
        Shape (101,).
    """
    best_from_here = np.maximum.accumulate((hits / predicted)[::-1])[::-1]
    places = np.searchsorted(hits / gt_count, RECALLS, side="left")
    return np.asarray(np.append(best_from_here, 0.0)[places])


def _average_precision(hits: Array, gt_count: int) -> float:
    predicted = np.arange(1, len(hits) + 1)
    return float(best_precisions(np.cumsum(hits), predicted, gt_count).mean())
