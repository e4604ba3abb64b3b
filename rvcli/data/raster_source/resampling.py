"""Windows of one grid, read from a raster source that lies on another.

Every pixel is computed from the same pixels with the same weights, whichever window it is read
in: windows that overlap agree bit by bit, and no seams show.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from affine import Affine

from rvcli.core.box import Box
from rvcli.data.raster_transformer.values import cast_values
from rvcli.errors import DataError

if TYPE_CHECKING:
    from rvcli.data.raster_source.raster_source import RasterSource

# Grids count as one where their pixels lie nearer than this to each other, in pixels.
_MAX_OFFSET_PX = 0.05
# Pixels of a source to read at once, about.
_MAX_PIXELS = 1 << 22
# Smaller than any offset that matters; what lies on an edge counts to the pixel after it.
_EDGE = 1e-6


@dataclass(frozen=True)
class Axis:
    """Where the pixels of a grid lie along one axis of another.

    Attributes:
        scale: pixels of the other grid for each pixel of the grid; negative where they run
            against each other.
        offset: where the first pixel of the grid begins.
        size: pixels of the other grid.
    """

    scale: float
    offset: float
    size: int

    def whole_offset(self, size: int) -> int | None:
        """Return the offset where `size` pixels of the grid lie on those of the other."""
        whole = round(self.offset)
        drift = abs(self.offset - whole) + abs(self.scale - 1) * size
        return whole if drift <= _MAX_OFFSET_PX else None

    def taps(self, start: int, stop: int, method: str) -> Taps:
        """Return which pixels make up those from start to stop, and with what weights."""
        centres = (np.arange(start, stop) + 0.5) * self.scale + self.offset
        nearest = np.floor(centres + _EDGE).astype(np.int64)
        inside = (nearest >= 0) & (nearest < self.size)
        reach = max(1.0, abs(self.scale))
        if method == "nearest":
            indices, weights = nearest[np.newaxis], np.ones((1, len(centres)))
        elif method == "bilinear":
            # A triangle as wide as the pixel, so that no pixel is passed over.
            first = np.floor(centres - 0.5 - reach + _EDGE).astype(np.int64) + 1
            indices = first + np.arange(int(np.ceil(2 * reach)))[:, np.newaxis]
            weights = np.maximum(0.0, 1 - np.abs(indices + 0.5 - centres) / reach)
        else:
            half = abs(self.scale) / 2
            first = np.floor(centres - half + _EDGE).astype(np.int64)
            indices = first + np.arange(int(np.ceil(2 * half)) + 1)[:, np.newaxis]
            covered = np.minimum(centres + half, indices + 1) - np.maximum(centres - half, indices)
            weights = np.maximum(0.0, covered)
        return Taps(indices, weights / weights.sum(axis=0), nearest, inside)


@dataclass(frozen=True)
class Taps:
    """What pixels along an axis are made of.

    Attributes:
        indices: of the pixels of the other grid, shape (taps, pixels).
        weights: of each, their sums are 1.
        nearest: index of the one that holds the centre of each pixel.
        inside: whether that lies within the other grid.
    """

    indices: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float64]
    nearest: npt.NDArray[np.int64]
    inside: npt.NDArray[np.bool_]

    @property
    def limits(self) -> tuple[int, int]:
        """First index, and the one after the last."""
        return int(self.indices.min()), int(self.indices.max()) + 1


class GridReader:
    """Reads windows of a grid from a source on another grid.

    Where the pixel of the source that holds the centre of a pixel is without data (0), the pixel
    is, too; averages are without data only where all of their pixels are. Pixels without data
    count for nothing in the others.

    Args:
        source: active while it is read.
        to_source: affine transform from pixels of the grid to those of the source, without
            rotation.
        size_hw: of the grid.
        method: "nearest", "bilinear" or "average".

    Raises:
        DataError: there is a rotation between the grids.
    """

    def __init__(
        self, source: RasterSource, to_source: Affine, size_hw: tuple[int, int], method: str
    ) -> None:
        height, width = size_hw
        if max(abs(to_source.b) * height, abs(to_source.d) * width) > _MAX_OFFSET_PX:
            raise DataError(
                "the grids of two raster sources are rotated against each other",
                hint="warp one to the grid of the other, as with `rio warp --like`",
            )
        self.source = source
        self._method = method
        extent = source.get_extent()
        self._rows = Axis(to_source.e, to_source.f, extent.get_height())
        self._columns = Axis(to_source.a, to_source.c, extent.get_width())
        self._shift = self._rows.whole_offset(height), self._columns.whole_offset(width)

    def read(self, window: Box) -> npt.NDArray[Any]:
        """Read a window as the source gives it, in pixels of the grid.

        Returns:
            Shape (height, width, channels); 0 where there is no data.
        """
        y, x = self._shift
        if y is not None and x is not None:
            shifted = Box(window.ymin + y, window.xmin + x, window.ymax + y, window.xmax + x)
            return self.source.get_chip(shifted)
        rows = self._rows.taps(window.ymin, window.ymax, self._method)
        columns = self._columns.taps(window.xmin, window.xmax, self._method)
        (top, bottom), (left, right) = rows.limits, columns.limits
        if (bottom - top) * (right - left) > _MAX_PIXELS and window.get_area() > 1:
            return self._read_halves(window)
        chip = self.source.get_chip(Box(top, left, bottom, right))
        planes = _finite(np.moveaxis(chip, -1, 0))
        found = planes[:, rows.nearest[:, np.newaxis] - top, columns.nearest - left]
        inside = rows.inside[:, np.newaxis] & columns.inside
        if self._method != "nearest":
            found = _weighted(planes, rows, columns, found, self._method)
        if not inside.all():
            found = np.where(inside, found, found.dtype.type(0))
        return np.moveaxis(found, 0, -1)

    def _read_halves(self, window: Box) -> npt.NDArray[Any]:
        height, width = window.get_height(), window.get_width()
        if height >= width:
            middle = window.ymin + height // 2
            halves = (
                Box(window.ymin, window.xmin, middle, window.xmax),
                Box(middle, window.xmin, window.ymax, window.xmax),
            )
            return np.concatenate([self.read(half) for half in halves], axis=0)
        middle = window.xmin + width // 2
        halves = (
            Box(window.ymin, window.xmin, window.ymax, middle),
            Box(window.ymin, middle, window.ymax, window.xmax),
        )
        return np.concatenate([self.read(half) for half in halves], axis=1)


def _finite(planes: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if planes.dtype.kind == "f" and not np.isfinite(planes).all():
        return np.where(np.isfinite(planes), planes, planes.dtype.type(0))
    return planes


def _weighted(
    planes: npt.NDArray[Any],
    rows: Taps,
    columns: Taps,
    nearest: npt.NDArray[Any],
    method: str,
) -> npt.NDArray[Any]:
    """Return weighted means of planes, shape (channels, height, width), of their dtype."""
    small = planes.dtype.itemsize <= 2 or planes.dtype == np.float32
    dtype = np.dtype(np.float32 if small else np.float64)
    means = _sums(planes.astype(dtype), rows, columns)
    if (planes == 0).any():
        # What is without data adds nothing to a sum: it is missing in the weights alone. Where
        # none is, they are exactly 1: what lies elsewhere in a window changes no pixel.
        weights = 1 - _sums((planes == 0).astype(np.float64), rows, columns)
        has_data = weights > _EDGE**2 if method == "average" else nearest != 0
        means = np.where(has_data, means / np.where(has_data, weights, 1), 0).astype(dtype)
    return cast_values(means, planes.dtype)


def _sums(planes: npt.NDArray[Any], rows: Taps, columns: Taps) -> npt.NDArray[Any]:
    """Add up pixels with their weights, along the columns first: rows are copied faster."""
    for taps, axis in ((columns, 2), (rows, 1)):
        first = taps.limits[0]
        shape = (1, -1, 1) if axis == 1 else (1, 1, -1)
        total: npt.NDArray[Any] | None = None
        for indices, weights in zip(taps.indices, taps.weights, strict=True):
            part = np.take(planes, indices - first, axis=axis, mode="clip")
            part *= weights.astype(planes.dtype).reshape(shape)
            total = part if total is None else np.add(total, part, out=total)
        assert total is not None
        planes = total
    return planes
