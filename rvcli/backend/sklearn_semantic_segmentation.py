"""The embedded backend: gives every pixel a class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rvcli.backend.chip_kind import ChipKind
from rvcli.backend.chip_set import ChipSet
from rvcli.backend.sklearn.pixel_backend import PixelBackend
from rvcli.backend.sklearn.pixel_sample import LabelledChips
from rvcli.core.box import Box
from rvcli.data.label.semantic_segmentation_labels import SemanticSegmentationLabels


class SklearnSemanticSegmentation(PixelBackend):
    """Gives each pixel the class that its surroundings speak for."""

    kind = ChipKind.PIXELS
    gives_scores = True

    def labelled(self, chips: ChipSet) -> Sequence[LabelledChips]:
        """Return the chips as they are."""
        return chips.files

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
        classifier = self.classifier(chips, tmp_dir)
        arrays = {
            window: classifier.predict(chip, has_margin=chip.shape[0] > window.get_height())
            for chip, window in zip(chips, windows, strict=True)
        }
        return SemanticSegmentationLabels(windows, arrays.__getitem__)

    def predict_scores(
        self, chips: Sequence[Any], windows: Sequence[Box], tmp_dir: str
    ) -> list[npt.NDArray[np.float32]]:
        """Give how probable every class is at the pixels of some windows.

        A class that the model has not seen in training has no chance.

        Args:
            chips: as for `predict`.
            windows: as for `predict`.
            tmp_dir: as for `predict`.
        """
        classifier = self.classifier(chips, tmp_dir)
        class_ids = self.class_ids
        seen = [class_ids.index(class_id) for class_id in classifier.model.class_ids]
        found = []
        for chip, window in zip(chips, windows, strict=True):
            scores = classifier.predict_scores(chip, has_margin=chip.shape[0] > window.get_height())
            planes = np.zeros((len(class_ids), *scores.shape[1:]), np.float32)
            planes[seen] = scores
            found.append(planes)
        return found
