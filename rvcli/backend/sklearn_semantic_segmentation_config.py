"""Config of the embedded backend, which classifies pixels with scikit-learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.backend.sklearn.pixel_backend_config import (
    PixelBackendConfig,
    PixelBackendConfigBuilder,
)

if TYPE_CHECKING:
    from rvcli.backend.backend import Backend


class SklearnSemanticSegmentationConfig(PixelBackendConfig):
    """Classify every pixel from its surroundings at several scales, on the CPU."""

    key = keys.SKLEARN_SEMANTIC_SEGMENTATION

    def create_backend(self, task_config: Any) -> Backend:
        """Create the backend."""
        from rvcli.backend.sklearn_semantic_segmentation import SklearnSemanticSegmentation

        return SklearnSemanticSegmentation(
            task_config.class_map, self.places(), self.pixel_options()
        )


class SklearnSemanticSegmentationConfigBuilder(PixelBackendConfigBuilder):
    """Builds SklearnSemanticSegmentationConfig."""

    config_class = SklearnSemanticSegmentationConfig

    def _applicable_tasks(self) -> list[str]:
        return [keys.SEMANTIC_SEGMENTATION]
