"""Object detection with PyTorch: a network finds boxes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rvcli.backend.chip_kind import ChipKind
from rvcli.backend.places import Places
from rvcli.backend.pytorch.detections import find_boxes
from rvcli.backend.pytorch.runtime import AUTO
from rvcli.backend.pytorch.torch_backend import TorchBackend, by_shape
from rvcli.backend.pytorch.train_options import TrainOptions
from rvcli.backend.window_boxes import to_scene
from rvcli.core.box import Box
from rvcli.data.label.object_detection_labels import ObjectDetectionLabels

if TYPE_CHECKING:
    from rvcli.backend.pytorch.recipe import Recipe
    from rvcli.core.class_map import ClassMap

__all__ = ["PyTorchObjectDetection"]


class PyTorchObjectDetection(TorchBackend):
    """Trains a detector on the chips, those without objects included, and finds boxes."""

    kind = ChipKind.BOXES
    model_format = "rv torch detection"
    older_network = "DETECTOR"

    def __init__(
        self,
        class_map: ClassMap,
        places: Places,
        options: TrainOptions,
        predict_with: str = AUTO,
        *,
        margin: int = 0,
    ) -> None:
        """Make a backend; see TorchBackend.

        Args:
            margin: imagery around each window that the network sees as well, in pixels. With it
                a window gives the objects whose centres lie in it, whole.
        """
        super().__init__(class_map, places, options, predict_with)
        self.margin = margin
        self.finds_whole_objects = margin > 0

    def recipe(self) -> Recipe:
        """Return the recipe of detection."""
        from rvcli.backend.pytorch.detection_recipe import DetectionRecipe

        return DetectionRecipe(tuple(self.class_ids))

    def predict(
        self, chips: Sequence[Any], windows: Sequence[Box], tmp_dir: str
    ) -> ObjectDetectionLabels:
        """Find the boxes in some windows.

        Args:
            chips: arrays of shape (height, width, bands), each its window with `margin` pixels
                more on each side; or exactly its window.
            windows: pixel coordinates, half-open.
            tmp_dir: local directory for the model, if it has to be fetched.

        Returns:
            Boxes in pixels of the scene, also those of low scores; their centres lie in the
            windows.
        """
        spec = self.spec(tmp_dir)
        self.warn_of_dtypes(chips)
        parts: dict[int, ObjectDetectionLabels] = {}
        for group in by_shape(chips):
            boxes, scores = self.run(np.stack([chips[i] for i in group]), tmp_dir)
            for at, i in enumerate(group):
                size_hw = (chips[i].shape[0], chips[i].shape[1])
                found = find_boxes(boxes[at], scores[at], spec.class_ids, size_hw)
                parts[i] = to_scene(found, windows[i], size_hw)
        return ObjectDetectionLabels.join(parts[i] for i in range(len(windows)))
