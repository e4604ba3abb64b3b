"""Config of the embedded detector, which finds boxes with scikit-learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.backend.simple_backend_config import SimpleBackendConfig, SimpleBackendConfigBuilder
from rvcli.backend.sklearn.options import (
    DEFAULT_BOX_ITERATIONS,
    DEFAULT_BOX_LEARNING_RATE,
    DEFAULT_MAX_WINDOWS,
    DEFAULT_SIZES,
    BoxOptions,
)
from rvcli.config import field, positive

if TYPE_CHECKING:
    from rvcli.backend.backend import Backend


class SklearnObjectDetectionConfig(SimpleBackendConfig):
    """Find boxes with windows that slide over the image, on the CPU."""

    key = keys.SKLEARN_OBJECT_DETECTION
    uses_validation_chips = False
    uses_gpu = False
    framework = "scikit-learn"

    max_windows: int = field(
        default=DEFAULT_MAX_WINDOWS,
        doc="Largest number of windows to learn from.",
        check=positive,
        used_by=(keys.TRAIN,),
    )
    sizes: int = field(
        default=DEFAULT_SIZES,
        doc="How many sizes of windows slide over an image, at most; chosen like the objects'.",
        check=positive,
        used_by=(keys.TRAIN,),
    )
    iterations: int = field(
        default=DEFAULT_BOX_ITERATIONS,
        doc="Number of boosting rounds.",
        check=positive,
        used_by=(keys.TRAIN,),
    )
    learning_rate: float = field(
        default=DEFAULT_BOX_LEARNING_RATE,
        doc="Weight of each round.",
        check=positive,
        used_by=(keys.TRAIN,),
    )

    def create_backend(self, task_config: Any) -> Backend:
        """Create the backend."""
        from rvcli.backend.sklearn_object_detection import SklearnObjectDetection

        options = BoxOptions(
            seed=self.seed,
            max_windows=self.max_windows,
            sizes=self.sizes,
            iterations=self.iterations,
            learning_rate=self.learning_rate,
        )
        return SklearnObjectDetection(task_config.class_map, self.places(), options)


class SklearnObjectDetectionConfigBuilder(SimpleBackendConfigBuilder):
    """Builds SklearnObjectDetectionConfig."""

    config_class = SklearnObjectDetectionConfig

    def _applicable_tasks(self) -> list[str]:
        return [keys.OBJECT_DETECTION]

    def with_train_options(
        self,
        max_windows: int = DEFAULT_MAX_WINDOWS,
        iterations: int = DEFAULT_BOX_ITERATIONS,
        learning_rate: float = DEFAULT_BOX_LEARNING_RATE,
        sizes: int = DEFAULT_SIZES,
        seed: int = 0,
    ) -> SklearnObjectDetectionConfigBuilder:
        """Set how the model is trained; see the fields of the same names."""
        return self.set(
            max_windows=max_windows,
            iterations=iterations,
            learning_rate=learning_rate,
            sizes=sizes,
            seed=seed,
        )
