"""Images for people: chips with their labels, and a scene with its predictions."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rvcli.data.label_store.class_raster import class_colors
from rvcli.filesystem import join_uri, resolve
from rvcli.utils.misc import numpy_to_png

if TYPE_CHECKING:
    from rvcli.core.box import Box
    from rvcli.core.class_map import ClassMap
    from rvcli.data.scene import Scene

Array: TypeAlias = npt.NDArray[Any]

_MAX_SIDE = 1024
_MAX_CHIPS = 24
_SHEET_COLUMNS = 4
_CHIP_SIDE = 150
_FRAME_SHARE = 16


class ChipSheet:
    """A sheet of some chips, each beside its labels, all thinned out to small squares."""

    def __init__(self, class_map: ClassMap, probability: float, rng: random.Random) -> None:
        """Make an empty sheet.

        Args:
            class_map: gives the colours.
            probability: with which a chip is drawn, until the sheet is full.
            rng: source of randomness.
        """
        self._class_map = class_map
        self._palette = palette_of(class_map)
        self._probability = probability
        self._rng = rng
        self._chips: list[Array] = []

    def add(self, chip: Array, labels: Array) -> None:
        """Draw a chip and its classes, if it is its turn and there is room.

        Args:
            chip: shape (height, width, channels).
            labels: class ids, shape (height, width).
        """
        if self._takes_one():
            shown, step = _thin_chip(chip)
            self._chips.append(np.hstack([shown, self._palette[labels[::step, ::step]]]))

    def add_boxes(self, chip: Array, boxes: Iterable[Box], class_ids: Iterable[int]) -> None:
        """Draw a chip, and again with its boxes, if it is its turn and there is room.

        Args:
            chip: shape (height, width, channels).
            boxes: in pixels of the chip.
            class_ids: the class of each.
        """
        if self._takes_one():
            shown, step = _thin_chip(chip)
            framed = shown.copy()
            draw_frames(framed, step, boxes, class_ids, self._class_map)
            self._chips.append(np.hstack([shown, framed]))

    def _takes_one(self) -> bool:
        return len(self._chips) < _MAX_CHIPS and self._rng.random() < self._probability

    def save(self, uri: str) -> None:
        """Write the sheet as PNG, unless it is empty."""
        if not self._chips:
            return
        height = 2 + max(chip.shape[0] for chip in self._chips)
        width = 2 + max(chip.shape[1] for chip in self._chips)
        columns = min(_SHEET_COLUMNS, len(self._chips))
        rows = -(-len(self._chips) // columns)
        sheet = np.zeros((rows * height, columns * width, 3), np.uint8)
        for number, chip in enumerate(self._chips):
            y, x = number // columns * height, number % columns * width
            sheet[y : y + chip.shape[0], x : x + chip.shape[1]] = chip
        resolve(uri, "w").write_bytes(uri, numpy_to_png(sheet))


def save_predictions(scene: Scene, class_map: ClassMap, debug_dir_uri: str) -> None:
    """Draw imagery and predicted classes of a scene side by side, as `<scene id>.png`.

    Both are thinned out to at most 1024 pixels a side; memory is that of a block.

    Args:
        scene: active, with predictions in its label store.
        class_map: gives the colours; a class without one gets one of its own.
        debug_dir_uri: directory for the image.
    """
    imagery, step = thin_imagery(scene)
    labels = scene.prediction_label_store.get_labels()
    palette = palette_of(class_map)
    classes = np.zeros(imagery.shape, np.uint8)
    for block, rows, columns, part in _thin_blocks(scene, step):
        classes[part] = palette[labels.get_label_arr(block)[rows, columns]]
    both = np.concatenate([imagery, classes], axis=1)
    uri = join_uri(debug_dir_uri, f"{scene.id}.png")
    resolve(uri, "w").write_bytes(uri, numpy_to_png(both))


def thin_imagery(scene: Scene) -> tuple[npt.NDArray[np.uint8], int]:
    """Read the first bands of a scene, thinned out to at most 1024 pixels a side.

    Args:
        scene: active.

    Returns:
        uint8 RGB, shape (height, width, 3), and of how many pixels one is taken.
    """
    extent = scene.raster_source.get_extent()
    step = max(1, -(-max(extent.get_height(), extent.get_width()) // _MAX_SIDE))
    size = (-(-extent.get_height() // step), -(-extent.get_width() // step))
    imagery = np.zeros((*size, 3), np.float64)
    for block, rows, columns, part in _thin_blocks(scene, step):
        chip = scene.raster_source.get_chip(block)[rows, columns, :3]
        imagery[part] = chip if chip.shape[2] == 3 else chip[:, :, :1]
    return stretched(imagery), step


def draw_frames(
    image: npt.NDArray[np.uint8],
    step: int,
    boxes: Iterable[Box],
    class_ids: Iterable[int | None],
    class_map: ClassMap,
    *,
    most_width: int | None = None,
) -> None:
    """Draw a frame around each box, on its inner side, in the colour of its class.

    Args:
        image: as thin_imagery gives it; it is drawn on.
        step: as thin_imagery gives it.
        boxes: pixel coordinates of the scene.
        class_ids: the class of each; None is black.
        class_map: gives the colours.
        most_width: of a frame, in pixels; a share of the box if None.
    """
    palette = palette_of(class_map)
    for box, class_id in zip(boxes, class_ids, strict=True):
        # Slices end at the image by themselves, but must not begin before it.
        y0, x0 = (max(0, round(low / step)) for low in (box.ymin, box.xmin))
        y1, x1 = (max(0, round(high / step)) for high in (box.ymax, box.xmax))
        width = max(1, min(y1 - y0, x1 - x0) // _FRAME_SHARE)
        width = width if most_width is None else min(width, most_width)
        part = image[y0:y1, x0:x1]
        inner = part[width:-width, width:-width].copy()
        part[:] = palette[class_id or 0]
        part[width:-width, width:-width] = inner


def _thin_chip(chip: Array) -> tuple[npt.NDArray[np.uint8], int]:
    """Give the first bands of a chip as a small square of RGB, and of how many pixels one is."""
    step = -(-max(chip.shape[:2]) // _CHIP_SIDE)
    thin = chip[::step, ::step, :3]
    shown = np.broadcast_to(thin if thin.shape[2] == 3 else thin[:, :, :1], (*thin.shape[:2], 3))
    return stretched(shown.astype(np.float64)), step


def _thin_blocks(scene: Scene, step: int) -> Iterator[tuple[Box, slice, slice, Any]]:
    """Yield blocks that cover a scene: window, its rows and columns to take, and their place."""
    for block in scene.raster_source.iter_blocks():
        rows = slice(-block.ymin % step, None, step)
        columns = slice(-block.xmin % step, None, step)
        y, x = -(-block.ymin // step), -(-block.xmin // step)
        part = (slice(y, -(-block.ymax // step)), slice(x, -(-block.xmax // step)))
        yield block, rows, columns, part


def palette_of(class_map: ClassMap) -> npt.NDArray[np.uint8]:
    """Give the colour of every class id, shape (65536, 3); black where there is no class."""
    palette = np.zeros((1 << 16, 3), np.uint8)
    colors = class_colors(class_map)
    for item in class_map.get_items():
        palette[item.id] = colors[item.id][:3]
    return palette


def stretched(imagery: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    """Give imagery as uint8, from the 2nd to the 98th percentile of its data.

    Args:
        imagery: shape (height, width, bands); pixels that are 0 in all bands have no data.
    """
    has_data = imagery.any(axis=2)
    if not has_data.any():
        return np.zeros(imagery.shape, np.uint8)
    low, high = np.percentile(imagery[has_data], [2, 98])
    scaled = 255 * (imagery - low) / max(high - low, 1e-9)
    shown: npt.NDArray[np.uint8] = np.clip(scaled, 0, 255).astype(np.uint8)
    shown[~has_data] = 0
    return shown
