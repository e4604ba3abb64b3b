"""Every kind of component, mocked as unit tests of releases 0.8 to 0.11 mocked them.

Configs and builders give themselves for their copies, and hand every call to a MagicMock.
"""

from unittest.mock import MagicMock

import numpy as np
import rastervision as rv
from rastervision.analyzer import Analyzer, AnalyzerConfig, AnalyzerConfigBuilder
from rastervision.augmentor import Augmentor, AugmentorConfig, AugmentorConfigBuilder
from rastervision.backend import Backend, BackendConfig, BackendConfigBuilder
from rastervision.command import AuxCommand, AuxCommandOptions
from rastervision.core import Box
from rastervision.data import (
    ChipClassificationLabels,
    IdentityCRSTransformer,
    LabelSource,
    LabelSourceConfig,
    LabelSourceConfigBuilder,
    LabelStore,
    LabelStoreConfig,
    LabelStoreConfigBuilder,
    RasterSource,
    RasterSourceConfig,
    RasterSourceConfigBuilder,
    RasterTransformer,
    RasterTransformerConfig,
    RasterTransformerConfigBuilder,
    VectorSource,
    VectorSourceConfig,
    VectorSourceConfigBuilder,
)
from rastervision.evaluation import Evaluator, EvaluatorConfig, EvaluatorConfigBuilder
from rastervision.protos.raster_source_pb2 import RasterSourceConfig as RasterSourceConfigMsg
from rastervision.task import Task, TaskConfig, TaskConfigBuilder

MOCK = "MOCK"


class OneOfAKind:
    """There is but one: its deep copy is itself."""

    def __deepcopy__(self, memo):
        return self


class Mocked(OneOfAKind):
    """Gives a mock the first word about every message, report and update."""

    def mock_all(self):
        self.mock = MagicMock()
        self.mock.to_proto.return_value = None
        self.mock.update_for_command.return_value = None
        self.mock.create.return_value = None
        self.mock.save_bundle_files.return_value = (self, [])
        self.mock.load_bundle_files.return_value = self
        self.mock.for_prediction.return_value = self
        self.mock.create_local.return_value = self

    def to_proto(self):
        result = self.mock.to_proto()
        return super().to_proto() if result is None else result

    def update_for_command(self, command_type, experiment_config, context=None):
        super().update_for_command(command_type, experiment_config, context)
        return self.mock.update_for_command(command_type, experiment_config, context)

    def report_io(self, command_type, io_def):
        self.mock.report_io(command_type, io_def)

    def save_bundle_files(self, bundle_dir):
        return self.mock.save_bundle_files(bundle_dir)

    def load_bundle_files(self, bundle_dir):
        return self.mock.load_bundle_files(bundle_dir)

    def made(self, default, *args):
        result = self.mock.create(*args)
        return default if result is None else result


class MockedBuilder(OneOfAKind):
    def mock_all(self):
        self.mock = MagicMock()
        self.mock.from_proto.return_value = None

    def validate(self):
        self.mock.validate()

    def from_proto(self, msg):
        result = self.mock.from_proto(msg)
        return super().from_proto(msg) if result is None else result


class MockTask(Task):
    def __init__(self, task_config, backend):
        super().__init__(task_config, backend)
        self.mock = MagicMock()

    def get_train_windows(self, scene):
        return [Box.make_square(0, 0, 1)]

    def get_train_labels(self, window, scene):
        return ChipClassificationLabels()

    def post_process_predictions(self, labels, scene):
        return self.mock.post_process_predictions(labels, scene)

    def get_predict_windows(self, extent):
        return [Box.make_square(0, 0, 1)]

    def save_debug_predict_image(self, scene, debug_dir_uri):
        return self.mock.save_debug_predict_image(scene, debug_dir_uri)


class MockTaskConfig(Mocked, TaskConfig):
    def __init__(self):
        super().__init__(MOCK)
        self.mock_all()

    def create_task(self, backend):
        return self.made(MockTask(self, backend), backend)


class MockTaskConfigBuilder(MockedBuilder, TaskConfigBuilder):
    def __init__(self, prev=None):
        super().__init__(MockTaskConfig, {})
        self.mock_all()


