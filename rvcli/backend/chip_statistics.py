"""Statistics of the channels of chips."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rvcli.backend.chip_set import ChipSet
from rvcli.backend.valid_pixels import valid_pixels

# Chips that are looked at; more would say the same.
MOST_CHIPS = 2000


def measure(chips: ChipSet) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Measure mean and standard deviation of each channel, over the pixels with data.

    Returns:
        both in values of the imagery; 0 and 1 where there is no data, 1 for a standard
        deviation of 0.
    """
    counts = np.zeros(chips.bands)
    sums = np.zeros(chips.bands)
    squares = np.zeros(chips.bands)
    step = max(1, -(-len(chips) // MOST_CHIPS))
    shift: npt.NDArray[np.float64] | None = None
    for index in range(0, len(chips), step):
        chip, _ = chips.read(index)
        pixels = chip[valid_pixels(chip)].astype(np.float64)
        if not len(pixels):
            continue
        if shift is None:
            shift = pixels.mean(axis=0)  # the sums of large values would lose digits
        pixels -= shift
        counts += len(pixels)
        sums += pixels.sum(axis=0)
        squares += (pixels**2).sum(axis=0)
    if shift is None:
        return (0.0,) * chips.bands, (1.0,) * chips.bands
    mean = sums / counts
    std = np.sqrt(np.maximum(squares / counts - mean**2, 0))
    std[std == 0] = 1.0
    return tuple((mean + shift).tolist()), tuple(std.tolist())
