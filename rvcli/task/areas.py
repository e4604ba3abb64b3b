"""Areas of interest: which windows lie in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely

from rvcli.core.box import Box


class Areas:
    """Polygons, among which those near a window are found quickly."""

    def __init__(self, polygons: Sequence[Any]) -> None:
        """Take shapely polygons, pixel (x, y)."""
        self._tree = shapely.STRtree(list(polygons))

    def touching(self, windows: Sequence[Box]) -> list[Box]:
        """List the windows that share an area with one of the polygons."""
        bounds = np.array([window.shapely_format() for window in windows], np.float64)
        boxes = shapely.box(*bounds.reshape(-1, 4).T)
        return [windows[i] for i in np.unique(self._tree.query(boxes, "intersects")[0])]
