"""Features of boxes: what is inside of each, and around it, cell by cell.

The cells of a grid lie over a box and a rim around it, so that they grow with the box: a large
house and a small one look alike. Each holds the means of the bands, of the strength of edges, and
of that strength by direction (Dalal and Triggs 2005, "Histograms of Oriented Gradients"; Dollár et
al. 2009, "Integral Channel Features"). A mean costs four look-ups in a summed-area table whatever
the size of the cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rvcli.backend.valid_pixels import valid_pixels

FEATURES_VERSION = 1
Array: TypeAlias = npt.NDArray[Any]

# Cells along each side; the outer ones lie around the box.
CELLS = 6
_INNER = slice(1, CELLS - 1)
# Side of the whole grid in sides of the box.
RIM = CELLS / (CELLS - 2)
_DIRECTIONS = 4


@dataclass(frozen=True)
class BoxSpec:
    """Which features: those of imagery with a number of bands."""

    bands: int

    @property
    def count(self) -> int:
        """Number of features."""
        planes = self.bands + 1 + _DIRECTIONS
        return planes * CELLS**2 + 2 * planes + self.bands + 3


class BoxFeatures:
    """The features of any boxes on one chip.

    Attributes:
        frame: of the pixels with data: ymin, xmin, ymax, xmax.
    """

    def __init__(self, chip: Array, spec: BoxSpec) -> None:
        """Prepare the tables.

        Args:
            chip: any dtype, shape (height, width, bands).
            spec: its number of bands is the chip's.
        """
        self.spec = spec
        valid = valid_pixels(chip)
        rows, columns = (np.flatnonzero(valid.any(axis=axis)) for axis in (1, 0))
        ends = [(lines[0], lines[-1] + 1) if len(lines) else (0, 0) for lines in (rows, columns)]
        self.frame = np.array(ends, np.float64).T.ravel()
        values = np.where(valid[:, :, None], chip, 0).astype(np.float32)
        planes = np.dstack([values, _edges(values.mean(axis=2), valid), valid])
        height, width = valid.shape
        self._tables = np.zeros((height + 1, width + 1, planes.shape[2]))
        np.cumsum(planes, axis=0, out=self._tables[1:, 1:])
        np.cumsum(self._tables[1:, 1:], axis=1, out=self._tables[1:, 1:])

    def of(self, boxes: Array) -> npt.NDArray[np.float32]:
        """Compute the features of boxes.

        Args:
            boxes: rows (ymin, xmin, ymax, xmax) in pixels of the chip, shape (n, 4). What lies
                beyond the chip has no data.

        Returns:
            float32, shape (n, number of features).
        """
        cells, shares = self._cells(boxes)
        inner = cells[:, _INNER, _INNER].mean(axis=(1, 2))
        total = cells.sum(axis=(1, 2))
        rim = (total - inner * (CELLS - 2) ** 2) / (CELLS**2 - (CELLS - 2) ** 2)
        bands = self.spec.bands
        texture = cells[:, _INNER, _INNER, :bands].std(axis=(1, 2))
        # Brightness differs between scenes; the contrast of the parts of a box less so.
        cells[..., :bands] -= inner[:, None, None, :bands]
        count = len(boxes)
        sides = boxes[:, 2:] - boxes[:, :2]
        flat = cells.reshape(count, np.prod(cells.shape[1:]))
        parts = [flat, inner, rim, texture, sides, shares[:, None]]
        return np.concatenate(parts, axis=1, dtype=np.float32)

    def share_with_data(self, boxes: Array) -> Array:
        """Return the share of each box that lies on pixels with data, shape (n,)."""
        corners = np.rint(boxes).astype(np.intp)
        height, width = self._tables.shape[:2]
        ymin, xmin, ymax, xmax = corners.clip(0, [height - 1, width - 1] * 2).T
        counts = self._tables[..., -1]
        with_data = counts[ymax, xmax] - counts[ymin, xmax] - counts[ymax, xmin]
        with_data += counts[ymin, xmin]
        areas = (corners[:, 2] - corners[:, 0]) * (corners[:, 3] - corners[:, 1])
        return np.asarray(with_data / np.maximum(areas, 1))

    def _cells(self, boxes: Array) -> tuple[Array, Array]:
        """Return means, shape (n, CELLS, CELLS, planes), and the share of cells with data."""
        sides = boxes[:, 2:] - boxes[:, :2]
        centres = (boxes[:, :2] + boxes[:, 2:]) / 2
        steps = (np.arange(CELLS + 1) / CELLS - 0.5) * RIM
        lines = np.rint(centres[:, :, None] + sides[:, :, None] * steps).astype(np.intp)
        ys = lines[:, 0].clip(0, self._tables.shape[0] - 1)
        xs = lines[:, 1].clip(0, self._tables.shape[1] - 1)
        corners = self._tables[ys[:, :, None], xs[:, None, :]]
        rows = corners[:, 1:] - corners[:, :-1]
        sums = rows[:, :, 1:] - rows[:, :, :-1]
        counts = sums[..., -1:]
        means = (sums[..., :-1] / np.maximum(counts, 1)).astype(np.float32)
        return means, (counts[..., 0] > 0).mean(axis=(1, 2))


def _edges(plane: Array, valid: npt.NDArray[np.bool_]) -> Array:
    """Return the strength of edges, and that of edges of each direction, (height, width, 5).

    Where a neighbour holds no data there is no edge.
    """
    down, across = np.zeros_like(plane), np.zeros_like(plane)
    down[1:-1] = (plane[2:] - plane[:-2]) / 2
    across[:, 1:-1] = (plane[:, 2:] - plane[:, :-2]) / 2
    whole = valid.copy()
    whole[1:-1] &= valid[2:] & valid[:-2]
    whole[:, 1:-1] &= valid[:, 2:] & valid[:, :-2]
    strength = np.hypot(down, across) * whole
    angle = np.arctan2(down, across) % np.pi
    out = np.empty((*plane.shape, 1 + _DIRECTIONS), np.float32)
    out[..., 0] = strength
    step = np.pi / _DIRECTIONS
    for direction in range(_DIRECTIONS):
        distance = np.abs(angle - direction * step)
        distance = np.minimum(distance, np.pi - distance)
        out[..., 1 + direction] = strength * (1 - distance / step).clip(0)
    return out
