"""An augmentor, an analyzer, an evaluator and the provider that makes it the default."""

import os
from copy import deepcopy

import numpy as np

import rastervision as rv
from rastervision.analyzer import (Analyzer, AnalyzerConfig, AnalyzerConfigBuilder)
from rastervision.augmentor import (Augmentor, AugmentorConfig, AugmentorConfigBuilder)
from rastervision.core.training_data import TrainingData
from rastervision.evaluation import (Evaluator, EvaluatorConfig, EvaluatorConfigBuilder)
from rastervision.evaluation.default import EvaluatorDefaultProvider
from rastervision.evaluation.semantic_segmentation_evaluation import \
    SemanticSegmentationEvaluation
from rastervision.core.class_map import ClassMap
from rastervision.protos.analyzer_pb2 import AnalyzerConfig as AnalyzerConfigMsg
from rastervision.protos.augmentor_pb2 import AugmentorConfig as AugmentorConfigMsg
from rastervision.protos.evaluator_pb2 import EvaluatorConfig as EvaluatorConfigMsg
from rastervision.rv_config import RVConfig
from rastervision.utils.files import json_to_file

MIRROR = 'MIRROR_AUGMENTOR'
BRIGHTNESS = 'BRIGHTNESS_ANALYZER'
BUILT_AREA = 'BUILT_AREA_EVALUATOR'


class MirrorAugmentor(Augmentor):
    def __init__(self, mirror_prob):
        self.mirror_prob = mirror_prob

    def process(self, training_data, tmp_dir):
        mirrored = TrainingData()
        random = np.random.RandomState(7)
        for chip, window, labels in training_data:
            mirrored.append(chip, window, labels)
            if random.uniform() < self.mirror_prob:
                # A flat chip is told from a mirrored one by nobody here, so labels stay.
                mirrored.append(chip.copy(), window, labels)
        return mirrored


class MirrorAugmentorConfig(AugmentorConfig):
    def __init__(self, mirror_prob=0.5):
        super().__init__(MIRROR)
        self.mirror_prob = mirror_prob

    def to_proto(self):
        return AugmentorConfigMsg(
            augmentor_type=self.augmentor_type, custom_config={'mirror_prob': self.mirror_prob})

    def create_augmentor(self):
        return MirrorAugmentor(self.mirror_prob)

    def update_for_command(self, command_type, experiment_config, context=None):
        return (self, rv.core.CommandIODefinition())


class MirrorAugmentorConfigBuilder(AugmentorConfigBuilder):
    def __init__(self, prev=None):
        config = {}
        if prev:
            config = {'mirror_prob': prev.mirror_prob}
        super().__init__(MirrorAugmentorConfig, config)

    def from_proto(self, msg):
        return self.with_probability(msg.custom_config['mirror_prob'])

    def with_probability(self, mirror_prob):
        b = deepcopy(self)
        b.config['mirror_prob'] = mirror_prob
        return b


class BrightnessAnalyzer(Analyzer):
    def __init__(self, output_uri, step):
        self.output_uri = output_uri
        self.step = step

    def process(self, scenes, tmp_dir):
        found = {}
        for scene in scenes:
            with scene.activate():
                source = scene.raster_source
                windows = source.get_extent().get_windows(256, 256)
                chips = [source.get_raw_chip(window) for window in windows[::self.step]]
                found[scene.id] = float(np.mean([chip.mean() for chip in chips]))
        json_to_file(found, self.output_uri)


class BrightnessAnalyzerConfig(AnalyzerConfig):
    def __init__(self, output_uri=None):
        super().__init__(BRIGHTNESS)
        self.output_uri = output_uri

    def create_analyzer(self):
        subconfig = RVConfig.get_instance().get_subconfig('BRIGHTNESS')
        return BrightnessAnalyzer(self.output_uri, subconfig('step', default='1', parser=int))

    def to_proto(self):
        msg = super().to_proto()
        msg.MergeFrom(AnalyzerConfigMsg(custom_config={'output_uri': self.output_uri}))
        return msg

    def update_for_command(self, command_type, experiment_config, context=None):
        conf = self
        io_def = rv.core.CommandIODefinition()
        if command_type == rv.ANALYZE:
            if not self.output_uri:
                output_uri = os.path.join(experiment_config.analyze_uri, 'brightness.json')
                conf = self.to_builder().with_output_uri(output_uri).build()
            io_def.add_output(conf.output_uri)
        return (conf, io_def)

    def save_bundle_files(self, bundle_dir):
        return (self, [])

    def load_bundle_files(self, bundle_dir):
        return self


