"""write_report: collect what experiments left below a root, and write it as one page."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, TypeVar

from rvcli.errors import RvError, UsageError, known_error
from rvcli.filesystem import join_uri, resolve, shown
from rvcli.notices import notice
from rvcli.profile.secrets import mask_uris
from rvcli.report.commands import collect_commands
from rvcli.report.content import ExperimentReport, Metrics
from rvcli.report.differences import collect_settings
from rvcli.report.last_run import collect_last_run
from rvcli.report.page.render import render
from rvcli.report.provenance import collect_provenance
from rvcli.report.sources import EXPERIMENTS, Source, list_experiments, read_source
from rvcli.utils.files import str_to_file
from rvcli.utils.progress import Progress, track

if TYPE_CHECKING:
    from rvcli.experiment.experiment_config import ExperimentConfig

NAME = "report.html"
MOST_EXPERIMENTS = 12
MUCH_BYTES = 10_000_000

_log = logging.getLogger(__name__)
T = TypeVar("T")


def write_report(root_uri: str, ids: Sequence[str], output_uri: str, tmp_dir: str) -> str:
    """Write a report of experiments that have run below a root; return its URI.

    Args:
        root_uri: anywhere.
        ids: of the experiments, in the order of the page; none means all that there are. Of
            more than a dozen the page has those that were given, or changed, last.
        output_uri: where the HTML file goes, anywhere.
        tmp_dir: for what is downloaded.

    Raises:
        UsageError: there is no such experiment below the root; names those that there are.
        MissingDependencyError: a package is not installed.
        NotWritableError: the file cannot be written.
    """
    _need("jinja2")
    chosen, notes = _choose(root_uri, ids)
    sources = _read(root_uri, chosen, notes if not ids else None)
    with track("report", len(_STEPS) * len(sources), "parts") as progress:
        reports = [collect(source, tmp_dir, progress) for source in sources]
    made = datetime.now(timezone.utc).isoformat(timespec="seconds")
    text = render(mask_uris(root_uri), reports, made=made, notes=notes)
    str_to_file(text, output_uri)
    size_bytes = len(text.encode())
    if size_bytes > MUCH_BYTES:
        notice(
            f"the report {shown(output_uri)} has {size_bytes / 1e6:.0f} MB: name fewer experiments"
            " if browsers are slow with it"
        )
    return output_uri


def collect(source: Source, tmp_dir: str, progress: Progress | None = None) -> ExperimentReport:
    """Return what the report says of one experiment; what cannot be had is told in its notes.

    Args:
        source: the files of the experiment.
        tmp_dir: for what is downloaded.
        progress: told when a part is done.
    """
    notes: list[str] = []
    found: dict[str, Any] = {}
    with _config_or_none(source, notes) as config:
        for name, part in _STEPS.items():
            try:
                found |= part(source, config, tmp_dir)
            except Exception as e:  # a part that fails leaves the others as they are
                notes.append(_why(name, e))
                _log.debug("a part of the report failed", exc_info=True)
            if progress is not None:
                progress.advance()
    return ExperimentReport(
        id=source.id, root_uri=mask_uris(source.root_uri), notes=tuple(notes), **found
    )


@contextmanager
def _config_or_none(source: Source, notes: list[str]) -> Iterator[ExperimentConfig | None]:
    """Give the config, or None and a note if a plugin of it cannot be had, or is another now."""
    with ExitStack() as stack:
        config: ExperimentConfig | None = None
        try:
            config = stack.enter_context(source.config())
        except Exception as e:  # code of plugins, too
            notes.append(_why("imagery, labels and predictions", e))
        yield config


def _why(name: str, error: Exception) -> str:
    known = known_error(error)
    text = known.message if known is not None else f"{type(error).__name__}: {error}"
    hint = f" ({known.hint})" if known is not None and known.hint else ""
    return mask_uris(f"The report lacks {name}: {text}{hint}")


def _classes(config: ExperimentConfig) -> dict[int, tuple[str, str]]:
    from rvcli.report.pictures import colors_of

    class_map = getattr(config.task, "class_map", None)
    return {} if class_map is None else colors_of(class_map)


def _task(source: Source, config: ExperimentConfig | None, tmp_dir: str) -> dict[str, Any]:
    if config is None or config.task is None:
        task = source.message.get("task")
        return {"task": str(task.get("taskType") or "")} if isinstance(task, dict) else {}
    return {"task": str(config.task.task_type), "classes": _classes(config)}


def _scenes(source: Source, config: ExperimentConfig | None, tmp_dir: str) -> dict[str, Any]:
    from rvcli.report.scenes import collect_scenes

    return {} if config is None else {"scenes": collect_scenes(source, config, tmp_dir)}


def _metrics(source: Source, config: ExperimentConfig | None, tmp_dir: str) -> dict[str, Any]:
    from rvcli.report.figures import collect_metrics

    metrics: Metrics = collect_metrics(source, config)
    return {"metrics": metrics}


def _tiles(source: Source, config: ExperimentConfig | None, tmp_dir: str) -> dict[str, Any]:
    from rvcli.report.tiles import collect_tiles

    if config is None:
        return {}
    notes: list[str] = []
    chips, worst, best = collect_tiles(source, config, tmp_dir, notes)
    return {"chips": chips, "worst": worst, "best": best, "tile_notes": tuple(notes)}


def _training(source: Source, config: ExperimentConfig | None, tmp_dir: str) -> dict[str, Any]:
    from rvcli.report.training import collect_training

    notes: list[str] = []
    charts = collect_training(source, config, notes)
    return {"training": charts, "training_notes": tuple(notes)}


_Part = Callable[[Source, "ExperimentConfig | None", str], dict[str, Any]]
_STEPS: dict[str, _Part] = {
    "classes": _task,
    "times and hosts": lambda source, config, tmp_dir: {"commands": collect_commands(source)},
    "the plan": lambda source, config, tmp_dir: {"last_run": collect_last_run(source)},
    "provenance": lambda source, config, tmp_dir: {"provenance": collect_provenance(source)},
    "settings": lambda source, config, tmp_dir: {"settings": collect_settings(source)},
    "figures": _metrics,
    "training curves": _training,
    "the map": _scenes,
    "chips and predictions": _tiles,
}


def _need(package: str) -> None:
    try:
        importlib.import_module(package)
    except ModuleNotFoundError as e:
        known = known_error(e)
        raise known or e from e


def _choose(root_uri: str, ids: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the ids of the experiments to show, and what is to be said of the others."""
    wanted = list(dict.fromkeys(ids)) or list_experiments(root_uri)
    if not wanted:
        read_source(root_uri, "")  # says what to give
        raise UsageError(f"no experiment has run below {shown(root_uri)!r}")
    if len(wanted) <= MOST_EXPERIMENTS:
        return wanted, []
    if not ids:
        wanted.sort(key=lambda name: _modified(root_uri, name))
    left_out, kept = wanted[:-MOST_EXPERIMENTS], wanted[-MOST_EXPERIMENTS:]
    few = ", ".join(left_out[:10]) + (f" and {len(left_out) - 10} more" * (len(left_out) > 10))
    return sorted(kept) if not ids else kept, [
        f"This page compares {MOST_EXPERIMENTS} experiments. Left out: {few}."
        " Name those that it is to show: rv report ROOT_URI EXPERIMENT..."
    ]


def _read(root_uri: str, chosen: Sequence[str], notes: list[str] | None) -> list[Source]:
    """Return the files of experiments; what is wrong with one goes to the notes, if there are."""
    sources, error = [], None
    for name in chosen:
        try:
            sources.append(read_source(root_uri, name))
        except UsageError as e:
            if notes is None:
                raise
            notes.append(mask_uris(f"{name} is left out: {e.message}"))
            error = e
    if error is not None and not sources:
        raise error
    return sources


def _modified(root_uri: str, experiment_id: str) -> float:
    uri = join_uri(root_uri, EXPERIMENTS, f"{experiment_id}.json")
    try:
        at = resolve(uri).last_modified(uri)
    except RvError:
        at = None
    return at.timestamp() if at is not None else 0.0
