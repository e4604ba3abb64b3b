"""ChipClassificationEvaluator: measures predicted cells."""

from __future__ import annotations

from rvcli.evaluation.chip_classification_evaluation import ChipClassificationEvaluation
from rvcli.evaluation.classification_evaluator import ClassificationEvaluator


class ChipClassificationEvaluator(ClassificationEvaluator):
    """Measures predicted cells: precision, recall, F1, IoU and confusion matrix."""

    counted = "cells"

    def create_evaluation(self) -> ChipClassificationEvaluation:
        """Return an evaluation without figures."""
        return ChipClassificationEvaluation(self.class_map)
