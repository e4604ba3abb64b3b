from rvcli import analyzer as analyzer
from rvcli import augmentor as augmentor
from rvcli import backend as backend
from rvcli import command as command
from rvcli import config as config
from rvcli import core as core
from rvcli import data as data
from rvcli import errors as errors
from rvcli import evaluation as evaluation
from rvcli import experiment as experiment
from rvcli import filesystem as filesystem
from rvcli import keys as keys
from rvcli import plugins as plugins
from rvcli import predictor as predictor
from rvcli import profile as profile
from rvcli import protos as protos
from rvcli import registry as registry
from rvcli import runner as runner
from rvcli import task as task
from rvcli import utils as utils
from rvcli.analyzer.analyzer import Analyzer as Analyzer
from rvcli.analyzer.analyzer_config import AnalyzerConfig as AnalyzerConfig
from rvcli.analyzer.analyzer_config import AnalyzerConfigBuilder as AnalyzerConfigBuilder
from rvcli.analyzer.stats_analyzer_config import StatsAnalyzerConfig as StatsAnalyzerConfig
from rvcli.analyzer.stats_analyzer_config import (
    StatsAnalyzerConfigBuilder as StatsAnalyzerConfigBuilder,
)
from rvcli.augmentor.augmentor import Augmentor as Augmentor
from rvcli.augmentor.augmentor_config import AugmentorConfig as AugmentorConfig
from rvcli.augmentor.augmentor_config import AugmentorConfigBuilder as AugmentorConfigBuilder
from rvcli.augmentor.nodata_augmentor_config import NodataAugmentorConfig as NodataAugmentorConfig
from rvcli.augmentor.nodata_augmentor_config import (
    NodataAugmentorConfigBuilder as NodataAugmentorConfigBuilder,
)
from rvcli.backend.backend import Backend as Backend
from rvcli.backend.backend_config import BackendConfig as BackendConfig
from rvcli.backend.backend_config import BackendConfigBuilder as BackendConfigBuilder
from rvcli.backend.sklearn_semantic_segmentation_config import (
    SklearnSemanticSegmentationConfig as SklearnSemanticSegmentationConfig,
)
from rvcli.backend.sklearn_semantic_segmentation_config import (
    SklearnSemanticSegmentationConfigBuilder as SklearnSemanticSegmentationConfigBuilder,
)
from rvcli.cli.main import main as main
from rvcli.command.analyze_command_config import AnalyzeCommandConfig as AnalyzeCommandConfig
from rvcli.command.analyze_command_config import (
    AnalyzeCommandConfigBuilder as AnalyzeCommandConfigBuilder,
)
from rvcli.command.aux_command import AuxCommand as AuxCommand
from rvcli.command.aux_command import AuxCommandOptions as AuxCommandOptions
from rvcli.command.aux_command_config import AuxCommandConfig as AuxCommandConfig
from rvcli.command.aux_command_config import AuxCommandConfigBuilder as AuxCommandConfigBuilder
from rvcli.command.bundle_command_config import BundleCommandConfig as BundleCommandConfig
from rvcli.command.bundle_command_config import (
    BundleCommandConfigBuilder as BundleCommandConfigBuilder,
)
from rvcli.command.chip_command_config import ChipCommandConfig as ChipCommandConfig
from rvcli.command.chip_command_config import ChipCommandConfigBuilder as ChipCommandConfigBuilder
from rvcli.command.command import Command as Command
from rvcli.command.command import NoOpCommand as NoOpCommand
from rvcli.command.command_config import CommandConfig as CommandConfig
from rvcli.command.command_config import CommandConfigBuilder as CommandConfigBuilder
from rvcli.command.eval_command_config import EvalCommandConfig as EvalCommandConfig
from rvcli.command.eval_command_config import EvalCommandConfigBuilder as EvalCommandConfigBuilder
from rvcli.command.predict_command_config import PredictCommandConfig as PredictCommandConfig
from rvcli.command.predict_command_config import (
    PredictCommandConfigBuilder as PredictCommandConfigBuilder,
)
from rvcli.command.train_command_config import TrainCommandConfig as TrainCommandConfig
from rvcli.command.train_command_config import (
    TrainCommandConfigBuilder as TrainCommandConfigBuilder,
)
from rvcli.config import BundledConfigMixin as BundledConfigMixin
from rvcli.config import Config as Config
from rvcli.config import ConfigBuilder as ConfigBuilder
from rvcli.config import field as field
from rvcli.core.box import Box as Box
from rvcli.core.box import BoxSizeError as BoxSizeError
from rvcli.core.class_map import ClassItem as ClassItem
from rvcli.core.class_map import ClassMap as ClassMap
from rvcli.core.command_io_definition import CommandIODefinition as CommandIODefinition
from rvcli.core.raster_stats import RasterStats as RasterStats
from rvcli.core.training_data import TrainingData as TrainingData
from rvcli.data.activate_mixin import ActivateMixin as ActivateMixin
from rvcli.data.activate_mixin import ActivationError as ActivationError
from rvcli.data.crs_transformer.crs_transformer import CRSTransformer as CRSTransformer
from rvcli.data.crs_transformer.identity_crs_transformer import (
    IdentityCRSTransformer as IdentityCRSTransformer,
)
from rvcli.data.crs_transformer.rasterio_crs_transformer import (
    RasterioCRSTransformer as RasterioCRSTransformer,
)
from rvcli.data.dataset import Dataset as Dataset
from rvcli.data.dataset_config import DatasetConfig as DatasetConfig
from rvcli.data.dataset_config import DatasetConfigBuilder as DatasetConfigBuilder
from rvcli.data.label.labels import Labels as Labels
from rvcli.data.label.semantic_segmentation_labels import (
    SemanticSegmentationLabels as SemanticSegmentationLabels,
)
from rvcli.data.label_source.default import LabelSourceDefaultProvider as LabelSourceDefaultProvider
from rvcli.data.label_source.label_source import LabelSource as LabelSource
from rvcli.data.label_source.label_source_config import LabelSourceConfig as LabelSourceConfig
from rvcli.data.label_source.label_source_config import (
    LabelSourceConfigBuilder as LabelSourceConfigBuilder,
)
from rvcli.data.label_source.semantic_segmentation_label_source_config import (
    SemanticSegmentationLabelSourceConfig as SemanticSegmentationLabelSourceConfig,
)
from rvcli.data.label_source.semantic_segmentation_label_source_config import (
    SemanticSegmentationLabelSourceConfigBuilder as SemanticSegmentationLabelSourceConfigBuilder,
)
from rvcli.data.label_store.default import LabelStoreDefaultProvider as LabelStoreDefaultProvider
from rvcli.data.label_store.label_store import LabelStore as LabelStore
from rvcli.data.label_store.label_store_config import LabelStoreConfig as LabelStoreConfig
from rvcli.data.label_store.label_store_config import (
    LabelStoreConfigBuilder as LabelStoreConfigBuilder,
)
from rvcli.data.label_store.semantic_segmentation_raster_store_config import (
    SemanticSegmentationRasterStoreConfig as SemanticSegmentationRasterStoreConfig,
)
from rvcli.data.label_store.semantic_segmentation_raster_store_config import (
    SemanticSegmentationRasterStoreConfigBuilder as SemanticSegmentationRasterStoreConfigBuilder,
)
from rvcli.data.raster_source.default import (
    RasterSourceDefaultProvider as RasterSourceDefaultProvider,
)
from rvcli.data.raster_source.raster_source import ChannelOrderError as ChannelOrderError
from rvcli.data.raster_source.raster_source import RasterSource as RasterSource
from rvcli.data.raster_source.raster_source_config import RasterSourceConfig as RasterSourceConfig
from rvcli.data.raster_source.raster_source_config import (
    RasterSourceConfigBuilder as RasterSourceConfigBuilder,
)
from rvcli.data.raster_source.rasterio_source_config import (
    RasterioSourceConfig as RasterioSourceConfig,
)
from rvcli.data.raster_source.rasterio_source_config import (
    RasterioSourceConfigBuilder as RasterioSourceConfigBuilder,
)
from rvcli.data.raster_source.rasterized_source_config import (
    RasterizedSourceConfig as RasterizedSourceConfig,
)
from rvcli.data.raster_source.rasterized_source_config import (
    RasterizedSourceConfigBuilder as RasterizedSourceConfigBuilder,
)
from rvcli.data.raster_source.rasterized_source_config import RasterizerOptions as RasterizerOptions
from rvcli.data.raster_transformer.raster_transformer import RasterTransformer as RasterTransformer
from rvcli.data.raster_transformer.raster_transformer_config import (
    RasterTransformerConfig as RasterTransformerConfig,
)
from rvcli.data.raster_transformer.raster_transformer_config import (
    RasterTransformerConfigBuilder as RasterTransformerConfigBuilder,
)
from rvcli.data.raster_transformer.stats_transformer_config import (
    StatsTransformerConfig as StatsTransformerConfig,
)
from rvcli.data.raster_transformer.stats_transformer_config import (
    StatsTransformerConfigBuilder as StatsTransformerConfigBuilder,
)
from rvcli.data.scene import Scene as Scene
from rvcli.data.scene_config import SceneConfig as SceneConfig
from rvcli.data.scene_config import SceneConfigBuilder as SceneConfigBuilder
from rvcli.data.vector_source.class_inference import ClassInference as ClassInference
from rvcli.data.vector_source.class_inference import ClassInferenceOptions as ClassInferenceOptions
from rvcli.data.vector_source.default import (
    VectorSourceDefaultProvider as VectorSourceDefaultProvider,
)
from rvcli.data.vector_source.geojson_vector_source_config import (
    GeoJSONVectorSourceConfig as GeoJSONVectorSourceConfig,
)
from rvcli.data.vector_source.geojson_vector_source_config import (
    GeoJSONVectorSourceConfigBuilder as GeoJSONVectorSourceConfigBuilder,
)
from rvcli.data.vector_source.vector_source import VectorSource as VectorSource
from rvcli.data.vector_source.vector_source_config import VectorSourceConfig as VectorSourceConfig
from rvcli.data.vector_source.vector_source_config import (
    VectorSourceConfigBuilder as VectorSourceConfigBuilder,
)
from rvcli.errors import CommandError as CommandError
from rvcli.errors import ConfigError as ConfigError
from rvcli.errors import DataError as DataError
from rvcli.errors import ExperimentError as ExperimentError
from rvcli.errors import FileSystemError as FileSystemError
from rvcli.errors import MessageError as MessageError
from rvcli.errors import MissingDependencyError as MissingDependencyError
from rvcli.errors import NotReadableError as NotReadableError
from rvcli.errors import NotWritableError as NotWritableError
from rvcli.errors import PlanError as PlanError
from rvcli.errors import PluginError as PluginError
from rvcli.errors import ProfileError as ProfileError
from rvcli.errors import RegistryError as RegistryError
from rvcli.errors import RvError as RvError
from rvcli.errors import UsageError as UsageError
from rvcli.evaluation.class_evaluation_item import ClassEvaluationItem as ClassEvaluationItem
from rvcli.evaluation.classification_evaluation import (
    ClassificationEvaluation as ClassificationEvaluation,
)
from rvcli.evaluation.classification_evaluator import (
    ClassificationEvaluator as ClassificationEvaluator,
)
from rvcli.evaluation.classification_evaluator_config import (
    ClassificationEvaluatorConfig as ClassificationEvaluatorConfig,
)
from rvcli.evaluation.classification_evaluator_config import (
    ClassificationEvaluatorConfigBuilder as ClassificationEvaluatorConfigBuilder,
)
from rvcli.evaluation.default import EvaluatorDefaultProvider as EvaluatorDefaultProvider
from rvcli.evaluation.evaluation_item import EvaluationItem as EvaluationItem
from rvcli.evaluation.evaluator import Evaluator as Evaluator
from rvcli.evaluation.evaluator_config import EvaluatorConfig as EvaluatorConfig
from rvcli.evaluation.evaluator_config import EvaluatorConfigBuilder as EvaluatorConfigBuilder
from rvcli.evaluation.semantic_segmentation_evaluator_config import (
    SemanticSegmentationEvaluatorConfig as SemanticSegmentationEvaluatorConfig,
)
from rvcli.evaluation.semantic_segmentation_evaluator_config import (
    SemanticSegmentationEvaluatorConfigBuilder as SemanticSegmentationEvaluatorConfigBuilder,
)
from rvcli.experiment.experiment_config import ExperimentConfig as ExperimentConfig
from rvcli.experiment.experiment_config import ExperimentConfigBuilder as ExperimentConfigBuilder
from rvcli.experiment.experiment_loader import ExperimentLoader as ExperimentLoader
from rvcli.experiment.experiment_set import ExperimentSet as ExperimentSet
from rvcli.filesystem.filesystem import FileSystem as FileSystem
from rvcli.keys import *  # noqa: F403
from rvcli.predictor import Predictor as Predictor
from rvcli.profile.rv_config import RVConfig as RVConfig
from rvcli.registry import Registrar as Registrar
from rvcli.registry import Registry as Registry
from rvcli.runner.experiment_runner import ExperimentRunner as ExperimentRunner
from rvcli.task.semantic_segmentation_config import (
    SemanticSegmentationConfig as SemanticSegmentationConfig,
)
from rvcli.task.semantic_segmentation_config import (
    SemanticSegmentationConfigBuilder as SemanticSegmentationConfigBuilder,
)
from rvcli.task.task import Task as Task
from rvcli.task.task_config import TaskConfig as TaskConfig
from rvcli.task.task_config import TaskConfigBuilder as TaskConfigBuilder

__version__: str
