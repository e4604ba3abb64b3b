"""A plugin for memory.py: a backend that keeps no chips and predicts one class everywhere."""

from __future__ import annotations

from typing import Any

import rvcli as rv
from rvcli.filesystem import join_uri
from rvcli.utils.files import file_to_json, json_to_file


class Constant(rv.Backend):
    """Predicts one class, whatever it sees."""

    def __init__(self, model_uri: str) -> None:
        self.model_uri = model_uri
        self.class_id = 0

    def process_scene_data(self, scene: Any, data: Any, tmp_dir: str) -> int:
        """Read all chips and their labels, and keep none."""
        return sum(int(labels.get_label_arr(window).size) for _, window, labels in data)

    def process_sceneset_results(
        self, training_results: Any, validation_results: Any, tmp_dir: str
    ) -> None:
        """Nothing remains to be done."""

    def train(self, tmp_dir: str) -> None:
        """Write the class down."""
        json_to_file({"class_id": 1}, self.model_uri)

    def load_model(self, tmp_dir: str) -> None:
        """Read the class."""
        self.class_id = file_to_json(self.model_uri)["class_id"]

    def predict(self, chips: Any, windows: Any, tmp_dir: str) -> Any:
        """Give every pixel the class."""
        import numpy as np

        def label_fn(window: Any) -> Any:
            return np.full((window.get_height(), window.get_width()), self.class_id, np.uint8)

        return rv.SemanticSegmentationLabels(windows, label_fn)


class ConstantConfig(rv.BackendConfig):
    """Predict one class everywhere."""

    key = "CONSTANT"
    uses_validation_chips = False
    uses_gpu = False

    model_uri: str | None = rv.field(
        default=None,
        doc="The class; below the train URI if not set.",
        output_of=(rv.TRAIN,),
        input_of=(rv.PREDICT, rv.BUNDLE),
        used_by=(rv.TRAIN, rv.PREDICT, rv.BUNDLE),
    )

    def create_backend(self, task_config: Any) -> Constant:
        """Return the backend that does the work."""
        return Constant(self.model_uri or "")

    def update_for_command(
        self, command_type: str, experiment_config: Any, context: Any = None, io_def: Any = None
    ) -> Any:
        """Put the file below the train URI of the experiment."""
        self.model_uri = self.model_uri or join_uri(experiment_config.train_uri, "constant.json")
        return super().update_for_command(command_type, experiment_config, context, io_def)

    def save_bundle_files(self, bundle_dir: str) -> Any:
        """Copy the class into the package."""
        local_path, name = self.bundle_file(self.model_uri or "", bundle_dir)
        new = self.clone()
        new.model_uri = name
        return new, [local_path]

    def load_bundle_files(self, bundle_dir: str) -> Any:
        """Name the class where the package was unpacked."""
        new = self.clone()
        new.model_uri = join_uri(bundle_dir, self.model_uri or "constant.json")
        return new


def register_plugin(plugin_registry: Any) -> None:
    """Tell `rv` what this file brings."""
    plugin_registry.register_config(ConstantConfig)
