"""The embedded backend: classifies pixels by their surroundings, on the processor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rvcli.backend.chip_backend import ChipBackend
from rvcli.backend.chip_kind import ChipKind
from rvcli.backend.chip_set import ChipSet
from rvcli.backend.places import Places
from rvcli.backend.sklearn.options import PixelOptions
from rvcli.backend.sklearn.pixel_features import FeatureSpec
from rvcli.backend.sklearn.pixel_model import model_bytes, read_model
from rvcli.backend.sklearn.pixel_sample import sample_pixels
from rvcli.core.box import Box
from rvcli.data.label.semantic_segmentation_labels import SemanticSegmentationLabels
from rvcli.errors import ConfigError
from rvcli.filesystem import resolve
from rvcli.utils.files import download_if_needed

if TYPE_CHECKING:
    from rvcli.backend.sklearn.pixel_classifier import PixelClassifier
    from rvcli.core.class_map import ClassMap


class SklearnSemanticSegmentation(ChipBackend):
    """Classifies each pixel from its bands and their means, texture and edges at several scales.

    It learns from a sample of the labelled pixels; label 0 and imagery without data take no part.
    """

    kind = ChipKind.PIXELS
    gives_scores = True

    def __init__(self, class_map: ClassMap, places: Places, options: PixelOptions) -> None:
        """Make a backend.

        Args:
            class_map: the classes of the task.
            places: the URIs of its files.
            options: see PixelOptions.

        Raises:
            ConfigError: an option has no meaning.
        """
        super().__init__(class_map, places)
        self.options = options
        self._radii = _checked_radii(options.scales)
        self._classifier: PixelClassifier | None = None

    def train(self, tmp_dir: str) -> None:
        """Train a model on the chip files.

        Raises:
            ConfigError: there are no chip files to train on, or no place for the model.
            DataError: a chip file is damaged, or too little is labelled.
        """
        from rvcli.backend.sklearn.pixel_classifier import train_model

        options = self.options
        model_uri = self.places.model()
        with ChipSet(self.places.train_chip_uris, tmp_dir) as chips:
            spec = FeatureSpec(chips.bands, self._radii)
            dtypes = chips.dtypes
            sample = sample_pixels(chips.files, spec, options.max_pixels, options.seed)
        model = train_model(
            sample,
            spec,
            iterations=options.iterations,
            learning_rate=options.learning_rate,
            seed=options.seed,
        )
        model = replace(model, notes={**model.notes, "dtypes": dtypes})
        resolve(model_uri, "w").write_bytes(model_uri, model_bytes(model))

    def load_model(self, tmp_dir: str) -> None:
        """Load the model.

        Raises:
            DataError: it is no whole model, or of other classes.
        """
        from rvcli.backend.sklearn.pixel_classifier import PixelClassifier

        uri = self.places.model()
        model = read_model(Path(download_if_needed(uri, tmp_dir)), uri)
        self.check_classes(model.class_ids, uri)
        self._classifier = PixelClassifier(model, uri)
        self.margin = model.spec.margin
        self.dtypes = list(model.notes.get("dtypes") or ())

    def predict(
        self, chips: Sequence[Any], windows: Sequence[Box], tmp_dir: str
    ) -> SemanticSegmentationLabels:
        """Classify the pixels of some windows.

        Args:
            chips: arrays of shape (height, width, bands), each its window with `margin` pixels
                more on each side; or exactly its window.
            windows: pixel coordinates, half-open.
            tmp_dir: not used.
        """
        classifier = self._ready(chips, tmp_dir)
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
            tmp_dir: not used.
        """
        classifier = self._ready(chips, tmp_dir)
        class_ids = self.class_ids
        seen = [class_ids.index(class_id) for class_id in classifier.model.class_ids]
        found = []
        for chip, window in zip(chips, windows, strict=True):
            scores = classifier.predict_scores(chip, has_margin=chip.shape[0] > window.get_height())
            planes = np.zeros((len(class_ids), *scores.shape[1:]), np.float32)
            planes[seen] = scores
            found.append(planes)
        return found

    def _ready(self, chips: Sequence[Any], tmp_dir: str) -> PixelClassifier:
        """Return the classifier, after a look at what it is to classify."""
        if self._classifier is None:
            self.load_model(tmp_dir)
        assert self._classifier is not None
        self.warn_of_dtypes(chips)
        return self._classifier


def _checked_radii(scales: Sequence[float]) -> tuple[int, ...]:
    radii = tuple(sorted({int(scale) for scale in scales}))
    if not radii or radii[0] < 1 or len(radii) != len(scales) or sum(radii) != sum(scales):
        raise ConfigError(
            f"scales are {list(scales)}, not different whole numbers from 1",
            hint="for example [1, 2, 4, 8]",
        )
    return radii
