"""What is done with lists of boxes: choosing, merging, clipping, scaling."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rvcli.data.label.tfod_utils import np_box_ops
from rvcli.data.label.tfod_utils.np_box_list import BoxList
from rvcli.errors import DataError

Array: TypeAlias = npt.NDArray[Any]


class SortOrder:
    """The orders of sort_by_field."""

    ASCEND = 1
    DESCEND = 2


def area(boxlist: BoxList) -> Array:
    """Return the areas, shape (n,)."""
    return np_box_ops.area(boxlist.get())


def intersection(boxlist1: BoxList, boxlist2: BoxList) -> Array:
    """Return the areas that each two boxes share, shape (n, m)."""
    return np_box_ops.intersection(boxlist1.get(), boxlist2.get())


def iou(boxlist1: BoxList, boxlist2: BoxList) -> Array:
    """Return intersection over union of each two boxes, shape (n, m)."""
    return np_box_ops.iou(boxlist1.get(), boxlist2.get())


def ioa(boxlist1: BoxList, boxlist2: BoxList) -> Array:
    """Return the share of each box of the second list that lies in each of the first."""
    return np_box_ops.ioa(boxlist1.get(), boxlist2.get())


def gather(boxlist: BoxList, indices: Array, fields: Iterable[str] | None = None) -> BoxList:
    """Return some of the boxes.

    Args:
        boxlist: the boxes.
        indices: their positions.
        fields: names of the fields to keep; all by default.

    Raises:
        DataError: there is no box at a position.
    """
    indices = np.asarray(indices)
    if indices.size and not 0 <= indices.min() <= indices.max() < boxlist.num_boxes():
        raise DataError(
            f"there are {boxlist.num_boxes()} boxes, none at all positions from"
            f" {indices.min()} to {indices.max()}"
        )
    indices = indices.astype(np.int64)
    return _changed(boxlist, lambda boxes: boxes[indices], indices, fields)


def sort_by_field(boxlist: BoxList, field: str, order: int = SortOrder.DESCEND) -> BoxList:
    """Return the boxes in the order of a field.

    Those of equal value keep theirs where it ascends, and get the opposite one where it descends.

    Raises:
        DataError: the field has more than one value for a box, or the order is unknown.
    """
    values = boxlist.get_field(field)
    if values.ndim != 1:
        raise DataError(f"boxes cannot be sorted by {field!r}, which has the shape {values.shape}")
    if order not in (SortOrder.ASCEND, SortOrder.DESCEND):
        raise DataError(f"the order is {order!r}", hint="SortOrder has ASCEND and DESCEND")
    ascending = np.argsort(values, kind="stable")
    return gather(boxlist, ascending if order == SortOrder.ASCEND else ascending[::-1])


def non_max_suppression(
    boxlist: BoxList,
    max_output_size: int = 10000,
    iou_threshold: float = 1.0,
    score_threshold: float = -10.0,
) -> BoxList:
    """Return the boxes without those that overlap one of a higher score.

    Args:
        boxlist: with a field `scores`, shape (n,).
        max_output_size: how many boxes are kept at most, those of the highest scores.
        iou_threshold: intersection over union above which the box of the lower score goes.
        score_threshold: boxes are kept whose score is above it.

    Returns:
        Boxes by falling score.

    Raises:
        DataError: there are no scores, or an argument is out of range.
    """
    _check_unit(iou_threshold, "iou_threshold")
    if max_output_size < 0:
        raise DataError(f"max_output_size is {max_output_size}; it must not be negative")
    ranked = sort_by_field(filter_scores_greater_than(boxlist, score_threshold), "scores")
    boxes = ranked.get()
    areas = np_box_ops.area(boxes)

    def overlap(pairs: np_box_ops.Pairs) -> Array:
        better, other, shared = pairs
        return np.asarray(shared / (areas[better] + areas[other] - shared))

    goes_for = np_box_ops.suppress(boxes, overlap, iou_threshold)
    return gather(ranked, np.flatnonzero(goes_for < 0)[:max_output_size])


def multi_class_non_max_suppression(
    boxlist: BoxList, score_thresh: float, iou_thresh: float, max_output_size: int
) -> BoxList:
    """Return the boxes of each class without those that overlap one of a higher score.

    Args:
        boxlist: with a field `scores`, shape (n,) or (n, classes).
        score_thresh: boxes are kept whose score is above it.
        iou_thresh: intersection over union above which the box of the lower score goes.
        max_output_size: how many boxes of a class are kept at most.

    Returns:
        Boxes by falling score, with the fields `scores` and `classes`: the column of the score.

    Raises:
        DataError: there are no scores, or an argument is out of range.
    """
    scores = boxlist.get_field("scores")
    if scores.ndim > 2:
        raise DataError(f"scores have the shape {scores.shape}, not (n,) or (n, classes)")
    found = []
    for class_id, column in enumerate(scores.T if scores.ndim == 2 else [scores]):
        of_class = BoxList(boxlist.get())
        of_class.add_field("scores", column)
        of_class.add_field("classes", np.full(len(column), class_id))
        found.append(non_max_suppression(of_class, max_output_size, iou_thresh, score_thresh))
    return sort_by_field(concatenate(found), "scores")


def scale(boxlist: BoxList, y_scale: float, x_scale: float) -> BoxList:
    """Return the boxes with all coordinates multiplied."""
    factors = np.array([y_scale, x_scale, y_scale, x_scale])
    return _changed(boxlist, lambda boxes: boxes * factors)


def clip_to_window(boxlist: BoxList, window: Sequence[float] | Array) -> BoxList:
    """Return what of the boxes lies in a window; those without area in it go.

    Args:
        boxlist: the boxes.
        window: ymin, xmin, ymax, xmax.
    """
    ymin, xmin, ymax, xmax = window
    clipped = _changed(
        boxlist, lambda boxes: boxes.clip([ymin, xmin, ymin, xmin], [ymax, xmax, ymax, xmax])
    )
    return gather(clipped, np.flatnonzero(area(clipped) > 0))


def prune_non_overlapping_boxes(
    boxlist1: BoxList, boxlist2: BoxList, minoverlap: float = 0.0
) -> BoxList:
    """Return the boxes of the first list that lie to some share in one of the second.

    Args:
        boxlist1: boxes to choose from.
        boxlist2: boxes to lie in.
        minoverlap: least share of the area of the box of `boxlist1`.
    """
    shares = ioa(boxlist2, boxlist1).max(axis=0, initial=0)
    return gather(boxlist1, np.flatnonzero(shares >= minoverlap))


def prune_outside_window(
    boxlist: BoxList, window: Sequence[float] | Array
) -> tuple[BoxList, npt.NDArray[np.int64]]:
    """Return the boxes that lie wholly in a window, and their positions.

    Args:
        boxlist: the boxes.
        window: ymin, xmin, ymax, xmax.
    """
    ymin, xmin, ymax, xmax = window
    boxes = boxlist.get()
    inside = (boxes >= [ymin, xmin, ymin, xmin]) & (boxes <= [ymax, xmax, ymax, xmax])
    positions = np.flatnonzero(inside.all(axis=1))
    return gather(boxlist, positions), positions


def concatenate(boxlists: Sequence[BoxList], fields: Iterable[str] | None = None) -> BoxList:
    """Return the boxes of several lists, one list after the other.

    Args:
        boxlists: one at least.
        fields: names of the fields to keep; those of the first list by default.

    Raises:
        DataError: there is no list, or a list lacks a field.
    """
    if not boxlists:
        raise DataError("there are no lists of boxes to put together")
    joined = BoxList(np.concatenate([boxlist.get() for boxlist in boxlists]))
    for field in boxlists[0].get_extra_fields() if fields is None else fields:
        joined.add_field(field, np.concatenate([boxlist.get_field(field) for boxlist in boxlists]))
    return joined


def filter_scores_greater_than(boxlist: BoxList, thresh: float) -> BoxList:
    """Return the boxes whose score is above a threshold.

    Raises:
        DataError: boxes have no score, or more than one.
    """
    scores = boxlist.get_field("scores")
    if scores.size != len(scores):
        raise DataError(f"scores have the shape {scores.shape}, not a number for each box")
    return gather(boxlist, np.flatnonzero(scores.ravel() > thresh))


def change_coordinate_frame(boxlist: BoxList, window: Sequence[float] | Array) -> BoxList:
    """Return the boxes in coordinates from 0 to 1 over a window.

    Args:
        boxlist: the boxes.
        window: ymin, xmin, ymax, xmax.
    """
    ymin, xmin, ymax, xmax = window
    origin = np.array([ymin, xmin, ymin, xmin])
    moved = _changed(boxlist, lambda boxes: boxes - origin)
    return scale(moved, 1 / (ymax - ymin), 1 / (xmax - xmin))


def _changed(
    boxlist: BoxList,
    change: Callable[[Array], Array],
    indices: Any = slice(None),
    fields: Iterable[str] | None = None,
) -> BoxList:
    """Return changed boxes with the fields of those that they come from."""
    changed = BoxList(change(boxlist.get()))
    for field in boxlist.get_extra_fields() if fields is None else fields:
        changed.add_field(field, boxlist.get_field(field)[indices])
    return changed


def _check_unit(value: float, name: str) -> None:
    if not 0 <= value <= 1:
        raise DataError(f"{name} is {value}; it must be from 0 to 1")
