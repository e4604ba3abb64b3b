"""A baseline for detection: classifies pixels, and puts a box around each patch of a class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from rvcli.backend.chip_kind import ChipKind
from rvcli.backend.chip_set import ChipSet
from rvcli.backend.places import Places
from rvcli.backend.sklearn.drawn_boxes import DrawnBoxes
from rvcli.backend.sklearn.options import PixelOptions
from rvcli.backend.sklearn.pixel_backend import PixelBackend
from rvcli.backend.sklearn.pixel_sample import LabelledChips
from rvcli.core.box import Box
from rvcli.data.label.object_detection_labels import ObjectDetectionLabels

if TYPE_CHECKING:
    from rvcli.core.class_map import ClassMap


# Pixels around a window that are looked at for the rest of a patch, at most.
_MAX_REACH = 256


class SklearnPixelsToBoxes(PixelBackend):
    """Learns which pixels lie in boxes of which class; a predicted patch becomes a box.

    The score of a box is the mean probability of its class over its patch.
    """

    kind = ChipKind.BOXES
    predicts_batches = True

    def __init__(
        self,
        class_map: ClassMap,
        places: Places,
        options: PixelOptions,
        *,
        denoise: int = 2,
        min_pixels: int = 16,
    ) -> None:
        """Make a backend.

        Args:
            class_map: the classes of the task.
            places: the URIs of its files.
            options: see PixelOptions.
            denoise: radius in pixels of the opening that removes bridges and specks.
            min_pixels: smaller patches are left out.

        Raises:
            ConfigError: an option has no meaning.
        """
        super().__init__(class_map, places, options)
        self._features_margin = 0
        self.denoise = denoise
        self.min_pixels = min_pixels

    @property
    def background_id(self) -> int:
        """The class of pixels that lie in no box."""
        return max(self.class_ids) + 1

    @property
    def pixel_ids(self) -> list[int]:
        """The classes that a pixel may have."""
        return [*self.class_ids, self.background_id]

    def labelled(self, chips: ChipSet) -> Sequence[LabelledChips]:
        """Return the chips with their boxes drawn."""
        return [DrawnBoxes(file, self.background_id) for file in chips.files]

    def notes(self, chips: ChipSet) -> dict[str, Any]:
        """Note how large objects are: so far do patches reach out of a window."""
        boxes = [labels for _, labels in (chips.read(index) for index in range(len(chips)))]
        sizes = np.concatenate([b[:, 2:4] - b[:, :2] for b in boxes]).max(axis=1, initial=1)
        return {"reach": int(min(np.quantile(sizes, 0.95), _MAX_REACH)) if len(sizes) else 0}

    def load_model(self, tmp_dir: str) -> None:
        """Load the model; imagery is wanted as far as objects reach."""
        super().load_model(tmp_dir)
        assert self._classifier is not None
        self._features_margin = self.margin
        self.margin += int(self._classifier.model.notes["reach"])

    def predict(
        self, chips: Sequence[Any], windows: Sequence[Box], tmp_dir: str
    ) -> ObjectDetectionLabels:
        """Find the patches whose centres lie in some windows.

        Args:
            chips: arrays of shape (height, width, bands), each its window with `margin` pixels
                more on each side; or exactly its window.
            windows: pixel coordinates, half-open.
            tmp_dir: local directory for the model, if it has to be fetched.

        Returns:
            Boxes in pixels of the scene.
        """
        classifier = self.classifier(chips, tmp_dir)
        parts = [np.empty((0, 6))]
        for chip, window in zip(chips, windows, strict=True):
            has_margin = chip.shape[0] > window.get_height()
            reach = self.margin - self._features_margin if has_margin else 0
            scores = classifier.predict_scores(chip, has_margin=has_margin)
            found = np.array(self._patches(scores, classifier.model.class_ids)).reshape(-1, 6)
            found[:, :4] += np.array([window.ymin, window.xmin] * 2) - reach
            parts.append(found[_centred_in(window, found)])
        rows = np.concatenate(parts)
        return ObjectDetectionLabels(rows[:, :4], rows[:, 4].astype(np.int64), rows[:, 5])

    def _patches(self, scores: Any, plane_ids: Sequence[int]) -> list[tuple[float, ...]]:
        """List box, class and score of the patches of each class."""
        best = np.where(scores.any(axis=0), scores.argmax(axis=0), -1)
        patches: list[tuple[float, ...]] = []
        for plane, class_id in enumerate(plane_ids):
            if class_id == self.background_id:
                continue
            mask = best == plane
            if self.denoise:
                mask = ndimage.binary_opening(mask, iterations=self.denoise)
            numbered, count = ndimage.label(mask)
            if not count:
                continue
            numbers = np.arange(1, count + 1)
            sizes = np.bincount(numbered.ravel(), minlength=count + 1)[1:]
            means = ndimage.mean(scores[plane], numbered, numbers)
            for slices, size, mean in zip(
                ndimage.find_objects(numbered), sizes, means, strict=True
            ):
                if size >= self.min_pixels:
                    y, x = slices
                    patches.append((y.start, x.start, y.stop, x.stop, class_id, float(mean)))
        return patches


def _centred_in(window: Box, rows: Any) -> Any:
    """Tell which boxes have their centre in a window."""
    y, x = (rows[:, 0] + rows[:, 2]) / 2, (rows[:, 1] + rows[:, 3]) / 2
    return (window.ymin <= y) & (y < window.ymax) & (window.xmin <= x) & (x < window.xmax)
