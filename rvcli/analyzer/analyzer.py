"""Analyzer: measures imagery before anything else runs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rvcli.data.scene import Scene


class Analyzer(ABC):
    """Measures the imagery of scenes and stores what other commands need to know of it."""

    @abstractmethod
    def process(self, scenes: Iterable[Scene], tmp_dir: str) -> None:
        """Measure the scenes and write the outcome.

        Args:
            scenes: those of training.
            tmp_dir: for files that nobody needs afterwards.
        """
