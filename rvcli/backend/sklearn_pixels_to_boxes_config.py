"""Config of the baseline that makes boxes of classified pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.backend.sklearn.pixel_backend_config import (
    PixelBackendConfig,
    PixelBackendConfigBuilder,
)
from rvcli.config import field, not_negative

if TYPE_CHECKING:
    from rvcli.backend.backend import Backend


class SklearnPixelsToBoxesConfig(PixelBackendConfig):
    """Classify pixels as inside or outside of boxes, and put a box around each patch: a baseline.

    Objects that touch become one box; SKLEARN_OBJECT_DETECTION is the better detector.
    """

    key = keys.SKLEARN_PIXELS_TO_BOXES

    denoise: int = field(
        default=2,
        doc="Bridges and specks of at most twice this width are removed from the patches.",
        unit="pixels",
        check=not_negative,
        used_by=(keys.PREDICT, keys.BUNDLE),
    )
    min_pixels: int = field(
        default=16,
        doc="Patches that are smaller are left out.",
        unit="pixels",
        check=not_negative,
        used_by=(keys.PREDICT, keys.BUNDLE),
    )

    def create_backend(self, task_config: Any) -> Backend:
        """Create the backend."""
        from rvcli.backend.sklearn_pixels_to_boxes import SklearnPixelsToBoxes

        return SklearnPixelsToBoxes(
            task_config.class_map,
            self.places(),
            self.pixel_options(),
            denoise=self.denoise,
            min_pixels=self.min_pixels,
        )


class SklearnPixelsToBoxesConfigBuilder(PixelBackendConfigBuilder):
    """Builds SklearnPixelsToBoxesConfig."""

    config_class = SklearnPixelsToBoxesConfig

    def _applicable_tasks(self) -> list[str]:
        return [keys.OBJECT_DETECTION]
