"""A detector of boxes: boosted trees look through windows that slide over the image.

One ensemble of trees scores windows, another moves them onto the objects; the windows that look
best are moved and scored again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rvcli.backend.model_file import check_features, pack_model, unpack_model
from rvcli.backend.onnx_session import open_session, processors
from rvcli.backend.sklearn.box_features import FEATURES_VERSION, RIM, BoxFeatures, BoxSpec
from rvcli.backend.sklearn.box_windows import decode, slide
from rvcli.backend.sklearn.tree_ensemble import INPUT, OUTPUT
from rvcli.core.box import Box
from rvcli.data.label.object_detection_labels import ObjectDetectionLabels
from rvcli.data.label.tfod_utils import np_box_ops
from rvcli.errors import DataError

Array: TypeAlias = npt.NDArray[Any]

FORMAT = "rv box detector"
VERSION = 1
_SCORES, _SHIFTS = "scores.onnx", "shifts.onnx"

# Boxes are kept whose score is above this; the task has a threshold of its own.
_LEAST_SCORE = 0.02
# Of windows that nearly coincide one is moved on.
_SAME = 0.85
# Two boxes of a class that overlap more than this show one object.
_MERGE = 0.3
_MOVES = 2
# Share of a box that has to lie on pixels with data.
_LEAST_DATA = 0.8
_PIXELS_PER_WINDOW = 50
_BOXES_AT_ONCE = 2048
# Windows are searched this far beyond the area, from where they may be moved into it.
_REACH = 16


@dataclass(frozen=True)
class BoxModel:
    """A detector of boxes.

    Attributes:
        spec: the features that it takes.
        class_ids: the classes in the order of its scores, without the background.
        sizes: heights and widths of its windows, in pixels.
        scores: ONNX; see tree_ensemble. Columns: the background, then the classes; with one
            class a single column.
        shifts: ONNX; gives what `decode` takes.
        notes: what is good to know about the training, by name.
    """

    spec: BoxSpec
    class_ids: tuple[int, ...]
    sizes: tuple[tuple[float, float], ...]
    scores: bytes
    shifts: bytes
    notes: Mapping[str, Any]

    @property
    def margin(self) -> int:
        """Pixels around a window that its boxes depend on."""
        return _REACH + math.ceil(max(max(size) for size in self.sizes) * RIM / 2)

    def pack(self) -> bytes:
        """Encode the model; the same model gives the same bytes."""
        header = {
            "bands": self.spec.bands,
            "features": FEATURES_VERSION,
            "classes": list(self.class_ids),
            "sizes": [list(size) for size in self.sizes],
            "notes": dict(self.notes),
        }
        return pack_model(FORMAT, VERSION, header, {_SCORES: self.scores, _SHIFTS: self.shifts})

    @classmethod
    def read(cls, path: Path, uri: str) -> BoxModel:
        """Read a model; `uri` names it in messages.

        Raises:
            DataError: it is no model of this kind, not whole, or of another version.
        """
        header, parts = unpack_model(path, uri, FORMAT, VERSION)
        check_features(header["features"], FEATURES_VERSION, uri)
        return cls(
            spec=BoxSpec(int(header["bands"])),
            class_ids=tuple(map(int, header["classes"])),
            sizes=tuple((float(height), float(width)) for height, width in header["sizes"]),
            scores=parts[_SCORES],
            shifts=parts[_SHIFTS],
            notes=header["notes"],
        )


class BoxDetector:
    """Applies a model to chips, in as many threads as there are processors."""

    def __init__(self, model: BoxModel, uri: str, *, threads: int | None = None) -> None:
        """Prepare a model.

        Args:
            model: the model.
            uri: its name in messages.
            threads: how many; the results do not depend on it.

        Raises:
            DataError: the trees cannot be read.
            MissingDependencyError: onnxruntime is not installed.
        """
        self.model = model
        self._scores = open_session(model.scores, uri, threads=1)
        self._shifts = open_session(model.shifts, uri, threads=1)
        self._pool = ThreadPoolExecutor(threads or processors(), "rv-boxes")

    def detect(
        self, chip: Array, area: Box, origin: tuple[int, int], *, merge: float = _MERGE
    ) -> ObjectDetectionLabels:
        """Find the boxes of an area.

        Args:
            chip: shape (height, width, bands).
            area: where to look, in pixels of the chip. Boxes of objects at its border may be
                centred a little beyond it.
            origin: row and column of the scene at which the chip begins. The windows lie at
                places of the scene, so that neighbouring chips agree where they meet.
            merge: of two boxes of a class that overlap more the better one is kept.

        Returns:
            Boxes in pixels of the chip by falling score.

        Raises:
            DataError: the chip has another number of bands than those trained on.
        """
        bands = self.model.spec.bands
        if chip.shape[2] != bands:
            raise DataError(
                f"the imagery has {chip.shape[2]} bands, but the model was trained on {bands}",
                hint="predict imagery with the bands of the training imagery, in their order",
            )
        features = BoxFeatures(chip, self.model.spec)
        return self._choose(*self._refine(features, *self._search(features, area, origin)), merge)

    def _search(
        self, features: BoxFeatures, area: Box, origin: tuple[int, int]
    ) -> tuple[Array, Array]:
        """Return the windows that look best, and their scores by class."""
        corner = np.array([*origin, *origin], np.float64)
        in_scene = Box(*(area.make_eroded(-_REACH).npbox_format() + corner))
        windows = with_data(features, slide(in_scene, self.model.sizes) - corner)
        scores = self._score(features, windows)
        best = scores.max(axis=1)
        most = max(1, int(area.get_area()) // _PIXELS_PER_WINDOW)
        chosen = np.argsort(-best, kind="stable")[:most]
        chosen = chosen[best[chosen] > _LEAST_SCORE]
        return windows[chosen], scores[chosen]

    def _refine(self, features: BoxFeatures, boxes: Array, scores: Array) -> tuple[Array, Array]:
        """Move boxes onto the objects, and score them anew."""
        for _ in range(_MOVES):
            boxes = decode(boxes, self._run(self._shifts, features, boxes))
            # What an image cuts off is not a part of a training box either.
            boxes = boxes.clip(np.tile(features.frame[:2], 2), np.tile(features.frame[2:], 2))
            kept = _apart(boxes, scores.max(axis=1, initial=0), _SAME)
            boxes = with_data(features, boxes[kept])
            scores = self._score(features, boxes)
        return boxes, scores

    def _choose(self, boxes: Array, scores: Array, merge: float) -> ObjectDetectionLabels:
        """Return the boxes of each class that show different objects."""
        parts = []
        for column, class_id in enumerate(self.model.class_ids):
            kept = _apart(boxes, scores[:, column], merge)
            kept = kept[scores[kept, column] > _LEAST_SCORE]
            ids = np.full(len(kept), class_id)
            parts.append(ObjectDetectionLabels(boxes[kept], ids, scores[kept, column]))
        found = ObjectDetectionLabels.join(parts)
        return found.choose(np.argsort(-found.get_scores(), kind="stable"))

    def _score(self, features: BoxFeatures, boxes: Array) -> Array:
        """Return how probable each class is, shape (n, classes)."""
        logits = self._run(self._scores, features, boxes)
        if logits.shape[1] == 1:
            return np.asarray(1 / (1 + np.exp(-logits)))
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray((powers / powers.sum(axis=1, keepdims=True))[:, 1:])

    def _run(self, session: Any, features: BoxFeatures, boxes: Array) -> Array:
        """Apply an ensemble to boxes."""

        def run(start: int) -> Array:
            part = features.of(boxes[start : start + _BOXES_AT_ONCE])
            (values,) = session.run([OUTPUT], {INPUT: part})
            return np.asarray(values, np.float64)

        # Without boxes too the number of columns is right.
        starts = range(0, max(1, len(boxes)), _BOXES_AT_ONCE)
        return np.concatenate(list(self._pool.map(run, starts)))


def with_data(features: BoxFeatures, boxes: Array) -> Array:
    """Return the boxes that lie on imagery for the most part: others are not learned from."""
    return np.asarray(boxes[features.share_with_data(boxes) >= _LEAST_DATA])


def _apart(boxes: Array, scores: Array, overlap: float) -> Array:
    """Return the positions of the boxes that no better one overlaps more, best first."""
    order = np.argsort(-scores, kind="stable")
    areas = np_box_ops.area(boxes[order])

    def iou(pairs: np_box_ops.Pairs) -> Array:
        better, other, shared = pairs
        return np.asarray(shared / (areas[better] + areas[other] - shared))

    return np.asarray(order[np_box_ops.suppress(boxes[order], iou, overlap) < 0])
