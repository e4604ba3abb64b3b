"""Pixels of one class, strip by strip, without what is too thin."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rvcli.core.box import Box
from rvcli.progress import track

Mask: TypeAlias = npt.NDArray[np.bool_]
ReadLabels: TypeAlias = Callable[[Box], npt.NDArray[Any]]

_STRIP_HEIGHT = 512
_MAX_STRIP_PIXELS = 1 << 24


def mask_strips(
    read: ReadLabels, extent: Box, class_id: int, denoise: int = 0
) -> Iterator[tuple[Box, Mask]]:
    """Yield where a class is, in strips as wide as the image, from top to bottom.

    Args:
        read: gives the class ids of a window, shape (height, width).
        extent: of the image, from (0, 0), in pixels.
        class_id: of the class.
        denoise: radius in pixels of a morphological opening: what does not hold a disk of this
            radius is left out. Beyond the image the class is taken to go on.
    """
    fit = _MAX_STRIP_PIXELS // max(extent.xmax, 1) // _STRIP_HEIGHT
    height = max(1, fit) * _STRIP_HEIGHT
    # An opening looks twice as far as its radius: erosion, then dilation.
    margin = 2 * denoise
    with track(f"outlines of class {class_id}", extent.ymax, "rows") as progress:
        for top in range(0, extent.ymax, height):
            strip = Box(top, 0, min(top + height, extent.ymax), extent.xmax)
            if margin:
                yield strip, _opened_strip(read, strip, extent, class_id, margin)
            else:
                yield strip, read(strip) == class_id
            progress.advance(strip.get_height())


def _opened_strip(read: ReadLabels, strip: Box, extent: Box, class_id: int, margin: int) -> Mask:
    around = Box(strip.ymin - margin, -margin, strip.ymax + margin, strip.xmax + margin)
    inside = around.intersection(extent)
    missing = (
        (inside.ymin - around.ymin, around.ymax - inside.ymax),
        (inside.xmin - around.xmin, around.xmax - inside.xmax),
    )
    padded = np.pad(read(inside) == class_id, missing, constant_values=True)
    return opened(padded, margin // 2)


def opened(mask: Mask, radius: int) -> Mask:
    """Return the morphological opening by a disk, for all but 2 * radius pixels at the border."""
    return ~_eroded(~_eroded(mask, radius), radius)


def _eroded(mask: Mask, radius: int) -> Mask:
    """Return the erosion by a disk, without the radius at the border.

    A disk is rows of different lengths: rows are shared by all places where one begins.
    """
    height, width = (size - 2 * radius for size in mask.shape)
    halves = [math.isqrt(radius**2 - dy**2) for dy in range(radius + 1)]
    eroded = np.ones((height, width), dtype=np.bool_)
    rows = np.ones((mask.shape[0], width), dtype=np.bool_)
    for half in range(radius + 1):
        rows &= mask[:, radius - half : radius - half + width]
        rows &= mask[:, radius + half : radius + half + width]
        for dy in (dy for dy, own in enumerate(halves) if own == half):
            eroded &= rows[radius - dy : radius - dy + height]
            eroded &= rows[radius + dy : radius + dy + height]
    return eroded
