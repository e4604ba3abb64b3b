"""An evaluator that counts, after those that ship: subclass and override (release 0.11)."""

from os.path import join

import rastervision as rv
from rastervision.evaluation.classification_evaluator import ClassificationEvaluator
from rastervision.evaluation.classification_evaluator_config import (
    ClassificationEvaluatorConfig, ClassificationEvaluatorConfigBuilder)
from rastervision.evaluation.object_detection_evaluation import ObjectDetectionEvaluation

COUNTING = 'COUNTING_EVALUATOR'


class CountingEvaluation(ObjectDetectionEvaluation):
    def compute(self, ground_truth_labels, prediction_labels):
        super().compute(ground_truth_labels, prediction_labels)
        self.numbers = (len(ground_truth_labels), len(prediction_labels))


class CountingEvaluator(ClassificationEvaluator):
    def __init__(self, class_map, output_uri):
        super().__init__(class_map, output_uri)

    def create_evaluation(self):
        return CountingEvaluation(self.class_map)


class CountingEvaluatorConfig(ClassificationEvaluatorConfig):
    def __init__(self, class_map, output_uri=None):
        super().__init__(COUNTING, class_map, output_uri)

    def create_evaluator(self):
        return CountingEvaluator(self.class_map, self.output_uri)

    def update_for_command(self, command_type, experiment_config, context=None):
        if command_type == rv.EVAL:
            self.output_uri = join(experiment_config.eval_uri, 'counting.json')


class CountingEvaluatorConfigBuilder(ClassificationEvaluatorConfigBuilder):
    def __init__(self, prev=None):
        self.config_class = CountingEvaluatorConfig
        super().__init__(prev)


def register_plugin(plugin_registry):
    plugin_registry.register_config_builder(rv.EVALUATOR, COUNTING, CountingEvaluatorConfigBuilder)
