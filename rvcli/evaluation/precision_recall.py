"""Precision over recall: how both change with the score from which on something is of a class.

As in box_matches, which follows COCO: at 101 recalls from 0 to 1 the highest precision at that
recall or more, whose mean is the average precision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rvcli.data.label.box_matches import RECALLS, best_precisions

Array: TypeAlias = npt.NDArray[Any]

# Scores that differ by less are equal, which bounds how many there are.
_DIGITS = 4
_WRITTEN_DIGITS = 6


class ScoreTally:
    """Counts of pixels or cells by class and score, of one scene or of several.

    Memory is bounded by the number of different scores.

    Attributes:
        labelled: how many had a true class.
    """

    def __init__(self) -> None:
        self.labelled = 0
        self._there: dict[int, int] = {}
        self._levels: dict[int, tuple[Array, Array, Array]] = {}

    def add_labelled(self, class_ids: Sequence[int], counts: Sequence[int]) -> None:
        """Count what has a true class, with a score or without."""
        for class_id, count in zip(class_ids, counts, strict=True):
            self._there[class_id] = self._there.get(class_id, 0) + int(count)
            self.labelled += int(count)

    def add(self, class_id: int, scores: Array, hits: Array, counts: Array) -> None:
        """Count what has a score for a class.

        Args:
            class_id: of the class.
            scores: shape (n,).
            hits: how many with each score are of the class, shape (n,).
            counts: how many with each score have any true class, shape (n,).
        """
        if class_id in self._levels:
            known = self._levels[class_id]
            scores, hits, counts = (
                np.concatenate(pair) for pair in zip(known, (scores, hits, counts), strict=True)
            )
        levels, places = np.unique(np.round(scores, _DIGITS), return_inverse=True)
        summed = (np.bincount(places, part, len(levels)) for part in (hits, counts))
        hits, counts = (part.astype(np.int64) for part in summed)
        used = counts > 0
        self._levels[class_id] = levels[used], hits[used], counts[used]

    def merge(self, other: ScoreTally) -> None:
        """Take the counts of another tally in."""
        self.add_labelled(list(other._there), list(other._there.values()))
        for class_id, levels in other._levels.items():
            self.add(class_id, *levels)

    def best_precisions(self, class_id: int) -> Array | None:
        """Return the curve of a class, shape (101,); None if the class is not there."""
        there = self._there.get(class_id, 0)
        if not there:
            return None
        if class_id not in self._levels:
            return np.zeros(len(RECALLS))
        _, hits, counts = self._levels[class_id]
        return best_precisions(np.cumsum(hits[::-1]), np.cumsum(counts[::-1]), there)


def tally_rows(
    truth: Array, scores: Sequence[Sequence[float] | None], class_ids: Sequence[int]
) -> ScoreTally | None:
    """Count some cells.

    Args:
        truth: true class ids, shape (n,); what is none of the classes does not count.
        scores: of each cell one for each class, or None where nothing was predicted.
        class_ids: the classes, in order of the scores.

    Returns:
        None if there are no scores, or not as many as classes.
    """
    sizes = {len(row) for row in scores if row is not None}
    if sizes != {len(class_ids)}:
        return None
    tally = ScoreTally()
    tally.add_labelled(class_ids, [int((truth == class_id).sum()) for class_id in class_ids])
    counts = np.isin(truth, class_ids) & np.array([row is not None for row in scores])
    table = np.array([row for row, is_in in zip(scores, counts, strict=True) if is_in], np.float64)
    for column, class_id in enumerate(class_ids):
        if len(table):
            hits = truth[counts] == class_id
            tally.add(class_id, table[:, column], hits, np.ones(len(table)))
    return tally


def curves_json(
    curves: Mapping[int, tuple[str | None, Array | None]], counted: str, share: float = 1.0
) -> dict[str, Any]:
    """Return curves as JSON can hold them.

    Args:
        curves: {class id: (class name, precisions at RECALLS)}; None if the class is not there.
        counted: what was counted, such as "pixels".
        share: of all labelled ones that were looked at.

    Returns:
        {"counted", "share", "recall": [...], "classes": [{"class_id", "class_name",
        "average_precision", "precision": [...]}]}.
    """
    return {
        "counted": counted,
        "share": share,
        "recall": [round(float(recall), 2) for recall in RECALLS],
        "classes": [
            {
                "class_id": class_id,
                "class_name": name,
                "average_precision": None if found is None else float(found.mean()),
                "precision": None
                if found is None
                else [round(float(value), _WRITTEN_DIGITS) for value in found],
            }
            for class_id, (name, found) in curves.items()
        ],
    }
