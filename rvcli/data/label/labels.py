"""Labels: what is known or predicted of one scene."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry


class Labels(ABC):
    """What is known or predicted of one scene."""

    @abstractmethod
    def filter_by_aoi(self, aoi_polygons: Sequence[BaseGeometry]) -> Any:
        """Return the labels that lie within areas of interest.

        Args:
            aoi_polygons: shapely polygons in pixel (x, y).
        """

    def in_memory(self) -> Labels:
        """Return the same labels, independent of open files; itself where that is so already."""
        return self
