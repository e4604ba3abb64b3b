"""An image for people: a scene's imagery beside its predicted classes."""

from __future__ import annotations

import colorsys
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rvcli.core.color import to_rgb
from rvcli.filesystem import join_uri, resolve
from rvcli.utils.misc import numpy_to_png

if TYPE_CHECKING:
    from rvcli.core.class_map import ClassMap
    from rvcli.data.scene import Scene

Array: TypeAlias = npt.NDArray[Any]

_MAX_SIDE = 1024
_GOLDEN_ANGLE = 0.381966


def save_predictions(scene: Scene, class_map: ClassMap, debug_dir_uri: str) -> None:
    """Draw imagery and predicted classes of a scene side by side, as `<scene id>.png`.

    Both are thinned out to at most 1024 pixels a side; memory is that of a block.

    Args:
        scene: active, with predictions in its label store.
        class_map: gives the colours; a class without one gets one of its own.
        debug_dir_uri: directory for the image.
    """
    source = scene.raster_source
    extent = source.get_extent()
    step = max(1, -(-max(extent.get_height(), extent.get_width()) // _MAX_SIDE))
    height, width = -(-extent.get_height() // step), -(-extent.get_width() // step)
    labels = scene.prediction_label_store.get_labels()
    palette = _palette(class_map)
    imagery = np.zeros((height, width, 3), np.float64)
    classes = np.zeros((height, width, 3), np.uint8)
    for block in source.iter_blocks():
        rows = slice(-block.ymin % step, None, step)
        columns = slice(-block.xmin % step, None, step)
        chip = source.get_chip(block)[rows, columns, :3]
        ids = labels.get_label_arr(block)[rows, columns]
        y, x = -(-block.ymin // step), -(-block.xmin // step)
        part = (slice(y, y + chip.shape[0]), slice(x, x + chip.shape[1]))
        imagery[part] = chip if chip.shape[2] == 3 else chip[:, :, :1]
        classes[part] = palette[ids]
    both = np.concatenate([_stretched(imagery), classes], axis=1)
    uri = join_uri(debug_dir_uri, f"{scene.id}.png")
    resolve(uri, "w").write_bytes(uri, numpy_to_png(both))


def _palette(class_map: ClassMap) -> npt.NDArray[np.uint8]:
    """Give the colour of every class id, shape (65536, 3); black where there is no class."""
    palette = np.zeros((1 << 16, 3), np.uint8)
    for item in class_map.get_items():
        if item.color is not None:
            palette[item.id] = to_rgb(item.color)
        else:
            # Steps of the golden angle keep the hues of any number of classes apart.
            rgb = colorsys.hsv_to_rgb(item.id * _GOLDEN_ANGLE % 1.0, 0.75, 0.9)
            palette[item.id] = [round(255 * value) for value in rgb]
    return palette


def _stretched(imagery: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    """Give imagery as uint8, from the 2nd to the 98th percentile of its data."""
    has_data = imagery.any(axis=2)
    if not has_data.any():
        return np.zeros(imagery.shape, np.uint8)
    low, high = np.percentile(imagery[has_data], [2, 98])
    scaled = 255 * (imagery - low) / max(high - low, 1e-9)
    shown: npt.NDArray[np.uint8] = np.clip(scaled, 0, 255).astype(np.uint8)
    shown[~has_data] = 0
    return shown
