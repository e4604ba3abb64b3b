"""From the scores of many places to the boxes of one image. Needs no torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rvcli.data.label.object_detection_labels import ObjectDetectionLabels

Array: TypeAlias = npt.NDArray[Any]

# Boxes are kept whose score is above this; the task has a threshold of its own.
SCORE_THRESH = 0.05
# Two boxes of a class that overlap more than this show one object.
MERGE_THRESH = 0.5
MOST_BOXES = 1000
_MOST_CANDIDATES = 3000


def find_boxes(
    boxes: Array, scores: Array, class_ids: Sequence[int], size_hw: tuple[int, int]
) -> ObjectDetectionLabels:
    """Choose the boxes of one image.

    Args:
        boxes: rows (ymin, xmin, ymax, xmax) in pixels of the image, shape (places, 4).
        scores: of each class, shape (places, classes).
        class_ids: the classes in the order of the scores.
        size_hw: of the image; boxes are clipped to it.

    Returns:
        Boxes by falling score, none of which overlaps a better one of its class much.
    """
    places, columns = np.nonzero(scores > SCORE_THRESH)
    values = scores[places, columns]
    order = np.argsort(-values, kind="stable")[:_MOST_CANDIDATES]
    places, columns, values = places[order], columns[order], values[order]
    height, width = size_hw
    clipped = boxes[places].astype(np.float64).clip(0, [height, width, height, width])
    inside = ((clipped[:, 2:] - clipped[:, :2]) > 0).all(axis=1)
    labels = ObjectDetectionLabels(
        clipped[inside], np.array(class_ids, np.int64)[columns[inside]], values[inside]
    )
    pruned = ObjectDetectionLabels.prune_duplicates_by_class(labels, SCORE_THRESH, MERGE_THRESH)
    return pruned.choose(np.arange(min(len(pruned), MOST_BOXES)))
