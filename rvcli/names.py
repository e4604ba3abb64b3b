"""Where every public name is defined; packages give their names from this table, lazily."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

# Module below rvcli: the names that it gives. Further names of one module are indented.
TABLE = """
analyzer.analyzer: Analyzer
analyzer.analyzer_config: AnalyzerConfig AnalyzerConfigBuilder
analyzer.stats_analyzer_config: StatsAnalyzerConfig StatsAnalyzerConfigBuilder
augmentor.augmentor: Augmentor
augmentor.augmentor_config: AugmentorConfig AugmentorConfigBuilder
augmentor.nodata_augmentor_config: NodataAugmentorConfig NodataAugmentorConfigBuilder
backend.backend: Backend
backend.backend_config: BackendConfig BackendConfigBuilder
backend.chip_backend: ChipBackend
backend.chip_kind: ChipKind
backend.chip_set: ChipSet
backend.keras_classification_config: KerasClassificationConfig KerasClassificationConfigBuilder
backend.places: Places
backend.pytorch_chip_classification_config: PyTorchChipClassificationConfig
    PyTorchChipClassificationConfigBuilder
backend.pytorch_object_detection_config: PyTorchObjectDetectionConfig
    PyTorchObjectDetectionConfigBuilder
backend.pytorch_semantic_segmentation_config: PyTorchSemanticSegmentationConfig
    PyTorchSemanticSegmentationConfigBuilder
backend.simple_backend_config: SimpleBackendConfig SimpleBackendConfigBuilder
backend.sklearn_chip_classification_config: SklearnChipClassificationConfig
    SklearnChipClassificationConfigBuilder
backend.sklearn_object_detection_config: SklearnObjectDetectionConfig
    SklearnObjectDetectionConfigBuilder
backend.sklearn_pixels_to_boxes_config: SklearnPixelsToBoxesConfig
    SklearnPixelsToBoxesConfigBuilder
backend.sklearn_semantic_segmentation_config: SklearnSemanticSegmentationConfig
    SklearnSemanticSegmentationConfigBuilder
backend.tf_deeplab_config: TFDeeplabConfig TFDeeplabConfigBuilder
backend.tf_object_detection_config: TFObjectDetectionConfig TFObjectDetectionConfigBuilder
cli.main: main
command.analyze_command_config: AnalyzeCommandConfig AnalyzeCommandConfigBuilder
command.aux.cogify_command: CogifyCommand
command.aux_command: AuxCommand AuxCommandOptions
command.aux_command_config: AuxCommandConfig AuxCommandConfigBuilder
command.bundle_command_config: BundleCommandConfig BundleCommandConfigBuilder
command.chip_command_config: ChipCommandConfig ChipCommandConfigBuilder
command.command: Command NoOpCommand
command.command_config: CommandConfig CommandConfigBuilder
command.eval_command_config: EvalCommandConfig EvalCommandConfigBuilder
command.predict_command_config: PredictCommandConfig PredictCommandConfigBuilder
command.train_command_config: TrainCommandConfig TrainCommandConfigBuilder
config: BundledConfigMixin Config ConfigBuilder field
core.box: Box BoxSizeError
core.class_map: ClassItem ClassMap
core.command_io_definition: CommandIODefinition
core.raster_stats: RasterStats
core.training_data: TrainingData
data.activate_mixin: ActivateMixin ActivationError
data.crs_transformer.crs_transformer: CRSTransformer
data.crs_transformer.identity_crs_transformer: IdentityCRSTransformer
data.crs_transformer.rasterio_crs_transformer: RasterioCRSTransformer
data.dataset: Dataset
data.dataset_config: DatasetConfig DatasetConfigBuilder
data.label.chip_classification_labels: ChipClassificationLabels
data.label.labels: Labels
data.label.object_detection_labels: ObjectDetectionLabels
data.label.semantic_segmentation_labels: SemanticSegmentationLabels
data.label_source.chip_classification_label_source_config: ChipClassificationLabelSourceConfig
    ChipClassificationLabelSourceConfigBuilder
data.label_source.default: LabelSourceDefaultProvider
data.label_source.label_source: LabelSource
data.label_source.label_source_config: LabelSourceConfig LabelSourceConfigBuilder
data.label_source.object_detection_label_source_config: ObjectDetectionLabelSourceConfig
    ObjectDetectionLabelSourceConfigBuilder
data.label_source.semantic_segmentation_label_source_config: SemanticSegmentationLabelSourceConfig
    SemanticSegmentationLabelSourceConfigBuilder
data.label_store.chip_classification_geojson_store_config: ChipClassificationGeoJSONStoreConfig
    ChipClassificationGeoJSONStoreConfigBuilder
data.label_store.default: LabelStoreDefaultProvider
data.label_store.label_store: LabelStore
data.label_store.label_store_config: LabelStoreConfig LabelStoreConfigBuilder
data.label_store.object_detection_geojson_store_config: ObjectDetectionGeoJSONStoreConfig
    ObjectDetectionGeoJSONStoreConfigBuilder
data.label_store.semantic_segmentation_raster_store_config: SemanticSegmentationRasterStoreConfig
    SemanticSegmentationRasterStoreConfigBuilder
data.raster_source.default: RasterSourceDefaultProvider
data.raster_source.multi_raster_source_config: MultiRasterSourceConfig
    MultiRasterSourceConfigBuilder
