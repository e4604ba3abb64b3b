"""Curves of precision over recall, from what EVAL wrote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rvcli import keys
from rvcli.report.content import Chart, Curve, Point
from rvcli.report.evaluations import number, rows_of

TITLE = "precision and recall"
MAX_CURVES = 20
_AGAIN = "run the command EVAL again, of this release, for precision-recall curves"
_WHY_NOT = {
    keys.SEMANTIC_SEGMENTATION: "no precision-recall curves: predict with"
    " with_probabilities(True) on the label store of the validation scenes, which keeps how"
    " probable each class is",
    keys.CHIP_CLASSIFICATION: "no precision-recall curves: the predictions have no scores, or"
    " were evaluated by an older release: run the commands PREDICT and EVAL again",
    keys.OBJECT_DETECTION: _AGAIN,
}


def chart_of(content: Any, colors: Mapping[str, str]) -> Chart | None:
    """Return a curve for each class that is there; None if there are none.

    Args:
        content: of eval.json.
        colors: CSS colour by class name.
    """
    curves = _curves(content)
    found = list(_drawn(curves, colors))[:MAX_CURVES]
    return Chart(TITLE, "recall", "precision", tuple(found)) if found else None


def notes_of(content: Any) -> list[str]:
    """Say what the curves are."""
    curves = _curves(content)
    boxes = " at an intersection over union of 0.5" if curves.get("counted") == "boxes" else ""
    notes = [
        f"precision-recall curves{boxes} show at each recall the highest precision at that recall"
        " or more; AP is their mean"
    ]
    share = number(curves.get("share"))
    if share is not None and share < 0.995:
        what = str(curves.get("counted") or "them")
        notes.append(
            f"the curves are of {share:.2g} of the labelled {what}, spread over all scenes"
        )
    return notes


def why_no_chart(content: Any, task_type: str) -> str:
    """Say why there are no curves, and how to get some."""
    if not any(number(row.get("gt_count")) for row in rows_of(content)):
        return "no precision-recall curves: nothing is labelled in the validation scenes"
    return _WHY_NOT.get(task_type, "no precision-recall curves: the evaluator wrote none")


def _curves(content: Any) -> dict[str, Any]:
    curves = content.get("curves") if isinstance(content, dict) else None
    return curves if isinstance(curves, dict) else {}


def _drawn(curves: Mapping[str, Any], colors: Mapping[str, str]) -> Iterator[Curve]:
    recalls, classes = curves.get("recall"), curves.get("classes")
    if not isinstance(recalls, list) or not isinstance(classes, list):
        return
    for row in classes:
        precisions = row.get("precision") if isinstance(row, dict) else None
        if not isinstance(precisions, list):
            continue
        name = str(row.get("class_name") or row.get("class_id"))
        ap = number(row.get("average_precision"))
        note = "" if ap is None else f"AP {ap:.3f}"
        yield Curve(name, _points(recalls, precisions), colors.get(name, ""), note)


def _points(recalls: list[Any], precisions: list[Any]) -> tuple[Point, ...]:
    """Return the points that are reached; the curve falls to 0 where that ends."""
    points: list[Point] = []
    for pair in zip(recalls, precisions, strict=False):
        recall, precision = number(pair[0]), number(pair[1])
        if recall is None or precision is None:
            continue
        if precision <= 0:
            return (*points, (points[-1][0] if points else recall, 0.0))
        points.append((recall, precision))
    return tuple(points)
