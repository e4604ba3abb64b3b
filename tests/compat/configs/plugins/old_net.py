"""A backend as plugins for torch and fastai were written: options in two objects, as JSON."""

from copy import deepcopy
from os.path import join

import numpy as np
import rastervision as rv
from rastervision.backend import Backend
from rastervision.backend.simple_backend_config import (
    SimpleBackendConfig,
    SimpleBackendConfigBuilder,
)
from rastervision.data.label import SemanticSegmentationLabels
from rastervision.utils.files import (
    download_if_needed,
    file_to_json,
    json_to_file,
    make_dir,
    str_to_file,
    sync_from_dir,
    sync_to_dir,
)

OLD_NET = "OLD_NET"


class TrainOptions:
    def __init__(self, batch_size=None, lr=None, num_epochs=None, model_arch=None):
        self.batch_size = batch_size
        self.lr = lr
        self.num_epochs = num_epochs
        self.model_arch = model_arch


class OldNet(Backend):
    """Learns the mean of the first channel for each class."""

    def __init__(self, task_config, backend_opts, train_opts):
        self.task_config = task_config
        self.backend_opts = backend_opts
        self.train_opts = train_opts
        self.means = None

    def process_scene_data(self, scene, data, tmp_dir):
        found = {}
        for chip, window, labels in data:
            ids = labels.get_label_arr(window)
            for class_id in np.unique(ids):
                found.setdefault(str(class_id), []).append(float(chip[ids == class_id, 0].mean()))
        return found

    def process_sceneset_results(self, training_results, validation_results, tmp_dir):
        chip_dir = join(tmp_dir, "chips")
        make_dir(chip_dir)
        for i, found in enumerate(training_results):
            json_to_file(found, join(chip_dir, f"{i}.json"))
        sync_to_dir(chip_dir, self.backend_opts.chip_uri)

    def train(self, tmp_dir):
        chip_dir = join(tmp_dir, "chips")
        make_dir(chip_dir)
        sync_from_dir(self.backend_opts.chip_uri, chip_dir)
        found = file_to_json(join(chip_dir, "0.json"))
        means = {class_id: float(np.mean(values)) for class_id, values in found.items()}
        assert self.train_opts.batch_size == 4
        json_to_file(means, self.backend_opts.model_uri)
        str_to_file("done!", self.backend_opts.train_done_uri)

    def load_model(self, tmp_dir):
        if self.means is None:
            path = download_if_needed(self.backend_opts.model_uri, tmp_dir)
            self.means = {int(k): v for k, v in file_to_json(path).items()}

    def predict(self, chips, windows, tmp_dir):
        self.load_model(tmp_dir)
        ids = np.array(list(self.means))
        off = np.abs(chips[0][:, :, 0:1] - np.array(list(self.means.values())))
        label_arr = ids[np.argmin(off, axis=2)]
        return SemanticSegmentationLabels(windows, lambda w: label_arr)


class OldNetConfig(SimpleBackendConfig):
    train_opts_class = TrainOptions
    backend_type = OLD_NET
    backend_class = OldNet


class OldNetConfigBuilder(SimpleBackendConfigBuilder):
    config_class = OldNetConfig

    def _applicable_tasks(self):
        return [rv.SEMANTIC_SEGMENTATION]

    def with_train_options(self, batch_size=8, lr=1e-4, num_epochs=5, model_arch="resnet50"):
        b = deepcopy(self)
        b.train_opts = TrainOptions(
            batch_size=batch_size, lr=lr, num_epochs=num_epochs, model_arch=model_arch
        )
        return b


class OldNetForAllConfig(OldNetConfig):
    backend_type = "OLD_NET_FOR_ALL"


class OldNetForAllConfigBuilder(OldNetConfigBuilder):
    config_class = OldNetForAllConfig

    def __init__(self, prev_config=None):
        super().__init__(prev_config)

    def _applicable_tasks(self):
        return ["TILED_SEGMENTATION"]

    def _process_task(self):
        return self


def register_plugin(plugin_registry):
    plugin_registry.register_config_builder(rv.BACKEND, OLD_NET, OldNetConfigBuilder)
    plugin_registry.register_config_builder(
        rv.BACKEND, "OLD_NET_FOR_ALL", OldNetForAllConfigBuilder
    )
