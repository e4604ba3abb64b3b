"""Config of the eval command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.command.command_config import (
    CommandConfig,
    CommandConfigBuilder,
    for_command,
    in_directory,
)
from rvcli.command.labels import report_unlabelled
from rvcli.config import field
from rvcli.data.dataset_config import unique_scenes
from rvcli.data.scene_config import SceneConfig
from rvcli.evaluation.evaluator_config import EvaluatorConfig
from rvcli.task.task_config import TaskConfig

if TYPE_CHECKING:
    from rvcli.command.command import Command
    from rvcli.core.command_io_definition import CommandIODefinition


class EvalCommandConfig(CommandConfig):
    """Compare the predictions of the validation scenes to their ground truth."""

    key = keys.EVAL
    part = "eval_config"
    positional = ("root_uri", "task", "scenes", "evaluators")

    task: TaskConfig = field(doc="The task.", group=keys.TASK)
    scenes: list[SceneConfig] = field(doc="Scenes to evaluate.")
    evaluators: list[EvaluatorConfig] = field(
        doc="Evaluators to run, in this order.", group=keys.EVALUATOR
    )

    def create_command(self, tmp_dir: str | None = None) -> Command:
        """Create the command."""
        from rvcli.command.eval_command import EvalCommand

        return in_directory(EvalCommand(self), tmp_dir)

    def report_io(
        self, command_type: str = "", io_def: CommandIODefinition | None = None
    ) -> CommandIODefinition:
        """Return what the command reads and writes, and which scenes lack labels."""
        io_def = super().report_io(command_type, io_def)
        if any(e.evaluator_type in keys.EVALUATORS for e in self.evaluators):
            report_unlabelled(self.scenes, io_def)
        return io_def


class EvalCommandConfigBuilder(CommandConfigBuilder):
    """Builds EvalCommandConfig."""

    config_class = EvalCommandConfig

    def with_experiment(self, experiment_config: Any) -> Any:
        """Take everything from an experiment."""
        scenes = unique_scenes(experiment_config.dataset.validation_scenes)
        return (
            super()
            .with_experiment(experiment_config)
            .set(
                task=for_command(experiment_config.task, keys.EVAL, experiment_config),
                scenes=[for_command(s, keys.EVAL, experiment_config) for s in scenes],
                evaluators=[
                    for_command(e, keys.EVAL, experiment_config)
                    for e in experiment_config.evaluators
                ],
            )
        )