class BrightnessAnalyzerConfigBuilder(AnalyzerConfigBuilder):
    def __init__(self, prev=None):
        config = {}
        if prev:
            config = {'output_uri': prev.output_uri}
        super().__init__(BrightnessAnalyzerConfig, config)

    def from_proto(self, msg):
        return self.with_output_uri(msg.custom_config['output_uri'])

    def with_output_uri(self, output_uri):
        b = deepcopy(self)
        b.config['output_uri'] = output_uri
        return b


class BuiltAreaEvaluator(Evaluator):
    """Says what share of each scene is built, beside the usual figures."""

    def __init__(self, class_map, output_uri):
        self.class_map = class_map
        self.output_uri = output_uri

    def process(self, scenes, tmp_dir):
        evaluation = SemanticSegmentationEvaluation(self.class_map)
        shares = {}
        for scene in scenes:
            print('Computing evaluation for scene {}...'.format(scene.id))
            with scene.activate():
                extent = scene.raster_source.get_extent()
                ground_truth = scene.ground_truth_label_source.get_labels(window=extent)
                predictions = scene.prediction_label_store.get_labels()
                whole = predictions.get_label_arr(extent)
                shares[scene.id] = float((whole == 1).mean())
                scene_evaluation = SemanticSegmentationEvaluation(self.class_map)
                scene_evaluation.compute(ground_truth, predictions)
                evaluation.merge(scene_evaluation, scene_id=scene.id)
        json_to_file({'shares': shares, 'overall': evaluation.to_json()}, self.output_uri)


class BuiltAreaEvaluatorConfig(EvaluatorConfig):
    def __init__(self, class_map, output_uri=None):
        super().__init__(BUILT_AREA)
        self.class_map = class_map
        self.output_uri = output_uri

    def create_evaluator(self):
        return BuiltAreaEvaluator(self.class_map, self.output_uri)

    def to_proto(self):
        items = [[item.id, item.name, item.color] for item in self.class_map.get_items()]
        return EvaluatorConfigMsg(
            evaluator_type=self.evaluator_type,
            custom_config={'output_uri': self.output_uri, 'classes': items})

    def update_for_command(self, command_type, experiment_config, context=None):
        conf = self
        io_def = rv.core.CommandIODefinition()
        if command_type == rv.EVAL:
            if not self.output_uri:
                output_uri = os.path.join(experiment_config.eval_uri, 'built-area.json')
                conf = self.to_builder().with_output_uri(output_uri).build()
            io_def.add_output(conf.output_uri)
        return (conf, io_def)


class BuiltAreaEvaluatorConfigBuilder(EvaluatorConfigBuilder):
    def __init__(self, prev=None):
        config = {}
        if prev:
            config = {'class_map': prev.class_map, 'output_uri': prev.output_uri}
        super().__init__(BuiltAreaEvaluatorConfig, config)

    def validate(self):
        if self.config.get('class_map') is None:
            raise rv.ConfigError('class_map not set for BuiltAreaEvaluatorConfig. '
                                 'Use "with_task".')

    def from_proto(self, msg):
        b = deepcopy(self)
        b.config['class_map'] = ClassMap.construct_from(
            {name: (int(i), color) for i, name, color in msg.custom_config['classes']})
        b.config['output_uri'] = msg.custom_config['output_uri']
        return b

    def with_task(self, task):
        b = deepcopy(self)
        b.config['class_map'] = task.class_map
        return b

    def with_output_uri(self, output_uri):
        b = deepcopy(self)
        b.config['output_uri'] = output_uri
        return b


class BuiltAreaDefaultProvider(EvaluatorDefaultProvider):
    @staticmethod
    def is_default_for(task_type):
        return task_type == 'LANDCOVER_TASK'

    @staticmethod
    def construct(task):
        return rv.EvaluatorConfig.builder(BUILT_AREA).with_task(task).build()


def register_plugin(plugin_registry):
    plugin_registry.register_config_builder(rv.AUGMENTOR, MIRROR, MirrorAugmentorConfigBuilder)
    plugin_registry.register_config_builder(rv.ANALYZER, BRIGHTNESS,
                                            BrightnessAnalyzerConfigBuilder)
    plugin_registry.register_config_builder(rv.EVALUATOR, BUILT_AREA,
                                            BuiltAreaEvaluatorConfigBuilder)
    plugin_registry.register_default_evaluator(BuiltAreaDefaultProvider)
