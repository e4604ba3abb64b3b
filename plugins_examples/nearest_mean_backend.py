"""A backend in plain numpy: each pixel gets the class whose mean colour is nearest.

It shows what a backend needs: fields that say which command reads and writes which file, a
method for each command, and heavy imports only where the work is done, so that a machine
without numpy can plan and submit.

    backend = rv.BackendConfig.builder("NEAREST_MEAN").with_task(task).build()
"""

from __future__ import annotations

from typing import Any

import rvcli as rv
from rvcli.filesystem import join_uri
from rvcli.utils.files import file_to_json, json_to_file


class NearestMean(rv.Backend):
    """Learns the mean of each class, in one pass over the chips."""

    uses_validation_chips = False

    def __init__(self, sums_by_scene: dict[str, str], sums_uris: list[str], model_uri: str) -> None:
        self.sums_by_scene = sums_by_scene
        self.sums_uris = sums_uris
        self.model_uri = model_uri
        self.means: Any = None

    def process_scene_data(self, scene: Any, data: Any, tmp_dir: str) -> str:
        """Write the pixel count and the sum of the channels of each class in one scene."""
        import numpy as np

        sums: dict[int, Any] = {}
        for chip, window, labels in data:
            classes = labels.get_label_arr(window)
            pixels = chip.astype(np.float64)
            for class_id in np.unique(classes[classes > 0]):
                chosen = pixels[classes == class_id]
                sums[int(class_id)] = sums.get(int(class_id), 0) + np.array(
                    [len(chosen), *chosen.sum(axis=0)]
                )
        uri = self.sums_by_scene[scene.id]
        json_to_file({str(k): v.tolist() for k, v in sorted(sums.items())}, uri)
        return uri

    def process_sceneset_results(
        self, training_results: Any, validation_results: Any, tmp_dir: str
    ) -> None:
        """Nothing remains to be done."""

    def train(self, tmp_dir: str) -> None:
        """Add up the scenes, and write the mean of each class."""
        import numpy as np

        totals: dict[str, Any] = {}
        for uri in self.sums_uris:
            for class_id, values in file_to_json(uri).items():
                totals[class_id] = totals.get(class_id, 0) + np.array(values)
        means = {class_id: (t[1:] / t[0]).tolist() for class_id, t in sorted(totals.items())}
        json_to_file(means, self.model_uri)

    def load_model(self, tmp_dir: str) -> None:
        """Read the means."""
        import numpy as np

        content = file_to_json(self.model_uri)
        self.class_ids = np.array([int(class_id) for class_id in content], dtype=np.uint8)
        self.means = np.array(list(content.values()), dtype=np.float64)

    def predict(self, chips: Any, windows: Any, tmp_dir: str) -> Any:
        """Return the nearest class of each pixel; where all channels are 0, ignore."""
        arrays = {
            window.tuple_format(): self.classify(chip)
            for chip, window in zip(chips, windows, strict=True)
        }
        return rv.SemanticSegmentationLabels(windows, lambda window: arrays[window.tuple_format()])

    def classify(self, chip: Any) -> Any:
        """Return uint8 class ids, shape (height, width)."""
        import numpy as np

        distances = np.stack([((chip - mean) ** 2).sum(axis=-1) for mean in self.means])
        return np.where(chip.any(axis=-1), self.class_ids[distances.argmin(axis=0)], 0).astype(
            np.uint8
        )


class NearestMeanConfig(rv.BackendConfig):
    """Give each pixel the class whose mean colour is nearest."""

    key = "NEAREST_MEAN"
    uses_validation_chips = False

    scene_ids: list[str] = rv.field(
        default_factory=list, doc="Scenes to learn from; those of the dataset.", used_by=(rv.CHIP,)
    )
    sums_uris: list[str] = rv.field(
        default_factory=list,
        doc="What is kept of the chips, a file for each scene.",
        output_of=(rv.CHIP,),
        input_of=(rv.TRAIN,),
        used_by=(rv.CHIP, rv.TRAIN),
    )
    model_uri: str | None = rv.field(
        default=None,
        doc="The means; below the train URI if not set.",
        output_of=(rv.TRAIN,),
        input_of=(rv.PREDICT, rv.BUNDLE),
        used_by=(rv.TRAIN, rv.PREDICT, rv.BUNDLE),
    )

    def create_backend(self, task_config: Any) -> NearestMean:
        """Return the backend that does the work."""
        by_scene = dict(zip(self.scene_ids, self.sums_uris, strict=False))
        return NearestMean(by_scene, self.sums_uris, self.model_uri or "")

    def update_for_command(
        self, command_type: str, experiment_config: Any, context: Any = None, io_def: Any = None
    ) -> Any:
        """Put the files below the URIs of the experiment."""
        self.model_uri = self.model_uri or join_uri(experiment_config.train_uri, "means.json")
        self.scene_ids = [scene.id for scene in experiment_config.dataset.train_scenes]
        self.sums_uris = [
            join_uri(experiment_config.chip_uri, f"{scene_id}.sums.json")
            for scene_id in self.scene_ids
        ]
        return super().update_for_command(command_type, experiment_config, context, io_def)

    def for_scenes(self, train_ids: list[str], validation_ids: list[str]) -> Any:
        """Return the config for a chip command that has only some of the scenes."""
        new = self.clone()
        kept = [
            pair
            for pair in zip(self.scene_ids, self.sums_uris, strict=True)
            if pair[0] in train_ids
        ]
        new.scene_ids, new.sums_uris = [pair[0] for pair in kept], [pair[1] for pair in kept]
        return new

    def save_bundle_files(self, bundle_dir: str) -> Any:
        """Copy the model into the predict package."""
        path, name = self.bundle_file(self.model_uri, bundle_dir)
        new = self.clone()
        new.scene_ids, new.sums_uris, new.model_uri = [], [], name
        return new, [path]

    def load_bundle_files(self, bundle_dir: str) -> Any:
        """Name the model where the package was unpacked."""
        new = self.clone()
        new.model_uri = join_uri(bundle_dir, self.model_uri)
        return new


def register_plugin(plugin_registry: Any) -> None:
    """Tell `rv` what this file brings."""
    plugin_registry.register_config(NearestMeanConfig)
