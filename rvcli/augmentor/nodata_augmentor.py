"""NodataAugmentor: training chips with a square of nodata in them."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from rvcli.augmentor.augmentor import Augmentor
from rvcli.core.box import Box

if TYPE_CHECKING:
    import numpy.typing as npt

    from rvcli.core.training_data import TrainingData


class NodataAugmentor(Augmentor):
    """Sets a random square of some chips to nodata, so that a model learns to live with it.

    Chips that show an object to detect stay as they are. Pixel labels in the square become 0,
    "ignore". The same window is changed in the same way each time.

    Args:
        aug_prob: probability that a chip is changed.
    """

    streams = True

    def __init__(self, aug_prob: float) -> None:
        self.aug_prob = aug_prob

    def process(self, training_data: TrainingData, tmp_dir: str) -> TrainingData:
        """Return as many items, some of them changed as they are read."""
        return training_data.map(self._augment)

    def _augment(
        self, chip: npt.NDArray[Any], window: Box, labels: Any
    ) -> tuple[npt.NDArray[Any], Box, Any]:
        rng = random.Random(repr(window.tuple_format()))
        if rng.random() >= self.aug_prob or _shows_objects(labels):
            return chip, window, labels
        height, width = chip.shape[:2]
        size = max(1, round(rng.random() * min(height, width)))
        square = Box(0, 0, height, width).make_random_square(size, rng=rng)
        chip = chip.copy()
        chip[square.ymin : square.ymax, square.xmin : square.xmax] = 0
        return chip, window, _ignored_in(labels, window, square)


def _shows_objects(labels: Any) -> bool:
    return hasattr(labels, "get_npboxes") and len(labels.get_npboxes()) > 0


def _ignored_in(labels: Any, window: Box, square: Box) -> Any:
    """Return pixel labels with 0 in a square of the window; other labels as they are."""
    if not hasattr(labels, "get_label_arr"):
        return labels

    def label_fn(asked: Box) -> npt.NDArray[Any]:
        array: npt.NDArray[Any] = labels.get_label_arr(asked).copy()
        ymin, xmin = window.ymin - asked.ymin, window.xmin - asked.xmin
        array[
            max(0, square.ymin + ymin) : max(0, square.ymax + ymin),
            max(0, square.xmin + xmin) : max(0, square.xmax + xmin),
        ] = 0
        return array

    return type(labels)([window], label_fn)
