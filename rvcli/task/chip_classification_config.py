"""Config of chip classification: a class for each cell of a grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rvcli import keys
from rvcli.config import field, positive
from rvcli.core.class_map import ClassMap
from rvcli.task.task_config import ClassTaskConfigBuilder, TaskConfig

if TYPE_CHECKING:
    from rvcli.backend.backend import Backend
    from rvcli.task.task import Task


class ChipClassificationConfig(TaskConfig):
    """Give each cell of a grid over a scene a class."""

    key = keys.CHIP_CLASSIFICATION
    part = "chip_classification_config"
    positional = (
        *("class_map", "predict_batch_size", "predict_package_uri", "debug"),
        *("predict_debug_uri", "chip_size"),
    )

    class_map: ClassMap = field(doc="The classes; ids start at 1.", proto="class_items")
    chip_size: int = field(
        default=300,
        doc="Width and height of cells.",
        unit="pixels",
        check=positive,
        used_by=(keys.CHIP, keys.TRAIN, keys.PREDICT, keys.EVAL, keys.BUNDLE),
    )
    debug: bool = field(
        default=False,
        doc="Write images that help to see what went wrong.",
        used_by=(keys.CHIP, keys.PREDICT),
    )

    def create_task(self, backend: Backend) -> Task:
        """Create the task."""
        from rvcli.task.chip_classification import ChipClassification

        return ChipClassification(self, backend)


class ChipClassificationConfigBuilder(ClassTaskConfigBuilder):
    """Builds ChipClassificationConfig."""

    config_class = ChipClassificationConfig
