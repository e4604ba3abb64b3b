"""Evaluator: measures predictions of scenes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rvcli.data.scene import Scene


class Evaluator(ABC):
    """Measures the predictions of scenes and writes down what it finds."""

    @abstractmethod
    def process(self, scenes: Iterable[Scene], tmp_dir: str) -> Any:
        """Measure the predictions of scenes.

        Args:
            scenes: with ground truth and predictions.
            tmp_dir: local directory for temporary files.
        """
