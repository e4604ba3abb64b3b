"""Config of the embedded backend, which classifies pixels with scikit-learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.backend.simple_backend_config import SimpleBackendConfig, SimpleBackendConfigBuilder
from rvcli.backend.sklearn.options import (
    DEFAULT_ITERATIONS,
    DEFAULT_LEARNING_RATE,
    DEFAULT_MAX_PIXELS,
    DEFAULT_SCALES,
    PixelOptions,
)
from rvcli.config import field, positive

if TYPE_CHECKING:
    from rvcli.backend.backend import Backend


class SklearnSemanticSegmentationConfig(SimpleBackendConfig):
    """Classify every pixel from its surroundings at several scales, on the CPU."""

    key = keys.SKLEARN_SEMANTIC_SEGMENTATION
    uses_validation_chips = False
    uses_gpu = False

    max_pixels: int = field(
        default=DEFAULT_MAX_PIXELS,
        doc="Largest number of pixels to learn from, spread over the classes.",
        check=positive,
        used_by=(keys.TRAIN,),
    )
    scales: list[int] = field(
        default_factory=lambda: list(DEFAULT_SCALES),
        doc="Radii of the surroundings that describe a pixel.",
        unit="pixels",
        used_by=(keys.TRAIN,),
    )
    iterations: int = field(
        default=DEFAULT_ITERATIONS,
        doc="Number of boosting rounds.",
        check=positive,
        used_by=(keys.TRAIN,),
    )
    learning_rate: float = field(
        default=DEFAULT_LEARNING_RATE,
        doc="Weight of each round.",
        check=positive,
        used_by=(keys.TRAIN,),
    )

    def create_backend(self, task_config: Any) -> Backend:
        """Create the backend."""
        from rvcli.backend.sklearn_semantic_segmentation import SklearnSemanticSegmentation

        options = PixelOptions(
            seed=self.seed,
            max_pixels=self.max_pixels,
            scales=tuple(self.scales),
            iterations=self.iterations,
            learning_rate=self.learning_rate,
        )
        return SklearnSemanticSegmentation(task_config.class_map, self.places(), options)


class SklearnSemanticSegmentationConfigBuilder(SimpleBackendConfigBuilder):
    """Builds SklearnSemanticSegmentationConfig."""

    config_class = SklearnSemanticSegmentationConfig

    def _applicable_tasks(self) -> list[str]:
        return [keys.SEMANTIC_SEGMENTATION]

    def with_train_options(
        self,
        max_pixels: int = DEFAULT_MAX_PIXELS,
        iterations: int = DEFAULT_ITERATIONS,
        learning_rate: float = DEFAULT_LEARNING_RATE,
        scales: list[int] | None = None,
        seed: int = 0,
    ) -> SklearnSemanticSegmentationConfigBuilder:
        """Set how the model is trained; see the fields of the same names."""
        return self.set(
            max_pixels=max_pixels,
            iterations=iterations,
            learning_rate=learning_rate,
            scales=list(DEFAULT_SCALES if scales is None else scales),
            seed=seed,
        )
