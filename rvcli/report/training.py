"""How training went, as charts: from the history that a backend keeps, or from a plain log."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from rvcli.backend.history import EPOCH, HISTORY_FILE
from rvcli.filesystem import join_uri
from rvcli.report.content import Chart, Curve, Point
from rvcli.report.evaluations import number
from rvcli.report.small_files import Unreadable, read_json, read_text

if TYPE_CHECKING:
    from rvcli.experiment.experiment_config import ExperimentConfig
    from rvcli.report.sources import Source

# Figures of one epoch, by name.
Row: TypeAlias = "dict[str, float | None]"
# The title of a chart, and for each curve the name of a figure and what it is called.
Group: TypeAlias = "tuple[str, list[tuple[str, str]]]"

# The second is the name that Keras's CSVLogger was given in older releases.
CSV_FILES = ("history.csv", "log.csv")
MAX_CURVES, MAX_POINTS = 12, 500
VALIDATION = "validation"
TRAINING = "training"
_X_NAMES = ("epoch", "round", "step", "iteration")
_RATE = "learning rate"
_RATES = ("lr", "learning_rate", "learning rate")
# Figures up to about 1 share a chart, such as accuracy and F1.
_SHARE = 1.5
_LEFT_OUT = ("seconds", "time")
_PREFIXES = {"val_": VALIDATION, "valid_": VALIDATION, "validation_": VALIDATION}
_TRAIN_PREFIXES = ("train_", "training_")


def collect_training(
    source: Source, config: ExperimentConfig | None, notes: list[str] | None = None
) -> tuple[Chart, ...]:
    """Draw loss, learning rate and metrics over epochs.

    Args:
        source: the files of the experiment.
        config: the experiment; None if it cannot be had.
        notes: takes what could not be shown, and why.

    Returns:
        None where there is no history: the backend keeps none, or has not run.
    """
    notes = [] if notes is None else notes
    train_uri = str(source.message.get("trainUri") or getattr(config, "train_uri", "") or "")
    if not train_uri:
        return ()
    try:
        content = read_json(join_uri(train_uri, HISTORY_FILE))
        if content is None:
            content = _from_csv(train_uri)
    except Unreadable as error:
        notes.append(f"training is not shown: {error}")
        return ()
    if content is None:
        return ()
    charts = charts_of(content)
    if not charts:
        notes.append("there are no curves of training: its history has no epochs with figures")
    return charts


def charts_of(history: Any) -> tuple[Chart, ...]:
    """Draw a history.

    Args:
        history: {"epochs": [{"epoch", figures by name, "metrics": {figures of the validation by
            name}}], "best_epoch", "metric", "resumed_from", "unit"}, or such a list of epochs
            alone; all but the epochs may be missing.
    """
    if isinstance(history, list):
        history = {"epochs": history}
    epochs = history.get("epochs") if isinstance(history, dict) else None
    rows = [row for row in epochs if isinstance(row, dict)] if isinstance(epochs, list) else []
    named = [_figures(row) for row in rows]
    xs = [_place(row, number_) for number_, row in enumerate(rows, start=1)]
    unit = str(history.get("unit") or EPOCH) if rows else EPOCH
    marked, label = _best(history, unit) if rows else (None, "")
    rate, groups = _constant_rate(_groups(named), named)
    told = [_interruptions(history, unit), rate] if rows else []
    note = "; ".join(text for text in told if text)
    charts = []
    for title, curves in groups:
        drawn = []
        for (name, curve_name), place in zip(curves, range(MAX_CURVES), strict=False):
            points = _points(xs, [row.get(name) for row in named])
            if points:
                drawn.append(Curve(curve_name, points, note="" if place else note))
        if drawn:
            charts.append(Chart(title, unit, title, tuple(drawn), marked, label))
    return tuple(charts)


def _figures(row: Mapping[str, Any]) -> Row:
    """Return the figures of an epoch; those of the validation begin with `val_`."""
    found: Row = {}
    for name, value in row.items():
        if isinstance(value, Mapping):
            prefix = "val_" if name == "metrics" else f"{name} "
            found |= {f"{prefix}{key}": number(inner) for key, inner in value.items()}
        elif str(name).lower() not in (*_X_NAMES, *_LEFT_OUT):
            found[str(name)] = number(value)
    return {name: value for name, value in found.items() if value is not None}


def _place(row: Mapping[str, Any], position: int) -> float:
    for name in _X_NAMES:
        value = number(row.get(name))
        if value is not None:
            return value
    return float(position)


def _groups(rows: Sequence[Row]) -> Iterator[Group]:
    """Group the names of figures into charts."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    groups: dict[str, list[tuple[str, str]]] = {}
    for name in names:
        base, of = _split(name)
        first, _, rest = base.partition(" ")
        if base.lower() in _RATES:
            groups.setdefault(_RATE, []).append((name, _RATE))
        elif "loss" in base.lower():
            kind = base.replace("_", " ").strip()
            groups.setdefault("loss", []).append((name, of if kind == "loss" else f"{kind}, {of}"))
        elif rest:  # of one class, as "iou building"
            groups.setdefault(f"{first} by class", []).append((name, rest))
        elif max(row[name] or 0.0 for row in rows if name in row) > _SHARE:
            title = base.replace("_", " ")
            groups.setdefault(title, []).append((name, of))
        else:
            groups.setdefault(f"{of} metrics", []).append((name, base.replace("_", " ")))
    order = ["loss", f"{VALIDATION} metrics", f"{TRAINING} metrics"]
    titles = [t for t in order if t in groups]
    last = [t for t in groups if t not in titles and t != _RATE]
    for title in [*titles, *last, *([_RATE] if _RATE in groups else [])]:
        yield title, groups[title]


