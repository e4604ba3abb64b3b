"""Config of the train command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.backend.backend_config import BackendConfig
from rvcli.command.command_config import (
    CommandConfig,
    CommandConfigBuilder,
    for_command,
    in_directory,
)
from rvcli.config import field
from rvcli.task.task_config import TaskConfig

if TYPE_CHECKING:
    from rvcli.command.command import Command


class TrainCommandConfig(CommandConfig):
    """Train a model on chips."""

    key = keys.TRAIN
    part = "train_config"
    positional = ("root_uri", "task", "backend")

    task: TaskConfig = field(doc="The task.", group=keys.TASK)
    backend: BackendConfig = field(doc="The backend.", group=keys.BACKEND)

    def create_command(self, tmp_dir: str | None = None) -> Command:
        """Create the command."""
        from rvcli.command.train_command import TrainCommand

        return in_directory(TrainCommand(self), tmp_dir)

    def utilizes_gpu(self) -> bool:
        """True unless the backend says that it has no use for a GPU."""
        return bool(self.backend.uses_gpu)


class TrainCommandConfigBuilder(CommandConfigBuilder):
    """Builds TrainCommandConfig."""

    config_class = TrainCommandConfig

    def with_experiment(self, experiment_config: Any) -> Any:
        """Take everything from an experiment."""
        return (
            super()
            .with_experiment(experiment_config)
            .set(
                task=for_command(experiment_config.task, keys.TRAIN, experiment_config),
                backend=for_command(experiment_config.backend, keys.TRAIN, experiment_config),
            )
        )
