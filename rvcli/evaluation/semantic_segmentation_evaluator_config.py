"""Config of the evaluator of semantic segmentation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.config import field
from rvcli.evaluation.classification_evaluator_config import (
    ClassificationEvaluatorConfig,
    ClassificationEvaluatorConfigBuilder,
)
from rvcli.filesystem import join_uri

if TYPE_CHECKING:
    from rvcli.core.command_io_definition import CommandIODefinition
    from rvcli.evaluation.evaluator import Evaluator

VECTOR_EVAL_FILE = "vector_eval.json"


class SemanticSegmentationEvaluatorConfig(ClassificationEvaluatorConfig):
    """Compare predicted pixels to ground truth: precision, recall, F1, confusion matrix."""

    key = keys.SEMANTIC_SEGMENTATION_EVALUATOR
    part = "classification_config"

    vector_output_uri: str | None = field(
        default=None,
        doc="Where the figures of predicted polygons are written; if not set,"
        " `vector_eval.json` below the eval URI where a scene has vector outputs, else nowhere.",
        output_of=(keys.EVAL,),
    )

    def create_evaluator(self) -> Evaluator:
        """Create the evaluator."""
        from rvcli.evaluation.semantic_segmentation_evaluator import (
            SemanticSegmentationEvaluator,
        )

        return SemanticSegmentationEvaluator(
            self.class_map, self.output_uri or "", self.vector_output_uri, warnings=self.warnings
        )

    def update_for_command(
        self,
        command_type: str,
        experiment_config: Any,
        context: list[Any] | None = None,
        io_def: CommandIODefinition | None = None,
    ) -> Any:
        """Put the figures of polygons below the eval URI, if there are to be any."""
        if command_type == keys.EVAL and self.vector_output_uri is None:
            stores = [scene.label_store for scene in experiment_config.dataset.validation_scenes]
            if any(getattr(store, "vector_output", None) for store in stores):
                self.vector_output_uri = join_uri(experiment_config.eval_uri, VECTOR_EVAL_FILE)
        return super().update_for_command(command_type, experiment_config, context, io_def)


class SemanticSegmentationEvaluatorConfigBuilder(ClassificationEvaluatorConfigBuilder):
    """Builds SemanticSegmentationEvaluatorConfig."""

    config_class = SemanticSegmentationEvaluatorConfig
