"""ReclassTransformer: other values in the place of some."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rvcli.data.raster_transformer.raster_transformer import RasterTransformer


class ReclassTransformer(RasterTransformer):
    """Gives other values to some, all at once: {1: 2, 2: 1} exchanges two classes.

    Args:
        mapping: from values of the raster to new ones.
        default: what all other values become; they stay as they are by default.
    """

    for_labels = True

    def __init__(self, mapping: Mapping[int, int], default: int | None = None) -> None:
        self.mapping = dict(mapping)
        self.default = default
        self._tables: dict[str, npt.NDArray[Any]] = {}

    def transform(
        self, chip: npt.NDArray[Any], channel_order: Sequence[int] | None = None
    ) -> npt.NDArray[Any]:
        """Return the chip with other values, in a dtype that holds them and those that stay."""
        if chip.dtype.kind in "iu" and chip.dtype.itemsize <= 2:
            if chip.dtype.str not in self._tables:
                bits = 8 * chip.dtype.itemsize
                values = np.arange(1 << bits, dtype=np.uint32).astype(f"u{chip.dtype.itemsize}")
                self._tables[chip.dtype.str] = self._reclass(values.view(chip.dtype))
            index = np.ascontiguousarray(chip).view(f"u{chip.dtype.itemsize}")
            return np.take(self._tables[chip.dtype.str], index)
        return self._reclass(chip)

    def _reclass(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        new = [*self.mapping.values(), *([] if self.default is None else [self.default])]
        dtype = np.result_type(values.dtype, *(np.min_scalar_type(value) for value in new))
        if self.default is None:
            changed = values.astype(dtype)
        else:
            changed = np.full(values.shape, self.default, dtype=dtype)
        for old, target in self.mapping.items():
            changed[values == old] = target
        return changed
