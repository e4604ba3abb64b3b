"""Object detection with PyTorch: a network finds boxes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rvcli.backend.chip_kind import ChipKind
from rvcli.backend.pytorch.detections import find_boxes
from rvcli.backend.pytorch.torch_backend import TorchBackend, by_shape
from rvcli.core.box import Box
from rvcli.data.label.object_detection_labels import ObjectDetectionLabels

if TYPE_CHECKING:
    from rvcli.backend.pytorch.recipe import Recipe

__all__ = ["PyTorchObjectDetection"]


class PyTorchObjectDetection(TorchBackend):
    """Trains a detector on the chips, those without objects included, and finds boxes."""

    kind = ChipKind.BOXES
    model_format = "rv torch detection"

    def recipe(self) -> Recipe:
        """Return the recipe of detection."""
        from rvcli.backend.pytorch.detection_recipe import DetectionRecipe

        return DetectionRecipe(tuple(self.class_ids))

    def predict(
        self, chips: Sequence[Any], windows: Sequence[Box], tmp_dir: str
    ) -> ObjectDetectionLabels:
        """Find the boxes in some windows.

        Args:
            chips: arrays of shape (height, width, bands), one for each window.
            windows: pixel coordinates, half-open.
            tmp_dir: local directory for the model, if it has to be fetched.

        Returns:
            Boxes in pixels of the scene, also those of low scores.
        """
        spec = self.spec(tmp_dir)
        self.warn_of_dtypes(chips)
        parts: dict[int, ObjectDetectionLabels] = {}
        for group in by_shape(chips):
            boxes, scores = self.run(np.stack([chips[i] for i in group]), tmp_dir)
            for at, i in enumerate(group):
                size_hw = (chips[i].shape[0], chips[i].shape[1])
                found = find_boxes(boxes[at], scores[at], spec.class_ids, size_hw)
                parts[i] = ObjectDetectionLabels(
                    ObjectDetectionLabels.local_to_global(found.get_npboxes(), windows[i]),
                    found.get_class_ids(),
                    found.get_scores(),
                )
        return ObjectDetectionLabels.join(parts[i] for i in range(len(windows)))
