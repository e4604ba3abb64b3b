"""Config of the evaluator of chip classification."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rvcli import keys
from rvcli.evaluation.classification_evaluator_config import (
    ClassificationEvaluatorConfig,
    ClassificationEvaluatorConfigBuilder,
)

if TYPE_CHECKING:
    from rvcli.evaluation.evaluator import Evaluator


class ChipClassificationEvaluatorConfig(ClassificationEvaluatorConfig):
    """Compare predicted cells to ground truth: precision, recall, F1, IoU, confusion matrix."""

    key = keys.CHIP_CLASSIFICATION_EVALUATOR
    part = "classification_config"

    def create_evaluator(self) -> Evaluator:
        """Create the evaluator."""
        from rvcli.evaluation.chip_classification_evaluator import ChipClassificationEvaluator

        return ChipClassificationEvaluator(
            self.class_map, self.output_uri or "", warnings=self.warnings
        )


class ChipClassificationEvaluatorConfigBuilder(ClassificationEvaluatorConfigBuilder):
    """Builds ChipClassificationEvaluatorConfig."""

    config_class = ChipClassificationEvaluatorConfig
