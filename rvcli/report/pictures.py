"""Arrays as pictures that stand in a page: imagery of any bands, and classes in their colours."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rvcli.report.content import Picture
from rvcli.task.debug_image import class_rgb, palette_of
from rvcli.utils.misc import encoded

if TYPE_CHECKING:
    from rvcli.core.class_map import ClassItem, ClassMap

Array: TypeAlias = npt.NDArray[Any]

__all__ = [
    "class_color",
    "classes",
    "colors_of",
    "imagery",
    "palette_of",
    "photo",
    "rgb",
    "stretch_limits",
]

# Photographs are ten times smaller in WebP than in PNG.
_QUALITY = 80
_PERCENTILES = (2, 98)


def rgb(array: Array, limits: Array | None = None) -> npt.NDArray[np.uint8]:
    """Give imagery of any bands and dtype as RGB.

    Args:
        array: shape (height, width, bands), of which the first three are shown, or the first
            as grey; a pixel that is 0 in all of these has no data, and stays black.
        limits: shape (3, 2), as stretch_limits gives them, to show parts of one scene alike;
            those of the array by default.
    """
    shown = _three(array)
    if limits is None:
        limits = stretch_limits(shown)
    has_data = shown.any(axis=2)
    low, high = limits[:, 0], limits[:, 1]
    scaled = 255 * (shown.astype(np.float64) - low) / np.maximum(high - low, 1e-9)
    pixels: npt.NDArray[np.uint8] = np.clip(np.nan_to_num(scaled), 0, 255).astype(np.uint8)
    pixels[~has_data] = 0
    return pixels


def stretch_limits(array: Array) -> npt.NDArray[np.float64]:
    """Return what is shown as black and as full colour in each of three bands, shape (3, 2).

    The 2nd and the 98th percentile of the data: of all bands together in uint8, whose colours
    are those of a photograph, of each band by itself otherwise.
    """
    shown = _three(array)
    data = shown[shown.any(axis=2)].astype(np.float64)
    data = data[np.isfinite(data).all(axis=1)]
    if not len(data):
        return np.array([[0.0, 1.0]] * 3)
    if array.dtype == np.uint8:
        return np.array([np.percentile(data, _PERCENTILES)] * 3)
    return np.asarray(np.percentile(data, _PERCENTILES, axis=0).T)


def imagery(array: Array, limits: Array | None = None) -> Picture:
    """Return imagery as a picture; see rgb."""
    return photo(rgb(array, limits))


def photo(pixels: npt.NDArray[np.uint8]) -> Picture:
    """Return RGB, or RGB and opacity, as a picture; small, at some loss.

    Args:
        pixels: uint8, shape (height, width, 3 or 4).
    """
    return _picture(pixels, QUALITY=_QUALITY)


def classes(array: Array, palette: Array, *, is_transparent: bool = False) -> Picture:
    """Return class ids as a picture in the colours of the classes, without loss.

    Args:
        array: class ids, shape (height, width).
        palette: as palette_of gives it; may have a fourth column of opacity.
        is_transparent: show nothing where the class is 0, instead of its colour.
    """
    pixels = palette[array]
    if is_transparent:
        opacity = np.where(array == 0, 0, 255).astype(np.uint8)
        pixels = np.dstack([pixels[:, :, :3], opacity])
    return _picture(pixels, LOSSLESS="YES")


def class_color(item: ClassItem) -> str:
    """Return the colour of a class as "#rrggbb"."""
    return "#{:02x}{:02x}{:02x}".format(*class_rgb(item))


def colors_of(class_map: ClassMap) -> dict[int, tuple[str, str]]:
    """Return (name, CSS colour) by class id, for legends; without class 0."""
    items = sorted((item for item in class_map.get_items() if item.id), key=lambda i: i.id)
    return {item.id: (item.name or str(item.id), class_color(item)) for item in items}


def _three(array: Array) -> Array:
    first = array[:, :, :3]
    return first if first.shape[2] == 3 else np.repeat(first[:, :, :1], 3, axis=2)


def _picture(pixels: Array, **options: Any) -> Picture:
    size_hw = (int(pixels.shape[0]), int(pixels.shape[1]))
    pixels = np.ascontiguousarray(pixels)
    if _has_webp():
        return Picture(encoded(pixels, "WEBP", **options), "image/webp", size_hw)
    return Picture(encoded(pixels, "PNG"), "image/png", size_hw)


@cache
def _has_webp() -> bool:
    """Tell whether this GDAL, which may be one of the system, was built with it."""
    import rasterio

    with rasterio.Env() as env:
        return "WEBP" in env.drivers()
