"""SegmentationClassTransformer: between class ids and the colours of a label image."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from rvcli.core.class_map import ClassMap
from rvcli.data.label_source.utils import color_to_integer, color_to_triple, rgb_to_int_array
from rvcli.errors import ConfigError


class SegmentationClassTransformer:
    """Transforms between class ids and the colours of a class map.

    Colours of no class become class 0; class ids of no class become black.
    """

    def __init__(self, class_map: ClassMap) -> None:
        """Make a transformer.

        Raises:
            ConfigError: a class has no colour, or two have the same.
        """
        items = class_map.get_items()
        lacking = [item.name for item in items if item.color is None]
        if lacking:
            raise ConfigError(
                f"the class {lacking[0]!r} has no colour",
                hint='give each class one, as in {"car": (1, "red")}',
            )
        self._class_of_color = {color_to_integer(item.color): item.id for item in items}
        if len(self._class_of_color) < len(items):
            raise ConfigError("two classes have the same colour", hint="give each its own")
        self._colors = np.array(sorted(self._class_of_color), dtype=np.uint32)
        ids = [self._class_of_color[int(color)] for color in self._colors]
        self._ids = np.array(ids, dtype=np.uint8 if max(ids, default=0) <= 255 else np.uint16)
        self._palette = np.zeros((max(ids, default=0) + 1, 3), dtype=np.uint8)
        for item in items:
            self._palette[item.id] = color_to_triple(item.color)

    def rgb_to_class(self, rgb_labels: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return class ids, shape (height, width), of colours, shape (height, width, 3)."""
        colors = rgb_to_int_array(rgb_labels)
        if not len(self._colors):
            return np.zeros(colors.shape, dtype=np.uint8)
        place = np.searchsorted(self._colors, colors).clip(max=len(self._colors) - 1)
        return np.where(self._colors[place] == colors, self._ids[place], 0).astype(self._ids.dtype)

    def class_to_rgb(self, class_labels: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
        """Return colours, uint8, shape (height, width, 3), of class ids, shape (height, width)."""
        known = class_labels < len(self._palette)
        return self._palette[np.where(known, class_labels, 0)] * known[..., np.newaxis]
