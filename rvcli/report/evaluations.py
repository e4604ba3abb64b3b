"""The JSON of an evaluation as figures: of this release, of older ones, or made by hand.

What is known of it: a list of classes, each with `class_name` and figures, and one without
`class_id` that is their average; or {"overall": such a list, "per_scene": {id: such a list}}.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from rvcli.report.content import ClassFigures, Figures

Rows: TypeAlias = "list[dict[str, Any]]"

MAX_CLASSES = 100
MAX_CONFUSION = 40
NOTHING = "nothing"
_AVERAGE = "average"
_NO_FIGURES = ("class_id",)


def is_evaluation(content: Any) -> bool:
    """Tell whether JSON has figures of classes."""
    if isinstance(content, dict) and isinstance(content.get("per_scene"), dict):
        return isinstance(content.get("overall"), list)
    return bool(rows_of(content))


def rows_of(content: Any) -> Rows:
    """Return the classes of an evaluation, or of one scene of it; none if it is something else."""
    items = content.get("overall") if isinstance(content, dict) else content
    if not isinstance(items, list):
        return []
    return [item for item in items if isinstance(item, dict) and "class_name" in item]


def figures_of(rows: Rows, title: str, colors: Mapping[str, str]) -> Figures:
    """Return the figures of classes.

    Args:
        rows: as rows_of gives them.
        title: of the figures.
        colors: CSS colour by class name.
    """
    average = next((row for row in rows if _is_average(row)), None)
    classes = [row for row in rows if not _is_average(row)][:MAX_CLASSES]
    matrix, names = _confusion(classes, average)
    return Figures(
        title=title,
        classes=tuple(_class_figures(row, colors) for row in classes),
        average=_class_figures(average, colors) if average else None,
        confusion=matrix,
        confusion_names=names,
    )


def number(value: Any) -> float | None:
    """Return a figure; None if it is none, or has no value."""
    if not _is_number(value):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_average(row: Mapping[str, Any]) -> bool:
    return row.get("class_name") == _AVERAGE and row.get("class_id") is None


def _class_figures(row: Mapping[str, Any], colors: Mapping[str, str]) -> ClassFigures:
    name = str(row["class_name"])
    mode = row.get("mode")
    figures = {
        str(key): number(value)
        for key, value in row.items()
        if key not in _NO_FIGURES and (value is None or _is_number(value))
    }
    return ClassFigures(f"{name}, {mode}" if mode else name, colors.get(name, ""), figures)


def _confusion(
    classes: Rows, average: Mapping[str, Any] | None
) -> tuple[tuple[tuple[int, ...], ...] | None, tuple[str, ...]]:
    """Return the confusion matrix with the names of its rows and columns, if it is one.

    Its first row and column, of what has no class, are left out where nothing is in them.
    """
    matrix = _counts((average or {}).get("conf_mat"))
    ordered = sorted(classes, key=lambda row: number(row.get("class_id")) or 0.0)
    names = [str(row["class_name"]) for row in ordered]
    if matrix is None:
        # Of each class its own row: what has no class is in none.
        own = _counts([row.get("conf_mat") for row in ordered])
        if own is not None and own and len(own[0]) == len(own) + 1:
            matrix = [[0] * len(own[0]), *own]
    if not matrix or len(matrix) > MAX_CONFUSION:
        return None, ()
    size = len(matrix)
    if any(len(row) != size for row in matrix) or size not in (len(names), len(names) + 1):
        return None, ()
    if size == len(names) + 1:
        if any(matrix[0]) or any(row[0] for row in matrix):
            names = [NOTHING, *names]
        else:
            matrix = [row[1:] for row in matrix[1:]]
    return tuple(tuple(row) for row in matrix), tuple(names)


def _counts(value: Any) -> list[list[int]] | None:
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        return None
    rows: list[list[int]] = []
    for row in value:
        if not isinstance(row, list) or any(number(count) is None for count in row):
            return None
        rows.append([int(count) for count in row])
    return rows
