"""ChipClassificationEvaluation: figures of predicted cells, from a confusion matrix."""

from __future__ import annotations

import logging

import numpy as np

from rvcli.core.class_map import ClassMap
from rvcli.data.label.chip_classification_labels import ChipClassificationLabels
from rvcli.evaluation.class_evaluation_item import ClassEvaluationItem
from rvcli.evaluation.confusion import ConfusionEvaluation, PairCounter, class_ids_of
from rvcli.evaluation.precision_recall import tally_rows

log = logging.getLogger(__name__)


class ChipClassificationEvaluation(ConfusionEvaluation):
    """Figures of predicted cells; see ConfusionEvaluation.

    Labelled cells are compared with the predictions of the same cells. One without a prediction
    is missed; a prediction where no cell is labelled is not counted.
    """

    counted = "cells"

    def compute(
        self,
        ground_truth_labels: ChipClassificationLabels,
        prediction_labels: ChipClassificationLabels,
    ) -> None:
        """Compute the figures of one scene.

        Args:
            ground_truth_labels: the true classes.
            prediction_labels: the predicted classes.
        """
        self.clear()
        cells = ground_truth_labels.get_cells()
        truth = np.array([i or 0 for i in ground_truth_labels.get_class_ids()], np.int64)
        predicted = np.array(
            [prediction_labels.get_cell_class_id(cell) or 0 for cell in cells], np.int64
        )
        counter = PairCounter(class_ids_of(self.class_map))
        counter.add(truth, predicted)
        self.set_conf_mat(counter.conf_mat())
        scores = [prediction_labels.get_cell_scores(cell) for cell in cells]
        self.tally = tally_rows(truth, scores, class_ids_of(self.class_map))
        missing = int(self.conf_mat[:, 0].sum())
        if missing:
            of = f"the scene {self.scene_id}" if self.scene_id else "the labels"
            warning = (
                f"{missing} of {self.conf_mat.sum()} labelled cells of {of} have no prediction"
                " and count as missed"
            )
            log.warning(
                "%s: cells without imagery are not predicted, nor those that are not on the grid"
                " of the task",
                warning,
            )
            self.warnings.append(warning)

    @staticmethod
    def compute_eval_items(
        gt_labels: ChipClassificationLabels,
        pred_labels: ChipClassificationLabels,
        class_map: ClassMap,
    ) -> dict[int, ClassEvaluationItem]:
        """Return the figures of each class by its id."""
        evaluation = ChipClassificationEvaluation(class_map)
        evaluation.compute(gt_labels, pred_labels)
        return evaluation.class_to_eval_item
