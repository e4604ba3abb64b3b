"""Config of the predict command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.backend.backend_config import BackendConfig
from rvcli.command.command_config import (
    CommandConfig,
    CommandConfigBuilder,
    for_command,
    in_directory,
    split_scenes,
)
from rvcli.config import field
from rvcli.data.dataset_config import unique_scenes
from rvcli.data.scene_config import SceneConfig
from rvcli.task.task_config import TaskConfig

if TYPE_CHECKING:
    from rvcli.command.command import Command


class PredictCommandConfig(CommandConfig):
    """Apply the model to the validation and test scenes."""

    key = keys.PREDICT
    part = "predict_config"
    positional = ("root_uri", "split_id", "task", "backend", "scenes")

    task: TaskConfig = field(doc="The task.", group=keys.TASK)
    backend: BackendConfig = field(doc="The backend.", group=keys.BACKEND)
    scenes: list[SceneConfig] = field(doc="Scenes to predict.")

    def create_command(self, tmp_dir: str | None = None) -> Command:
        """Create the command."""
        from rvcli.command.predict_command import PredictCommand

        return in_directory(PredictCommand(self), tmp_dir)

    def split(self, num_parts: int) -> list[Any]:
        """Divide the scenes."""
        return split_scenes(self, ("scenes",), num_parts)

    def utilizes_gpu(self) -> bool:
        """True unless the backend says that it has no use for a GPU."""
        return bool(self.backend.uses_gpu)


class PredictCommandConfigBuilder(CommandConfigBuilder):
    """Builds PredictCommandConfig."""

    config_class = PredictCommandConfig

    def with_experiment(self, experiment_config: Any) -> Any:
        """Take everything from an experiment; labels stay out."""
        dataset = experiment_config.dataset
        scenes = [s.without_labels() for s in (*dataset.validation_scenes, *dataset.test_scenes)]
        return (
            super()
            .with_experiment(experiment_config)
            .set(
                task=for_command(experiment_config.task, keys.PREDICT, experiment_config),
                backend=for_command(experiment_config.backend, keys.PREDICT, experiment_config),
                scenes=[
                    for_command(s, keys.PREDICT, experiment_config) for s in unique_scenes(scenes)
                ],
            )
        )
