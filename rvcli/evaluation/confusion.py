"""Figures of classes from a confusion matrix: what pixels and cells have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from rvcli.core.class_map import ClassMap
from rvcli.evaluation.class_evaluation_item import ClassEvaluationItem, counted_figures
from rvcli.evaluation.classification_evaluation import ClassificationEvaluation, average
from rvcli.evaluation.precision_recall import ScoreTally, curves_json

Counts = npt.NDArray[np.int64]


class ConfusionEvaluation(ClassificationEvaluation):
    """Figures that follow from how often each class was predicted as each.

    What has the true class 0, or none of the class map, is not counted. What is predicted as 0,
    or as none of the class map, is predicted as nothing. A subclass defines `compute`.

    Attributes:
        conf_mat: counts, true classes as rows, predicted ones as columns, each
            [0, *class ids in ascending order].
        counted: what is counted, such as "pixels".
        tally: the scores of what is counted; None where there are none.
    """

    counted: ClassVar[str] = ""
    tally: ScoreTally | None = None

    def __init__(self, class_map: ClassMap) -> None:
        self.class_map = class_map
        super().__init__()

    def clear(self) -> None:
        """Forget all figures."""
        super().clear()
        size = len(class_ids_of(self.class_map)) + 1
        self.conf_mat: Counts = np.zeros((size, size), dtype=np.int64)
        self.tally = None

    def _merge_figures(self, evaluation: Any) -> None:
        self.set_conf_mat(self.conf_mat + evaluation.conf_mat)
        theirs = getattr(evaluation, "tally", None)
        if theirs is not None:
            self.tally = self.tally or ScoreTally()
            self.tally.merge(theirs)

    def curves(self) -> dict[str, Any] | None:
        """Return a curve for each class, if predictions have scores."""
        if self.tally is None:
            return None
        tally, labelled = self.tally, int(self.conf_mat.sum())
        ids = class_ids_of(self.class_map)
        curves = {
            class_id: (self.class_map.get_by_id(class_id).name, tally.best_precisions(class_id))
            for class_id in ids
        }
        return curves_json(curves, self.counted, tally.labelled / labelled if labelled else 1.0)

    def set_conf_mat(self, conf_mat: Counts) -> None:
        """Set the matrix, and the figures that follow from it."""
        self.conf_mat = conf_mat
        self.set_class_to_eval_item(
            {
                class_id: get_class_eval_item(conf_mat, class_id, self.class_map)
                for class_id in class_ids_of(self.class_map)
            }
        )
        self.compute_avg()
        self._is_empty = False

    def compute_avg(self) -> None:
        """Compute the average over the classes, weighted by gt_count."""
        self.avg_item = average(self.class_to_eval_item.values())
        self.avg_item.conf_mat = self.conf_mat.tolist()


def get_class_eval_item(
    conf_mat: Counts, class_id: int, class_map: ClassMap
) -> ClassEvaluationItem:
    """Return the figures of one class.

    Args:
        conf_mat: counts, true classes as rows, predicted ones as columns, each [0, *class ids
            in ascending order]; row 0 is ignored.
        class_id: of the class.
        class_map: the classes.

    Returns:
        Figures that are None where they are not defined, never nan.
    """
    index = class_ids_of(class_map).index(class_id) + 1
    hits = int(conf_mat[index, index])
    gt_count = int(conf_mat[index].sum())
    predicted = int(conf_mat[1:, index].sum())
    either = gt_count + predicted - hits
    return ClassEvaluationItem(
        **counted_figures(hits, predicted, gt_count),
        iou=hits / either if either else None,
        class_id=class_id,
        class_name=class_map.get_by_id(class_id).name,
        conf_mat=conf_mat[index].tolist(),
    )


class PairCounter:
    """Counts pairs of true and predicted classes."""

    def __init__(self, class_ids: Sequence[int]) -> None:
        """Take the ids of the classes, in ascending order, without 0."""
        self._size = len(class_ids) + 1
        # The narrower the index of a pair, the faster it is made and counted.
        self._dtype = np.min_scalar_type(self._size**2 - 1)
        # From class id to row or column; what is no class goes to 0.
        self._place = np.zeros(1 << 16, dtype=self._dtype)
        self._place[list(class_ids)] = np.arange(1, self._size)
        self._is_dense = list(class_ids) == list(range(1, self._size))
        self._counts: Counts = np.zeros(self._size**2, dtype=np.int64)

    def add(self, truth: npt.NDArray[Any], predicted: npt.NDArray[Any]) -> None:
        """Count the pairs of two arrays of class ids of one shape."""
        pairs = self._places(truth) * self._dtype.type(self._size)
        pairs += self._places(predicted)
        self._counts += np.bincount(pairs.ravel(), minlength=self._size**2)

    def _places(self, labels: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the row or column of each label."""
        if labels.dtype not in (np.uint8, np.uint16):
            labels = np.where((labels >= 0) & (labels < len(self._place)), labels, 0)
            labels = labels.astype(np.uint16)
        if self._is_dense and labels.max(initial=0) < self._size:
            return labels.astype(self._dtype, copy=False)
        return np.asarray(self._place[labels])

    def conf_mat(self) -> Counts:
        """Return the counts; see ConfusionEvaluation."""
        matrix: Counts = self._counts.reshape(self._size, self._size).copy()
        matrix[0] = 0
        return matrix


def class_ids_of(class_map: ClassMap) -> list[int]:
    """Return the ids of the classes in ascending order, without 0."""
    return sorted(class_id for class_id in class_map.get_keys() if class_id != 0)
