"""What the configs of all evaluators of classes share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.config import field
from rvcli.core.class_map import ClassMap
from rvcli.evaluation.evaluator_config import EvaluatorConfig, EvaluatorConfigBuilder
from rvcli.filesystem import join_uri

if TYPE_CHECKING:
    from rvcli.core.command_io_definition import CommandIODefinition

EVAL_FILE = "eval.json"


class ClassificationEvaluatorConfig(EvaluatorConfig):
    """Describes an evaluator of classes."""

    part = "classification_config"
    positional = ("class_map", "output_uri", "vector_output_uri")

    class_map: ClassMap = field(doc="The classes.", proto="class_items")
    output_uri: str | None = field(
        default=None,
        doc="Where the figures are written; `eval.json` below the eval URI if not set.",
        output_of=(keys.EVAL,),
    )
    vector_output_uri: str | None = field(
        default=None,
        doc="Where the figures of vector predictions are written; nowhere if not set.",
        uri=True,
    )
    warnings: list[str] = field(
        default_factory=list,
        doc="What a reader of the figures must know; filled in from the dataset.",
    )

    def update_for_command(
        self,
        command_type: str,
        experiment_config: Any,
        context: list[Any] | None = None,
        io_def: CommandIODefinition | None = None,
    ) -> Any:
        """Put the figures below the eval URI, and note scenes that were trained on."""
        if command_type == keys.EVAL:
            self.output_uri = self.output_uri or join_uri(experiment_config.eval_uri, EVAL_FILE)
            self.warnings = experiment_config.dataset.overlaps()
        return super().update_for_command(command_type, experiment_config, context, io_def)


class ClassificationEvaluatorConfigBuilder(EvaluatorConfigBuilder):
    """Base of the builders of evaluators of classes."""

    config_class = ClassificationEvaluatorConfig

    def with_task(self, task: Any) -> Any:
        """Take the classes of a task."""
        return self.set(class_map=task.class_map)
