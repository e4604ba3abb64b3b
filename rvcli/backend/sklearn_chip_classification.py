"""The embedded backend of chip classification: a forest that looks at colours and texture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rvcli.backend.chip_backend import ChipBackend
from rvcli.backend.chip_kind import ChipKind
from rvcli.backend.chip_set import ChipSet
from rvcli.backend.places import TRAIN, Places
from rvcli.backend.sklearn.cell_classifier import (
    CellClassifier,
    model_bytes,
    read_model,
    train_model,
)
from rvcli.backend.sklearn.cell_features import cell_features
from rvcli.backend.sklearn.options import CellOptions
from rvcli.backend.sklearn.pixel_sample import share_out
from rvcli.core.box import Box
from rvcli.data.label.chip_classification_labels import ChipClassificationLabels
from rvcli.errors import DataError
from rvcli.filesystem import resolve
from rvcli.utils import progress
from rvcli.utils.files import download_if_needed

if TYPE_CHECKING:
    from rvcli.core.class_map import ClassMap


class SklearnChipClassification(ChipBackend):
    """Classifies cells from the distribution of their colours, contrasts, edges and patterns."""

    kind = ChipKind.CLASS

    def __init__(self, class_map: ClassMap, places: Places, options: CellOptions) -> None:
        """Make a backend.

        Args:
            class_map: the classes of the task.
            places: the URIs of its files.
            options: see CellOptions.
        """
        super().__init__(class_map, places)
        self.options = options
        self._classifier: CellClassifier | None = None

    def train(self, tmp_dir: str) -> None:
        """Train a model on the chip files.

        Raises:
            ConfigError: there are no chip files to train on, or no place for the model.
            DataError: a chip file is damaged, or fewer than two classes have chips.
        """
        model_uri = self.places.model()
        with ChipSet(self.places.chips_of(TRAIN), tmp_dir) as chips:
            chosen = _choose(chips, self.options)
            features, labels = [], []
            with progress.track("describing", len(chosen), unit="chips") as bar:
                for index in chosen:
                    chip, class_id = chips.read(index)
                    features.append(cell_features(chip))
                    labels.append(int(class_id))
                    bar.advance(1)
            bands, dtypes = chips.bands, chips.dtypes
        model = train_model(np.stack(features), np.array(labels), bands, self.options)
        model = replace(model, notes={**model.notes, "dtypes": dtypes})
        resolve(model_uri, "w").write_bytes(model_uri, model_bytes(model))

    def load_model(self, tmp_dir: str) -> None:
        """Load the model.

        Raises:
            DataError: it is no whole model, or of other classes.
        """
        uri = self.places.model()
        model = read_model(Path(download_if_needed(uri, tmp_dir)), uri)
        self.check_classes(model.class_ids, uri)
        self._classifier = CellClassifier(model, uri)
        self.dtypes = list(model.notes.get("dtypes") or ())

    def predict(
        self, chips: Sequence[Any], windows: Sequence[Box], tmp_dir: str
    ) -> ChipClassificationLabels:
        """Classify some cells; a class that was not seen in training has the score 0.

        Args:
            chips: arrays of shape (height, width, bands).
            windows: the cells.
            tmp_dir: not used.
        """
        if self._classifier is None:
            self.load_model(tmp_dir)
        assert self._classifier is not None
        self.warn_of_dtypes(chips)
        class_ids = self.class_ids
        scores = np.zeros((len(chips), len(class_ids)))
        seen = [class_ids.index(class_id) for class_id in self._classifier.model.class_ids]
        scores[:, seen] = self._classifier.predict_scores(chips)
        return ChipClassificationLabels.from_scores(windows, scores.tolist(), class_ids)


def _choose(chips: ChipSet, options: CellOptions) -> list[int]:
    """Choose chips of all classes at random, and return their numbers.

    Raises:
        DataError: fewer than two classes have chips.
    """
    scenes = ", ".join(file.scene_id for file in chips.files[:10])
    if not len(chips):
        raise DataError(
            f"the training scenes ({scenes}) have no chips of labelled cells",
            hint="check that the labels lie on the imagery, and the areas of interest",
        )
    columns = np.argmax(chips.counts, axis=1)
    available = dict(zip(*np.unique(columns, return_counts=True), strict=True))
    if len(available) == 1:
        raise DataError(
            f"all labelled cells of the training scenes ({scenes}) are of class"
            f" {chips.class_ids[columns[0]]}: there is nothing to tell apart",
            hint="label a second class, or set a background class for cells without polygons",
        )
    rng = np.random.default_rng(options.seed)
    numbers: list[int] = []
    for column, count in share_out(available, options.max_chips).items():
        of_class = np.flatnonzero(columns == column)
        numbers += rng.choice(of_class, count, replace=False).tolist()
    return sorted(numbers)
