"""A plugin for memory.py: backends that keep no chips and learn nothing."""

from __future__ import annotations

from typing import Any

import rvcli as rv
from rvcli.filesystem import join_uri
from rvcli.utils.files import file_to_json, json_to_file

BRIGHT = 170  # of 255, after scaling by statistics: between buildings and ground


class Constant(rv.Backend):
    """Predicts class 1, whatever it sees: every pixel, every cell, a box in every window."""

    gives_scores = True

    def __init__(self, task_config: Any, model_uri: str) -> None:
        self.task_type = task_config.task_type
        self.class_count = len(task_config.class_map)
        self.model_uri = model_uri

    def process_scene_data(self, scene: Any, data: Any, tmp_dir: str) -> int:
        """Read all chips and their labels, and keep none."""
        if self.task_type != rv.SEMANTIC_SEGMENTATION:
            return sum(1 for _ in data)
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
        assert file_to_json(self.model_uri) == {"class_id": 1}

    def predict(self, chips: Any, windows: Any, tmp_dir: str) -> Any:
        """Give everything the class."""
        import numpy as np

        if self.task_type == rv.CHIP_CLASSIFICATION:
            scores = [[1.0, 0.0]] * len(windows)
            return rv.ChipClassificationLabels.from_scores(windows, scores, [1, 2])
        if self.task_type == rv.OBJECT_DETECTION:
            boxes = [
                window.make_eroded(window.get_width() // 3).npbox_format() for window in windows
            ]
            ones = np.ones(len(windows))
            return rv.ObjectDetectionLabels(np.array(boxes), ones.astype(int), ones * 0.9)
        arrays = {window: self.classes(chip) for chip, window in zip(chips, windows, strict=True)}
        return rv.SemanticSegmentationLabels(windows, arrays.__getitem__)

    def predict_scores(self, chips: Any, windows: Any, tmp_dir: str) -> list[Any]:
        """Give the classes a probability of 1."""
        import numpy as np

        return [
            np.stack([self.classes(chip) == i + 1 for i in range(self.class_count)]).astype(
                np.float32
            )
            for chip in chips
        ]

    def classes(self, chip: Any) -> Any:
        """Return class ids of pixels, shape (height, width)."""
        import numpy as np

        return np.ones(chip.shape[:2], np.uint8)


class Bright(Constant):
    """Predicts class 1 where it is bright, else class 2."""

    def classes(self, chip: Any) -> Any:
        """Return class ids of pixels, shape (height, width)."""
        import numpy as np

        return np.where(chip[:, :, 0] > BRIGHT, 1, 2).astype(np.uint8)


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
        return Constant(task_config, self.model_uri or "")

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


class BrightConfig(ConstantConfig):
    """Predict what is bright."""

    key = "BRIGHT"

    def create_backend(self, task_config: Any) -> Constant:
        """Return the backend that does the work."""
        return Bright(task_config, self.model_uri or "")


def register_plugin(plugin_registry: Any) -> None:
    """Tell `rv` what this file brings."""
    plugin_registry.register_config(ConstantConfig)
    plugin_registry.register_config(BrightConfig)
