"""The forms in which points are passed: one pair, a pair of arrays, rows of an array."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]


def map_points(
    points: Any, function: Callable[[Floats, Floats], tuple[npt.NDArray[Any], npt.NDArray[Any]]]
) -> Any:
    """Apply a function of (xs, ys) and return its result in the form of `points`.

    Args:
        points: a pair (x, y) of numbers, a pair (xs, ys) of arrays, or an array of shape (n, 2).
        function: takes and returns one-dimensional arrays.

    Returns:
        A pair of Python numbers, a pair of arrays of the shape given, or an array (n, 2).
    """
    if isinstance(points, np.ndarray) and points.ndim == 2:
        xs, ys = function(points[:, 0].astype(np.float64), points[:, 1].astype(np.float64))
        return np.column_stack([xs, ys])
    x, y = points
    x_array, y_array = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    xs, ys = function(x_array.ravel(), y_array.ravel())
    if x_array.ndim == 0:
        return xs[0].item(), ys[0].item()
    return xs.reshape(x_array.shape), ys.reshape(y_array.shape)


def whole_pixels(coordinates: Floats) -> npt.NDArray[np.int64]:
    """Return the pixels that contain the coordinates.

    A coordinate less than 1/10,000 below a pixel counts as that pixel: corners that went
    to the map and back come home in spite of rounding.
    """
    return np.floor(coordinates + 1e-4).astype(np.int64)
