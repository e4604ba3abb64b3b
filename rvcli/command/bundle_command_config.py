"""Config of the bundle command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.analyzer.analyzer_config import AnalyzerConfig
from rvcli.backend.backend_config import BackendConfig
from rvcli.command.command_config import (
    CommandConfig,
    CommandConfigBuilder,
    for_command,
    in_directory,
)
from rvcli.config import field
from rvcli.data.scene_config import SceneConfig
from rvcli.errors import ConfigError
from rvcli.task.task_config import TaskConfig

if TYPE_CHECKING:
    from rvcli.command.command import Command


class BundleCommandConfig(CommandConfig):
    """Pack the model and all that predicting needs into one file."""

    key = keys.BUNDLE
    part = "bundle_config"
    positional = ("root_uri", "task", "backend", "scene", "analyzers")

    task: TaskConfig = field(doc="The task.", group=keys.TASK)
    backend: BackendConfig = field(doc="The backend.", group=keys.BACKEND)
    scene: SceneConfig = field(doc="The scene that says how images are read.")
    analyzers: list[AnalyzerConfig] = field(
        doc="Analyzers whose results are packed, and may be measured anew.",
        group=keys.ANALYZER,
    )

    def create_command(self, tmp_dir: str | None = None) -> Command:
        """Create the command."""
        from rvcli.command.bundle_command import BundleCommand

        return in_directory(BundleCommand(self), tmp_dir)


class BundleCommandConfigBuilder(CommandConfigBuilder):
    """Builds BundleCommandConfig."""

    config_class = BundleCommandConfig

    def with_experiment(self, experiment_config: Any) -> Any:
        """Take everything from an experiment; its first scene says how images are read."""
        dataset = experiment_config.dataset
        scenes = [*dataset.validation_scenes, *dataset.test_scenes, *dataset.train_scenes]
        if not scenes:
            raise ConfigError(
                f"experiment {experiment_config.id!r} has no scene to make a predict package from",
                hint="give the dataset a scene",
            )
        scene = scenes[0].without_labels()
        return (
            super()
            .with_experiment(experiment_config)
            .set(
                task=for_command(experiment_config.task, keys.BUNDLE, experiment_config),
                backend=for_command(experiment_config.backend, keys.BUNDLE, experiment_config),
                scene=for_command(scene, keys.BUNDLE, experiment_config),
                analyzers=[
                    for_command(a, keys.BUNDLE, experiment_config)
                    for a in experiment_config.analyzers
                ],
            )
        )
