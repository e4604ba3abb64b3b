"""An image that nobody took, with the values of those that a model was trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

_PATCHES = 8


def draw(
    percentiles: Mapping[str, Sequence[float]], dtype: str | None, side: int
) -> npt.NDArray[Any]:
    """Draw patches and noise with the value range of each band.

    Args:
        percentiles: see ImageFacts; the same ones give the same image.
        dtype: of the pixels; if None, the smallest that holds whole numbers of this range.
        side: height and width in pixels.

    Returns:
        shape (side, side, bands).
    """
    low, middle, high = (np.asarray(percentiles[share], np.float64) for share in ("2", "50", "98"))
    rng = np.random.default_rng(0)
    shares: npt.NDArray[Any] = rng.random((_PATCHES, _PATCHES, len(low)))
    size = -(-side // _PATCHES)
    shares = np.kron(shares, np.ones((size, size, 1)))[:side, :side]
    shares = np.clip(shares + rng.normal(0, 0.05, shares.shape), 0, 1)
    values: npt.NDArray[Any] = np.where(
        shares < 0.5, low + 2 * shares * (middle - low), middle + (2 * shares - 1) * (high - middle)
    )
    kind = np.dtype(dtype or _smallest(percentiles))
    if np.issubdtype(kind, np.integer):
        info = np.iinfo(kind)
        values = np.clip(np.rint(values), info.min, info.max)
    return values.astype(kind)


def _smallest(percentiles: Mapping[str, Sequence[float]]) -> str:
    low, high = np.asarray(percentiles["0"]), np.asarray(percentiles["100"])
    is_whole = bool((low == np.rint(low)).all() and (high == np.rint(high)).all())
    for name in ("uint8", "uint16"):
        if is_whole and low.min() >= 0 and high.max() <= np.iinfo(name).max:
            return name
    return "float32"
