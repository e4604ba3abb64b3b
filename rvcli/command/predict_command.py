"""The predict command."""

from __future__ import annotations

from typing import Any

from rvcli.command.command import Command


class PredictCommand(Command):
    """Applies the model to scenes."""

    def __init__(self, command_config: Any) -> None:
        self.command_config = command_config

    def run(self, tmp_dir: str | None = None) -> None:
        """Predict scene after scene; then write an item beside the predictions of each."""
        from rvcli.stac.prediction_item import remove_items
        from rvcli.stac.provenance import write_items

        config, tmp_dir = self.command_config, tmp_dir or self.get_tmp_dir()
        task = config.task.create_task(config.backend.create_backend(config.task))
        scenes = [s.create_scene(config.task, tmp_dir) for s in config.scenes]
        # What describes other predictions must not lie beside these, should this be killed.
        remove_items(getattr(scene, "label_store", None) for scene in config.scenes)
        task.predict(scenes, tmp_dir)
        write_items(config, scenes)
