"""The predict command."""

from __future__ import annotations

from typing import Any

from rvcli.command.command import Command


class PredictCommand(Command):
    """Applies the model to scenes."""

    def __init__(self, command_config: Any) -> None:
        self.command_config = command_config

    def run(self, tmp_dir: str | None = None) -> None:
        """Predict scene after scene."""
        config, tmp_dir = self.command_config, tmp_dir or self.get_tmp_dir()
        task = config.task.create_task(config.backend.create_backend(config.task))
        task.predict([s.create_scene(config.task, tmp_dir) for s in config.scenes], tmp_dir)
