"""ClassEvaluationItem: precision, recall, F1, IoU and counts of one class."""

from __future__ import annotations

import math
from typing import Any

from rvcli.evaluation.evaluation_item import EvaluationItem


class ClassEvaluationItem(EvaluationItem):
    """Figures of one class, or of several merged.

    Attributes:
        precision: share of what was predicted that is right; None if nothing was predicted.
        recall: share of what is there that was predicted; None if nothing is there.
        f1: harmonic mean of the two; None if the class neither occurs nor was predicted.
        count_error: how many more or fewer were predicted than are there, as an absolute
            number.
        gt_count: how many are there.
        class_id: of the class; None for an average.
        class_name: of the class, or "average".
        conf_mat: how many of the class were predicted as each class, class 0 (none) first;
            for an average the whole matrix, with true classes as rows.
        iou: intersection over union of what is there and what was predicted; None if the class
            neither occurs nor was predicted, or if that cannot be said.
    """

    def __init__(
        self,
        precision: float | None = None,
        recall: float | None = None,
        f1: float | None = None,
        count_error: float | None = None,
        gt_count: int = 0,
        class_id: int | None = None,
        class_name: str | None = None,
        conf_mat: list[Any] | None = None,
        *,
        iou: float | None = None,
    ) -> None:
        self.precision = _known(precision)
        self.recall = _known(recall)
        self.f1 = _known(f1)
        self.iou = _known(iou)
        self.count_error = _known(count_error)
        self.gt_count = int(gt_count)
        self.class_id = class_id
        self.class_name = class_name
        self.conf_mat = conf_mat

    def merge(self, other: ClassEvaluationItem) -> None:
        """Take the figures of another item in, each weighted by its gt_count.

        Of what occurs, but was never predicted, the precision counts as 0. Counts and
        confusion matrices of one size are added up. An IoU that neither knows stays unknown.
        """
        total = self.gt_count + other.gt_count
        names = ["precision", "recall", "f1", "count_error"]
        if self.iou is not None or other.iou is not None:
            names.append("iou")
        if other.gt_count:
            for name in names:
                mine = (getattr(self, name) or 0.0) * self.gt_count
                theirs = (getattr(other, name) or 0.0) * other.gt_count
                setattr(self, name, (mine + theirs) / total)
        self.gt_count = total
        self.conf_mat = _added(self.conf_mat, other.conf_mat)

    def to_json(self) -> dict[str, Any]:
        """Return the figures as JSON can hold them: what is not known is None."""
        return {
            "class_id": self.class_id,
            "class_name": self.class_name,
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
            "iou": self.iou,
            "count_error": self.count_error,
            "gt_count": self.gt_count,
            **({} if self.conf_mat is None else {"conf_mat": self.conf_mat}),
        }


def counted_figures(hits: int, predicted: int, gt_count: int) -> dict[str, Any]:
    """Return the figures of a class that follow from counts, as ClassEvaluationItem takes them.

    Args:
        hits: how many were predicted rightly.
        predicted: how many were predicted.
        gt_count: how many are there.

    Returns:
        Figures that are None where they are not defined, never nan.
    """
    occurs = gt_count + predicted > 0
    return {
        "precision": hits / predicted if predicted else None,
        "recall": hits / gt_count if gt_count else None,
        "f1": 2 * hits / (gt_count + predicted) if occurs else None,
        "count_error": abs(predicted - gt_count) if occurs else None,
        "gt_count": gt_count,
    }


def _known(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else float(value)


def _added(left: Any, right: Any) -> Any:
    if left is None or right is None:
        return right if left is None else left
    if isinstance(left, list):
        return [_added(a, b) for a, b in zip(left, right, strict=True)]
    return left + right