class MockBackend(Backend):
    def __init__(self):
        self.mock = MagicMock()

    def process_scene_data(self, scene, data, tmp_dir):
        return self.mock.process_scene_data(scene, data, tmp_dir)

    def process_sceneset_results(self, training_results, validation_results, tmp_dir):
        return self.mock.process_sceneset_results(training_results, validation_results, tmp_dir)

    def train(self, tmp_dir):
        return self.mock.train(tmp_dir)

    def load_model(self, tmp_dir):
        return self.mock.load_model(tmp_dir)

    def predict(self, chips, windows, tmp_dir):
        self.mock.predict(chips, windows, tmp_dir)
        return ChipClassificationLabels()


class MockBackendConfig(Mocked, BackendConfig):
    def __init__(self):
        super().__init__(MOCK)
        self.mock_all()

    def create_backend(self, task_config):
        return self.made(MockBackend(), task_config)


class MockBackendConfigBuilder(MockedBuilder, BackendConfigBuilder):
    def __init__(self, prev=None):
        super().__init__(MOCK, MockBackendConfig, {}, prev)
        self.mock_all()

    def _applicable_tasks(self):
        return [MOCK]

    def _process_task(self):
        return self


class MockRasterSource(RasterSource):
    def __init__(self, channel_order, num_channels, raster_transformers=[]):
        super().__init__(channel_order, num_channels, raster_transformers)
        self.mock = MagicMock()

    def get_extent(self):
        return Box.make_square(0, 0, 2)

    def get_dtype(self):
        return np.uint8

    def get_crs_transformer(self):
        return IdentityCRSTransformer()

    def _get_chip(self, window):
        return np.random.rand(window.get_height(), window.get_width(), 1)


class MockRasterSourceConfig(Mocked, RasterSourceConfig):
    def __init__(self, transformers=None, channel_order=None):
        super().__init__(MOCK, transformers, channel_order)
        self.mock_all()

    def to_proto(self):
        msg = super().to_proto()
        msg.MergeFrom(RasterSourceConfigMsg(custom_config={}))
        return msg

    def create_source(self, tmp_dir, crs_transformer, extent, class_map):
        return self.made(MockRasterSource([0], 1), tmp_dir, crs_transformer, extent, class_map)

    def for_prediction(self, image_uri):
        return self.mock.for_prediction(image_uri)

    def create_local(self, tmp_dir):
        return self.mock.create_local(tmp_dir)


class MockRasterSourceConfigBuilder(MockedBuilder, RasterSourceConfigBuilder):
    def __init__(self, prev=None):
        super().__init__(MockRasterSourceConfig, {})
        self.mock_all()


class MockVectorSource(VectorSource):
    def _get_geojson(self):
        return {"type": "FeatureCollection", "features": []}


class MockVectorSourceConfig(Mocked, VectorSourceConfig):
    def __init__(self):
        super().__init__(MOCK)
        self.mock_all()

    def create_source(self, crs_transformer=None, extent=None, class_map=None):
        return self.made(MockVectorSource(crs_transformer), crs_transformer, extent, class_map)


class MockVectorSourceConfigBuilder(MockedBuilder, VectorSourceConfigBuilder):
    def __init__(self, prev=None):
        super().__init__(MockVectorSourceConfig, {})
        self.mock_all()


class MockLabelSource(LabelSource):
    def get_labels(self, window=None):
        return ChipClassificationLabels()


class MockLabelSourceConfig(Mocked, LabelSourceConfig):
    def __init__(self):
        super().__init__(MOCK)
        self.mock_all()

    def create_source(self, task_config, extent, crs_transformer, tmp_dir):
        return self.made(MockLabelSource(), task_config, extent, crs_transformer, tmp_dir)


class MockLabelSourceConfigBuilder(MockedBuilder, LabelSourceConfigBuilder):
    def __init__(self, prev=None):
        super().__init__(MockLabelSourceConfig, {})
        self.mock_all()


class MockLabelStore(LabelStore):
    def __init__(self):
        self.mock = MagicMock()

    def save(self, labels):
        self.mock.save(labels)

    def get_labels(self):
        return ChipClassificationLabels()

    def empty_labels(self):
        return ChipClassificationLabels()


