"""LabelSource: where the known labels of a scene come from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from rvcli.core.box import Box


class LabelSource(ABC):
    """Gives the known labels of a scene."""

    @abstractmethod
    def get_labels(self, window: Box | None = None) -> Any:
        """Return the labels.

        Args:
            window: pixel coordinates, half-open; None means the whole scene.
        """
