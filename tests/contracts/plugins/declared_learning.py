"""A task, a backend and an augmentor written the short declared way."""

from __future__ import annotations

from typing import Any

import rvcli as rv
from rvcli.filesystem import join_uri


class GridTaskConfig(rv.TaskConfig):
    """Give every pixel a class."""

    key = "GRID_TASK"

    class_map: rv.ClassMap = rv.field(doc="The classes.")
    chip_size: int = rv.field(default=32, doc="Width of a window.", unit="pixels")

    def create_task(self, backend: Any) -> Any:
        """Return the task."""
        from entities_declared import GridTask

        return GridTask(self, backend)


class ThresholdConfig(rv.BackendConfig):
    """Tell two classes apart by their brightness."""

    key = "THRESHOLD"
    uses_gpu = False

    chip_uri: str | None = rv.field(
        default=None, doc="Chips.", output_of=(rv.CHIP,), input_of=(rv.TRAIN,)
    )
    model_uri: str | None = rv.field(
        default=None, doc="Model.", output_of=(rv.TRAIN,), input_of=(rv.PREDICT, rv.BUNDLE)
    )
    weights: dict[int, float] = rv.field(default_factory=dict, doc="Weight of each class.")
    seed: int = rv.field(default=0, doc="Seed.", used_by=(rv.TRAIN,))

    def create_backend(self, task_config: Any) -> Any:
        """Return the backend."""
        from entities_declared import Threshold

        return Threshold(self.chip_uri or "", self.model_uri or "")

    def update_for_command(
        self, command_type: str, experiment_config: Any, context: Any = None, io_def: Any = None
    ) -> Any:
        """Put the files below the URIs of the experiment."""
        self.chip_uri = self.chip_uri or join_uri(experiment_config.chip_uri, "chips")
        self.model_uri = self.model_uri or join_uri(experiment_config.train_uri, "model.json")
        return super().update_for_command(command_type, experiment_config, context, io_def)

    def save_bundle_files(self, bundle_dir: str) -> Any:
        """Copy the model."""
        path, name = self.bundle_file(self.model_uri or "", bundle_dir)
        return self.to_builder().with_model_uri(name).build(), [path]

    def load_bundle_files(self, bundle_dir: str) -> Any:
        """Name the model."""
        return self.to_builder().with_model_uri(join_uri(bundle_dir, self.model_uri)).build()


class FlipConfig(rv.AugmentorConfig):
    """Turn chips upside down."""

    key = "FLIP"

    axes: list[int] = rv.field(default_factory=lambda: [0], doc="Axes.")
    strength: float = rv.field(default=1.0, doc="Strength.")

    def create_augmentor(self) -> Any:
        """Return the augmentor."""
        return Flip()


class Flip(rv.augmentor.Augmentor):
    """Leaves chips as they are, in fact."""

    def process(self, training_data: Any, tmp_dir: str) -> Any:
        """Return the chips."""
        return training_data


def register_plugin(plugin_registry: Any) -> None:
    """Tell `rv` what this file brings."""
    for config_class in (GridTaskConfig, ThresholdConfig, FlipConfig):
        plugin_registry.register_config(config_class)
