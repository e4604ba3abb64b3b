"""Config of the evaluator of object detection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rvcli import keys
from rvcli.evaluation.classification_evaluator_config import (
    ClassificationEvaluatorConfig,
    ClassificationEvaluatorConfigBuilder,
)

if TYPE_CHECKING:
    from rvcli.evaluation.evaluator import Evaluator


class ObjectDetectionEvaluatorConfig(ClassificationEvaluatorConfig):
    """Compare predicted boxes to ground truth: precision, recall, F1, counts, average precision."""

    key = keys.OBJECT_DETECTION_EVALUATOR
    part = "classification_config"

    def create_evaluator(self) -> Evaluator:
        """Create the evaluator."""
        from rvcli.evaluation.object_detection_evaluator import ObjectDetectionEvaluator

        return ObjectDetectionEvaluator(
            self.class_map, self.output_uri or "", warnings=self.warnings
        )


class ObjectDetectionEvaluatorConfigBuilder(ClassificationEvaluatorConfigBuilder):
    """Builds ObjectDetectionEvaluatorConfig."""

    config_class = ObjectDetectionEvaluatorConfig
