"""What the configs of backends share that classify pixels with scikit-learn."""

from __future__ import annotations

from typing import Any

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


class PixelBackendConfig(SimpleBackendConfig):
    """Describes a backend that classifies pixels."""

    uses_validation_chips = False
    uses_gpu = False
    framework = "scikit-learn"

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

    def pixel_options(self) -> PixelOptions:
        """Return how the classifier of pixels is trained."""
        return PixelOptions(
            seed=self.seed,
            max_pixels=self.max_pixels,
            scales=tuple(self.scales),
            iterations=self.iterations,
            learning_rate=self.learning_rate,
        )


class PixelBackendConfigBuilder(SimpleBackendConfigBuilder):
    """Base of the builders of such configs."""

    config_class = PixelBackendConfig

    def with_train_options(
        self,
        max_pixels: int = DEFAULT_MAX_PIXELS,
        iterations: int = DEFAULT_ITERATIONS,
        learning_rate: float = DEFAULT_LEARNING_RATE,
        scales: list[int] | None = None,
        seed: int = 0,
    ) -> Any:
        """Set how the model is trained; see the fields of the same names."""
        return self.set(
            max_pixels=max_pixels,
            iterations=iterations,
            learning_rate=learning_rate,
            scales=list(DEFAULT_SCALES if scales is None else scales),
            seed=seed,
        )
