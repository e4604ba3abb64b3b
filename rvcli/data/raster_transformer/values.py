"""Values of pixels in another dtype or range, where 0 is nodata."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

# What floats have instead of a valid 0, which would be nodata: 2 to the power of -20.
TINY = 2.0**-20


def cast_values(values: npt.NDArray[Any], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Return values in another dtype: the nearest that it has, never wrapped around.

    Args:
        values: any real dtype.
        dtype: integers (half is rounded to even, NaN becomes 0) or floats.
    """
    target = np.dtype(dtype)
    if values.dtype == target:
        return values
    if target.kind == "f" or values.dtype.kind == "b":
        with np.errstate(over="ignore"):
            return np.asarray(values.astype(target))
    limits = np.iinfo(target)
    if values.dtype.kind == "f":
        rounded = np.rint(values)
        rounded = np.where(np.isnan(rounded), 0, rounded) if np.isnan(rounded).any() else rounded
        # The greatest float that is no greater than the greatest integer.
        high = np.nextafter(values.dtype.type(limits.max), values.dtype.type(0))
        high = high if int(values.dtype.type(limits.max)) > limits.max else limits.max
        return np.asarray(np.clip(rounded, limits.min, high).astype(target))
    own = np.iinfo(values.dtype)
    low, high = max(limits.min, own.min), min(limits.max, own.max)
    return np.asarray(np.clip(values, low, high).astype(target))


def scale_values(
    values: npt.NDArray[Any], low: float, high: float, dtype: npt.DTypeLike = np.uint8
) -> npt.NDArray[Any]:
    """Scale values so that what lies between two limits fills the range of valid pixels.

    Args:
        values: any real dtype; 0, NaN and infinities are without data, and become 0.
        low: becomes 1 as uint8 and about 0 as float32; what is less becomes the same.
        high: becomes 255 as uint8 and 1 as float32; what is more becomes the same.
        dtype: uint8 or float32.

    Returns:
        the scaled values; no valid value becomes 0.
    """
    # What is the same everywhere has no range to divide by.
    span = (high - low) or 1.0
    with np.errstate(invalid="ignore", over="ignore"):
        valid = (values != 0) & np.isfinite(values)
        # In place: new arrays take longer than the arithmetic.
        scaled = values.astype(np.float64)
        scaled -= low
        scaled /= span
        np.clip(scaled, 0.0, 1.0, out=scaled)
        if np.dtype(dtype).kind == "f":
            np.maximum(scaled, TINY, out=scaled)
        else:
            scaled *= 254
            scaled += 1
            np.rint(scaled, out=scaled)
    if not valid.all():
        scaled[~valid] = 0
    return scaled.astype(dtype)
