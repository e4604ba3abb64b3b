"""ObjectDetectionEvaluation: figures of predicted boxes."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rvcli.core.class_map import ClassMap
from rvcli.data.label.box_matches import Matches, match_boxes
from rvcli.data.label.object_detection_labels import ObjectDetectionLabels
from rvcli.evaluation.box_evaluation_item import BoxAverageItem, BoxEvaluationItem
from rvcli.evaluation.class_evaluation_item import ClassEvaluationItem
from rvcli.evaluation.classification_evaluation import ClassificationEvaluation
from rvcli.evaluation.confusion import class_ids_of
from rvcli.evaluation.precision_recall import curves_json

Counts: TypeAlias = npt.NDArray[np.int64]


def compute_metrics(
    gt_labels: ObjectDetectionLabels,
    pred_labels: ObjectDetectionLabels,
    num_classes: int,
    iou_thresh: float = 0.5,
) -> tuple[Counts, Counts, Counts]:
    """Count how predicted boxes hit true ones; see match_boxes.

    Args:
        gt_labels: what is there.
        pred_labels: what was predicted.
        num_classes: classes 1 to this are counted.
        iou_thresh: intersection over union from which on a box hits another.

    Returns:
        For each class how many predicted boxes hit a true one, how many hit none, and how many
        true boxes none hit.
    """
    counts = np.zeros((3, num_classes), np.int64)
    for place in range(num_classes):
        truth, predicted = (_of_class(labels, place + 1) for labels in (gt_labels, pred_labels))
        _, hits = match_boxes(
            truth.get_npboxes(),
            predicted.get_npboxes(),
            predicted.get_scores(),
            np.array([iou_thresh]),
        )
        found = int(hits.sum())
        counts[:, place] = found, len(predicted) - found, len(truth) - found
    return counts[0], counts[1], counts[2]


class ObjectDetectionEvaluation(ClassificationEvaluation):
    """Figures of predicted boxes; see BoxEvaluationItem.

    Boxes of several scenes are ranked together. Boxes whose class is none of the class map are
    not counted.
    """

    def __init__(self, class_map: ClassMap) -> None:
        self.class_map = class_map
        super().__init__()

    def compute(
        self, ground_truth_labels: ObjectDetectionLabels, prediction_labels: ObjectDetectionLabels
    ) -> None:
        """Compute the figures of one scene.

        Args:
            ground_truth_labels: what is there.
            prediction_labels: what was predicted.
        """
        self.clear()
        self.set_class_to_eval_item(
            self.compute_eval_items(ground_truth_labels, prediction_labels, self.class_map)
        )
        self.compute_avg()
        self._is_empty = False

    @staticmethod
    def compute_eval_items(
        gt_labels: ObjectDetectionLabels, pred_labels: ObjectDetectionLabels, class_map: ClassMap
    ) -> dict[int, ClassEvaluationItem]:
        """Return the figures of each class by its id."""
        items: dict[int, ClassEvaluationItem] = {}
        for class_id in class_ids_of(class_map):
            truth, predicted = (_of_class(labels, class_id) for labels in (gt_labels, pred_labels))
            matches = Matches.of_scene(
                truth.get_npboxes(), predicted.get_npboxes(), predicted.get_scores()
            )
            name = class_map.get_by_id(class_id).name
            items[class_id] = BoxEvaluationItem(matches, class_id, name)
        return items

    def compute_avg(self) -> None:
        """Compute the figures of all classes."""
        items = self.class_to_eval_item.values()
        self.avg_item = BoxAverageItem(i for i in items if isinstance(i, BoxEvaluationItem))

    def curves(self) -> dict[str, Any] | None:
        """Return a curve for each class, at an intersection over union of 0.5."""
        curves = {
            class_id: (item.class_name, item.matches.best_precisions())
            for class_id, item in self.class_to_eval_item.items()
            if isinstance(item, BoxEvaluationItem)
        }
        return curves_json(curves, "boxes") if curves else None


def _of_class(labels: ObjectDetectionLabels, class_id: int) -> ObjectDetectionLabels:
    return labels.choose(labels.get_class_ids() == class_id)
