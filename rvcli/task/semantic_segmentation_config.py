"""Config of semantic segmentation: a class for every pixel."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.config import Declared, Problem, between, field, not_negative, one_of, positive
from rvcli.core.class_map import ClassMap
from rvcli.task.task_config import ClassTaskConfigBuilder, TaskConfig

if TYPE_CHECKING:
    from rvcli.backend.backend import Backend
    from rvcli.task.task import Task

RANDOM_SAMPLE = "random_sample"
SLIDING = "sliding"


class ChipOptions(Declared):
    """How training chips are chosen from a scene."""

    window_method: str = field(
        default=RANDOM_SAMPLE,
        doc="Windows at random places, or one after the other.",
        check=one_of(RANDOM_SAMPLE, SLIDING),
    )
    target_classes: list[int] | None = field(
        default=None, doc="Class ids that a chip should show; all of them if not set."
    )
    debug_chip_probability: float = field(
        default=0.25, doc="Share of the chips drawn as images.", check=between(0, 1)
    )
    negative_survival_probability: float = field(
        default=1.0,
        doc="Share of the chips kept that show too few pixels of the target classes.",
        check=between(0, 1),
    )
    chips_per_scene: int = field(
        default=1000, doc="Number of random chips taken from a scene.", check=positive
    )
    target_count_threshold: int = field(
        default=1000,
        doc="Number of pixels of the target classes that make a chip positive.",
        unit="pixels",
        check=not_negative,
    )
    stride: int | None = field(
        default=None,
        doc="Step between sliding windows; half the chip size if not set.",
        unit="pixels",
        check=positive,
    )


class SemanticSegmentationConfig(TaskConfig):
    """Give every pixel of a scene a class."""

    key = keys.SEMANTIC_SEGMENTATION
    part = "semantic_segmentation_config"
    positional = (
        *("class_map", "predict_batch_size", "predict_package_uri", "debug"),
        *("chip_size", "predict_chip_size", "chip_options"),
    )

    class_map: ClassMap = field(
        doc="The classes; ids start at 1, 0 means ignore.", proto="class_items"
    )
    chip_size: int = field(
        default=300,
        doc="Width and height of a training chip.",
        unit="pixels",
        check=positive,
        used_by=(keys.CHIP, keys.TRAIN, keys.PREDICT, keys.BUNDLE),
    )
    predict_chip_size: int = field(
        default=300,
        doc="Width and height of the windows in which scenes are predicted.",
        unit="pixels",
        check=positive,
        used_by=(keys.PREDICT, keys.BUNDLE),
        parameter="chip_size",
    )
    predict_stride: int | None = field(
        default=None,
        doc="Step between these windows; predict_chip_size if not set. With a smaller one windows"
        " overlap, and their class scores are blended, so that no seams show.",
        unit="pixels",
        check=positive,
        used_by=(keys.PREDICT, keys.BUNDLE),
    )
    chip_options: ChipOptions = field(
        default_factory=ChipOptions, doc="How training chips are chosen.", used_by=(keys.CHIP,)
    )
    seed: int = field(
        default=0, doc="Seed of all that is chosen at random while chipping.", used_by=(keys.CHIP,)
    )

    def create_task(self, backend: Backend) -> Task:
        """Create the task."""
        from rvcli.task.semantic_segmentation import SemanticSegmentation

        return SemanticSegmentation(self, backend)

    def problems(self) -> Iterable[Problem]:
        """Check that target classes are classes, and that windows cover the scene."""
        if self.predict_stride is not None and self.predict_stride > self.predict_chip_size:
            yield Problem(
                "$.predict_stride",
                f"is {self.predict_stride}, more than predict_chip_size {self.predict_chip_size}:"
                " there would be gaps between windows",
            )
        known = {item.id for item in self.class_map.get_items()}
        for class_id in self.chip_options.target_classes or []:
            if class_id not in known:
                yield Problem(
                    "$.chip_options.target_classes",
                    f"has {class_id}, which is no class id; there are {sorted(known)}",
                )


SemanticSegmentationConfig.nest(ChipOptions)


class SemanticSegmentationConfigBuilder(ClassTaskConfigBuilder):
    """Builds SemanticSegmentationConfig."""

    config_class = SemanticSegmentationConfig

    def with_chip_options(
        self,
        window_method: str = RANDOM_SAMPLE,
        target_classes: list[int] | None = None,
        debug_chip_probability: float = 0.25,
        negative_survival_probability: float = 1.0,
        chips_per_scene: int = 1000,
        target_count_threshold: int = 1000,
        stride: int | None = None,
    ) -> SemanticSegmentationConfigBuilder:
        """Set how training chips are chosen from a scene; see ChipOptions."""
        options = ChipOptions(
            window_method,
            target_classes,
            debug_chip_probability,
            negative_survival_probability,
            chips_per_scene,
            target_count_threshold,
            stride,
        )
        return self.set(chip_options=options)

    def from_proto(self, msg: Any) -> SemanticSegmentationConfigBuilder:
        """Return a copy with the values of a message; a predict chip size of 0 is that of chips."""
        new = super().from_proto(msg)
        if not new.config["predict_chip_size"]:
            new.config["predict_chip_size"] = new.config["chip_size"]
        return new
