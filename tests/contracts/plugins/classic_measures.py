"""An augmentor, an analyzer and an evaluator written the classic way.

The analyzer reads its own section of the profile; what it says is what `LOUDNESS` says there.
"""

import os
from copy import deepcopy

import rvcli as rv
from rvcli.protos.analyzer_pb2 import AnalyzerConfig as AnalyzerConfigMsg
from rvcli.protos.augmentor_pb2 import AugmentorConfig as AugmentorConfigMsg
from rvcli.protos.evaluator_pb2 import EvaluatorConfig as EvaluatorConfigMsg
from rvcli.utils.files import json_to_file

TWICE = "CLASSIC_TWICE"
COUNTER = "CLASSIC_COUNTER"
ACCURACY = "CLASSIC_ACCURACY"


class Twice(rv.augmentor.Augmentor):
    """Gives every chip as often as it is told to."""

    def __init__(self, times):
        self.times = times

    def process(self, training_data, tmp_dir):
        new = rv.core.TrainingData()
        for chip, window, labels in training_data:
            for _ in range(self.times):
                new.append(chip, window, labels)
        return new


class TwiceConfig(rv.AugmentorConfig):
    def __init__(self, times=2):
        super().__init__(TWICE)
        self.times = times

    def to_proto(self):
        msg = AugmentorConfigMsg(augmentor_type=self.augmentor_type)
        msg.custom_config["times"] = self.times
        return msg

    def create_augmentor(self):
        return Twice(int(self.times))

    def report_io(self, command_type, io_def):
        pass


class TwiceConfigBuilder(rv.AugmentorConfigBuilder):
    """Its config is an attribute of the class, and __init__ of the base is not called."""

    config = {"times": 2}

    def __init__(self, prev=None):
        if prev:
            self.config = {"times": prev.times}

    def build(self):
        return TwiceConfig(self.config["times"])

    def from_proto(self, msg):
        return self.with_times(msg.custom_config["times"])

    def with_times(self, times):
        b = deepcopy(self)
        b.config = {"times": times}
        return b


class Counter(rv.analyzer.Analyzer):
    def __init__(self, count_uri, loudness):
        self.count_uri = count_uri
        self.loudness = loudness

    def process(self, scenes, tmp_dir):
        json_to_file({"scenes": len(scenes), "loudness": self.loudness}, self.count_uri)


class CounterConfig(rv.AnalyzerConfig):
    """Takes and fills an io definition, and returns it; there is no report_io."""

    def __init__(self, count_uri=None):
        super().__init__(COUNTER)
        self.count_uri = count_uri

    def to_proto(self):
        msg = super().to_proto()
        msg.MergeFrom(AnalyzerConfigMsg(custom_config={"count_uri": self.count_uri}))
        return msg

    def create_analyzer(self):
        section = rv.RVConfig.get_instance().get_subconfig("CLASSIC_COUNTER")
        return Counter(self.count_uri, section("loudness", default="1", parser=int))

    def save_bundle_files(self, bundle_dir):
        path, name = self.bundle_file(self.count_uri, bundle_dir)
        return (self.to_builder().with_count_uri(name).build(), [path])

    def load_bundle_files(self, bundle_dir):
        uri = os.path.join(bundle_dir, self.count_uri)
        return self.to_builder().with_count_uri(uri).build()

    def update_for_command(self, command_type, experiment_config, context=None, io_def=None):
        if io_def is None:
            io_def = rv.core.CommandIODefinition()
        if not self.count_uri:
            self.count_uri = os.path.join(experiment_config.analyze_uri, "count.json")
        if command_type == rv.ANALYZE:
            io_def.add_output(self.count_uri)
        if command_type == rv.BUNDLE:
            io_def.add_input(self.count_uri)
        return io_def


class CounterConfigBuilder(rv.AnalyzerConfigBuilder):
    def __init__(self, prev=None):
        super().__init__(CounterConfig, {"count_uri": prev.count_uri if prev else None})

    def from_proto(self, msg):
        return self.with_count_uri(msg.custom_config["count_uri"])

    def with_count_uri(self, count_uri):
        b = deepcopy(self)
        b.config["count_uri"] = count_uri
        return b


class Accuracy(rv.evaluation.Evaluator):
    def __init__(self, uri):
        self.uri = uri

    def process(self, scenes, tmp_dir):
        shares = {}
        for scene in scenes:
            with scene.activate():
                window = scene.raster_source.get_extent()
                truth = scene.ground_truth_label_source.get_labels(window).get_label_arr(window)
                found = scene.prediction_label_store.get_labels().get_label_arr(window)
                shares[scene.id] = float((truth == found).mean())
        json_to_file(shares, self.uri)


class AccuracyConfig(rv.EvaluatorConfig):
    """Returns a new config from update_for_command, and has a report_io."""

    def __init__(self, class_map, uri=None):
        super().__init__(ACCURACY)
        self.class_map = class_map
        self.uri = uri

    def to_proto(self):
        names = [item.name for item in self.class_map.get_items()]
        return EvaluatorConfigMsg(
            evaluator_type=self.evaluator_type,
            custom_config={"uri": self.uri, "names": names, "nothing": None},
        )

    def create_evaluator(self):
        return Accuracy(self.uri)

    def update_for_command(self, command_type, experiment_config, context=None, io_def=None):
        if command_type == rv.EVAL and self.uri is None:
            uri = os.path.join(experiment_config.eval_uri, "accuracy.json")
            return (self.to_builder().with_uri(uri).build(), io_def)
        return (self, io_def)

    def report_io(self, command_type, io_def):
        if command_type == rv.EVAL:
            io_def.add_output(self.uri)


class AccuracyConfigBuilder(rv.EvaluatorConfigBuilder):
    def __init__(self, prev=None):
        config = {"class_map": prev.class_map, "uri": prev.uri} if prev else {}
        super().__init__(AccuracyConfig, config)

    def validate(self):
        if self.config.get("class_map") is None:
            raise rv.ConfigError("class_map not set. Use 'with_task'")

    def from_proto(self, msg):
        b = deepcopy(self)
        b.config["class_map"] = rv.core.ClassMap.construct_from(list(msg.custom_config["names"]))
        return b.with_uri(msg.custom_config["uri"])

    def with_task(self, task):
        b = deepcopy(self)
        b.config["class_map"] = task.class_map
        return b

    def with_uri(self, uri):
        b = deepcopy(self)
        b.config["uri"] = uri
        return b


def register_plugin(plugin_registry):
    register = plugin_registry.register_config_builder
    register(rv.AUGMENTOR, TWICE, TwiceConfigBuilder)
    register(rv.ANALYZER, COUNTER, CounterConfigBuilder)
    register(rv.EVALUATOR, ACCURACY, AccuracyConfigBuilder)
