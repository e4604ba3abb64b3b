"""A backend around another library: LightGBM classifies each pixel by its bands.

`rv.ChipBackend` stores the chips and `rv.SimpleBackendConfig` knows where all files lie; what
is left is to train, to load and to predict. `pip install lightgbm` where it runs.

    backend = rv.BackendConfig.builder("LIGHTGBM").with_task(task).with_rounds(80).build()
"""

from __future__ import annotations

from typing import Any

import rvcli as rv
from rvcli.utils.files import file_to_str, str_to_file


class LightGBM(rv.ChipBackend):
    """Boosted trees over the bands of single pixels."""

    kind = rv.ChipKind.PIXELS

    def __init__(self, class_map: rv.ClassMap, places: rv.Places, rounds: int) -> None:
        super().__init__(class_map, places)
        self.rounds = rounds
        self.booster: Any = None

    def train(self, tmp_dir: str) -> None:
        """Learn from all labelled pixels, and write the trees as text."""
        import lightgbm
        import numpy as np

        with rv.ChipSet(self.places.train_chip_uris, tmp_dir) as chips:
            pairs = [chips.read(index) for index in range(len(chips))]
        pixels = np.concatenate([chip[labels > 0] for chip, labels in pairs])
        classes = np.concatenate([labels[labels > 0] for _, labels in pairs])
        data = lightgbm.Dataset(pixels, np.searchsorted(self.class_ids, classes))
        options = {"objective": "multiclass", "num_class": len(self.class_ids), "verbosity": -1}
        booster = lightgbm.train({**options, "deterministic": True}, data, self.rounds)
        str_to_file(booster.model_to_string(), self.places.model())

    def load_model(self, tmp_dir: str) -> None:
        """Read the trees."""
        import lightgbm

        self.booster = lightgbm.Booster(model_str=file_to_str(self.places.model()))

    def predict(self, chips: Any, windows: Any, tmp_dir: str) -> rv.SemanticSegmentationLabels:
        """Give each pixel the class with the highest score."""
        import numpy as np

        ids = np.array(self.class_ids, np.uint8)
        found = {
            window: ids[self.booster.predict(chip.reshape(-1, chip.shape[2])).argmax(axis=1)]
            for chip, window in zip(chips, windows, strict=True)
        }
        return rv.SemanticSegmentationLabels(
            windows, lambda window: found[window].reshape(window.get_height(), window.get_width())
        )


class LightGBMConfig(rv.SimpleBackendConfig):
    """Classify each pixel by its bands, with LightGBM."""

    key = "LIGHTGBM"
    uses_validation_chips = False
    uses_gpu = False

    rounds: int = rv.field(default=50, doc="Number of trees for each class.", used_by=(rv.TRAIN,))

    def create_backend(self, task_config: Any) -> LightGBM:
        """Create the backend."""
        return LightGBM(task_config.class_map, self.places(), self.rounds)


def register_plugin(plugin_registry: rv.Registrar) -> None:
    """Register the backend."""
    plugin_registry.register_config(LightGBMConfig)
