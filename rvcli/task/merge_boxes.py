"""Boxes of windows that overlap, merged over the whole scene."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rvcli.core.box import Box
from rvcli.data.label.object_detection_labels import ObjectDetectionLabels
from rvcli.data.label.tfod_utils import np_box_ops

Array: TypeAlias = npt.NDArray[Any]


def merge_boxes(
    labels: ObjectDetectionLabels, cut_sides: Array, score_thresh: float, merge_thresh: float
) -> ObjectDetectionLabels:
    """Return the boxes of each class without those that show what a better one shows.

    Whole boxes are better than those that a window may have cut off, the higher score is better
    among the whole and the larger area among the cut. A box goes if its intersection over union
    with a better one that stays is above a threshold. For a cut box the better one is cut off at
    the same sides before: so a part goes if it is that part of the better one. The better one then
    takes over its score if that is higher: a part of an object is at times surer than the object.

    Args:
        labels: boxes of all windows, in pixels of the scene.
        cut_sides: bool, shape (n, 4): which sides may be cut off; see find_cut_sides.
        score_thresh: boxes are kept whose score is above it.
        merge_thresh: the threshold, from 0 to 1.

    Returns:
        Boxes by falling score.
    """
    sure = labels.get_scores() > score_thresh
    labels, cut_sides = labels.choose(sure), cut_sides[sure]
    merged = ObjectDetectionLabels.make_empty()
    for class_id in np.unique(labels.get_class_ids()):
        of_class = labels.get_class_ids() == class_id
        merged += _merge_class(labels.choose(of_class), cut_sides[of_class], merge_thresh)
    return merged.choose(np.argsort(-merged.get_scores(), kind="stable"))


def _merge_class(
    labels: ObjectDetectionLabels, cut_sides: Array, merge_thresh: float
) -> ObjectDetectionLabels:
    is_cut = np.asarray(cut_sides.any(axis=1))
    areas = np_box_ops.area(labels.get_npboxes())
    order = np.lexsort([-np.where(is_cut, areas, labels.get_scores()), is_cut])
    labels, cut_sides, is_cut, areas = (
        labels.choose(order),
        cut_sides[order],
        is_cut[order],
        areas[order],
    )
    boxes = labels.get_npboxes()

    def overlap(pairs: np_box_ops.Pairs) -> Array:
        better, other, shared = pairs
        part = _cut_off(boxes[better], boxes[other], cut_sides[other])
        return np.asarray(shared / (np_box_ops.area(part) + areas[other] - shared))

    goes_for = np_box_ops.suppress(boxes, overlap, merge_thresh)
    scores = labels.get_scores().copy()
    taken = (goes_for >= 0) & is_cut
    np.maximum.at(scores, goes_for[taken], scores[taken])
    labels = ObjectDetectionLabels(boxes, labels.get_class_ids(), scores)
    return labels.choose(goes_for < 0)


def _cut_off(boxes: Array, others: Array, sides: Array) -> Array:
    """Return boxes cut off where the other ones end, at some sides; each pair shares an area."""
    upper = np.maximum(boxes[:, :2], np.where(sides[:, :2], others[:, :2], -np.inf))
    lower = np.minimum(boxes[:, 2:], np.where(sides[:, 2:], others[:, 2:], np.inf))
    return np.hstack([upper, lower])


def find_cut_sides(
    npboxes: Array, windows: Iterable[Box], extent: Box, tolerance: float
) -> npt.NDArray[np.bool_]:
    """Tell which sides of boxes lie where a window ends inside the scene: they may be cut off.

    Args:
        npboxes: rows (ymin, xmin, ymax, xmax), shape (n, 4).
        windows: a grid of windows, in which the boxes were found.
        extent: of the scene, in pixels.
        tolerance: distance from the border of a window up to which a side lies there, in pixels.

    Returns:
        bool, shape (n, 4), in the order of the coordinates.
    """
    grid = Box.to_npboxes(windows)
    frame = extent.npbox_format()
    sides = np.zeros(npboxes.shape, np.bool_)
    for side in range(4):
        lines = np.unique(grid[:, side])
        lines = lines[lines > frame[side]] if side < 2 else lines[lines < frame[side]]
        sides[:, side] = _distance(npboxes[:, side], lines) <= tolerance
    return sides


def _distance(values: Array, lines: Array) -> Array:
    """Return how far each value is from the nearest of some sorted lines."""
    lines = np.concatenate([[-np.inf], lines, [np.inf]])
    after = np.searchsorted(lines, values).clip(1, len(lines) - 1)
    return np.asarray(np.minimum(values - lines[after - 1], lines[after] - values))
