"""An auxiliary command, an evaluator and a backend, written by hand as plugins of 0.9 were."""

import json
from copy import deepcopy

import rastervision as rv
from rastervision.protos.backend_pb2 import BackendConfig as BackendConfigMsg
from rastervision.protos.evaluator_pb2 import EvaluatorConfig as EvaluatorConfigMsg
from rastervision.core import CommandIODefinition
from rastervision.evaluation import Evaluator, EvaluatorConfig, EvaluatorConfigBuilder
from rastervision.utils.files import file_to_json, json_to_file

TILES = "TILES"
COUNTER = "COUNTER"
MEAN_BACKEND = "MEAN_BACKEND"


class TilesCommand(rv.AuxCommand):
    command_type = TILES
    command_options = rv.AuxCommandOptions(
        split_on="uris",
        inputs=lambda conf: map(lambda pair: pair[0], conf["uris"]),
        outputs=lambda conf: [pair[1] for pair in conf["uris"]],
        include_by_default=True,
        required_fields=["uris"],
    )

    def run(self, tmp_dir=None):
        for source, target in self.command_config["uris"]:
            json_to_file(file_to_json(source), target)


class Counter(Evaluator):
    def __init__(self, output_uri):
        self.output_uri = output_uri

    def process(self, scenes, tmp_dir):
        json_to_file({"n": len(scenes)}, self.output_uri)


class CounterConfig(EvaluatorConfig):
    def __init__(self, output_uri=None):
        super().__init__(COUNTER)
        self.output_uri = output_uri

    def to_proto(self):
        msg = EvaluatorConfigMsg(evaluator_type=self.evaluator_type)
        msg.custom_config["json"] = json.dumps({"output_uri": self.output_uri})
        return msg

    def create_evaluator(self):
        return Counter(self.output_uri)

    def update_for_command(self, command_type, experiment_config, context=None):
        if command_type == rv.EVAL and self.output_uri is None:
            self.output_uri = experiment_config.eval_uri + "/counter.json"

    def report_io(self, command_type, io_def):
        if command_type == rv.EVAL:
            io_def.add_output(self.output_uri)


class CounterConfigBuilder(EvaluatorConfigBuilder):
    def __init__(self, prev=None):
        super().__init__(CounterConfig, {"output_uri": prev.output_uri if prev else None})

    @staticmethod
    def from_proto(msg):
        b = CounterConfigBuilder()
        return b.with_output_uri(json.loads(msg.custom_config["json"])["output_uri"])

    def with_output_uri(self, output_uri):
        b = deepcopy(self)
        b.config["output_uri"] = output_uri
        return b


class MeanBackend(rv.backend.Backend):
    def __init__(self, model_uri):
        self.model_uri = model_uri

    def process_scene_data(self, scene, data, tmp_dir):
        pass

    def process_sceneset_results(self, training_results, validation_results, tmp_dir):
        pass

    def train(self, tmp_dir):
        pass

    def load_model(self, tmp_dir):
        pass

    def predict(self, chips, windows, tmp_dir):
        pass


class MeanBackendConfig(rv.BackendConfig):
    def __init__(self, model_uri=None):
        super().__init__(MEAN_BACKEND)
        self.model_uri = model_uri

    def to_proto(self):
        return BackendConfigMsg(
            backend_type=MEAN_BACKEND, custom_config={"model_uri": self.model_uri}
        )

    def create_backend(self, task_config):
        return MeanBackend(self.model_uri)

    def save_bundle_files(self, bundle_dir):
        return self, []

    def load_bundle_files(self, bundle_dir):
        return self

    def update_for_command(self, command_type, experiment_config, context=None):
        io_def = CommandIODefinition()
        self.model_uri = experiment_config.train_uri + "/mean.json"
        if command_type == rv.TRAIN:
            io_def.add_output(self.model_uri)
        if command_type in [rv.PREDICT, rv.BUNDLE]:
            io_def.add_input(self.model_uri)
        return self, io_def


class MeanBackendConfigBuilder(rv.BackendConfigBuilder):
    def __init__(self, prev=None):
        super().__init__(
            MEAN_BACKEND, MeanBackendConfig, {"model_uri": prev.model_uri} if prev else {}, prev
        )

    def _applicable_tasks(self):
        return [rv.SEMANTIC_SEGMENTATION]

    def _process_task(self):
        return self

    def from_proto(self, msg):
        b = deepcopy(self)
        b.config["model_uri"] = msg.custom_config["model_uri"]
        return b


def register_plugin(plugin_registry):
    plugin_registry.register_aux_command(TILES, TilesCommand)
    plugin_registry.register_config_builder(rv.EVALUATOR, COUNTER, CounterConfigBuilder)
    plugin_registry.register_config_builder(rv.BACKEND, MEAN_BACKEND, MeanBackendConfigBuilder)
