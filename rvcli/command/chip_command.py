"""The chip command."""

from __future__ import annotations

from typing import Any

from rvcli.command.command import Command


class ChipCommand(Command):
    """Cuts training chips from scenes."""

    def __init__(self, command_config: Any) -> None:
        self.command_config = command_config

    def run(self, tmp_dir: str | None = None) -> None:
        """Cut the chips and hand them to the backend."""
        from rvcli.stac.training import training_areas

        config, tmp_dir = self.command_config, tmp_dir or self.get_tmp_dir()
        backend = config.backend.create_backend(config.task)
        task = config.task.create_task(backend)
        train_scenes = [s.create_scene(config.task, tmp_dir) for s in config.train_scenes]
        augmentors = [a.create_augmentor() for a in config.augmentors]
        task.make_chips(
            train_scenes,
            [s.create_scene(config.task, tmp_dir) for s in config.val_scenes],
            augmentors,
            tmp_dir,
        )
        self.record_facts = training_areas(train_scenes)
