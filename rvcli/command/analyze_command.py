"""The analyze command."""

from __future__ import annotations

from typing import Any

from rvcli.command.command import Command


class AnalyzeCommand(Command):
    """Runs the analyzers over all scenes."""

    def __init__(self, command_config: Any) -> None:
        self.command_config = command_config

    def run(self, tmp_dir: str | None = None) -> None:
        """Run the analyzers; where there are none, no imagery is opened."""
        if not self.command_config.analyzers:
            return
        config, tmp_dir = self.command_config, tmp_dir or self.get_tmp_dir()
        scenes = [s.create_scene(config.task, tmp_dir) for s in config.scenes]
        for analyzer in config.analyzers:
            analyzer.create_analyzer().process(scenes, tmp_dir)
