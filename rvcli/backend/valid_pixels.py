"""Which pixels of a chip hold data."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def valid_pixels(chip: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Tell which pixels of a chip hold data: finite in all bands, and not zero in all.

    Args:
        chip: any dtype, shape (height, width, bands).

    Returns:
        shape (height, width).
    """
    valid: npt.NDArray[np.bool_] = np.any(chip, axis=2)
    if np.issubdtype(chip.dtype, np.inexact):
        valid &= np.isfinite(chip).all(axis=2)
    return valid
