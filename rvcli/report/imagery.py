"""Imagery for people: a small picture of a raster source, in colours that show something."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from rasterio.enums import ColorInterp, Resampling
from rasterio.features import sieve
from rasterio.windows import Window

from rvcli.core.box import Box
from rvcli.data.crs_transformer.grid import MAX_OFFSET_PX
from rvcli.data.gdal import gdal_env, gdal_options
from rvcli.data.raster_source.multi_raster_source import MultiRasterSource
from rvcli.data.raster_source.raster_source import RasterSource
from rvcli.data.raster_source.rasterio_source import RasterioSource
from rvcli.data.raster_source.window_reader import has_mask, nodata_value
from rvcli.report.grid import Grid

Array: TypeAlias = npt.NDArray[Any]
Mask: TypeAlias = npt.NDArray[np.bool_]

_STRIP_ROWS = 1024  # of the source, read at once
_MAX_PIXELS = 1 << 28  # of a source that can only be read through its windows
_FEW = 64  # places along the longer side that are read of larger ones
_SMALL_PX = 4  # side of what is read there
_SPECK_PX = 64  # black areas of fewer pixels are imagery
_PERCENTILES = (2, 98)
_MANY_VALUES = 100_000  # are enough for these
_MIN_CONTRAST = 0.3  # of the brightest value
_COLOR_INTERP = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)
# As bands of Sentinel-2 and Landsat are described.
_DESCRIPTIONS = ({"red", "b04", "b4", "sr_b4"}, {"green", "b03", "b3"}, {"blue", "b02", "b2"})


@dataclass(frozen=True)
class Shown:
    """Which channels of a source a picture shows: one as grey, or three as red, green, blue."""

    channels: tuple[int, ...]

    def __str__(self) -> str:
        numbers = [str(channel + 1) for channel in self.channels]
        if len(numbers) == 1:
            return f"band {numbers[0]} as grey"
        return f"bands {', '.join(numbers)} as red, green, blue"


def shown_channels(source: RasterSource) -> Shown:
    """Choose what a picture shows.

    An order of channels that a scene names is heeded; else bands are shown in the colours that
    the file says they are of, and the first three if it does not say.

    Args:
        source: active.
    """
    order = list(source.channel_order)
    if len(order) < 3:
        return Shown((order[0],))
    if type(source) is RasterioSource and order == sorted(order):
        dataset = source.image_dataset
        for wanted, told in (
            ([{color} for color in _COLOR_INTERP], list(dataset.colorinterp)),
            (list(_DESCRIPTIONS), [(d or "").lower() for d in dataset.descriptions]),
        ):
            found = [[i for i in order if told[i] in names] for names in wanted]
            if all(found):
                return Shown(tuple(places[0] for places in found))
    return Shown(tuple(order[:3]))


def picture_of(source: RasterSource, shown: Shown, grid: Grid) -> npt.NDArray[np.uint8]:
    """Draw a source on the grid of its pictures, stretched from the 2nd to the 98th percentile.

    Args:
        source: active.
        shown: which of its channels.
        grid: of the scene.

    Returns:
        uint8 red, green, blue, alpha: shape (height, width, 4).
    """
    planes, valid = _read(source, shown.channels, grid)
    valid &= ~_without_data(planes)
    is_byte = planes.dtype == np.uint8
    smooth, is_shown = grid.smooth(np.nan_to_num(planes, nan=0, posinf=0, neginf=0), valid)
    rgba = np.zeros((*is_shown.shape, 4), np.uint8)
    values = planes[valid]
    values = values[:: max(1, len(values) // _MANY_VALUES)]
    rgba[:, :, :3] = _stretched(smooth, values, in_common=is_byte)
    rgba[~is_shown] = 0
    rgba[:, :, 3] = is_shown * np.uint8(255)
    return rgba


def _read(source: RasterSource, channels: Sequence[int], grid: Grid) -> tuple[Array, Mask]:
    """Read channels as they are in the file, thinned out to `grid.sampled_hw`.

    Returns:
        Shape (height, width, channels); and which pixels have data, as far as the file says.
    """
    if _is_plain(source):
        height, width = (side * grid.step for side in grid.sampled_hw)
        return _decimated(source, channels, (0, 0, width, height), grid.sampled_hw)
    if type(source) is MultiRasterSource:
        stacked = _read_stack(source, channels, grid)
        if stacked is not None:
            return stacked
    if source.get_extent().get_area() > _MAX_PIXELS:
        return _by_places(source, channels, grid)
    return _by_blocks(source, channels, grid)


def _is_plain(source: Any) -> bool:
    """Tell whether the pixels of a source are those of its file, in their places."""
    return (
        type(source) is RasterioSource
        and not (source.x_shift_meters or source.y_shift_meters)
        and source.nodata is None
    )


def _read_stack(
    source: MultiRasterSource, channels: Sequence[int], grid: Grid
) -> tuple[Array, Mask] | None:
    """Read channels of a stack from the files that they come from; None if that cannot be."""
    owners: list[tuple[Any, int | None]] = []
    for own in source.raster_sources:
        if own.raster_transformers:  # its channels are none of its file
            owners += [(own, None)] * own.count_chip_channels()
        else:
            owners += [(own, channel) for channel in own.channel_order]
    height, width = grid.sampled_hw
    whole = (width * grid.step, height * grid.step)
    planes, masks = [], []
    for own, channel in (owners[c] for c in channels):
        bounds = _bounds_in(own, source, whole)
        if bounds is None or channel is None or not _is_plain(own):
            return None
        plane, mask = _decimated(own, [channel], bounds, grid.sampled_hw)
        planes.append(plane[:, :, 0])
        masks.append(mask)
    return np.stack(planes, axis=-1), np.logical_or.reduce(masks)


def _bounds_in(
    source: RasterSource, stack: RasterSource, whole_xy: tuple[int, int]
) -> tuple[float, float, float, float] | None:
    """Return where a stack lies in the pixels of a source; None if it is not all there."""
    own, other = (s.get_crs_transformer().get_affine_transform() for s in (source, stack))
    if own is None or other is None:
        return (0, 0, *whole_xy) if source.get_extent() == stack.get_extent() else None
    to_source = ~own * other
    (left, top), (right, bottom) = to_source * (0, 0), to_source * whole_xy
    extent = source.get_extent()
    inside = min(left, top) >= -MAX_OFFSET_PX and left < right and top < bottom
    if not inside or right > extent.xmax + MAX_OFFSET_PX or bottom > extent.ymax + MAX_OFFSET_PX:
        return None
    return max(0, left), max(0, top), min(right, extent.xmax), min(bottom, extent.ymax)


def _decimated(
    source: Any,
    channels: Sequence[int],
    bounds: tuple[float, float, float, float],
    size_hw: tuple[int, int],
) -> tuple[Array, Mask]:
    """Read a part of a file in fewer pixels, from overviews where it has some.

    Strips keep all bands of a block in GDAL's cache: band by band, each block would be
    decompressed once for each of them.

    Args:
        source: a RasterioSource, active.
        channels: of the file.
        bounds: left, top, right, bottom in pixels of the file.
        size_hw: of what is read.
    """
    left, top, right, bottom = bounds
    height, width = size_hw
    rows_px = (bottom - top) / height
    strip = max(1, int(_STRIP_ROWS / max(rows_px, 1e-6)))
    bands = [channel + 1 for channel in channels]
    with gdal_env(gdal_options(source.uris)):
        dataset = source.image_dataset
        is_masked = has_mask(dataset, source.channel_order)
        nodata = [dataset.nodatavals[channel] for channel in channels]
        dtype = np.result_type(*(dataset.dtypes[channel] for channel in channels))
        planes = np.zeros((len(bands), height, width), dtype)
        valid = np.ones((height, width), np.bool_)
        # A mean over nan that no one has declared is nan.
        may_be_nan = dtype.kind == "f" and not is_masked and any(n is None for n in nodata)
        is_colored = ColorInterp.palette in (dataset.colorinterp[c] for c in channels)
        method = Resampling.nearest if may_be_nan or is_colored else Resampling.average
        for first in range(0, height, strip):
            last = min(first + strip, height)
            window = Window(left, top + first * rows_px, right - left, (last - first) * rows_px)
            part = {"window": window, "resampling": method}
            shape = (last - first, width)
            planes[:, first:last] = dataset.read(bands, out_shape=(len(bands), *shape), **part)
            if is_masked:
                valid[first:last] = dataset.read_masks(1, out_shape=shape, window=window) > 0
    has_values = np.zeros_like(valid)
    for plane, declared in zip(planes, nodata, strict=True):
        value = nodata_value(declared, dtype)
        has_values |= np.isfinite(plane) & (True if value is None else plane != value)
    return np.moveaxis(planes, 0, -1), valid & has_values


def _by_blocks(source: RasterSource, channels: Sequence[int], grid: Grid) -> tuple[Array, Mask]:
    """Read all of a source, window by window; pixels are the means of those with data."""
    step, (height, width) = grid.step, grid.sampled_hw
    sums = np.zeros((height, width, len(channels)), np.float64)
    counts = np.zeros((height, width), np.int64)
    dtype: np.dtype[Any] | None = None
    for block in source.iter_blocks():
        inside = block.intersection(Box(0, 0, height * step, width * step))
        if inside.get_area() <= 0:
            continue
        chip = source.get_raw_chip(inside)
        has_data = np.isfinite(chip).all(axis=2) & chip.any(axis=2)
        chip = chip[:, :, list(channels)]
        dtype = chip.dtype
        chip = np.where(has_data[:, :, np.newaxis], chip, 0)
        rows, columns = (
            _groups(start, stop, step)
            for start, stop in ((inside.ymin, inside.ymax), (inside.xmin, inside.xmax))
        )
        part = np.s_[rows.first : rows.last, columns.first : columns.last]
        sums[part] += rows.add(columns.add(chip.astype(np.float64), 1), 0)
        counts[part] += rows.add(columns.add(has_data.astype(np.int64), 1), 0)
    means = sums / np.maximum(counts, 1)[:, :, np.newaxis]
    if dtype is not None and dtype.kind in "iu":
        means = np.rint(means)
    return means.astype(dtype or np.float64), counts > 0


@dataclass(frozen=True)
class _Groups:
    """Which pixels along an axis are one that is shown: those from `first` to `last`."""

    first: int
    last: int
    starts: npt.NDArray[np.int64]

    def add(self, values: Array, axis: int) -> Array:
        return np.asarray(np.add.reduceat(values, self.starts, axis=axis))


def _groups(start: int, stop: int, step: int) -> _Groups:
    first, last = start // step, -(-stop // step)
    return _Groups(first, last, np.maximum(np.arange(first, last) * step - start, 0))


def _by_places(source: RasterSource, channels: Sequence[int], grid: Grid) -> tuple[Array, Mask]:
    """Read a few pixels in each of some places, where reading all would take too long."""
    extent, (height, width) = source.get_extent(), grid.sampled_hw
    lengths = extent.get_height(), extent.get_width()
    rows, columns = (max(1, round(_FEW * length / max(lengths))) for length in lengths)
    found = np.zeros((rows, columns, len(channels)), np.float64)
    valid = np.zeros((rows, columns), np.bool_)
    for row, column in np.ndindex(rows, columns):
        y, x = (
            int((i + 0.5) * length / count) - _SMALL_PX // 2
            for i, length, count in (
                (row, extent.get_height(), rows),
                (column, extent.get_width(), columns),
            )
        )
        chip = source.get_raw_chip(Box(y, x, y + _SMALL_PX, x + _SMALL_PX))
        has_data = np.isfinite(chip).all(axis=2) & chip.any(axis=2)
        if has_data.any():
            valid[row, column] = True
            found[row, column] = chip[has_data][:, list(channels)].mean(axis=0)
    y, x = np.arange(height) * rows // height, np.arange(width) * columns // width
    return found[y[:, np.newaxis], x], valid[y[:, np.newaxis], x]


def _without_data(planes: Array) -> Mask:
    """Tell which pixels are 0 because nothing is there: dark places are not as large."""
    black: Mask = np.asarray(~planes.any(axis=2))
    if not black.any():
        return black
    # Small areas become part of what is around them.
    large: Mask = sieve(black.astype(np.uint8), _SPECK_PX) == 1
    return np.asarray(large & black)


def _stretched(
    planes: npt.NDArray[np.float32], values: Array, in_common: bool
) -> npt.NDArray[np.uint8]:
    """Give values the range of a picture.

    Args:
        planes: shape (height, width, channels).
        values: those that count, shape (n, channels).
        in_common: stretch all channels alike, so that colours stay what they are.
    """
    shown = np.zeros((*planes.shape[:2], 3), np.uint8)
    if not len(values):
        return shown
    for channel, (low, high) in enumerate(_limits(values, in_common)):
        if high > low:
            scaled = (planes[:, :, channel] - low) / (high - low)
            shown[:, :, channel] = np.clip(255 * scaled, 0, 255)
        else:
            shown[:, :, channel] = 128  # where all is the same there is nothing to tell apart
    if planes.shape[2] == 1:
        shown[:, :, 1] = shown[:, :, 2] = shown[:, :, 0]
    return shown


def _ends(values: Array) -> tuple[float, float]:
    """Return the percentiles; the smallest and largest value where those are one."""
    low, high = np.percentile(values.astype(np.float64), _PERCENTILES)
    return (float(low), float(high)) if high > low else (float(values.min()), float(values.max()))


def _limits(values: Array, in_common: bool) -> list[tuple[float, float]]:
    """Return which values of each channel are dark and bright.

    Where there is little contrast, it is not made as large as anywhere else: it would be noise.
    """
    if in_common:
        return [_ends(values)] * values.shape[1]
    lows, highs = np.array([_ends(channel) for channel in values.T]).T
    ranges = highs - lows
    ranges = np.maximum(ranges, np.maximum(ranges.max() * 0.5, np.abs(highs) * _MIN_CONTRAST))
    middles = (lows + highs) / 2
    return list(zip((middles - ranges / 2).tolist(), (middles + ranges / 2).tolist(), strict=True))
