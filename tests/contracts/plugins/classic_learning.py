"""A task and a backend written the classic way.

The task's message is a flat Struct with nulls, the backend's is JSON text in a Struct. The
backend has no report_io: the io definition that its update_for_command returns is its report.
"""

import json
import os
from copy import deepcopy

import numpy as np

import rvcli as rv
from rvcli.core.class_map import ClassMap
from rvcli.protos.backend_pb2 import BackendConfig as BackendConfigMsg
from rvcli.protos.task_pb2 import TaskConfig as TaskConfigMsg
from rvcli.utils.files import file_to_json, json_to_file, list_paths

CLASSIC_TASK = "CLASSIC_TASK"
CLASSIC_BACKEND = "CLASSIC_BACKEND"


class ClassicTask(rv.Task):
    """Gives every pixel a class, in windows that lie side by side."""

    def _windows(self, extent):
        return extent.get_windows(self.config.chip_size, self.config.chip_size)

    def get_train_windows(self, scene):
        return self._windows(scene.raster_source.get_extent())

    def get_train_labels(self, window, scene):
        return scene.ground_truth_label_source.get_labels(window)

    def get_predict_windows(self, extent):
        return self._windows(extent)

    def post_process_predictions(self, labels, scene):
        return labels

    def save_debug_predict_image(self, scene, debug_dir_uri):
        pass


class ClassicTaskConfig(rv.TaskConfig):
    def __init__(
        self,
        class_map,
        predict_batch_size=10,
        predict_package_uri=None,
        debug=True,
        predict_debug_uri=None,
        chip_size=300,
        note=None,
    ):
        super().__init__(
            CLASSIC_TASK, predict_batch_size, predict_package_uri, debug, predict_debug_uri
        )
        self.class_map = class_map
        self.chip_size = chip_size
        self.note = note

    def create_task(self, backend):
        return ClassicTask(self, backend)

    def to_proto(self):
        msg = super().to_proto()
        names = [[item.id, item.name] for item in self.class_map.get_items()]
        msg.MergeFrom(
            TaskConfigMsg(
                custom_config={"chip_size": self.chip_size, "note": self.note, "classes": names}
            )
        )
        return msg

    def save_bundle_files(self, bundle_dir):
        return (self, [])

    def load_bundle_files(self, bundle_dir):
        return self


class ClassicTaskConfigBuilder(rv.TaskConfigBuilder):
    def __init__(self, prev=None):
        config = {}
        if prev:
            config = {
                "class_map": prev.class_map,
                "predict_batch_size": prev.predict_batch_size,
                "predict_package_uri": prev.predict_package_uri,
                "debug": prev.debug,
                "predict_debug_uri": prev.predict_debug_uri,
                "chip_size": prev.chip_size,
                "note": prev.note,
            }
        super().__init__(ClassicTaskConfig, config)

    def validate(self):
        super().validate()
        if "class_map" not in self.config:
            raise rv.ConfigError("Class map required for this task. Use 'with_classes'")

    def from_proto(self, msg):
        content = msg.custom_config
        items = [rv.ClassItem(int(i), name) for i, name in content["classes"]]
        b = super().from_proto(msg).with_classes(items).with_chip_size(int(content["chip_size"]))
        return b.with_note(content["note"])

    def with_classes(self, classes):
        b = deepcopy(self)
        b.config["class_map"] = ClassMap.construct_from(classes)
        return b

    def with_chip_size(self, chip_size):
        b = deepcopy(self)
        b.config["chip_size"] = chip_size
        return b

    def with_note(self, note):
        b = deepcopy(self)
        b.config["note"] = note
        return b


