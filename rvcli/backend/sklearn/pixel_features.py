"""Features that describe a pixel by itself and by its surroundings at several scales.

All are sums over rectangles, so each costs four look-ups in a summed-area table whatever its
size (Crow 1984, "Summed-area tables for texture mapping"). Sums run over valid pixels only:
no-data and what lies beyond a scene leave no trace in the features of their neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rvcli.backend.valid_pixels import valid_pixels

FEATURES_VERSION = 1
Array: TypeAlias = npt.NDArray[Any]
Float32: TypeAlias = npt.NDArray[np.float32]

# A block of features is at most this large, whatever the number of bands.
_BLOCK_BYTES = 8 << 20


@dataclass(frozen=True)
class FeatureSpec:
    """Which features: those of a number of bands, at a number of scales.

    Attributes:
        bands: number of bands.
        radii: half sides in pixels of the square windows; a window has side 2 * radius + 1.
    """

    bands: int
    radii: tuple[int, ...]

    @property
    def margin(self) -> int:
        """Pixels around a window that its features depend on."""
        return max(self.radii) + 2

    @property
    def names(self) -> list[str]:
        """Names of the features, in their order."""
        bands = [f"band{band}" for band in range(1, self.bands + 1)]
        names = [*bands, "edge"]
        for radius in self.radii:
            names += [f"{band}_mean{radius}" for band in bands]
            names += [f"texture{radius}", f"edge_mean{radius}"]
        return names


class PixelFeatures:
    """The features of all pixels of one chip, computed block by block.

    Attributes:
        shape: (height, width) of the chip without its margin.
        valid: which of these pixels hold data, of that shape.
    """

    def __init__(self, chip: Array, spec: FeatureSpec, *, has_margin: bool = False) -> None:
        """Prepare the tables.

        Args:
            chip: any dtype, shape (height, width, bands).
            spec: which features; its number of bands is the chip's.
            has_margin: the chip is larger than what is described by `spec.margin` pixels on
                each side. Otherwise there is nothing known around it.
        """
        self.spec = spec
        margin = spec.margin
        if not has_margin:
            chip = np.pad(chip, ((margin, margin), (margin, margin), (0, 0)))
        valid = valid_pixels(chip)
        inner = (slice(margin, -margin), slice(margin, -margin))
        self.valid = valid[inner]
        self.shape: tuple[int, int] = self.valid.shape
        self._all_valid = bool(valid.all())
        values = chip.transpose(2, 0, 1).astype(np.float64)
        if not self._all_valid:
            values[:, ~valid] = 0.0
        brightness = values.mean(axis=0)
        edge = _edge_strength(brightness, valid)
        self._planes = [*values, edge]
        self._brightness = _Table(brightness)
        self._squares = _Table(brightness * brightness)
        self._means = [_Table(plane) for plane in self._planes]
        self._count = None if self._all_valid else _Table(valid.astype(np.float64))

    def rows_per_block(self) -> int:
        """Give the number of rows whose features fit into one block."""
        row_bytes = 4 * len(self.spec.names) * max(1, self.shape[1])
        return max(1, _BLOCK_BYTES // row_bytes)

    def rows(self, start: int, stop: int) -> Float32:
        """Compute the features of whole rows.

        Returns:
            float32, shape ((stop - start) * width, number of features), row by row.
        """
        margin = self.spec.margin
        width = self.shape[1]
        where = _Block(start + margin, stop + margin, margin, margin + width)
        planes = self._compute(where)
        return np.ascontiguousarray(planes.reshape(len(planes), -1).T)

    def at(self, rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp]) -> Float32:
        """Compute the features of some pixels.

        Args:
            rows: row of each pixel, shape (n,).
            columns: column of each pixel, shape (n,).

        Returns:
            float32, shape (n, number of features).
        """
        margin = self.spec.margin
        planes = self._compute(_Points(rows + margin, columns + margin))
        return np.ascontiguousarray(planes.T)

    def _compute(self, where: _Block | _Points) -> Float32:
        bands = self.spec.bands
        first = [where.pick(plane) for plane in self._planes]
        out = np.empty((len(self.spec.names), *first[0].shape), np.float32)
        out[: bands + 1] = first
        at = bands + 1
        for radius in self.spec.radii:
            scale: Any = 1.0 / (2 * radius + 1) ** 2
            if self._count is not None:
                scale = 1.0 / np.maximum(where.window_sum(self._count, radius), 1.0)
            for table in self._means[:bands]:
                np.multiply(where.window_sum(table, radius), scale, out=out[at])
                at += 1
            mean = where.window_sum(self._brightness, radius) * scale
            variance = where.window_sum(self._squares, radius) * scale - mean * mean
            np.sqrt(np.maximum(variance, 0.0), out=out[at])
            np.multiply(where.window_sum(self._means[bands], radius), scale, out=out[at + 1])
            at += 2
        return out


class _Table:
    """Summed-area table: `sums[y, x]` is the sum of the plane above and left of (y, x)."""

    def __init__(self, plane: npt.NDArray[np.float64]) -> None:
        height, width = plane.shape
        self.sums = np.zeros((height + 1, width + 1))
        np.cumsum(np.cumsum(plane, axis=0), axis=1, out=self.sums[1:, 1:])


@dataclass(frozen=True)
class _Block:
    """The pixels of a rectangle, half-open."""

    ymin: int
    ymax: int
    xmin: int
    xmax: int

    def pick(self, plane: Array) -> Array:
        return plane[self.ymin : self.ymax, self.xmin : self.xmax]

    def window_sum(self, table: _Table, radius: int) -> Array:
        sums = table.sums
        low, high = -radius, radius + 1
        top = slice(self.ymin + low, self.ymax + low)
        bottom = slice(self.ymin + high, self.ymax + high)
        left = slice(self.xmin + low, self.xmax + low)
        right = slice(self.xmin + high, self.xmax + high)
        total: Array = sums[bottom, right] - sums[top, right]
        total -= sums[bottom, left]
        total += sums[top, left]
        return total


@dataclass(frozen=True)
class _Points:
    """Single pixels."""

    ys: npt.NDArray[np.intp]
    xs: npt.NDArray[np.intp]

    def pick(self, plane: Array) -> Array:
        picked: Array = plane[self.ys, self.xs]
        return picked

    def window_sum(self, table: _Table, radius: int) -> Array:
        sums = table.sums
        top, bottom = self.ys - radius, self.ys + radius + 1
        left, right = self.xs - radius, self.xs + radius + 1
        total: Array = sums[bottom, right] - sums[top, right]
        total -= sums[bottom, left]
        total += sums[top, left]
        return total


def _edge_strength(plane: npt.NDArray[np.float64], valid: npt.NDArray[np.bool_]) -> Array:
    """Give the length of the gradient, zero where a neighbour holds no data.

    The kernel is Prewitt's: central differences of sums of three.
    """
    edge = np.zeros_like(plane)
    columns = plane[:, :-2] + plane[:, 1:-1] + plane[:, 2:]
    rows = plane[:-2] + plane[1:-1] + plane[2:]
    across = (rows[:, 2:] - rows[:, :-2]) / 6
    along = (columns[2:] - columns[:-2]) / 6
    edge[1:-1, 1:-1] = np.hypot(across, along)
    if not valid.all():
        whole = valid.copy()
        whole[:, 1:] &= valid[:, :-1]
        whole[:, :-1] &= valid[:, 1:]
        sides = whole.copy()
        whole[1:] &= sides[:-1]
        whole[:-1] &= sides[1:]
        edge *= whole
    return edge
