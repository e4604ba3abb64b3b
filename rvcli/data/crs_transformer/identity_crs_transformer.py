"""IdentityCRSTransformer: for images without georeference."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from rvcli.data.crs_transformer.crs_transformer import CRSTransformer


class IdentityCRSTransformer(CRSTransformer):
    """Takes map coordinates to be pixel coordinates: for images without georeference."""

    def map_to_pixel(self, map_point: Any) -> Any:
        """Return the point as it is."""
        return map_point

    def pixel_to_map(self, pixel_point: Any) -> Any:
        """Return the point as it is."""
        return pixel_point

    def map_to_pixel_exact(self, map_points: Any) -> npt.NDArray[np.float64]:
        """Return the points as they are: float64, shape (n, 2)."""
        return np.asarray(map_points, dtype=np.float64).reshape(-1, 2)
