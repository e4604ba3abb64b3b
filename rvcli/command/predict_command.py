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
        from rvcli.stac.prediction_item import remove_items, write_item
        from rvcli.stac.provenance import described

        config, tmp_dir = self.command_config, tmp_dir or self.get_tmp_dir()
        task = config.task.create_task(config.backend.create_backend(config.task))
        scenes = [s.create_scene(config.task, tmp_dir) for s in config.scenes]
        # What describes other predictions must not lie beside these, should this be killed.
        remove_items(scene.label_store for scene in config.scenes)
        task.predict(scenes, tmp_dir)
        links, properties = described(config)
        for scene_config, scene in zip(config.scenes, scenes, strict=True):
            write_item(
                scene_config,
                scene,
                config.task,
                id=scene_config.id,
                links=links,
                properties=properties,
            )
