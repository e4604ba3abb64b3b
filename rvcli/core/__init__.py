"""Values without I/O: boxes, classes, inputs and outputs, training data, statistics."""

from rvcli.core.box import Box, BoxSizeError
from rvcli.core.class_map import ClassItem, ClassMap
from rvcli.core.command_io_definition import CommandIODefinition
from rvcli.core.raster_stats import RasterStats
from rvcli.core.training_data import TrainingData

__all__ = [
    "Box",
    "BoxSizeError",
    "ClassItem",
    "ClassMap",
    "CommandIODefinition",
    "RasterStats",
    "TrainingData",
]
