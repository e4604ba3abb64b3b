"""Pictures of windows and chips: imagery beside labels, predictions and what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rvcli.core.box import Box
from rvcli.core.class_map import ClassItem, ClassMap
from rvcli.core.color import to_rgb
from rvcli.report import pictures
from rvcli.report.content import (
    ERROR_COLORS,
    FALSE_NEGATIVES,
    FALSE_POSITIVES,
    IMAGERY,
    LABELS,
    PREDICTIONS,
    Picture,
)
from rvcli.report.imagery import shown_channels
from rvcli.report.shapes import Boxes, boxes_of, wrong_boxes
from rvcli.task.debug_image import draw_frames

Array: TypeAlias = npt.NDArray[Any]

ERRORS = "errors"
MAX_SIDE_PX = 320
_LEAST_SIDE_PX = 128
_DIM = 0.5
_FRAME_PX = 3
_MARKS = ClassMap(
    [
        ClassItem(1, "right", "#3ddc84"),
        ClassItem(2, "false positive", ERROR_COLORS[FALSE_POSITIVES]),
        ClassItem(3, "false negative", ERROR_COLORS[FALSE_NEGATIVES]),
    ]
)
_RIGHT, _FALSE, _MISSED = (item.id for item in _MARKS.get_items())
BOX_MARKS = tuple((item.name or "", item.color or "") for item in _MARKS.get_items())
PIXEL_MARKS = (("wrong class", ERROR_COLORS[FALSE_POSITIVES]),)
_WRONG_RGB = to_rgb(ERROR_COLORS[FALSE_POSITIVES])


def channels_of(raster_source: Any) -> tuple[int, ...]:
    """Return which channels of a chip are shown: as on the map, where that can be said."""
    shown = shown_channels(raster_source)
    order = list(raster_source.channel_order)
    if all(channel in order for channel in shown.channels):
        return tuple(order.index(channel) for channel in shown.channels)
    return (0, 1, 2)


def caption_of(scene_id: str, box: Box, more: str = "") -> str:
    """Say where a window is."""
    place = f"{scene_id}, rows {box.ymin} to {box.ymax}, columns {box.xmin} to {box.xmax}"
    return f"{place}: {more}" if more else place


def thin_step(size_hw: Sequence[int]) -> int:
    """Return of how many pixels one is shown."""
    return max(1, -(-max(size_hw[:2]) // MAX_SIDE_PX))


def thin_rgb(chip: Array, channels: Sequence[int]) -> npt.NDArray[np.uint8]:
    """Return a chip as RGB, thinned out.

    Args:
        chip: shape (height, width, bands).
        channels: the bands to show.
    """
    step = thin_step(chip.shape)
    if max(channels, default=0) >= chip.shape[2]:
        channels = range(min(3, chip.shape[2]))
    return pictures.rgb(chip[::step, ::step, list(channels)])


def imagery_tile(shown: npt.NDArray[np.uint8]) -> dict[str, Picture]:
    """Return the picture of imagery alone."""
    return {IMAGERY: _photo(shown)}


def pixel_tile(
    shown: npt.NDArray[np.uint8], step: int, palette: Array, truth: Array, predicted: Array | None
) -> dict[str, Picture]:
    """Return pictures of a window whose pixels have classes.

    Args:
        shown: as thin_rgb gives it.
        step: likewise.
        palette: as palette_of gives it.
        truth: class ids, shape (height, width).
        predicted: likewise; None for training chips.
    """
    truth = truth[::step, ::step]
    made = {IMAGERY: _photo(shown), LABELS: _drawing(palette[truth])}
    if predicted is None:
        return made
    predicted = predicted[::step, ::step]
    made[PREDICTIONS] = _drawing(palette[predicted])
    grey = shown.mean(axis=2, keepdims=True) * _DIM
    errors = np.repeat(grey, 3, axis=2).astype(np.uint8)
    errors[(truth != predicted) & (truth != 0)] = _WRONG_RGB
    errors[truth == 0] = 0
    made[ERRORS] = _photo(errors)
    return made


def box_tile(
    shown: npt.NDArray[np.uint8], step: int, class_map: ClassMap, truth: Boxes
) -> dict[str, Picture]:
    """Return pictures of a training chip with boxes, which are in its pixels."""
    return {IMAGERY: _photo(shown), LABELS: _framed(shown, step, truth, class_map)}


def compared_boxes_tile(
    shown: npt.NDArray[np.uint8],
    step: int,
    class_map: ClassMap,
    truth: Any,
    predicted: Any,
    window: Box,
) -> dict[str, Picture]:
    """Return pictures of a window with boxes.

    Args:
        truth: ObjectDetectionLabels of the scene.
        predicted: likewise.
        window: pixel coordinates.
    """
    false, missed = wrong_boxes(truth, predicted, class_map)
    found = boxes_of(predicted, scored=True)
    made = {
        IMAGERY: _photo(shown),
        LABELS: _framed(shown, step, within(boxes_of(truth, scored=False), window), class_map),
        PREDICTIONS: _framed(shown, step, within(found, window), class_map),
    }
    marked = shown.copy()
    for boxes, mark in ((found, _RIGHT), (false, _FALSE), (missed, _MISSED)):
        own = within(boxes, window)
        _draw(marked, step, own, [mark] * len(own.class_ids), _MARKS)
    made[ERRORS] = _photo(marked)
    return made


def within(boxes: Boxes, window: Box) -> Boxes:
    """Return the boxes that reach into a window, in its pixels."""
    rows = boxes.npboxes
    inside = (rows[:, 0] < window.ymax) & (rows[:, 2] > window.ymin)
    inside &= (rows[:, 1] < window.xmax) & (rows[:, 3] > window.xmin)
    chosen = boxes.choose(inside)
    moved = chosen.npboxes - np.array([window.ymin, window.xmin] * 2)
    return Boxes(moved, chosen.class_ids, chosen.scores)


def _framed(shown: npt.NDArray[np.uint8], step: int, boxes: Boxes, class_map: ClassMap) -> Picture:
    image = shown.copy()
    _draw(image, step, boxes, boxes.class_ids.tolist(), class_map)
    return _photo(image)


def _draw(
    image: npt.NDArray[np.uint8], step: int, boxes: Boxes, ids: Sequence[int], class_map: ClassMap
) -> None:
    rows = (Box(*row) for row in boxes.npboxes.tolist())
    draw_frames(image, step, rows, ids, class_map, most_width=_FRAME_PX)


def _photo(pixels: npt.NDArray[np.uint8]) -> Picture:
    return pictures.photo(_enlarged(pixels))


def _drawing(pixels: npt.NDArray[np.uint8]) -> Picture:
    return pictures.drawing(_enlarged(pixels))


def _enlarged(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return tiny pictures a whole number of times larger, pixels as squares."""
    times = max(1, _LEAST_SIDE_PX // max(pixels.shape[:2]))
    return np.repeat(np.repeat(pixels, times, axis=0), times, axis=1)
