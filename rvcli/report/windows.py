"""Windows of a validation scene, by how good the predictions in them are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rvcli.core.box import Box
from rvcli.core.class_map import ClassMap
from rvcli.data.label.chip_classification_labels import ChipClassificationLabels
from rvcli.data.label.object_detection_labels import ObjectDetectionLabels
from rvcli.data.raster_source.raster_source import iter_grid, sample_grid
from rvcli.errors import DataError
from rvcli.report.shapes import Boxes, boxes_of, wrong_boxes

Array: TypeAlias = npt.NDArray[Any]

# Windows in which less than this share is labelled do not count.
LEAST_LABELLED = 0.25
# What is read at once; windows lie within.
_READ_SIDE_PX = 1024
# A class that has less than this share of a window is hardly to be seen.
_SEEN = 0.02


@dataclass(frozen=True)
class Window:
    """A window of a scene and how good the predictions in it are.

    Attributes:
        score: 0 to 1.
        weight: how much there is to be seen in it: decides between windows of one score.
        caption: what is right or wrong in it, in words; may be empty.
        is_dull: whether hardly anything is to be seen in it, good as it may be.
    """

    box: Box
    score: float
    weight: float
    caption: str = ""
    is_dull: bool = False


def pixel_windows(
    truth: Any, predicted: Any, extent: Box, side_px: int, class_ids: Iterable[int], max_pixels: int
) -> Iterator[Window]:
    """Compare predicted pixels with true ones, window by window.

    Of a large scene some parts are read, from all over it.

    Args:
        truth: SemanticSegmentationLabels, within the areas of interest.
        predicted: likewise.
        extent: of the scene.
        side_px: side of the windows.
        class_ids: the classes; what is of none is not labelled.
        max_pixels: to be read, about.

    Yields:
        Windows whose score is the share of their labelled pixels that are right; their weight is
        the number of classes that are to be seen.
    """
    known_ids = np.array(sorted(class_ids))
    read_side = max(side_px, _READ_SIDE_PX // side_px * side_px)
    for part in sample_grid(extent, read_side, max_pixels):
        true = np.asarray(truth.get_label_arr(part))
        known = np.isin(true, known_ids)
        if not known.any():
            continue
        right = known & (true == np.asarray(predicted.get_label_arr(part)))
        for box in iter_grid(Box(0, 0, *true.shape), (side_px, side_px)):
            place = (slice(box.ymin, box.ymax), slice(box.xmin, box.xmax))
            labelled = int(np.count_nonzero(known[place]))
            if labelled < LEAST_LABELLED * side_px**2:
                continue
            score = np.count_nonzero(right[place]) / labelled
            counts = np.bincount(true[place].ravel().astype(np.intp))
            seen = int((counts[1:] > _SEEN * labelled).sum())
            yield Window(_moved(box, part), float(score), float(seen), is_dull=seen < 2)


def box_windows(
    truth: ObjectDetectionLabels,
    predicted: ObjectDetectionLabels,
    extent: Box,
    side_px: int,
    class_map: ClassMap,
) -> Iterator[Window]:
    """Compare predicted boxes with true ones, as the evaluation does, window by window.

    Yields:
        Windows with boxes whose centres lie in them. The score is the share of right boxes among
        these, predicted and missed ones; the weight is how many there are.
    """
    false, missed = wrong_boxes(truth, predicted, class_map)
    columns = -(-extent.get_width() // side_px)
    cells = (-(-extent.get_height() // side_px)) * columns
    found, wrong, lost = (
        np.bincount(_cells(boxes, side_px, columns, cells), minlength=cells)
        for boxes in (boxes_of(predicted, scored=True), false, missed)
    )
    right = found - wrong
    total = found + lost
    for cell in np.flatnonzero(total).tolist():
        y, x = (place * side_px for place in divmod(cell, columns))
        box = Box(y, x, min(y + side_px, extent.ymax), min(x + side_px, extent.xmax))
        of = int(right[cell] + lost[cell])
        caption = f"{int(right[cell])} of {of} found, {int(wrong[cell])} false"
        yield Window(box, float(right[cell] / total[cell]), float(total[cell]), caption)


def cell_windows(
    truth: ChipClassificationLabels, predicted: ChipClassificationLabels, class_map: ClassMap
) -> Iterator[Window]:
    """Compare predicted cells with true ones.

    Yields:
        The labelled cells. The score is what was given to the true class; where there are no
        scores it is 1 or 0.
    """
    ids = sorted(class_id for class_id in class_map.get_keys() if class_id != 0)
    for cell, class_id in zip(truth.get_cells(), truth.get_class_ids(), strict=True):
        if class_id not in ids:
            continue
        item = predicted.get_cell_values(cell)
        name = class_map.get_by_id(class_id).name
        if item is None or item.class_id is None:
            yield Window(cell, 0.0, 1.0, f"{name}, not predicted")
            continue
        is_right = item.class_id == class_id
        score = float(is_right)
        if item.scores is not None and len(item.scores) == len(ids):
            score = float(np.clip(item.scores[ids.index(class_id)], 0, 1))
        taken = class_map.get_by_id(item.class_id).name if item.class_id in ids else "nothing"
        caption = f"{name}, found" if is_right else f"{name}, taken for {taken}"
        # Of wrong ones with one score, those that are surely wrong.
        yield Window(cell, score, 1.0, caption)


def scored_windows(
    truth: Any, predicted: Any, extent: Box, side_px: int, class_map: ClassMap, max_pixels: int
) -> Iterator[Window]:
    """Compare predictions of any kind with what is true.

    Raises:
        DataError: labels are neither pixels, boxes nor cells, or of two kinds.
    """
    if hasattr(truth, "get_label_arr") and hasattr(predicted, "get_label_arr"):
        ids = [class_id for class_id in class_map.get_keys() if class_id != 0]
        return pixel_windows(truth, predicted, extent, side_px, ids, max_pixels)
    pair = (truth, predicted)
    if all(isinstance(labels, ObjectDetectionLabels) for labels in pair):
        return box_windows(truth, predicted, extent, side_px, class_map)
    if all(isinstance(labels, ChipClassificationLabels) for labels in pair):
        return cell_windows(truth, predicted, class_map)
    raise DataError(
        f"labels are {type(truth).__name__}, predictions {type(predicted).__name__}: neither"
        " pixels, boxes nor cells"
    )


def _cells(boxes: Boxes, side_px: int, columns: int, cells: int) -> Array:
    """Return the number of the window in which the centre of each box lies."""
    centres = (boxes.npboxes[:, :2] + boxes.npboxes[:, 2:]) / 2
    places = (np.maximum(centres, 0) // side_px).astype(np.int64)
    return np.minimum(places[:, 0] * columns + np.minimum(places[:, 1], columns - 1), cells - 1)


def _moved(box: Box, part: Box) -> Box:
    y, x = part.ymin, part.xmin
    return Box(box.ymin + y, box.xmin + x, box.ymax + y, box.xmax + x)
