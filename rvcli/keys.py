"""Names of groups and of the components that ship with `rv`: plain strings."""

from __future__ import annotations

from typing import Final

# Groups whose components are configs with builders.
TASK: Final = "TASK"
BACKEND: Final = "BACKEND"
RASTER_SOURCE: Final = "RASTER_SOURCE"
VECTOR_SOURCE: Final = "VECTOR_SOURCE"
LABEL_SOURCE: Final = "LABEL_SOURCE"
LABEL_STORE: Final = "LABEL_STORE"
RASTER_TRANSFORMER: Final = "RASTER_TRANSFORMER"
AUGMENTOR: Final = "AUGMENTOR"
ANALYZER: Final = "ANALYZER"
EVALUATOR: Final = "EVALUATOR"

CONFIG_GROUPS = (
    TASK,
    BACKEND,
    RASTER_SOURCE,
    VECTOR_SOURCE,
    LABEL_SOURCE,
    LABEL_STORE,
    RASTER_TRANSFORMER,
    AUGMENTOR,
    ANALYZER,
    EVALUATOR,
)

# Groups whose components are something else.
COMMAND: Final = "COMMAND"
AUX_COMMAND: Final = "AUX_COMMAND"
FILESYSTEM: Final = "FILESYSTEM"
EXPERIMENT_RUNNER: Final = "EXPERIMENT_RUNNER"
DEFAULT_RASTER_SOURCE: Final = "DEFAULT_RASTER_SOURCE"
DEFAULT_VECTOR_SOURCE: Final = "DEFAULT_VECTOR_SOURCE"
DEFAULT_LABEL_SOURCE: Final = "DEFAULT_LABEL_SOURCE"
DEFAULT_LABEL_STORE: Final = "DEFAULT_LABEL_STORE"
DEFAULT_EVALUATOR: Final = "DEFAULT_EVALUATOR"

GROUPS = (
    *CONFIG_GROUPS,
    COMMAND,
    AUX_COMMAND,
    FILESYSTEM,
    EXPERIMENT_RUNNER,
    DEFAULT_RASTER_SOURCE,
    DEFAULT_VECTOR_SOURCE,
    DEFAULT_LABEL_SOURCE,
    DEFAULT_LABEL_STORE,
    DEFAULT_EVALUATOR,
)

# The group of entry points through which installed distributions offer plugins.
PLUGIN_ENTRY_POINTS: Final = "rvcli.plugins"

# Tasks.
SEMANTIC_SEGMENTATION: Final = "SEMANTIC_SEGMENTATION"
CHIP_CLASSIFICATION: Final = "CHIP_CLASSIFICATION"
OBJECT_DETECTION: Final = "OBJECT_DETECTION"

# Backends.
SKLEARN_SEMANTIC_SEGMENTATION: Final = "SKLEARN_SEMANTIC_SEGMENTATION"

# Raster sources.
RASTERIO_SOURCE: Final = "RASTERIO_SOURCE"
RASTERIZED_SOURCE: Final = "RASTERIZED_SOURCE"
GEOTIFF_SOURCE: Final = "GEOTIFF_SOURCE"
IMAGE_SOURCE: Final = "IMAGE_SOURCE"

# Vector sources.
GEOJSON_SOURCE: Final = "GEOJSON_SOURCE"

# Label sources (beside the task keys) and label stores.
SEMANTIC_SEGMENTATION_RASTER: Final = "SEMANTIC_SEGMENTATION_RASTER"

# Raster transformers, augmentors, analyzers, evaluators.
STATS_TRANSFORMER: Final = "STATS_TRANSFORMER"
NODATA_AUGMENTOR: Final = "NODATA_AUGMENTOR"
STATS_ANALYZER: Final = "STATS_ANALYZER"
SEMANTIC_SEGMENTATION_EVALUATOR: Final = "SEMANTIC_SEGMENTATION_EVALUATOR"

# Commands, in the order in which a pipeline runs them.
ANALYZE: Final = "ANALYZE"
CHIP: Final = "CHIP"
TRAIN: Final = "TRAIN"
PREDICT: Final = "PREDICT"
EVAL: Final = "EVAL"
BUNDLE: Final = "BUNDLE"

COMMANDS = (ANALYZE, CHIP, TRAIN, PREDICT, EVAL, BUNDLE)


def all_commands() -> list[str]:
    """List the command keys in the order in which a pipeline runs them."""
    return list(COMMANDS)


# Runners.
INPROCESS: Final = "INPROCESS"
LOCAL: Final = "LOCAL"
AWS_BATCH: Final = "AWS_BATCH"
DASK: Final = "DASK"
