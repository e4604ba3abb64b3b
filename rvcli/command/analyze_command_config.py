"""Config of the analyze command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.analyzer.analyzer_config import AnalyzerConfig
from rvcli.command.command_config import (
    CommandConfig,
    CommandConfigBuilder,
    for_command,
    in_directory,
)
from rvcli.config import field
from rvcli.data.dataset_config import unique_scenes
from rvcli.data.scene_config import SceneConfig
from rvcli.task.task_config import TaskConfig

if TYPE_CHECKING:
    from rvcli.command.command import Command


class AnalyzeCommandConfig(CommandConfig):
    """Measure the imagery of all scenes."""

    key = keys.ANALYZE
    part = "analyze_config"
    positional = ("root_uri", "task", "scenes", "analyzers")

    task: TaskConfig = field(doc="The task.", group=keys.TASK)
    scenes: list[SceneConfig] = field(doc="Scenes to measure.")
    analyzers: list[AnalyzerConfig] = field(
        doc="Analyzers to run, in this order.", group=keys.ANALYZER
    )

    def create_command(self, tmp_dir: str | None = None) -> Command:
        """Create the command."""
        from rvcli.command.analyze_command import AnalyzeCommand

        return in_directory(AnalyzeCommand(self), tmp_dir)


class AnalyzeCommandConfigBuilder(CommandConfigBuilder):
    """Builds AnalyzeCommandConfig."""

    config_class = AnalyzeCommandConfig

    def with_experiment(self, experiment_config: Any) -> Any:
        """Take everything from an experiment; labels and stores stay out.

        Scenes come in the order of their ids: experiments that divide the same scenes otherwise
        into train and validation share one command.
        """
        scenes = []
        for scene in experiment_config.dataset.all_scenes():
            bare = scene.without_labels()
            bare.label_store = None
            scenes.append(bare)
        return (
            super()
            .with_experiment(experiment_config)
            .set(
                task=for_command(experiment_config.task, keys.ANALYZE, experiment_config),
                scenes=[
                    for_command(s, keys.ANALYZE, experiment_config)
                    for s in sorted(unique_scenes(scenes), key=lambda scene: str(scene.id))
                ],
                analyzers=[
                    for_command(a, keys.ANALYZE, experiment_config)
                    for a in experiment_config.analyzers
                ],
            )
        )
