"""Experiments side by side: figures with the best marked, and in what the configs differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rvcli.report.content import ExperimentReport
from rvcli.report.differences import Difference, list_differences
from rvcli.report.page import formats
from rvcli.report.page.summary import highest, mean, total

MOST_DIFFERENCES = 60
_KEYS = ("f1", "iou", "precision", "recall", "ap50", "ap")
# Two values that are as alike as this are equally good: the last digit shown.
_SAME = 0.0005
MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Cell:
    """A value of one experiment.

    Attributes:
        delta: against the first experiment; empty for that itself, or where one has no value.
        trend: "better", "worse" or "" for the same.
    """

    text: str
    delta: str = ""
    trend: str = ""
    is_best: bool = False


@dataclass(frozen=True)
class Row:
    """A figure of all experiments."""

    label: str
    cells: tuple[Cell, ...]
    color: str = ""


def rows_of_means(reports: Sequence[ExperimentReport]) -> list[Row]:
    """Return the mean figures, times and memory of experiments."""
    rows = []
    for key in _KEYS:
        values = [mean(report.metrics.overall, key) for report in reports]
        if any(value is not None for value in values):
            rows.append(_row(f"Mean {formats.metric_in_text(key)}", values))
    times = [total(run.wall_s for run in report.commands) for report in reports]
    memory = [highest(run.peak_memory_bytes for run in report.commands) for report in reports]
    if any(value is not None for value in times):
        rows.append(_plain_row("Time of all commands", [formats.seconds(v) for v in times]))
    if any(value is not None for value in memory):
        rows.append(_plain_row("Peak memory", [formats.size(v) for v in memory]))
    return rows


def rows_of_classes(reports: Sequence[ExperimentReport]) -> tuple[str, list[Row]]:
    """Return the name of the main figure, and a row of it for each class."""
    overalls = [report.metrics.overall for report in reports]
    key = next((k for k in _KEYS if any(mean(o, k) is not None for o in overalls)), "")
    if not key:
        return "", []
    by_name = [{c.name: c for c in overall.classes} if overall else {} for overall in overalls]
    names = dict.fromkeys(name for classes in by_name for name in classes)
    rows = []
    for name in names:
        found = [classes.get(name) for classes in by_name]
        values = [one.figures.get(key) if one is not None else None for one in found]
        color = next(one.color for one in found if one is not None)
        rows.append(_row(name, values, color))
    return formats.metric_label(key), rows


def differences_of(reports: Sequence[ExperimentReport]) -> list[Difference]:
    """Return in what the configs of experiments differ."""
    return list_differences([report.settings for report in reports])


def _row(label: str, values: Sequence[float | None], color: str = "") -> Row:
    known = [value for value in values if value is not None]
    best = max(known, default=0.0)
    # Where all are the same, none is the best.
    differ = len(known) > 1 and best - min(known) >= _SAME
    first = values[0]
    cells = []
    for i, value in enumerate(values):
        delta = value - first if i and value is not None and first is not None else None
        cells.append(
            Cell(
                formats.figure(value),
                "" if delta is None else _signed(delta),
                _trend(delta),
                is_best=differ and value is not None and best - value < _SAME,
            )
        )
    return Row(label, tuple(cells), color)


def _plain_row(label: str, texts: Sequence[str]) -> Row:
    return Row(label, tuple(Cell(text) for text in texts))


def _signed(delta: float) -> str:
    return "±0" if abs(delta) < _SAME else f"{'+' if delta > 0 else MINUS}{abs(delta):.3f}"


def _trend(delta: float | None) -> str:
    if delta is None or abs(delta) < _SAME:
        return ""
    return "better" if delta > 0 else "worse"
