"""Which pixels of a chip hold data."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def has_data(chip: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Tell which pixels of a chip are not 0 in all bands.

    Band by band: numpy takes eight times as long over the last axis of a contiguous chip.

    Args:
        chip: any dtype, shape (height, width, bands).

    Returns:
        shape (height, width).
    """
    found: npt.NDArray[np.bool_] = chip[:, :, 0] != 0
    for band in range(1, chip.shape[2]):
        found |= chip[:, :, band] != 0
    return found
