"""All that ships with `rv`, registered the way a plugin registers what it brings."""

from __future__ import annotations

from typing import Any

from rvcli import keys

# What a backend is built on, by the beginning of its key: the extra that it needs to work.
_BACKEND_EXTRAS = {"PYTORCH": "torch", "KERAS": "keras", "TF": "torch"}


def register_plugin(plugin_registry: Any) -> None:
    """Register the built-ins; each is imported on first use."""
    r = plugin_registry

    # File systems; the last is asked first. fsspec is imported for what no other one handles.
    r.register_filesystem("rvcli.filesystem.fsspec_filesystem:FsspecFileSystem", extra="fsspec")
    r.register_filesystem("rvcli.filesystem.http_filesystem:HttpFileSystem")
    r.register_filesystem("rvcli.filesystem.s3_filesystem:S3FileSystem")
    r.register_filesystem("rvcli.filesystem.local_filesystem:LocalFileSystem")

    _register_tasks_and_backends(r)
    _register_imagery(r)
    _register_vectors(r)
    _register_labels(r)
    _register_evaluators(r)
    _register_commands_and_runners(r)


def _register_tasks_and_backends(r: Any) -> None:
    for key, module, name in (
        (keys.CHIP_CLASSIFICATION, "chip_classification", "ChipClassification"),
        (keys.OBJECT_DETECTION, "object_detection", "ObjectDetection"),
        (keys.SEMANTIC_SEGMENTATION, "semantic_segmentation", "SemanticSegmentation"),
    ):
        r.register_config_builder(
            keys.TASK,
            key,
            f"rvcli.task.{module}_config:{name}ConfigBuilder",
            extra="local",
        )
    for key, module, name in (
        (
            keys.SKLEARN_CHIP_CLASSIFICATION,
            "sklearn_chip_classification",
            "SklearnChipClassification",
        ),
        (keys.SKLEARN_OBJECT_DETECTION, "sklearn_object_detection", "SklearnObjectDetection"),
        (keys.SKLEARN_PIXELS_TO_BOXES, "sklearn_pixels_to_boxes", "SklearnPixelsToBoxes"),
        (
            keys.SKLEARN_SEMANTIC_SEGMENTATION,
            "sklearn_semantic_segmentation",
            "SklearnSemanticSegmentation",
        ),
        (
            keys.PYTORCH_CHIP_CLASSIFICATION,
            "pytorch_chip_classification",
            "PyTorchChipClassification",
        ),
        (keys.PYTORCH_OBJECT_DETECTION, "pytorch_object_detection", "PyTorchObjectDetection"),
        (
            keys.PYTORCH_SEMANTIC_SEGMENTATION,
            "pytorch_semantic_segmentation",
            "PyTorchSemanticSegmentation",
        ),
        (keys.KERAS_CLASSIFICATION, "keras_classification", "KerasClassification"),
        (keys.TF_DEEPLAB, "tf_deeplab", "TFDeeplab"),
        (keys.TF_OBJECT_DETECTION, "tf_object_detection", "TFObjectDetection"),
    ):
        r.register_config_builder(
            keys.BACKEND,
            key,
            f"rvcli.backend.{module}_config:{name}ConfigBuilder",
            extra=_BACKEND_EXTRAS.get(key.partition("_")[0], "local"),
        )


def _register_imagery(r: Any) -> None:
    # The last three keys are of older experiments.
    for key, module, name in (
        (keys.RASTERIO_SOURCE, "rasterio_source", "RasterioSource"),
        (keys.RASTERIZED_SOURCE, "rasterized_source", "RasterizedSource"),
        (keys.MULTI_RASTER_SOURCE, "multi_raster_source", "MultiRasterSource"),
        (keys.STAC_ITEM_SOURCE, "stac_item_source", "STACItemSource"),
        (keys.GEOTIFF_SOURCE, "rasterio_source", "RasterioSource"),
        (keys.IMAGE_SOURCE, "rasterio_source", "RasterioSource"),
        (keys.GEOJSON_SOURCE, "rasterized_source", "RasterizedSource"),
    ):
        r.register_config_builder(
            keys.RASTER_SOURCE,
            key,
            f"rvcli.data.raster_source.{module}_config:{name}ConfigBuilder",
            extra="local",
        )
    # The last is asked first.
    defaults = "rvcli.data.raster_source.default"
    r.register_default_raster_source(f"{defaults}:RasterioSourceDefaultProvider")
    r.register_default_raster_source(f"{defaults}:STACItemSourceDefaultProvider")
    for key, module, name in (
        (keys.BAND_MATH_TRANSFORMER, "band_math_transformer", "BandMathTransformer"),
        (keys.CAST_TRANSFORMER, "cast_transformer", "CastTransformer"),
        (keys.MIN_MAX_TRANSFORMER, "min_max_transformer", "MinMaxTransformer"),
        (keys.NAN_TRANSFORMER, "nan_transformer", "NanTransformer"),
        (keys.NODATA_TRANSFORMER, "nodata_transformer", "NodataTransformer"),
        (keys.RECLASS_TRANSFORMER, "reclass_transformer", "ReclassTransformer"),
        (keys.STATS_TRANSFORMER, "stats_transformer", "StatsTransformer"),
    ):
        r.register_config_builder(
            keys.RASTER_TRANSFORMER,
            key,
            f"rvcli.data.raster_transformer.{module}_config:{name}ConfigBuilder",
            extra="local",
        )
    r.register_config_builder(
        keys.AUGMENTOR,
        keys.NODATA_AUGMENTOR,
        "rvcli.augmentor.nodata_augmentor_config:NodataAugmentorConfigBuilder",
        extra="local",
    )
    r.register_config_builder(
        keys.ANALYZER,
        keys.STATS_ANALYZER,
        "rvcli.analyzer.stats_analyzer_config:StatsAnalyzerConfigBuilder",
        extra="local",
    )


