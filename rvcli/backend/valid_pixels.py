"""Which pixels of a chip hold data."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from rvcli.data.has_data import has_data


def valid_pixels(chip: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Tell which pixels of a chip hold data: finite in all bands, and not zero in all.

    Args:
        chip: any dtype, shape (height, width, bands).

    Returns:
        shape (height, width).
    """
    valid = has_data(chip)
    if np.issubdtype(chip.dtype, np.inexact):
        for band in range(chip.shape[2]):
            valid &= np.isfinite(chip[:, :, band])
    return valid
