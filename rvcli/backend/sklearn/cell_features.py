"""Features that describe a cell as a whole: colours, contrasts, edges, patches and texture.

All count pixels with data only. Of a cell without any, and of one too small for a feature, the
feature is 0.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rvcli.backend.valid_pixels import valid_pixels

Array: TypeAlias = npt.NDArray[Any]
Floats: TypeAlias = npt.NDArray[np.float32]

VERSION = 1

_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
# All pairs of bands, up to this number of bands; of more only those beside each other.
_MANY_BANDS = 16
_EDGE_SCALES = (1, 2, 4, 8)
_PATCH_SCALES = (8, 16)
_TEXTURE_SCALES = (2, 4)
_PATTERNS = 10


def cell_features(chip: Array) -> Floats:
    """Describe a cell.

    Args:
        chip: any dtype, shape (height, width, bands); pixels that are 0 in all bands have no data.

    Returns:
        float32, shape (features,); their number depends on the number of bands alone.
    """
    return np.concatenate([part for part, _ in _parts(chip)])


def grow_with_brightness(bands: int) -> npt.NDArray[np.bool_]:
    """Tell which features of a cell are twice as large where its pixels are.

    Returns:
        shape (features,); the others do not change.
    """
    parts = _parts(np.zeros((1, 1, bands), np.float32))
    return np.concatenate([np.full(len(part), grows) for part, grows in parts])


def _parts(chip: Array) -> list[tuple[Floats, bool]]:
    """Return groups of features, and of each whether it grows with brightness."""
    valid = valid_pixels(chip)
    values = np.where(valid[:, :, np.newaxis], chip, 0).astype(np.float32)
    levels = {scale: _shrink(values, valid, scale) for scale in (*_EDGE_SCALES, 16)}
    pixels = values[valid]
    contrasts = _contrasts(pixels)
    parts = [
        (_describe(pixels, _QUANTILES), True),
        (_describe(contrasts, ()), False),
        *((_describe(_edges(*levels[scale]), (0.9,)), True) for scale in _EDGE_SCALES),
    ]
    for scale in _PATCH_SCALES:
        means, has_data = levels[scale]
        squares, _ = _shrink(values**2, valid, scale)
        spread = np.sqrt(np.maximum(squares - means**2, 0))
        patches = np.concatenate([means, spread], axis=2)[has_data]
        parts.append((_range(patches), True))
    parts += [(_texture(*levels[scale]), False) for scale in _TEXTURE_SCALES]
    return parts


def _shrink(values: Floats, valid: Array, scale: int) -> tuple[Floats, Array]:
    """Average squares of `scale` pixels, those at the lower and right edge may be smaller.

    Args:
        values: shape (height, width, bands), 0 where not valid.
        valid: shape (height, width).
        scale: side of a square.

    Returns:
        The means of valid pixels, and which squares have one.
    """
    if scale == 1:
        return values, valid

    def sums(array: Array) -> Array:
        rows = np.add.reduceat(array, np.arange(0, array.shape[0], scale), axis=0)
        return np.asarray(np.add.reduceat(rows, np.arange(0, array.shape[1], scale), axis=1))

    counts = sums(valid.astype(np.float32))
    means = sums(values) / np.maximum(counts, 1)[:, :, np.newaxis]
    return means.astype(np.float32), counts > 0


def _describe(rows: Floats, quantiles: tuple[float, ...]) -> Floats:
    """Return mean, standard deviation and quantiles of each column."""
    if not len(rows):
        return np.zeros((2 + len(quantiles)) * rows.shape[1], np.float32)
    parts = [rows.mean(axis=0), rows.std(axis=0)]
    if quantiles:
        parts += list(np.quantile(rows, quantiles, axis=0))
    return np.concatenate(parts).astype(np.float32)


def _range(rows: Floats) -> Floats:
    """Return minimum, median, maximum and standard deviation of each column."""
    if not len(rows):
        return np.zeros(4 * rows.shape[1], np.float32)
    parts = [rows.min(axis=0), np.median(rows, axis=0), rows.max(axis=0), rows.std(axis=0)]
    return np.concatenate(parts).astype(np.float32)


def _contrasts(rows: Floats) -> Floats:
    """Return the normalized differences of pairs of bands, from -1 to 1, such as NDVI."""
    bands = rows.shape[1]
    pairs = [(a, b) for a, b in combinations(range(bands), 2) if bands <= _MANY_BANDS or b == a + 1]
    first, second = rows[:, [a for a, _ in pairs]], rows[:, [b for _, b in pairs]]
    total = np.abs(first) + np.abs(second)
    return np.asarray(np.divide(second - first, total, out=np.zeros_like(total), where=total > 0))


def _edges(values: Floats, valid: Array) -> Floats:
    """Return the gradient's length at each pixel whose four neighbours are valid, per band."""
    rows = values[2:, 1:-1] - values[:-2, 1:-1]
    columns = values[1:-1, 2:] - values[1:-1, :-2]
    near = valid[2:, 1:-1] & valid[:-2, 1:-1] & valid[1:-1, 2:] & valid[1:-1, :-2]
    return np.asarray(np.hypot(rows, columns)[near])


def _texture(values: Floats, valid: Array) -> Floats:
    """Return how frequent each local pattern is, in the mean of all bands.

    Patterns are uniform and rotation-invariant (Ojala et al. 2002, "Multiresolution gray-scale and
    rotation invariant texture classification with local binary patterns"): how many of the eight
    neighbours are brighter, if these lie together, else the last.
    """
    height, width = valid.shape
    if min(height, width) < 3:
        return np.zeros(_PATTERNS, np.float32)
    grey = values.mean(axis=2)
    ring = [(0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0)]
    moved = [(slice(y, height - 2 + y), slice(x, width - 2 + x)) for y, x in ring]
    brighter = np.stack([grey[part] > grey[1:-1, 1:-1] for part in moved])
    whole = valid[1:-1, 1:-1] & np.logical_and.reduce([valid[part] for part in moved])
    changes = (brighter != np.roll(brighter, 1, axis=0)).sum(axis=0)
    patterns = np.where(changes <= 2, brighter.sum(axis=0), _PATTERNS - 1)[whole]
    counts = np.bincount(patterns, minlength=_PATTERNS)
    return (counts / max(1, len(patterns))).astype(np.float32)
