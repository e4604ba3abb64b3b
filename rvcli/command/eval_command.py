"""The eval command."""

from __future__ import annotations

from typing import Any

from rvcli.command.command import Command


class EvalCommand(Command):
    """Runs the evaluators over the validation scenes."""

    def __init__(self, command_config: Any) -> None:
        self.command_config = command_config

    def run(self, tmp_dir: str | None = None) -> None:
        """Run the evaluators."""
        config, tmp_dir = self.command_config, tmp_dir or self.get_tmp_dir()
        scenes = [s.create_scene(config.task, tmp_dir) for s in config.scenes]
        for evaluator in config.evaluators:
            evaluator.create_evaluator().process(scenes, tmp_dir)
