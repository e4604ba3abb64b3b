"""The train command."""

from __future__ import annotations

from typing import Any

from rvcli.command.command import Command


class TrainCommand(Command):
    """Trains a model on chips."""

    def __init__(self, command_config: Any) -> None:
        self.command_config = command_config

    def run(self, tmp_dir: str | None = None) -> None:
        """Let the task train its backend."""
        config, tmp_dir = self.command_config, tmp_dir or self.get_tmp_dir()
        task = config.task.create_task(config.backend.create_backend(config.task))
        task.train(tmp_dir)
