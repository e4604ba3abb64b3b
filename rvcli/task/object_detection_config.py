"""Config of object detection."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rvcli import keys
from rvcli.config import Declared, Problem, between, field, not_negative, one_of, positive
from rvcli.core.class_map import ClassMap
from rvcli.task.task_config import ClassTaskConfigBuilder, TaskConfig

if TYPE_CHECKING:
    from rvcli.backend.backend import Backend
    from rvcli.task.task import Task

CHIP = "chip"
LABEL = "label"
IMAGE = "image"
SLIDING = "sliding"


class ChipOptions(Declared):
    """How training chips are chosen from a scene."""

    neg_ratio: float = field(
        default=1.0,
        doc="Chips without objects for each chip that shows one; nothing to the window method"
        " sliding.",
        check=not_negative,
    )
    ioa_thresh: float = field(
        default=0.8,
        doc="Share of a box that has to lie in a chip to be a label of it.",
        check=between(0, 1),
    )
    window_method: str = field(
        default=CHIP,
        doc="A chip at random around each box, each box itself, the whole image, or chips one"
        " beside the other.",
        check=one_of(CHIP, LABEL, IMAGE, SLIDING),
    )
    label_buffer: float = field(
        default=0.0,
        doc="With the window method label, what is added to each side of a box: below 1 a share"
        " of its height and width, else pixels.",
        check=not_negative,
    )


class PredictOptions(Declared):
    """How the predictions of windows become those of a scene."""

    merge_thresh: float = field(
        default=0.5,
        doc="Intersection over union above which the worse of two boxes of one class goes; with a"
        " box that a window cut off, another is cut off there too before.",
        check=between(0, 1),
    )
    score_thresh: float = field(
        default=0.5, doc="Boxes are kept whose score is above this.", check=between(0, 1)
    )
    stride: int | None = field(
        default=None,
        doc="Step between prediction windows; if not set half the chip size, or all of it for a"
        " backend that finds whole objects.",
        unit="pixels",
        check=positive,
    )


class ObjectDetectionConfig(TaskConfig):
    """Find objects, and give each a box, a class and a score."""

    key = keys.OBJECT_DETECTION
    part = "object_detection_config"
    positional = (
        *("class_map", "predict_batch_size", "predict_package_uri", "debug"),
        *("predict_debug_uri", "chip_size", "chip_options", "predict_options"),
    )

    class_map: ClassMap = field(doc="The classes; ids start at 1.", proto="class_items")
    chip_size: int = field(
        default=300,
        doc="Width and height of training chips and of prediction windows.",
        unit="pixels",
        check=positive,
        used_by=(keys.CHIP, keys.TRAIN, keys.PREDICT, keys.BUNDLE),
    )
    chip_options: ChipOptions = field(
        default_factory=ChipOptions, doc="How training chips are chosen.", used_by=(keys.CHIP,)
    )
    predict_options: PredictOptions = field(
        default_factory=PredictOptions,
        doc="How the predictions of windows become those of a scene.",
        used_by=(keys.PREDICT, keys.BUNDLE),
    )
    seed: int = field(
        default=0, doc="Seed of all that is chosen at random while chipping.", used_by=(keys.CHIP,)
    )

    def create_task(self, backend: Backend) -> Task:
        """Create the task."""
        from rvcli.task.object_detection import ObjectDetection

        return ObjectDetection(self, backend)

    def problems(self) -> Iterable[Problem]:
        """Check that prediction windows leave no gaps."""
        stride = self.predict_options.stride
        if stride is not None and stride > self.chip_size:
            yield Problem(
                "$.predict_options.stride",
                f"is {stride}, which leaves gaps between windows of {self.chip_size} pixels",
            )


ObjectDetectionConfig.nest(ChipOptions, PredictOptions)


class ObjectDetectionConfigBuilder(ClassTaskConfigBuilder):
    """Builds ObjectDetectionConfig."""

    config_class = ObjectDetectionConfig

    def with_chip_options(
        self,
        neg_ratio: float = 1,
        ioa_thresh: float = 0.8,
        window_method: str = CHIP,
        label_buffer: float = 0.0,
    ) -> ObjectDetectionConfigBuilder:
        """Set how training chips are chosen from a scene; see ChipOptions."""
        return self.set(
            chip_options=ChipOptions(neg_ratio, ioa_thresh, window_method, label_buffer)
        )

    def with_predict_options(
        self, merge_thresh: float = 0.5, score_thresh: float = 0.5, stride: int | None = None
    ) -> ObjectDetectionConfigBuilder:
        """Set how the predictions of windows become those of a scene; see PredictOptions."""
        return self.set(predict_options=PredictOptions(merge_thresh, score_thresh, stride))
