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
        # What lies beyond the other grid counts for nothing.
        weights = np.where((indices >= 0) & (indices < self.size), weights, 0.0)
        weights /= np.where(inside, weights.sum(axis=0), 1.0)
        return Taps(indices.clip(0, self.size - 1), weights, nearest.clip(0, self.size - 1), inside)


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
        if self._method == "nearest":
            found = _nearest(planes, rows, columns)
        else:
            found = _weighted(planes, rows, columns, self._method)
        found[:, ~rows.inside] = 0
        found[:, :, ~columns.inside] = 0
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


def _nearest(planes: npt.NDArray[Any], rows: Taps, columns: Taps) -> npt.NDArray[Any]:
    chosen = np.take(planes, columns.nearest - columns.limits[0], axis=-1)
    return np.take(chosen, rows.nearest - rows.limits[0], axis=-2)


def _weighted(planes: npt.NDArray[Any], rows: Taps, columns: Taps, method: str) -> npt.NDArray[Any]:
    """Return weighted means of planes, shape (channels, height, width), of their dtype."""
    small = planes.dtype.itemsize <= 2 or planes.dtype == np.float32
    dtype = np.dtype(np.float32 if small else np.float64)
    shape = (len(planes), len(rows.nearest), len(columns.nearest))
    found = np.empty(shape, dtype=planes.dtype)
    # One by one, since the processor's cache holds one.
    for i, plane in enumerate(planes):
        means = _sums(plane.astype(dtype), rows, columns)
        if not plane.all():
            # What is without data adds nothing to a sum: it is missing in the weights alone.
            # Where none is, they are exactly 1: what else is in a window changes no pixel.
            weights = 1 - _sums((plane == 0).astype(np.float64), rows, columns)
            is_average = method == "average"
            has_data = weights > _EDGE**2 if is_average else _nearest(plane, rows, columns) != 0
            means = np.where(has_data, means / np.where(has_data, weights, 1), 0).astype(dtype)
        if planes.dtype.itemsize > 4:
            means = cast_values(means, planes.dtype)
        elif planes.dtype.kind != "f":
            np.rint(means, out=means)
        # A mean lies between values that the dtype holds: there is nothing to clip.
        np.copyto(found[i], means, casting="unsafe")
    return found


def _sums(plane: npt.NDArray[Any], rows: Taps, columns: Taps) -> npt.NDArray[Any]:
    """Add up pixels with their weights, along the columns first: rows are copied faster."""
    across = _sum_along(plane, columns, columns.weights, 1)
    return _sum_along(across, rows, rows.weights[:, :, np.newaxis], 0)


def _sum_along(
    plane: npt.NDArray[Any], taps: Taps, weights: npt.NDArray[Any], axis: int
) -> npt.NDArray[Any]:
    indices = taps.indices - taps.limits[0]
    total: npt.NDArray[Any] | None = None
    part: npt.NDArray[Any] | None = None
    for index, weight in zip(indices, weights.astype(plane.dtype), strict=True):
        # With "clip" numpy needs no buffer for its output; no index is out of range.
        part = np.take(plane, index, axis=axis, out=part, mode="clip")
        part *= weight
        if total is None:
            total, part = part, np.empty_like(part)
        else:
            total += part
    assert total is not None
    return total