data.raster_source.raster_source: ChannelOrderError RasterSource
data.raster_source.raster_source_config: RasterSourceConfig RasterSourceConfigBuilder
data.raster_source.rasterio_source_config: RasterioSourceConfig RasterioSourceConfigBuilder
data.raster_source.rasterized_source_config: RasterizedSourceConfig RasterizedSourceConfigBuilder
    RasterizerOptions
data.raster_source.stac_item_source_config: STACItemSourceConfig STACItemSourceConfigBuilder
data.raster_transformer.band_math_transformer_config: BandMathTransformerConfig
    BandMathTransformerConfigBuilder
data.raster_transformer.cast_transformer_config: CastTransformerConfig CastTransformerConfigBuilder
data.raster_transformer.min_max_transformer_config: MinMaxTransformerConfig
    MinMaxTransformerConfigBuilder
data.raster_transformer.nan_transformer_config: NanTransformerConfig NanTransformerConfigBuilder
data.raster_transformer.nodata_transformer_config: NodataTransformerConfig
    NodataTransformerConfigBuilder
data.raster_transformer.raster_transformer: RasterTransformer
data.raster_transformer.raster_transformer_config: RasterTransformerConfig
    RasterTransformerConfigBuilder
data.raster_transformer.reclass_transformer_config: ReclassTransformerConfig
    ReclassTransformerConfigBuilder
data.raster_transformer.stats_transformer_config: StatsTransformerConfig
    StatsTransformerConfigBuilder
data.scene: Scene
data.scene_config: SceneConfig SceneConfigBuilder
data.vector_source.class_inference: ClassInference ClassInferenceOptions
data.vector_source.default: VectorSourceDefaultProvider
data.vector_source.geojson_vector_source_config: GeoJSONVectorSourceConfig
    GeoJSONVectorSourceConfigBuilder
data.vector_source.ogr_vector_source_config: OGRVectorSourceConfig OGRVectorSourceConfigBuilder
data.vector_source.vector_source: VectorSource
data.vector_source.vector_source_config: VectorSourceConfig VectorSourceConfigBuilder
data.vector_source.vector_tile_vector_source_config: VectorTileVectorSourceConfig
    VectorTileVectorSourceConfigBuilder
errors: CommandError ConfigError DataError ExperimentError FileSystemError MessageError
    MissingDependencyError NotReadableError NotWritableError PlanError PluginError ProfileError
    RegistryError RvError UsageError
evaluation.chip_classification_evaluator_config: ChipClassificationEvaluatorConfig
    ChipClassificationEvaluatorConfigBuilder
evaluation.class_evaluation_item: ClassEvaluationItem
evaluation.classification_evaluation: ClassificationEvaluation
evaluation.classification_evaluator: ClassificationEvaluator
evaluation.classification_evaluator_config: ClassificationEvaluatorConfig
    ClassificationEvaluatorConfigBuilder
evaluation.default: EvaluatorDefaultProvider
evaluation.evaluation_item: EvaluationItem
evaluation.evaluator: Evaluator
evaluation.evaluator_config: EvaluatorConfig EvaluatorConfigBuilder
evaluation.object_detection_evaluator_config: ObjectDetectionEvaluatorConfig
    ObjectDetectionEvaluatorConfigBuilder
evaluation.semantic_segmentation_evaluator_config: SemanticSegmentationEvaluatorConfig
    SemanticSegmentationEvaluatorConfigBuilder
experiment.experiment_config: ExperimentConfig ExperimentConfigBuilder
experiment.experiment_loader: ExperimentLoader
experiment.experiment_set: ExperimentSet
filesystem.filesystem: FileSystem
predictor: Predictor
profile.rv_config: RVConfig
registry: Registrar Registry
runner.experiment_runner: ExperimentRunner
task.chip_classification_config: ChipClassificationConfig ChipClassificationConfigBuilder
task.object_detection_config: ObjectDetectionConfig ObjectDetectionConfigBuilder
task.semantic_segmentation_config: SemanticSegmentationConfig SemanticSegmentationConfigBuilder
task.task: Task
task.task_config: TaskConfig TaskConfigBuilder
"""


def _read(table: str) -> dict[str, str]:
    homes: dict[str, str] = {}
    module = ""
    for line in table.strip().splitlines():
        head, colon, rest = line.partition(": ")
        module = f"rvcli.{head}" if colon else module
        homes.update(dict.fromkeys((rest if colon else line).split(), module))
    return homes


HOMES = _read(TABLE)


def nowhere(package: str, name: str) -> Any:
    """Find a name that a package does not give: there is none."""
    raise AttributeError(f"module {package!r} has no attribute {name!r}")


def none_older(package: str) -> list[str]:
    """List names that a package gives beyond its own: there are none."""
    return []


# Asked last: while old code is served, its names are found as well, and given to star imports.
find_older: Callable[[str, str], Any] = nowhere
list_older: Callable[[str], list[str]] = none_older


def lazy(package: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` of a package: its own names and those below it.

    A name is imported from its module on first use, a module below the package likewise.
    """
    below = package + "."
    homes = {name: home for name, home in HOMES.items() if home.startswith(below)}
    parts = {home.removeprefix(below).partition(".")[0] for home in homes.values()}

    def get(name: str) -> Any:
        if name in homes:
            return getattr(import_module(homes[name]), name)
        if name == "__all__":
            return sorted({*homes, *list_older(package)})
        if name in parts:
            return import_module(below + name)
        return find_older(package, name)

    return get, lambda: sorted({*homes, *parts})
