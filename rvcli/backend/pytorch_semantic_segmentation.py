"""Semantic segmentation with PyTorch: a network gives every pixel a class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rvcli.backend.chip_kind import ChipKind
from rvcli.backend.places import Places
from rvcli.backend.pytorch.runtime import AUTO
from rvcli.backend.pytorch.torch_backend import TorchBackend, by_shape
from rvcli.backend.pytorch.train_options import TrainOptions
from rvcli.core.box import Box
from rvcli.data.label.semantic_segmentation_labels import SemanticSegmentationLabels

if TYPE_CHECKING:
    from rvcli.backend.pytorch.recipe import Recipe
    from rvcli.core.class_map import ClassMap

__all__ = ["PyTorchSemanticSegmentation"]


class PyTorchSemanticSegmentation(TorchBackend):
    """Trains a segmentation network on the chips, and predicts classes and their scores."""

    kind = ChipKind.PIXELS
    model_format = "rv torch segmentation"
    older_network = "SEGMENTER"
    gives_scores = True

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
            margin: imagery around each window that the network sees as well, in pixels.
        """
        super().__init__(class_map, places, options, predict_with)
        self.margin = margin

    def recipe(self) -> Recipe:
        """Return the recipe of segmentation."""
        from rvcli.backend.pytorch.segmentation_recipe import SegmentationRecipe

        return SegmentationRecipe(tuple(self.class_ids))

    def predict(
        self, chips: Sequence[Any], windows: Sequence[Box], tmp_dir: str
    ) -> SemanticSegmentationLabels:
        """Classify the pixels of some windows.

        Args:
            chips: arrays of shape (height, width, bands), each its window with `margin` pixels
                more on each side; or exactly its window.
            windows: pixel coordinates, half-open.
            tmp_dir: local directory for the model, if it has to be fetched.
        """
        ids = np.array(self.class_ids, np.uint8 if max(self.class_ids) < 256 else np.uint16)
        scores = self.predict_scores(chips, windows, tmp_dir)
        arrays = {
            window: ids[planes.argmax(axis=0)]
            for window, planes in zip(windows, scores, strict=True)
        }
        return SemanticSegmentationLabels(windows, arrays.__getitem__)

    def predict_scores(
        self, chips: Sequence[Any], windows: Sequence[Box], tmp_dir: str
    ) -> list[np.ndarray[Any, Any]]:
        """Give the probability of each class for the pixels of some windows.

        Args:
            chips, windows, tmp_dir: as for `predict`.

        Returns:
            float32 (classes, height, width) for each window, in order of class id; they sum to 1
            over the classes.
        """
        spec = self.spec(tmp_dir)
        self.warn_of_dtypes(chips)
        planes = [self.class_ids.index(class_id) for class_id in spec.class_ids]
        scores: dict[int, np.ndarray[Any, Any]] = {}
        for group in by_shape(chips):
            (found,) = self.run(np.stack([chips[i] for i in group]), tmp_dir)
            for i, array in zip(group, found, strict=True):
                window = windows[i]
                inner = _without_margin(array, window.get_height(), window.get_width())
                scores[i] = np.zeros((len(self.class_ids), *inner.shape[1:]), np.float32)
                scores[i][planes] = inner
        return [scores[i] for i in range(len(windows))]


def _without_margin(array: np.ndarray[Any, Any], height: int, width: int) -> np.ndarray[Any, Any]:
    top, left = (array.shape[1] - height) // 2, (array.shape[2] - width) // 2
    return array[:, top : top + height, left : left + width]
