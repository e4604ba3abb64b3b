"""Boxes and cells as shapes: labels, predictions, and where the two differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rvcli.core.box import Box
from rvcli.core.class_map import ClassMap
from rvcli.data.label.box_matches import matched_boxes
from rvcli.data.label.chip_classification_labels import ChipClassificationLabels
from rvcli.data.label.object_detection_labels import ObjectDetectionLabels
from rvcli.report.content import Layer, Ring, Shape
from rvcli.report.grid import Grid
from rvcli.report.overlays import background_ids

Floats: TypeAlias = npt.NDArray[np.float64]
Ids: TypeAlias = npt.NDArray[np.int64]

MAX_VERTICES = 2000
MAX_RINGS = 500
_SCORE_DECIMALS = 3


@dataclass(frozen=True)
class Boxes:
    """Boxes with a class each.

    Attributes:
        npboxes: rows (ymin, xmin, ymax, xmax) in pixels, shape (n, 4).
        class_ids: shape (n,).
        scores: shape (n,); None where there are none.
    """

    npboxes: Floats
    class_ids: Ids
    scores: Floats | None = None

    def choose(self, positions: npt.NDArray[Any]) -> Boxes:
        """Return those at some positions, or where a mask is true."""
        scores = None if self.scores is None else self.scores[positions]
        return Boxes(self.npboxes[positions], self.class_ids[positions], scores)


def boxes_of(labels: ObjectDetectionLabels, scored: bool) -> Boxes:
    """Return the boxes of labels; `scored` tells whether their scores say anything."""
    scores = labels.get_scores() if scored else None
    return Boxes(labels.get_npboxes(), labels.get_class_ids(), scores)


def cells_of(labels: ChipClassificationLabels, scored: bool) -> Boxes:
    """Return the cells of labels that have a class."""
    items = [
        (cell, item)
        for cell, item in zip(labels.get_cells(), labels.get_values(), strict=True)
        if item.class_id
    ]
    scores = np.array([max(item.scores or [np.nan]) for _, item in items], np.float64)
    return Boxes(
        Box.to_npboxes([cell for cell, _ in items]).reshape(-1, 4),
        np.array([item.class_id for _, item in items], np.int64),
        scores if scored and np.isfinite(scores).all() else None,
    )


def wrong_boxes(
    truth: ObjectDetectionLabels, predicted: ObjectDetectionLabels, class_map: ClassMap
) -> tuple[Boxes, Boxes]:
    """Find predicted boxes that hit none, and boxes that none hit, as the evaluation does."""
    ids = [i for i in class_map.get_keys() if i != 0]
    left, missed = boxes_of(predicted, scored=True), boxes_of(truth, scored=False)
    is_wrong = np.isin(left.class_ids, ids)
    is_missed = np.isin(missed.class_ids, ids)
    for class_id in ids:
        own = np.flatnonzero(left.class_ids == class_id)
        true = np.flatnonzero(missed.class_ids == class_id)
        assert left.scores is not None
        found = matched_boxes(missed.npboxes[true], left.npboxes[own], left.scores[own])
        is_wrong[own[list(found)]] = False
        is_missed[true[list(found.values())]] = False
    return left.choose(is_wrong), missed.choose(is_missed)


def wrong_cells(
    truth: ChipClassificationLabels, predicted: ChipClassificationLabels, class_map: ClassMap
) -> tuple[Boxes, Boxes]:
    """Find cells whose predicted class is not the true one: with that class, and with the true.

    As in the evaluation, cells without a true class do not count. A class that is the background
    is no error of its own.
    """
    known = {i for i in class_map.get_keys() if i != 0}
    shown = known - background_ids(class_map)
    false, missed = ChipClassificationLabels(), ChipClassificationLabels()
    for cell, true in zip(truth.get_cells(), truth.get_class_ids(), strict=True):
        item = predicted.get_cell_values(cell)
        class_id = item.class_id if item is not None else None
        if true not in known or true == class_id:
            continue
        if item is not None and class_id in shown:
            false.set_cell(cell, class_id, item.scores)
        if true in shown:
            missed.set_cell(cell, true)
    return cells_of(false, scored=True), cells_of(missed, scored=False)


def layer_of(name: str, boxes: Boxes, grid: Grid, most: int) -> Layer:
    """Make a layer of boxes, those with the best scores if there are too many.

    Args:
        name: of the layer.
        boxes: in pixels of the scene.
        grid: of the scene.
        most: how many shapes there may be.
    """
    count = len(boxes.class_ids)
    if boxes.scores is not None:
        boxes = boxes.choose(np.argsort(-boxes.scores, kind="stable")[:most])
    elif count > most:
        # From all parts of the scene: their order often is that of places.
        boxes = boxes.choose(np.arange(most) * count // most)
    ymin, xmin, ymax, xmax = boxes.npboxes.reshape(-1, 4).T
    corners = np.stack(
        [(xmin, ymin), (xmin, ymax), (xmax, ymax), (xmax, ymin), (xmin, ymin)]
    ).transpose(2, 0, 1)
    world = grid.to_world(corners.reshape(-1, 2)).round(grid.decimals).reshape(-1, 5, 2)
    scores: list[float | None] = [None] * len(world)
    if boxes.scores is not None:
        scores = boxes.scores.round(_SCORE_DECIMALS).tolist()
    shapes = tuple(
        Shape((tuple(map(tuple, ring)),), class_id, score)
        for ring, class_id, score in zip(
            world.tolist(), boxes.class_ids.tolist(), scores, strict=True
        )
    )
    return Layer(name, shapes=shapes, omitted=count - len(shapes))


def outlines(polygons: Sequence[Any], grid: Grid) -> tuple[Ring, ...]:
    """Return the rings of polygons, those of holes too, no finer than the pictures of a scene.

    Of very many, the longest.

    Args:
        polygons: shapely polygons in pixel (x, y).
        grid: of the scene.
    """
    import shapely

    parts = shapely.get_parts(np.array([*polygons, None], dtype=object)[:-1])
    rings = shapely.get_rings(parts)
    rings = rings[np.argsort(-shapely.length(rings), kind="stable")[:MAX_RINGS]]
    tolerance = grid.step / 2
    while True:
        simple = shapely.simplify(rings, tolerance)
        if shapely.get_num_coordinates(simple).sum() <= max(MAX_VERTICES, 4 * len(simple)):
            return tuple(grid.ring(shapely.get_coordinates(ring)) for ring in simple)
        tolerance *= 2
