"""Windows of an open dataset as arrays: padded beyond its extent, with 0 for nodata."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import numpy.typing as npt
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.windows import Window

from rvcli.core.box import Box


def read_window(
    dataset: Any, window: Box, is_masked: bool, keeps_nan: bool = False
) -> npt.NDArray[Any]:
    """Read a window of an open dataset.

    Args:
        dataset: open rasterio dataset.
        window: pixel coordinates, half-open; what lies beyond the extent is 0.
        is_masked: whether the dataset has a mask or an alpha band to heed.
        keeps_nan: leave NaN and infinities as they are.

    Returns:
        Shape (height, width, bands), each band contiguous. Pixels that are masked, transparent,
        nodata or not finite are 0.
    """
    inside = window.intersection(Box(0, 0, dataset.height, dataset.width))
    if inside.get_area() > 0:
        bands = _read_bands(dataset, inside, is_masked, keeps_nan)
        if inside == window:
            return np.moveaxis(bands, 0, -1)
    padded = np.zeros(
        (dataset.count, window.get_height(), window.get_width()), dtype=common_dtype(dataset)
    )
    if inside.get_area() > 0:
        y, x = inside.ymin - window.ymin, inside.xmin - window.xmin
        padded[:, y : y + bands.shape[1], x : x + bands.shape[2]] = bands
    return np.moveaxis(padded, 0, -1)


def read_validity(
    dataset: Any, window: Box, band: int, is_masked: bool, nodata: float | None
) -> npt.NDArray[np.bool_]:
    """Tell which pixels of a band have a value that means something.

    Args:
        dataset: open rasterio dataset.
        window: pixel coordinates, half-open, within the extent.
        band: its index, from 0.
        is_masked: whether the dataset has a mask or an alpha band to heed.
        nodata: value of pixels without data, beside what the dataset declares.

    Returns:
        bool, shape (height, width); 0 means something, whatever is declared.
    """
    rasterio_window = Window(window.xmin, window.ymin, window.get_width(), window.get_height())
    values = dataset.read(band + 1, window=rasterio_window)
    valid = np.isfinite(values)
    for declared in (dataset.nodatavals[band], nodata):
        value = nodata_value(declared, values.dtype)
        if value is not None and value != 0:
            valid &= values != value
    if is_masked:
        valid &= dataset.read_masks(1, window=rasterio_window) != 0
    return np.asarray(valid)


def has_mask(dataset: Any, channels: Collection[int] = ()) -> bool:
    """Tell whether a dataset says by a mask or an alpha band which pixels are valid.

    Args:
        dataset: open rasterio dataset.
        channels: indices of bands that are data, whatever they are taken for: GDAL takes the
            fourth of four bands for alpha, which often is near infrared.
    """
    flags = dataset.mask_flag_enums[0]
    if MaskFlags.alpha in flags:
        return not any(is_alpha and i in channels for i, is_alpha in enumerate(_is_alpha(dataset)))
    return MaskFlags.per_dataset in flags


def _is_alpha(dataset: Any) -> list[bool]:
    return [color == ColorInterp.alpha for color in dataset.colorinterp]


def common_dtype(dataset: Any) -> np.dtype[Any]:
    """Return the dtype that holds the values of every band."""
    return np.result_type(*dataset.dtypes)


def _read_bands(dataset: Any, window: Box, is_masked: bool, keeps_nan: bool) -> npt.NDArray[Any]:
    rasterio_window = Window(window.xmin, window.ymin, window.get_width(), window.get_height())
    bands: npt.NDArray[Any]
    if len(set(dataset.dtypes)) == 1:
        bands = dataset.read(window=rasterio_window)
    else:
        each = [dataset.read(index, window=rasterio_window) for index in dataset.indexes]
        bands = np.stack(each).astype(common_dtype(dataset), copy=False)
    if is_masked:
        bands[:, dataset.read_masks(1, window=rasterio_window) == 0] = 0
    for band, nodata in zip(bands, dataset.nodatavals, strict=True):
        value = nodata_value(nodata, bands.dtype)
        if value is not None and value != 0:
            band[band == value] = 0
    if bands.dtype.kind == "f" and not keeps_nan:
        finite = np.isfinite(bands)
        if not finite.all():
            bands[~finite] = 0
    return bands


def nodata_value(nodata: float | None, dtype: np.dtype[Any]) -> Any:
    """Return a nodata value as a pixel of this dtype has it; None if no pixel can have it."""
    if nodata is None or np.isnan(nodata):
        return None
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        if not float(nodata).is_integer() or not limits.min <= nodata <= limits.max:
            return None
        return dtype.type(int(nodata))
    with np.errstate(over="ignore"):
        return dtype.type(nodata)
