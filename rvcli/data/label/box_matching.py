"""Which found boxes are right, and the average precision that follows.

As pycocotools has it: T.-Y. Lin et al. 2014, "Microsoft COCO: Common Objects in Context".
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rvcli.data.label.tfod_utils.np_box_ops import iou

Array: TypeAlias = npt.NDArray[Any]

# Precision is averaged over recalls of 0, 0.01, ... 1.
_RECALLS = np.linspace(0, 1, 101)


def match_boxes(
    found: Array, scores: Array, truth: Array, iou_thresh: float = 0.5
) -> npt.NDArray[np.intp]:
    """Match found boxes with true ones of the same class and image.

    The boxes choose by falling score: each takes, of the true boxes that are left, the one that
    it overlaps most, if that is enough.

    Args:
        found: rows (ymin, xmin, ymax, xmax), shape (n, 4).
        scores: shape (n,).
        truth: shape (m, 4).
        iou_thresh: least intersection over union of a match.

    Returns:
        For each found box the position of its true box, or -1; shape (n,).
    """
    matches = np.full(len(found), -1, np.intp)
    if not len(found) or not len(truth):
        return matches
    overlaps = iou(np.asarray(found, np.float64), np.asarray(truth, np.float64))
    for box in np.argsort(-np.asarray(scores), kind="stable").tolist():
        best = int(np.argmax(overlaps[box]))
        if overlaps[box, best] >= iou_thresh:
            matches[box] = best
            overlaps[:, best] = -1.0  # taken
    return matches


def average_precision(scores: Array, is_right: Array, truths: int) -> float:
    """Average the precision over all recalls.

    Args:
        scores: of the found boxes of all images, shape (n,).
        is_right: whether each has a true box, shape (n,).
        truths: how many true boxes there are.

    Returns:
        from 0 to 1; nan if there are no true boxes.
    """
    if not truths:
        return float("nan")
    order = np.argsort(-np.asarray(scores), kind="stable")
    right = np.cumsum(np.asarray(is_right, np.bool_)[order])
    recall = right / truths
    precision = right / np.arange(1, len(right) + 1)
    # The best that can be had at a recall at least as high.
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    places = np.searchsorted(recall, _RECALLS)
    reached = places < len(precision)
    return float(precision[places[reached]].sum() / len(_RECALLS))
