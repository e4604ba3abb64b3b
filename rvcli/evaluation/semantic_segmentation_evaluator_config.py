"""Config of the evaluator of semantic segmentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rvcli import keys
from rvcli.evaluation.classification_evaluator_config import (
    ClassificationEvaluatorConfig,
    ClassificationEvaluatorConfigBuilder,
)

if TYPE_CHECKING:
    from rvcli.evaluation.evaluator import Evaluator


class SemanticSegmentationEvaluatorConfig(ClassificationEvaluatorConfig):
    """Compare predicted pixels to ground truth: precision, recall, F1, confusion matrix."""

    key = keys.SEMANTIC_SEGMENTATION_EVALUATOR
    part = "classification_config"

    def create_evaluator(self) -> Evaluator:
        """Create the evaluator."""
        from rvcli.evaluation.semantic_segmentation_evaluator import (
            SemanticSegmentationEvaluator,
        )

        return SemanticSegmentationEvaluator(
            self.class_map, self.output_uri or "", self.vector_output_uri, warnings=self.warnings
        )


class SemanticSegmentationEvaluatorConfigBuilder(ClassificationEvaluatorConfigBuilder):
    """Builds SemanticSegmentationEvaluatorConfig."""

    config_class = SemanticSegmentationEvaluatorConfig