class ClassicBackend(rv.Backend):
    """Learns the mean of the first channel for each class."""

    def __init__(self, chip_uri, model_uri):
        self.chip_uri = chip_uri
        self.model_uri = model_uri

    def process_scene_data(self, scene, data, tmp_dir):
        sums = {}
        for chip, window, labels in data:
            classes = labels.get_label_arr(window)
            for class_id in np.unique(classes):
                chosen = chip[..., 0][classes == class_id]
                count, total = sums.get(int(class_id), (0, 0.0))
                sums[int(class_id)] = (count + chosen.size, total + float(chosen.sum()))
        return (scene.id, sums)

    def process_sceneset_results(self, training_results, validation_results, tmp_dir):
        for scene_id, sums in training_results:
            json_to_file(sums, os.path.join(self.chip_uri, "{}.json".format(scene_id)))

    def train(self, tmp_dir):
        totals = {}
        for uri in list_paths(self.chip_uri, ".json"):
            for class_id, (count, total) in file_to_json(uri).items():
                before = totals.get(class_id, (0, 0.0))
                totals[class_id] = (before[0] + count, before[1] + total)
        json_to_file({c: total / count for c, (count, total) in totals.items()}, self.model_uri)

    def load_model(self, tmp_dir):
        self.means = {int(c): mean for c, mean in file_to_json(self.model_uri).items()}

    def predict(self, chips, windows, tmp_dir):
        arrays = {}
        for chip, window in zip(chips, windows):
            ids = np.array(list(self.means), dtype=np.uint8)
            distances = np.stack([abs(chip[..., 0] - float(m)) for m in self.means.values()])
            arrays[window.tuple_format()] = ids[distances.argmin(axis=0)]
        return rv.SemanticSegmentationLabels(windows, lambda w: arrays[w.tuple_format()])


class ClassicBackendConfig(rv.BackendConfig):
    def __init__(self, class_ids, options=None, pretrained_model_uri=None, uris=None):
        super().__init__(CLASSIC_BACKEND, pretrained_model_uri)
        self.class_ids = class_ids
        self.options = options or {}
        self.uris = uris or {}

    def create_backend(self, task_config):
        return ClassicBackend(self.uris.get("chips"), self.uris.get("model"))

    def to_proto(self):
        content = {
            "class_ids": self.class_ids,
            "options": self.options,
            "pretrained": self.pretrained_model_uri,
            "uris": self.uris,
        }
        return BackendConfigMsg(
            backend_type=self.backend_type, custom_config={"json": json.dumps(content)}
        )

    def update_for_command(self, command_type, experiment_config, context=None, io_def=None):
        io_def = io_def or rv.core.CommandIODefinition()
        if "chips" not in self.uris:
            self.uris["chips"] = os.path.join(experiment_config.chip_uri, "chips")
        if "model" not in self.uris:
            self.uris["model"] = os.path.join(experiment_config.train_uri, "model.json")
        if command_type == rv.CHIP:
            io_def.add_output(self.uris["chips"])
        if command_type == rv.TRAIN:
            io_def.add_input(self.uris["chips"])
            io_def.add_output(self.uris["model"])
        if command_type in [rv.PREDICT, rv.BUNDLE]:
            io_def.add_input(self.uris["model"])
        return io_def

    def save_bundle_files(self, bundle_dir):
        path, name = self.bundle_file(self.uris["model"], bundle_dir)
        config = deepcopy(self)
        config.uris = {"model": name}
        return (config, [path])

    def load_bundle_files(self, bundle_dir):
        config = deepcopy(self)
        config.uris = {"model": os.path.join(bundle_dir, self.uris["model"])}
        return config


class ClassicBackendConfigBuilder(rv.BackendConfigBuilder):
    def __init__(self, prev=None):
        config = {}
        if prev:
            config = {
                "class_ids": prev.class_ids,
                "options": deepcopy(prev.options),
                "pretrained_model_uri": prev.pretrained_model_uri,
                "uris": deepcopy(prev.uris),
            }
        super().__init__(CLASSIC_BACKEND, ClassicBackendConfig, config, prev)

    def _applicable_tasks(self):
        return [CLASSIC_TASK]

    def _process_task(self):
        b = deepcopy(self)
        b.config["class_ids"] = self.task.class_map.get_keys()
        return b

    def from_proto(self, msg):
        content = json.loads(msg.custom_config["json"])
        b = self.with_pretrained_model(content.pop("pretrained"))
        b.config.update(content)
        return b

    def with_options(self, **options):
        b = deepcopy(self)
        b.config["options"] = options
        return b


def register_plugin(plugin_registry):
    plugin_registry.register_config_builder(rv.TASK, CLASSIC_TASK, ClassicTaskConfigBuilder)
    plugin_registry.register_config_builder(
        rv.BACKEND, CLASSIC_BACKEND, ClassicBackendConfigBuilder
    )
