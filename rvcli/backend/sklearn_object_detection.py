"""The embedded detector: trees look through windows that slide over the image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rvcli.backend.chip_backend import ChipBackend
from rvcli.backend.chip_kind import ChipKind
from rvcli.backend.chip_set import ChipSet
from rvcli.backend.places import TRAIN, Places
from rvcli.backend.sklearn.options import BoxOptions
from rvcli.backend.window_boxes import to_scene
from rvcli.core.box import Box
from rvcli.data.label.object_detection_labels import ObjectDetectionLabels
from rvcli.filesystem import resolve
from rvcli.utils.files import download_if_needed

if TYPE_CHECKING:
    from rvcli.backend.sklearn.box_detector import BoxDetector
    from rvcli.core.class_map import ClassMap

__all__ = ["SklearnObjectDetection"]


class SklearnObjectDetection(ChipBackend):
    """Scores windows of several sizes by what is in and around them, and moves the best ones.

    Chips without objects take part in training.
    """

    kind = ChipKind.BOXES
    finds_whole_objects = True

    def __init__(self, class_map: ClassMap, places: Places, options: BoxOptions) -> None:
        """Make a backend.

        Args:
            class_map: the classes of the task.
            places: the URIs of its files.
            options: see BoxOptions.
        """
        super().__init__(class_map, places)
        self.options = options
        self._detector: BoxDetector | None = None

    def train(self, tmp_dir: str) -> None:
        """Train a model on the chip files.

        Raises:
            ConfigError: there are no chip files to train on, or no place for the model.
            DataError: a chip file is damaged, or the chips show no object.
        """
        from rvcli.backend.sklearn.box_training import train_detector

        uri = self.places.model()
        with ChipSet(self.places.chips_of(TRAIN), tmp_dir) as chips:
            model = train_detector(chips, self.options, self.keep_history)
            model = replace(model, notes={**model.notes, "dtypes": chips.dtypes})
        resolve(uri, "w").write_bytes(uri, model.pack())

    def load_model(self, tmp_dir: str) -> None:
        """Load the model.

        Raises:
            DataError: it is no whole model, or of other classes.
        """
        from rvcli.backend.sklearn.box_detector import BoxDetector, BoxModel

        uri = self.places.model()
        model = BoxModel.read(Path(download_if_needed(uri, tmp_dir)), uri)
        self.check_classes(model.class_ids, uri)
        self._detector = BoxDetector(model, uri)
        self.margin = model.margin
        self.dtypes = list(model.notes.get("dtypes") or ())

    def predict(
        self, chips: Sequence[Any], windows: Sequence[Box], tmp_dir: str
    ) -> ObjectDetectionLabels:
        """Find the objects whose centres lie in some windows.

        Args:
            chips: arrays of shape (height, width, bands), each its window with `margin` pixels
                more on each side; or exactly its window, of which less is known then.
            windows: pixel coordinates, half-open.
            tmp_dir: local directory for the model, if it has to be fetched.

        Returns:
            Boxes in pixels of the scene, also those of low scores.
        """
        if self._detector is None:
            self.load_model(tmp_dir)
        detector = self._detector
        assert detector is not None
        self.warn_of_dtypes(chips)
        parts = []
        for chip, window in zip(chips, windows, strict=True):
            size_hw = (chip.shape[0], chip.shape[1])
            margin = (size_hw[0] - window.get_height()) // 2
            area = Box(margin, margin, margin + window.get_height(), margin + window.get_width())
            found = detector.detect(chip, area, (window.ymin - margin, window.xmin - margin))
            parts.append(to_scene(found, window, size_hw))
        return ObjectDetectionLabels.join(parts)