def _constant_rate(groups: Iterable[Group], rows: Sequence[Row]) -> tuple[str, list[Group]]:
    """Return a learning rate that never changes in words, and the charts without it."""
    kept, told = [], ""
    for title, curves in groups:
        values = {row[name] for name, _ in curves for row in rows if name in row}
        if title == _RATE and len(values) == 1:
            told = f"{_RATE} {values.pop():g}"
        else:
            kept.append((title, curves))
    return told, kept


def _split(name: str) -> tuple[str, str]:
    """Return the name of a figure without what it is of, and what it is of."""
    lower = name.lower()
    for prefix, of in _PREFIXES.items():
        if lower.startswith(prefix):
            return name[len(prefix) :], of
    for prefix in _TRAIN_PREFIXES:
        if lower.startswith(prefix):
            return name[len(prefix) :], TRAINING
    return name, TRAINING


def _points(xs: Sequence[float], ys: Sequence[float | None]) -> tuple[Point, ...]:
    points = [(x, y) for x, y in zip(xs, ys, strict=True) if y is not None]
    step = -(-len(points) // MAX_POINTS)
    return (*points[:-1:step], points[-1]) if points else ()


def _best(history: Mapping[str, Any], unit: str) -> tuple[float | None, str]:
    if unit != EPOCH:  # of rounds, all are used
        return None, ""
    best = number(history.get("best_epoch")) or number(history.get("best"))
    metric = str(history.get("metric") or "").replace("_", " ")
    return best, (f"best {metric}" if metric else f"best {unit}") if best else ""


def _interruptions(history: Mapping[str, Any], unit: str) -> str:
    resumed = history.get("resumed_from")
    places = [f"{p:g}" for p in map(number, resumed) if p] if isinstance(resumed, list) else []
    parts = [f"resumed after {unit} {', '.join(places[:10])}"] if places else []
    if history.get("stopped_early") is True:
        parts.append("stopped early")
    return "; ".join(parts)


def _from_csv(train_uri: str) -> dict[str, Any] | None:
    """Return the history that a plain log holds: a line of names, then a line for each epoch.

    Raises:
        Unreadable: there is one, and it cannot be read.
    """
    for name in CSV_FILES:
        text = read_text(join_uri(train_uri, name))
        if text is not None:
            lines = csv.DictReader(text.splitlines(), skipinitialspace=True)
            try:
                return {"epochs": [_as_numbers(line) for line in lines]}
            except csv.Error as error:
                raise Unreadable(f"{join_uri(train_uri, name)} is no CSV file: {error}") from error
    return None


def _as_numbers(line: Mapping[Any, Any]) -> dict[str, float]:
    found = {}
    for name, text in line.items():
        try:
            found[str(name).strip()] = float(text)
        except (TypeError, ValueError):
            continue
    return found