def _register_vectors(r: Any) -> None:
    for key, module, name in (
        (keys.GEOJSON_SOURCE, "geojson_vector_source", "GeoJSONVectorSource"),
        (keys.OGR_SOURCE, "ogr_vector_source", "OGRVectorSource"),
        (keys.VECTOR_TILE_SOURCE, "vector_tile_vector_source", "VectorTileVectorSource"),
    ):
        r.register_config_builder(
            keys.VECTOR_SOURCE,
            key,
            f"rvcli.data.vector_source.{module}_config:{name}ConfigBuilder",
            extra="local",
        )
    defaults = "rvcli.data.vector_source.default"
    r.register_default_vector_source(f"{defaults}:GeoJSONVectorSourceDefaultProvider")
    r.register_default_vector_source(f"{defaults}:OGRVectorSourceDefaultProvider")
    r.register_default_vector_source(f"{defaults}:VectorTileVectorSourceDefaultProvider")


def _register_labels(r: Any) -> None:
    # The second key of each source is of older experiments.
    for key, older, name in (
        (keys.CHIP_CLASSIFICATION, keys.CHIP_CLASSIFICATION_GEOJSON, "ChipClassification"),
        (keys.OBJECT_DETECTION, keys.OBJECT_DETECTION_GEOJSON, "ObjectDetection"),
        (keys.SEMANTIC_SEGMENTATION, keys.SEMANTIC_SEGMENTATION_RASTER, "SemanticSegmentation"),
    ):
        builder = (
            f"rvcli.data.label_source.{key.lower()}_label_source_config"
            f":{name}LabelSourceConfigBuilder"
        )
        r.register_config_builder(keys.LABEL_SOURCE, key, builder, extra="local")
        r.register_config_builder(keys.LABEL_SOURCE, older, builder, extra="local")
        r.register_default_label_source(
            f"rvcli.data.label_source.default:{name}LabelSourceDefaultProvider"
        )
    for key, module, name in (
        (
            keys.CHIP_CLASSIFICATION_GEOJSON,
            "chip_classification_geojson_store",
            "ChipClassificationGeoJSONStore",
        ),
        (
            keys.OBJECT_DETECTION_GEOJSON,
            "object_detection_geojson_store",
            "ObjectDetectionGeoJSONStore",
        ),
        (
            keys.SEMANTIC_SEGMENTATION_RASTER,
            "semantic_segmentation_raster_store",
            "SemanticSegmentationRasterStore",
        ),
    ):
        r.register_config_builder(
            keys.LABEL_STORE,
            key,
            f"rvcli.data.label_store.{module}_config:{name}ConfigBuilder",
            extra="local",
        )
        r.register_default_label_store(f"rvcli.data.label_store.default:{name}DefaultProvider")


def _register_evaluators(r: Any) -> None:
    for key, name in (
        (keys.CHIP_CLASSIFICATION_EVALUATOR, "ChipClassification"),
        (keys.OBJECT_DETECTION_EVALUATOR, "ObjectDetection"),
        (keys.SEMANTIC_SEGMENTATION_EVALUATOR, "SemanticSegmentation"),
    ):
        r.register_config_builder(
            keys.EVALUATOR,
            key,
            f"rvcli.evaluation.{key.lower()}_config:{name}EvaluatorConfigBuilder",
            extra="local",
        )
        r.register_default_evaluator(f"rvcli.evaluation.default:{name}EvaluatorDefaultProvider")


def _register_commands_and_runners(r: Any) -> None:
    for command in keys.COMMANDS:
        name = command.lower()
        r.register_command_config_builder(
            command,
            f"rvcli.command.{name}_command_config:{name.capitalize()}CommandConfigBuilder",
            extra="local",
        )

    r.register_aux_command(
        keys.COGIFY, "rvcli.command.aux.cogify_command:CogifyCommand", extra="local"
    )
    r.register_experiment_runner(
        keys.INPROCESS, "rvcli.runner.inprocess_experiment_runner:InProcessExperimentRunner"
    )
    r.register_experiment_runner(
        keys.LOCAL, "rvcli.runner.local_experiment_runner:LocalExperimentRunner"
    )
    r.register_experiment_runner(
        keys.AWS_BATCH, "rvcli.runner.aws_batch_experiment_runner:AwsBatchExperimentRunner"
    )
    r.register_experiment_runner(
        keys.DASK, "rvcli.runner.dask_experiment_runner:DaskExperimentRunner", extra="dask"
    )
