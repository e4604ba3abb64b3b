"""Chip classification with PyTorch: a network gives every cell a class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rvcli.backend.chip_kind import ChipKind
from rvcli.backend.pytorch.torch_backend import TorchBackend, by_shape
from rvcli.core.box import Box
from rvcli.data.label.chip_classification_labels import ChipClassificationLabels

if TYPE_CHECKING:
    from rvcli.backend.pytorch.recipe import Recipe

__all__ = ["PyTorchChipClassification"]


class PyTorchChipClassification(TorchBackend):
    """Trains a classification network on the chips, and predicts classes and their scores."""

    kind = ChipKind.CLASS
    model_format = "rv torch classification"

    def recipe(self) -> Recipe:
        """Return the recipe of classification."""
        from rvcli.backend.pytorch.classification_recipe import ClassificationRecipe

        return ClassificationRecipe(tuple(self.class_ids))

    def predict(
        self, chips: Sequence[Any], windows: Sequence[Box], tmp_dir: str
    ) -> ChipClassificationLabels:
        """Classify some windows.

        Args:
            chips: arrays of shape (height, width, bands), one for each window.
            windows: pixel coordinates, half-open.
            tmp_dir: local directory for the model, if it has to be fetched.

        Returns:
            the windows as cells, with the probability of each class, in order of class id.
        """
        spec = self.spec(tmp_dir)
        self.warn_of_dtypes(chips)
        columns = [self.class_ids.index(class_id) for class_id in spec.class_ids]
        scores = np.zeros((len(windows), len(self.class_ids)))
        for group in by_shape(chips):
            (found,) = self.run(np.stack([chips[i] for i in group]), tmp_dir)
            scores[np.ix_(group, columns)] = found
        labels = ChipClassificationLabels()
        for window, row in zip(windows, scores, strict=True):
            labels.set_cell(window, self.class_ids[int(row.argmax())], row.tolist())
        return labels
