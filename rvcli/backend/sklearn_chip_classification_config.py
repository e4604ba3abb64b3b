"""Config of the embedded backend of chip classification."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.backend.simple_backend_config import SimpleBackendConfig, SimpleBackendConfigBuilder
from rvcli.backend.sklearn.options import (
    DEFAULT_COPIES,
    DEFAULT_MAX_CHIPS,
    DEFAULT_TREES,
    CellOptions,
)
from rvcli.config import field, not_negative, positive

if TYPE_CHECKING:
    from rvcli.backend.backend import Backend


class SklearnChipClassificationConfig(SimpleBackendConfig):
    """Classify cells by colours and texture with a random forest, on the CPU."""

    key = keys.SKLEARN_CHIP_CLASSIFICATION
    uses_validation_chips = False
    uses_gpu = False
    framework = "scikit-learn"

    max_chips: int = field(
        default=DEFAULT_MAX_CHIPS,
        doc="Largest number of chips to learn from, spread over the classes.",
        check=positive,
        used_by=(keys.TRAIN,),
    )
    trees: int = field(
        default=DEFAULT_TREES,
        doc="Number of trees of the forest.",
        check=positive,
        used_by=(keys.TRAIN,),
    )
    copies: int = field(
        default=DEFAULT_COPIES,
        doc="Darker or brighter copies of each chip that are learned from as well.",
        check=not_negative,
        used_by=(keys.TRAIN,),
    )

    def create_backend(self, task_config: Any) -> Backend:
        """Create the backend."""
        from rvcli.backend.sklearn_chip_classification import SklearnChipClassification

        options = CellOptions(
            seed=self.seed, max_chips=self.max_chips, trees=self.trees, copies=self.copies
        )
        return SklearnChipClassification(task_config.class_map, self.places(), options)


class SklearnChipClassificationConfigBuilder(SimpleBackendConfigBuilder):
    """Builds SklearnChipClassificationConfig."""

    config_class = SklearnChipClassificationConfig

    def _applicable_tasks(self) -> list[str]:
        return [keys.CHIP_CLASSIFICATION]

    def with_train_options(
        self,
        max_chips: int = DEFAULT_MAX_CHIPS,
        trees: int = DEFAULT_TREES,
        copies: int = DEFAULT_COPIES,
        seed: int = 0,
    ) -> SklearnChipClassificationConfigBuilder:
        """Set how the model is trained; see the fields of the same names."""
        return self.set(max_chips=max_chips, trees=trees, copies=copies, seed=seed)
