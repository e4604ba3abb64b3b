"""BoxEvaluationItem: figures of the predicted boxes of one class."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from rvcli.data.label.box_matches import Matches
from rvcli.evaluation.class_evaluation_item import ClassEvaluationItem, counted_figures
from rvcli.evaluation.classification_evaluation import AVERAGE, average


class BoxEvaluationItem(ClassEvaluationItem):
    """Figures of the predicted boxes of one class, at an intersection over union of 0.5.

    Of a class that is not there neither precision nor recall nor F1 is known, nor F1 of one that
    was never predicted.

    Further attributes:
        matches: which boxes hit which.
        tp: predicted boxes that hit a true one.
        fp: predicted boxes that hit none.
        fn: true boxes that none hit.
        ap50: average precision at an intersection over union of 0.5; None if the class is not
            there.
        ap: mean of the average precisions at 0.5, 0.55, ... 0.95, likewise.

    The JSON also has `best_f1`, the highest F1 that a score threshold gives on these boxes, and
    `best_score_thresh`, that threshold.
    """

    def __init__(self, matches: Matches, class_id: int | None, class_name: str | None) -> None:
        figures = counted_figures(matches.hits, matches.predicted, matches.gt_count)
        if not matches.gt_count:
            figures["precision"] = None
        if not (matches.gt_count and matches.predicted):
            figures["f1"] = None
        super().__init__(**figures, class_id=class_id, class_name=class_name)
        self.matches = matches
        self.tp = matches.hits
        self.fp = matches.predicted - matches.hits
        self.fn = matches.gt_count - matches.hits

    @property
    def ap50(self) -> float | None:  # noqa: D102
        precisions = self.matches.average_precisions()
        return None if precisions is None else precisions[0]

    @property
    def ap(self) -> float | None:  # noqa: D102
        precisions = self.matches.average_precisions()
        return None if precisions is None else float(np.mean(precisions))

    def merge(self, other: Any) -> None:
        """Take the boxes of another item of the class in, as if of one scene."""
        matches = self.matches + other.matches
        vars(self).update(vars(BoxEvaluationItem(matches, self.class_id, self.class_name)))

    def to_json(self) -> dict[str, Any]:
        """Return the figures as JSON can hold them: what is not known is None."""
        best_f1, threshold = self.matches.best_f1() or (None, None)
        best = {"best_f1": best_f1, "best_score_thresh": threshold}
        return {**super().to_json(), **_box_figures(self), **best}


class BoxAverageItem(ClassEvaluationItem):
    """Figures of all classes: averages weighted by gt_count, sums of tp, fp and fn.

    Averages are 0 where no class is there. ap50 and ap are plain means over the classes that are
    there, as is usual (mAP).
    """

    def __init__(self, items: Iterable[BoxEvaluationItem]) -> None:
        self.items = list(items)
        mean = average(self.items)
        super().__init__(
            mean.precision or 0.0,
            mean.recall or 0.0,
            mean.f1 or 0.0,
            mean.count_error or 0.0,
            mean.gt_count,
            None,
            AVERAGE,
        )
        self.tp, self.fp, self.fn = (
            sum(getattr(item, name) for item in self.items) for name in ("tp", "fp", "fn")
        )

    @property
    def ap50(self) -> float | None:  # noqa: D102
        return _mean(item.ap50 for item in self.items)

    @property
    def ap(self) -> float | None:  # noqa: D102
        return _mean(item.ap for item in self.items)

    def to_json(self) -> dict[str, Any]:
        """Return the figures as JSON can hold them: what is not known is None."""
        return {**super().to_json(), **_box_figures(self)}


def _box_figures(item: BoxEvaluationItem | BoxAverageItem) -> dict[str, Any]:
    return {name: getattr(item, name) for name in ("tp", "fp", "fn", "ap50", "ap")}


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
