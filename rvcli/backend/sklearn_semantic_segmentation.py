"""The embedded backend: classifies pixels by their surroundings, on the processor."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rvcli.backend.backend import Backend
from rvcli.backend.chip_files import ChipFile, write_chips
from rvcli.backend.model_file import model_bytes, read_model
from rvcli.backend.pixel_features import FeatureSpec
from rvcli.backend.pixel_sample import sample_pixels
from rvcli.backend.sklearn_options import MODEL_FILE, SklearnOptions, chips_uri
from rvcli.core.box import Box
from rvcli.data.label.semantic_segmentation_labels import SemanticSegmentationLabels
from rvcli.errors import ConfigError, DataError
from rvcli.filesystem import join_uri, resolve
from rvcli.utils.files import download_if_needed, upload_or_copy

if TYPE_CHECKING:
    from rvcli.backend.pixel_classifier import PixelClassifier
    from rvcli.core.class_map import ClassMap
    from rvcli.core.training_data import TrainingData

log = logging.getLogger(__name__)

__all__ = ["SklearnOptions", "SklearnSemanticSegmentation"]


class SklearnSemanticSegmentation(Backend):
    """Classifies each pixel from its bands and their means, texture and edges at several scales.

    It learns from a sample of the labelled pixels; label 0 and imagery without data take no part.
    """

    def __init__(self, class_map: ClassMap, options: SklearnOptions) -> None:
        """Make a backend.

        Args:
            class_map: the classes of the task.
            options: see SklearnOptions.

        Raises:
            ConfigError: an option has no meaning.
        """
        self.class_map = class_map
        self.options = options
        self.debug_uri = join_uri(options.chip_uri, "debug") if options.chip_uri else None
        self._radii = _checked_radii(options.scales)
        self._classifier: PixelClassifier | None = None
        self._dtypes: list[str] = []
        self._warned: set[str] = set()

    def process_scene_data(self, scene: Any, data: TrainingData, tmp_dir: str) -> str:
        """Write the chips of one scene into one file, and return its URI."""
        uri = chips_uri(_set(self.options.chip_uri, "chip_uri"), scene.id)
        path = Path(tmp_dir) / "chips.npz"
        chips = ((chip, window, labels.get_label_arr(window)) for chip, window, labels in data)
        write_chips(path, chips, scene.id, self._class_ids())
        upload_or_copy(str(path), uri)
        path.unlink()
        return uri

    def process_sceneset_results(
        self, training_results: Sequence[Any], validation_results: Sequence[Any], tmp_dir: str
    ) -> None:
        """Do nothing: the files are where training finds them."""

    def train(self, tmp_dir: str) -> None:
        """Train a model on the chip files.

        Raises:
            ConfigError: there are no chip files to train on, or no place for the model.
            DataError: a chip file is damaged, or too little is labelled.
        """
        from rvcli.backend.pixel_classifier import train_model

        options = self.options
        model_uri = self._model_uri()
        if not options.train_chip_uris:
            raise ConfigError(
                "there are no chip files to train on", hint="the dataset needs training scenes"
            )
        with ExitStack() as stack:
            # The order in which scenes are listed is of no consequence.
            files = [
                stack.enter_context(ChipFile(Path(download_if_needed(uri, tmp_dir)), uri))
                for uri in sorted(set(options.train_chip_uris))
            ]
            spec = FeatureSpec(_common_bands(files), self._radii)
            dtypes = _dtypes(files)
            sample = sample_pixels(files, spec, options.max_pixels, options.seed)
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
        from rvcli.backend.pixel_classifier import PixelClassifier

        uri = self._model_uri()
        model = read_model(Path(download_if_needed(uri, tmp_dir)), uri)
        strange = sorted(set(model.class_ids) - set(self._class_ids()))
        if strange:
            raise DataError(
                f"the model {uri} has classes {strange[:10]} that the task does not have",
                hint="use the task that it was trained for",
            )
        self._classifier = PixelClassifier(model, uri)
        self.margin = model.spec.margin
        self._dtypes = list(model.notes.get("dtypes") or ())

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
        if self._classifier is None:
            self.load_model(tmp_dir)
        classifier = self._classifier
        assert classifier is not None
        self._warn_of_dtypes(chips)
        arrays = {
            window: classifier.predict(chip, has_margin=chip.shape[0] > window.get_height())
            for chip, window in zip(chips, windows, strict=True)
        }
        return SemanticSegmentationLabels(windows, arrays.__getitem__)

    def _warn_of_dtypes(self, chips: Sequence[Any]) -> None:
        """Warn once of each data type that was not trained on."""
        strange = {chip.dtype.name for chip in chips}.difference(self._dtypes, self._warned)
        if not self._dtypes or not strange:
            return
        self._warned |= strange
        log.warning(
            "the imagery is %s, but the model was trained on %s: if its values are not on one"
            " scale, the classes are wrong",
            ", ".join(sorted(strange)),
            ", ".join(self._dtypes),
        )

    def _class_ids(self) -> list[int]:
        return [item.id for item in self.class_map.get_items() if item.id != 0]

    def _model_uri(self) -> str:
        options = self.options
        return options.model_uri or join_uri(_set(options.train_uri, "train_uri"), MODEL_FILE)


def _set(value: str | None, name: str) -> str:
    if not value:
        raise ConfigError(
            f"the backend has no {name}",
            hint="use it in an experiment, which has a place for its files, or set it",
        )
    return value


def _checked_radii(scales: Sequence[float]) -> tuple[int, ...]:
    radii = tuple(sorted({int(scale) for scale in scales}))
    if not radii or radii[0] < 1 or len(radii) != len(scales) or sum(radii) != sum(scales):
        raise ConfigError(
            f"scales are {list(scales)}, not different whole numbers from 1",
            hint="for example [1, 2, 4, 8]",
        )
    return radii


def _common_bands(files: Sequence[ChipFile]) -> int:
    """Give the number of bands of all chips; 1 if there are none at all."""
    found = {file.bands: file for file in files if file.bands is not None}
    if len(found) > 1:
        kinds = ", ".join(f"{bands} in {file.scene_id}" for bands, file in found.items())
        raise DataError(
            f"the training scenes differ in their number of bands: {kinds}",
            hint="choose the same bands with with_channel_order",
        )
    return next(iter(found), None) or 1


def _dtypes(files: Sequence[ChipFile]) -> list[str]:
    """Give the data types of all chips; warn if there are several."""
    found = {file.dtype: file for file in files if file.dtype is not None}
    if len(found) > 1:
        log.warning(
            "the training scenes differ in their data type: %s; if their values are not on one"
            " scale, use the statistics transformer",
            ", ".join(f"{dtype} in {found[dtype].scene_id}" for dtype in sorted(found)),
        )
    return sorted(found)
