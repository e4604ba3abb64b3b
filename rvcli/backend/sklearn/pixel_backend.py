"""PixelBackend: a backend that classifies pixels by their surroundings, on the processor."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rvcli.backend.chip_backend import ChipBackend
from rvcli.backend.chip_set import ChipSet
from rvcli.backend.places import TRAIN, Places
from rvcli.backend.sklearn.options import PixelOptions
from rvcli.backend.sklearn.pixel_features import FeatureSpec
from rvcli.backend.sklearn.pixel_model import model_bytes, read_model
from rvcli.backend.sklearn.pixel_sample import LabelledChips, sample_pixels
from rvcli.errors import ConfigError
from rvcli.filesystem import resolve
from rvcli.utils.files import download_if_needed

if TYPE_CHECKING:
    from rvcli.backend.sklearn.pixel_classifier import PixelClassifier
    from rvcli.core.class_map import ClassMap


class PixelBackend(ChipBackend):
    """Trains a classifier of pixels from their bands, means, texture and edges at several scales.

    It learns from a sample of the labelled pixels; label 0 and imagery without data take no part.
    """

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

    @abstractmethod
    def labelled(self, chips: ChipSet) -> Sequence[LabelledChips]:
        """Return the chips with a class for each of their pixels."""

    def notes(self, chips: ChipSet) -> dict[str, Any]:
        """Return what else predicting needs to know of the chips, as JSON can hold it."""
        return {}

    @property
    def pixel_ids(self) -> list[int]:
        """The classes that a pixel may have."""
        return self.class_ids

    def train(self, tmp_dir: str) -> None:
        """Train a model on the chip files.

        Raises:
            ConfigError: there are no chip files to train on, or no place for the model.
            DataError: a chip file is damaged, or too little is labelled.
        """
        from rvcli.backend.sklearn.pixel_classifier import train_model

        options = self.options
        model_uri = self.places.model()
        with ChipSet(self.places.chips_of(TRAIN), tmp_dir) as chips:
            spec = FeatureSpec(chips.bands, self._radii)
            sample = sample_pixels(self.labelled(chips), spec, options.max_pixels, options.seed)
            notes = {"dtypes": chips.dtypes, **self.notes(chips)}
        model = train_model(
            sample,
            spec,
            iterations=options.iterations,
            learning_rate=options.learning_rate,
            seed=options.seed,
            watch=self.keep_history,
        )
        model = replace(model, notes={**model.notes, **notes})
        resolve(model_uri, "w").write_bytes(model_uri, model_bytes(model))

    def load_model(self, tmp_dir: str) -> None:
        """Load the model.

        Raises:
            DataError: it is no whole model, or of other classes.
        """
        from rvcli.backend.sklearn.pixel_classifier import PixelClassifier

        uri = self.places.model()
        model = read_model(Path(download_if_needed(uri, tmp_dir)), uri)
        self.check_classes(set(model.class_ids) - (set(self.pixel_ids) - set(self.class_ids)), uri)
        self._classifier = PixelClassifier(model, uri)
        self.margin = model.spec.margin
        self.dtypes = list(model.notes.get("dtypes") or ())

    def classifier(self, chips: Sequence[Any], tmp_dir: str) -> PixelClassifier:
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
