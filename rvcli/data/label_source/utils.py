"""Colours as triples and as integers."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import numpy.typing as npt

from rvcli.core.color import to_rgb


def color_to_triple(color: str | None) -> tuple[int, int, int]:
    """Return red, green and blue from 0 to 255; of None a colour drawn at random.

    Raises:
        ConfigError: it is no colour.
    """
    if color is None:
        return random.randrange(256), random.randrange(256), random.randrange(256)
    return to_rgb(color)


def color_to_integer(color: str | None) -> int:
    """Return a colour as red * 65536 + green * 256 + blue.

    Raises:
        ConfigError: it is no colour.
    """
    red, green, blue = color_to_triple(color)
    return (red << 16) + (green << 8) + blue


def rgb_to_int_array(rgb_array: npt.NDArray[Any]) -> npt.NDArray[np.uint32]:
    """Return the integers of colours.

    Args:
        rgb_array: values from 0 to 255, shape (..., 3 or more); channels beyond the third are
            ignored.

    Returns:
        uint32, shape (...), as color_to_integer gives them.
    """
    red, green, blue = (rgb_array[..., i].astype(np.uint32) for i in range(3))
    return np.asarray((red << 16) + (green << 8) + blue)
