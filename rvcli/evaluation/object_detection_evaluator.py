"""ObjectDetectionEvaluator: measures predicted boxes."""

from __future__ import annotations

from rvcli.evaluation.classification_evaluator import ClassificationEvaluator
from rvcli.evaluation.object_detection_evaluation import ObjectDetectionEvaluation


class ObjectDetectionEvaluator(ClassificationEvaluator):
    """Measures predicted boxes: precision, recall, F1, counts and average precision."""

    counted = "boxes"

    def create_evaluation(self) -> ObjectDetectionEvaluation:
        """Return an evaluation without figures."""
        return ObjectDetectionEvaluation(self.class_map)
