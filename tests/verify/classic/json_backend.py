"""A backend that packs its options into JSON text, with the old forms of several methods."""

import json
from copy import deepcopy

import rvcli as rv
from rvcli.protos.backend_pb2 import BackendConfig as BackendConfigMsg

JSON_BACKEND = "JSON_BACKEND"
NAMES = ("chip_uri", "model_uri", "batch_size", "lr", "sizes")


class JsonBackend(rv.Backend):
    """Does nothing."""

    def __init__(self, config):
        self.config = config

    def process_scene_data(self, scene, data, tmp_dir):
        """Do nothing."""

    def process_sceneset_results(self, training_results, validation_results, tmp_dir):
        """Do nothing."""

    def train(self, tmp_dir):
        """Do nothing."""

    def load_model(self, tmp_dir):
        """Do nothing."""

    def predict(self, chips, windows, tmp_dir):
        """Do nothing."""


class JsonBackendConfig(rv.BackendConfig):
    """Holds integers, floats and lists, all of which JSON keeps."""

    def __init__(self, chip_uri=None, model_uri=None, batch_size=8, lr=1e-4, sizes=(1, 2)):
        super().__init__(JSON_BACKEND, None)
        self.chip_uri = chip_uri
        self.model_uri = model_uri
        self.batch_size = batch_size
        self.lr = lr
        self.sizes = list(sizes)

    def to_proto(self):
        """Add the options to the message of the base class."""
        text = json.dumps({name: getattr(self, name) for name in NAMES})
        msg = super().to_proto()
        msg.MergeFrom(BackendConfigMsg(backend_type=JSON_BACKEND, custom_config={"json": text}))
        return msg

    def create_backend(self, task_config):
        """Return the backend."""
        return JsonBackend(self)

    def update_for_command(self, command_type, experiment_config, context=None, io_def=None):
        """Return a pair."""
        self, io_def = super().update_for_command(command_type, experiment_config, context)
        if command_type == rv.CHIP:
            self.chip_uri = experiment_config.chip_uri
        return self, io_def

    def report_io(self, command_type, io_def):
        """Report chips and model."""
        super().report_io(command_type, io_def)
        if command_type == rv.CHIP:
            io_def.add_output(self.chip_uri)
        if command_type == rv.TRAIN:
            io_def.add_input(self.chip_uri)
            io_def.add_output(self.model_uri)


class JsonBackendConfigBuilder(rv.BackendConfigBuilder):
    """Builds the config."""

    def __init__(self, prev=None):
        values = {name: getattr(prev, name) for name in NAMES} if prev else {}
        super().__init__(JSON_BACKEND, JsonBackendConfig, values)

    def _applicable_tasks(self):
        return [rv.SEMANTIC_SEGMENTATION]

    def _process_task(self):
        return self

    def from_proto(self, msg):
        """Take the options from the text."""
        b = super().from_proto(msg)
        b.config.update(json.loads(msg.custom_config["json"]))
        return b

    def with_train_options(self, batch_size=8, lr=1e-4, sizes=(1, 2)):
        """Set several options."""
        b = deepcopy(self)
        b.config.update(batch_size=batch_size, lr=lr, sizes=sizes)
        return b

    def with_model_uri(self, model_uri):
        """Set the model."""
        b = deepcopy(self)
        b.config["model_uri"] = model_uri
        return b

    def validate(self):
        """Accept all."""


def register_plugin(plugin_registry):
    """Register the backend."""
    plugin_registry.register_config_builder(rv.BACKEND, JSON_BACKEND, JsonBackendConfigBuilder)