class MockLabelStoreConfig(Mocked, LabelStoreConfig):
    def __init__(self):
        super().__init__(MOCK)
        self.mock_all()

    def create_store(self, task_config, extent, crs_transformer, tmp_dir):
        return self.made(MockLabelStore(), task_config, extent, crs_transformer, tmp_dir)

    def for_prediction(self, label_uri):
        return self.mock.for_prediction(label_uri)


class MockLabelStoreConfigBuilder(MockedBuilder, LabelStoreConfigBuilder):
    def __init__(self, prev=None):
        super().__init__(MockLabelStoreConfig, {})
        self.mock_all()


class MockTransformer(RasterTransformer):
    def transform(self, chip, channel_order=None):
        return chip


class MockTransformerConfig(Mocked, RasterTransformerConfig):
    def __init__(self):
        super().__init__(MOCK)
        self.mock_all()

    def create_transformer(self):
        return self.made(MockTransformer())


class MockTransformerConfigBuilder(MockedBuilder, RasterTransformerConfigBuilder):
    def __init__(self, prev=None):
        super().__init__(MockTransformerConfig, {})
        self.mock_all()


class MockAugmentor(Augmentor):
    def process(self, training_data, tmp_dir):
        return training_data


class MockAugmentorConfig(Mocked, AugmentorConfig):
    def __init__(self):
        super().__init__(MOCK)
        self.mock_all()

    def create_augmentor(self):
        return self.made(MockAugmentor())


class MockAugmentorConfigBuilder(MockedBuilder, AugmentorConfigBuilder):
    def __init__(self, prev=None):
        super().__init__(MockAugmentorConfig, {})
        self.mock_all()


class MockAnalyzer(Analyzer):
    def __init__(self):
        self.mock = MagicMock()

    def process(self, scenes, tmp_dir):
        self.mock.process(scenes, tmp_dir)


class MockAnalyzerConfig(Mocked, AnalyzerConfig):
    def __init__(self):
        super().__init__(MOCK)
        self.mock_all()

    def create_analyzer(self):
        return self.made(MockAnalyzer())


class MockAnalyzerConfigBuilder(MockedBuilder, AnalyzerConfigBuilder):
    def __init__(self, prev=None):
        super().__init__(MockAnalyzerConfig, {})
        self.mock_all()


class MockEvaluator(Evaluator):
    def __init__(self):
        self.mock = MagicMock()

    def process(self, scenes, tmp_dir):
        self.mock.process(scenes, tmp_dir)


class MockEvaluatorConfig(Mocked, EvaluatorConfig):
    def __init__(self):
        super().__init__(MOCK)
        self.mock_all()

    def create_evaluator(self):
        return self.made(MockEvaluator())


class MockEvaluatorConfigBuilder(MockedBuilder, EvaluatorConfigBuilder):
    def __init__(self, prev=None):
        super().__init__(MockEvaluatorConfig, {})
        self.mock_all()


class MockAuxCommand(AuxCommand):
    command_type = "MOCK_AUX"
    command_options = AuxCommandOptions(
        split_on="uris",
        inputs=lambda conf: map(lambda x: x[0], conf["uris"]),
        outputs=lambda conf: map(lambda x: x[1], conf["uris"]),
        required_fields=["uris"],
    )

    def run(self, tmp_dir=None):
        pass


def register_plugin(plugin_registry):
    for group, builder in [
        (rv.TASK, MockTaskConfigBuilder),
        (rv.BACKEND, MockBackendConfigBuilder),
        (rv.RASTER_SOURCE, MockRasterSourceConfigBuilder),
        (rv.VECTOR_SOURCE, MockVectorSourceConfigBuilder),
        (rv.LABEL_SOURCE, MockLabelSourceConfigBuilder),
        (rv.LABEL_STORE, MockLabelStoreConfigBuilder),
        (rv.RASTER_TRANSFORMER, MockTransformerConfigBuilder),
        (rv.AUGMENTOR, MockAugmentorConfigBuilder),
        (rv.ANALYZER, MockAnalyzerConfigBuilder),
        (rv.EVALUATOR, MockEvaluatorConfigBuilder),
    ]:
        plugin_registry.register_config_builder(group, MOCK, builder)
    plugin_registry.register_aux_command("MOCK_AUX", MockAuxCommand)
