"""How good the predictions are, from what EVAL wrote, of any release or evaluator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.errors import FileSystemError
from rvcli.filesystem import base_name, shown
from rvcli.records.names import is_own_name
from rvcli.report.content import Figures, Metrics
from rvcli.report.evaluations import figures_of, is_evaluation, number, rows_of
from rvcli.report.pictures import colors_of
from rvcli.report.precision_recall import chart_of, notes_of, why_no_chart
from rvcli.report.small_files import Unreadable, read_json
from rvcli.utils.files import list_paths

if TYPE_CHECKING:
    from rvcli.experiment.experiment_config import ExperimentConfig
    from rvcli.report.sources import Source

MAX_SCENES = 60
MAX_NOTES = 20
MAX_OTHERS = 10
_OTHER_BYTES = 1 << 20
_MAX_DEPTH, _MAX_ITEMS, _MAX_CHARS = 5, 50, 300
ALL = "all scenes"


def collect_metrics(source: Source, config: ExperimentConfig | None) -> Metrics:
    """Read the figures of an experiment.

    Args:
        source: its files.
        config: its config; None if it cannot be had, as without a plugin. Colours are missing
            then.

    Returns:
        What is there: figures of the first evaluation of classes, those of others as `more`,
        and what else evaluators wrote. What is damaged is told in the notes.
    """
    colors = _colors(config)
    main: Any = None
    more: list[Figures] = []
    others: dict[str, Any] = {}
    notes: list[str] = []
    for uri in _uris(source, config, notes):
        try:
            content = read_json(uri)
            if content is None:
                continue
            if not is_evaluation(content):
                if len(others) < MAX_OTHERS:
                    others[base_name(uri)] = _bounded(content)
            elif main is None:
                main = content
            else:
                more.append(figures_of(rows_of(content), base_name(uri), colors))
                notes += [f"{base_name(uri)}: {text}" for text in _warnings(content)]
        except Unreadable as error:
            notes.append(str(error))
    if main is None:
        notes.append("there are no figures: no evaluation was found, run the command EVAL")
        return Metrics(more=tuple(more), notes=_few(notes), others=others)
    overall = figures_of(rows_of(main), ALL, colors)
    chart = chart_of(main, colors)
    notes += [*_warnings(main), *_absent(overall)]
    notes += notes_of(main) if chart else [why_no_chart(main, _task_type(source))]
    return Metrics(
        overall=overall,
        scenes=_scenes(main, colors, notes),
        precision_recall=chart,
        notes=_few(notes),
        others=others,
        more=tuple(more),
    )


def best_thresholds(config: ExperimentConfig) -> dict[int, float]:
    """Return the score of the best F1 of each class of boxes, by class id, as EVAL found it.

    Nothing where there is no such evaluation.
    """
    for evaluator in getattr(config, "evaluators", None) or ():
        uri = getattr(evaluator, "output_uri", None)
        try:
            rows = rows_of(read_json(uri)) if uri else []
        except Unreadable:
            continue
        found = {
            int(number(row.get("class_id")) or 0): row.get("best_score_thresh") for row in rows
        }
        known = {class_id: number(value) for class_id, value in found.items()}
        if any(value is not None for value in known.values()):
            return {class_id: value for class_id, value in known.items() if value is not None}
    return {}


def _colors(config: ExperimentConfig | None) -> dict[str, str]:
    class_map = getattr(getattr(config, "task", None), "class_map", None)
    return dict(colors_of(class_map).values()) if class_map is not None else {}


def _task_type(source: Source) -> str:
    task = source.message.get("task")
    return str(task.get("taskType")) if isinstance(task, Mapping) else ""


def _uris(source: Source, config: ExperimentConfig | None, notes: list[str]) -> Iterator[str]:
    """Yield the files of figures: those of evaluators in their order, then what else is there."""
    named = [
        str(getattr(evaluator, name))
        for name in ("output_uri", "vector_output_uri")
        for evaluator in getattr(config, "evaluators", None) or ()
        if getattr(evaluator, name, None)
    ]
    for command in source.of_type(keys.EVAL):
        named += [output.uri for output in command.record.outputs] if command.record else []
    eval_uri = str(source.message.get("evalUri") or getattr(config, "eval_uri", "") or "")
    try:
        found = list_paths(eval_uri, ".json") if eval_uri else []
    except FileSystemError as error:
        found = []
        notes.append(f"{shown(eval_uri)} cannot be listed: {error}")
    # A file that is hand-made or of an older release is the one of this name.
    found.sort(key=lambda uri: base_name(uri) != "eval.json")
    for uri in dict.fromkeys([*named, *found]):
        if uri.endswith(".json") and not is_own_name(base_name(uri)):
            yield uri


def _scenes(content: Any, colors: Mapping[str, str], notes: list[str]) -> tuple[Figures, ...]:
    per_scene = content.get("per_scene") if isinstance(content, dict) else None
    if not isinstance(per_scene, dict):
        return ()
    if len(per_scene) > MAX_SCENES:
        notes.append(f"figures of {len(per_scene) - MAX_SCENES} more scenes are in the file")
    return tuple(
        figures_of(rows_of(items), str(scene_id), colors)
        for scene_id, items in list(per_scene.items())[:MAX_SCENES]
    )


def _warnings(content: Any) -> list[str]:
    warnings = content.get("warnings") if isinstance(content, dict) else None
    return [str(text)[:_MAX_CHARS] for text in warnings] if isinstance(warnings, list) else []


def _absent(figures: Figures) -> Iterator[str]:
    """Name the classes of which there is nothing."""
    absent = [one.name for one in figures.classes if one.figures.get("gt_count") == 0]
    if absent:
        names = ", ".join(absent[:10]) + (f" and {len(absent) - 10} more" * (len(absent) > 10))
        yield (
            f"the validation scenes have nothing of {names}: what has no value there is left out"
            " of averages"
        )


def _few(notes: Sequence[str]) -> tuple[str, ...]:
    unique = list(dict.fromkeys(notes))
    left = len(unique) - MAX_NOTES
    return (*unique[:MAX_NOTES], *([f"and {left} more warnings"] if left > 0 else []))


def _bounded(value: Any, depth: int = 0) -> Any:
    """Return a part of a JSON value that is small enough to be shown."""
    if isinstance(value, (dict, list)) and depth >= _MAX_DEPTH:
        return "..."
    if isinstance(value, dict):
        items = list(value.items())
        kept = {str(k)[:_MAX_CHARS]: _bounded(v, depth + 1) for k, v in items[:_MAX_ITEMS]}
        left = len(items) - _MAX_ITEMS
        return {**kept, **({"...": f"and {left} more"} if left > 0 else {})}
    if isinstance(value, list):
        left = len(value) - _MAX_ITEMS
        kept_items = [_bounded(item, depth + 1) for item in value[:_MAX_ITEMS]]
        return [*kept_items, *([f"and {left} more"] if left > 0 else [])]
    if isinstance(value, str) and len(value) > _MAX_CHARS:
        return f"{value[:_MAX_CHARS]}..."
    return value
