"""Arrays as pictures for a page: imagery of any bands, and classes in their colours.

As WebP, with an alpha band where something is transparent, which every browser of today reads:
https://developers.google.com/speed/webp/faq#which_web_browsers_natively_support_webp
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
from affine import Affine

from rvcli.core.color import to_hex
from rvcli.data.label_store.class_raster import class_colors
from rvcli.report.content import Picture
from rvcli.task.debug_image import palette_of
from rvcli.utils.misc import encoded

if TYPE_CHECKING:
    from rvcli.core.class_map import ClassMap

Array: TypeAlias = npt.NDArray[Any]

__all__ = [
    "classes",
    "colors_of",
    "drawing",
    "imagery",
    "palette_of",
    "photo",
    "rgb",
    "stretch_limits",
]

# Photographs are ten times smaller so than without loss.
_PHOTO = {"QUALITY": 75}
_DRAWING = {"LOSSLESS": "YES"}
_PERCENTILES = (2, 98)
# Of a picture without one rasterio warns; WebP keeps none.
_ANY_PLACE = Affine.scale(2, -2)
_MIN_SIDE = 64
_SHRINK = 2**-0.5  # half as many pixels


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
        limits = stretch_limits(array)
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


def classes(array: Array, palette: Array, *, is_transparent: bool = False) -> Picture:
    """Return class ids as a picture in the colours of the classes.

    Args:
        array: class ids, shape (height, width).
        palette: as palette_of gives it.
        is_transparent: show nothing where the class is 0, instead of its colour.
    """
    pixels = palette[array]
    if is_transparent:
        opacity = np.where(array == 0, 0, 255).astype(np.uint8)
        pixels = np.dstack([pixels, opacity])
    return drawing(pixels)


def photo(pixels: npt.NDArray[np.uint8], max_bytes: int | None = None) -> Picture:
    """Encode imagery, with some loss.

    Args:
        pixels: uint8, shape (height, width, 3), or 4 with alpha, which is kept as it is.
        max_bytes: size above which the picture is made smaller.
    """
    return _picture(pixels, max_bytes, _PHOTO)


def drawing(pixels: npt.NDArray[np.uint8], max_bytes: int | None = None) -> Picture:
    """Encode areas of few colours, without loss.

    Args:
        pixels: uint8, shape (height, width, 3), or 4 with alpha.
        max_bytes: size above which the picture is made smaller, of the nearest pixels.
    """
    return _picture(pixels, max_bytes, _DRAWING)


def colors_of(class_map: ClassMap) -> dict[int, tuple[str, str]]:
    """Return (name, CSS colour) by class id, for legends; without class 0."""
    colors = class_colors(class_map)
    items = sorted((item for item in class_map.get_items() if item.id), key=lambda i: i.id)
    return {item.id: (item.name or str(item.id), to_hex(colors[item.id][:3])) for item in items}


def _three(array: Array) -> Array:
    first = array[:, :, :3]
    return first if first.shape[2] == 3 else np.repeat(first[:, :, :1], 3, axis=2)


def _picture(pixels: Array, max_bytes: int | None, options: dict[str, Any]) -> Picture:
    if pixels.shape[2] == 4 and (pixels[:, :, 3] == 255).all():
        pixels = pixels[:, :, :3]
    driver = "WEBP" if _has_webp() else "PNG"
    while True:
        height, width = pixels.shape[:2]
        given = {**options, "transform": _ANY_PLACE} if driver == "WEBP" else {}
        data = encoded(np.ascontiguousarray(pixels), driver, **given)
        if max_bytes is None or len(data) <= max_bytes or max(height, width) <= _MIN_SIDE:
            return Picture(data, f"image/{driver.lower()}", (int(height), int(width)))
        pixels = pixels[_nearest(height)[:, np.newaxis], _nearest(width)]


def _nearest(side: int) -> npt.NDArray[np.int64]:
    """Return which of some pixels in a row are left of them when there are to be fewer."""
    fewer = max(1, round(side * _SHRINK))
    return ((np.arange(fewer) + 0.5) * side / fewer).astype(np.int64)


@cache
def _has_webp() -> bool:
    """Tell whether this GDAL, which may be one of the system, was built with it."""
    import rasterio

    with rasterio.Env() as env:
        return "WEBP" in env.drivers()
