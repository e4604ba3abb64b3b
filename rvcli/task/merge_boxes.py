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
    labels: ObjectDetectionLabels, is_cut: Array, score_thresh: float, merge_thresh: float
) -> ObjectDetectionLabels:
    """Return the boxes of each class without those that show what a better one shows.

    Boxes that are whole are better than those that a window cut off, the higher score is better
    among the whole and the larger area among the cut. A box goes if its intersection over union
    with a better one that stays is above a threshold; a cut box also goes if the share of it that
    the better one covers is. The better one then takes over its score if that is higher: a part
    of an object is at times surer than the object.

    Args:
        labels: boxes of all windows, in pixels of the scene.
        is_cut: bool, shape (n,): which boxes are cut off; see cut_boxes.
        score_thresh: boxes are kept whose score is above it.
        merge_thresh: the threshold, from 0 to 1.

    Returns:
        Boxes by falling score.
    """
    sure = labels.get_scores() > score_thresh
    labels, is_cut = labels.choose(sure), is_cut[sure]
    merged = ObjectDetectionLabels.make_empty()
    for class_id in np.unique(labels.get_class_ids()):
        of_class = labels.get_class_ids() == class_id
        merged += _merge_class(labels.choose(of_class), is_cut[of_class], merge_thresh)
    return merged.choose(np.argsort(-merged.get_scores(), kind="stable"))


def _merge_class(
    labels: ObjectDetectionLabels, is_cut: Array, merge_thresh: float
) -> ObjectDetectionLabels:
    areas = np_box_ops.area(labels.get_npboxes())
    order = np.lexsort([-np.where(is_cut, areas, labels.get_scores()), is_cut])
    labels, is_cut, areas = labels.choose(order), is_cut[order], areas[order]

    def overlap(pairs: np_box_ops.Pairs) -> Array:
        better, other, shared = pairs
        whole = np.where(is_cut[other], areas[other], areas[better] + areas[other] - shared)
        return np.asarray(shared / whole)

    goes_for = np_box_ops.suppress(labels.get_npboxes(), overlap, merge_thresh)
    scores = labels.get_scores().copy()
    taken = (goes_for >= 0) & is_cut
    np.maximum.at(scores, goes_for[taken], scores[taken])
    labels = ObjectDetectionLabels(labels.get_npboxes(), labels.get_class_ids(), scores)
    return labels.choose(goes_for < 0)


def cut_boxes(npboxes: Array, windows: Iterable[Box], extent: Box, tolerance: float) -> Array:
    """Tell which boxes end where a window does, inside the scene: those may be cut off.

    Args:
        npboxes: rows (ymin, xmin, ymax, xmax), shape (n, 4).
        windows: a grid of windows, in which the boxes were found.
        extent: of the scene, in pixels.
        tolerance: distance from the border of a window up to which a box ends there, in pixels.

    Returns:
        bool, shape (n,).
    """
    grid = Box.to_npboxes(windows)
    frame = extent.npbox_format()
    cut = np.zeros(len(npboxes), np.bool_)
    for side in range(4):
        lines = np.unique(grid[:, side])
        lines = lines[lines > frame[side]] if side < 2 else lines[lines < frame[side]]
        cut |= _distance(npboxes[:, side], lines) <= tolerance
    return cut


def _distance(values: Array, lines: Array) -> Array:
    """Return how far each value is from the nearest of some sorted lines."""
    lines = np.concatenate([[-np.inf], lines, [np.inf]])
    after = np.searchsorted(lines, values).clip(1, len(lines) - 1)
    return np.asarray(np.minimum(values - lines[after - 1], lines[after] - values))
