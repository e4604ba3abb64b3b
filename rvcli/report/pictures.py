"""Pictures for a page: pixels as WebP, in as few bytes as asked for.

WebP with an alpha band is read by every browser of today:
https://developers.google.com/speed/webp/faq#which_web_browsers_natively_support_webp
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from affine import Affine
from rasterio.io import MemoryFile

from rvcli.report.content import Picture

WEBP = "image/webp"

_QUALITY = 75
_MIN_SIDE = 64
# Of a picture without one rasterio warns; WebP keeps none.
_ANY_PLACE = Affine.scale(2, -2)
_SHRINK = 2**-0.5  # half as many pixels


def photo(rgba: npt.NDArray[np.uint8], max_bytes: int | None = None) -> Picture:
    """Encode imagery, with some loss.

    Args:
        rgba: shape (height, width, 4), uint8; alpha is kept as it is.
        max_bytes: size above which the picture is made smaller.
    """
    return _encoded(rgba, max_bytes, {"QUALITY": _QUALITY})


def drawing(rgba: npt.NDArray[np.uint8], max_bytes: int | None = None) -> Picture:
    """Encode areas of few colours, without loss.

    Args:
        rgba: shape (height, width, 4), uint8.
        max_bytes: size above which the picture is made smaller, of the nearest pixels.
    """
    return _encoded(rgba, max_bytes, {"LOSSLESS": "YES"})


def _encoded(
    rgba: npt.NDArray[np.uint8], max_bytes: int | None, options: dict[str, Any]
) -> Picture:
    while True:
        data = _webp(rgba, options)
        height, width = rgba.shape[:2]
        if max_bytes is None or len(data) <= max_bytes or max(height, width) <= _MIN_SIDE:
            return Picture(data, WEBP, (height, width))
        rows, columns = (_nearest(side) for side in (height, width))
        rgba = rgba[rows[:, np.newaxis], columns]


def _nearest(side: int) -> npt.NDArray[np.int64]:
    """Return which of some pixels in a row are left of them when there are to be fewer."""
    fewer = max(1, round(side * _SHRINK))
    return ((np.arange(fewer) + 0.5) * side / fewer).astype(np.int64)


def _webp(rgba: npt.NDArray[np.uint8], options: dict[str, Any]) -> bytes:
    height, width = rgba.shape[:2]
    # GDAL writes no alpha where nothing is transparent only if it gets none.
    count = 3 if (rgba[:, :, 3] == 255).all() else 4
    profile = {"driver": "WEBP", "height": height, "width": width, "count": count, "dtype": "uint8"}
    with MemoryFile() as file:
        with file.open(**profile, **options, transform=_ANY_PLACE) as dataset:
            dataset.write(np.moveaxis(rgba[:, :, :count], -1, 0))
        return bytes(file.read())
