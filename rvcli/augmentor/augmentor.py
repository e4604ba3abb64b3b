"""Augmentor: changes training chips before they are written."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from rvcli.core.training_data import TrainingData


class Augmentor(ABC):
    """Changes training chips before they are written.

    Attributes:
        streams: whether `process` changes chips through `TrainingData.map` alone. Otherwise those
            of a scene are held in memory together, and may be changed in place.
    """

    streams: ClassVar[bool] = False

    @abstractmethod
    def process(self, training_data: TrainingData, tmp_dir: str) -> TrainingData:
        """Return the training data with changed or added chips.

        Args:
            training_data: chips with their windows and labels.
            tmp_dir: for files that nobody needs afterwards.
        """
