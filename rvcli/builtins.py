"""All that ships with `rv`, registered the way a plugin registers what it brings."""

from __future__ import annotations

from typing import Any

from rvcli import keys


def register_plugin(plugin_registry: Any) -> None:
    """Register the built-ins; each is imported on first use."""
    r = plugin_registry

    # File systems; the last is asked first.
    r.register_filesystem("rvcli.filesystem.http_filesystem:HttpFileSystem")
    r.register_filesystem("rvcli.filesystem.s3_filesystem:S3FileSystem")
    r.register_filesystem("rvcli.filesystem.local_filesystem:LocalFileSystem")

    # Tasks and backends.
    r.register_config_builder(
        keys.TASK,
        keys.SEMANTIC_SEGMENTATION,
        "rvcli.task.semantic_segmentation_config:SemanticSegmentationConfigBuilder",
    )
    r.register_config_builder(
        keys.BACKEND,
        keys.SKLEARN_SEMANTIC_SEGMENTATION,
        "rvcli.backend.sklearn_semantic_segmentation_config"
        ":SklearnSemanticSegmentationConfigBuilder",
    )

    # Raster sources; the last three keys are of older experiments.
    rasterio = "rvcli.data.raster_source.rasterio_source_config:RasterioSourceConfigBuilder"
    rasterized = "rvcli.data.raster_source.rasterized_source_config:RasterizedSourceConfigBuilder"
    r.register_config_builder(keys.RASTER_SOURCE, keys.RASTERIO_SOURCE, rasterio)
    r.register_config_builder(keys.RASTER_SOURCE, keys.RASTERIZED_SOURCE, rasterized)
    r.register_config_builder(keys.RASTER_SOURCE, keys.GEOTIFF_SOURCE, rasterio)
    r.register_config_builder(keys.RASTER_SOURCE, keys.IMAGE_SOURCE, rasterio)
    r.register_config_builder(keys.RASTER_SOURCE, keys.GEOJSON_SOURCE, rasterized)
    r.register_default_raster_source(
        "rvcli.data.raster_source.default:RasterioSourceDefaultProvider"
    )

    # Vector sources.
    r.register_config_builder(
        keys.VECTOR_SOURCE,
        keys.GEOJSON_SOURCE,
        "rvcli.data.vector_source.geojson_vector_source_config:GeoJSONVectorSourceConfigBuilder",
    )
    r.register_default_vector_source(
        "rvcli.data.vector_source.default:GeoJSONVectorSourceDefaultProvider"
    )

    # Label sources, the second key being of older experiments, and label stores.
    label_source = (
        "rvcli.data.label_source.semantic_segmentation_label_source_config"
        ":SemanticSegmentationLabelSourceConfigBuilder"
    )
    r.register_config_builder(keys.LABEL_SOURCE, keys.SEMANTIC_SEGMENTATION, label_source)
    r.register_config_builder(keys.LABEL_SOURCE, keys.SEMANTIC_SEGMENTATION_RASTER, label_source)
    r.register_default_label_source(
        "rvcli.data.label_source.default:SemanticSegmentationLabelSourceDefaultProvider"
    )
    r.register_config_builder(
        keys.LABEL_STORE,
        keys.SEMANTIC_SEGMENTATION_RASTER,
        "rvcli.data.label_store.semantic_segmentation_raster_store_config"
        ":SemanticSegmentationRasterStoreConfigBuilder",
    )
    r.register_default_label_store(
        "rvcli.data.label_store.default:SemanticSegmentationRasterStoreDefaultProvider"
    )

    # Raster transformers, augmentors, analyzers, evaluators.
    r.register_config_builder(
        keys.RASTER_TRANSFORMER,
        keys.STATS_TRANSFORMER,
        "rvcli.data.raster_transformer.stats_transformer_config:StatsTransformerConfigBuilder",
    )
    r.register_config_builder(
        keys.AUGMENTOR,
        keys.NODATA_AUGMENTOR,
        "rvcli.augmentor.nodata_augmentor_config:NodataAugmentorConfigBuilder",
    )
    r.register_config_builder(
        keys.ANALYZER,
        keys.STATS_ANALYZER,
        "rvcli.analyzer.stats_analyzer_config:StatsAnalyzerConfigBuilder",
    )
    r.register_config_builder(
        keys.EVALUATOR,
        keys.SEMANTIC_SEGMENTATION_EVALUATOR,
        "rvcli.evaluation.semantic_segmentation_evaluator_config"
        ":SemanticSegmentationEvaluatorConfigBuilder",
    )
    r.register_default_evaluator(
        "rvcli.evaluation.default:SemanticSegmentationEvaluatorDefaultProvider"
    )

    # Commands.
    for command in keys.COMMANDS:
        name = command.lower()
        r.register_command_config_builder(
            command,
            f"rvcli.command.{name}_command_config:{name.capitalize()}CommandConfigBuilder",
        )

    # Runners.
    r.register_experiment_runner(
        keys.INPROCESS, "rvcli.runner.inprocess_experiment_runner:InProcessExperimentRunner"
    )
    r.register_experiment_runner(
        keys.LOCAL, "rvcli.runner.local_experiment_runner:LocalExperimentRunner"
    )
