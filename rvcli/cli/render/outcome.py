"""What became of a run: failures in full, and where the results are."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rvcli import keys
from rvcli.cli.render.plan import summary
from rvcli.cli.render.table import print_json
from rvcli.errors import CommandError, RvError

if TYPE_CHECKING:
    from rvcli.dag import Plan
    from rvcli.runner.outcome import JobResult, Outcome

MOST_URIS = 5
_MOST_CLASSES = 8
RESULTS = {keys.PREDICT: "predictions", keys.EVAL: "metrics", keys.BUNDLE: "predict package"}


def raise_failures(outcome: Outcome | None) -> None:
    """Raise an error about the commands that failed; a classic runner has no outcome.

    Raises:
        CommandError: with the last log lines of each, and the line that reproduces it.
    """
    if outcome is None or outcome.ok:
        return
    failed, not_run = outcome.failed, outcome.not_run
    paragraphs = [_failure(result) for result in failed]
    names = ", ".join(result.job.id for result in failed[:10])
    if len(failed) > 10:
        names += f" and {len(failed) - 10} more"
    last = f"{_count(len(failed))} failed: {names}" if failed else "the run was cancelled"
    if outcome.cancelled:
        last += f"; {_count(len(outcome.cancelled))} cancelled"
    if not_run:
        last += f"; {_count(len(not_run))} not run for that"
    raise CommandError(
        "\n\n".join([*paragraphs[:10], last]),
        hint="what is done stays done: the same rv run goes on from here",
    )


def _failure(result: JobResult) -> str:
    lines = [f"{result.job.id} failed: {result.state.detail or 'no reason given'}"]
    lines += [f"    {line}" for line in result.last_lines]
    lines.append(f"  log: {result.job.log_path}")
    lines.append(f"  to run it alone: {shlex.join(result.reproduce)}")
    return "\n".join(lines)


def print_outcome_json(
    plan: Plan, outcome: Outcome | None, run_id: str | None, reports: Sequence[str] = ()
) -> None:
    """Print the plan with the result of each command that ran.

    Args:
        run_id: by which `rv jobs` finds the run, if it does.
        reports: where they were written, one a root.
    """
    results = [r.to_dict() for r in outcome.results] if outcome is not None else []
    print_json({**plan.to_dict(), "results": results, "run_id": run_id, "report": list(reports)})


def print_results(plan: Plan) -> None:
    """Print where the predictions, metrics and packages are."""
    if plan.to_run:
        print_class_figures(plan)
        print(f"done: {summary(plan).replace(' to run', ' run')}")
    for command_type, name in RESULTS.items():
        uris = {
            uri
            for step in plan.steps
            if step.definition.command_type == command_type
            for uri in step.definition.io_def.output_uris
        }
        for uri in sorted(uris)[:MOST_URIS]:
            figures = average_figures(uri) if command_type == keys.EVAL else ""
            print(f"{name}: {uri}{figures}")
        if len(uris) > MOST_URIS:
            print(f"{name}: and {len(uris) - MOST_URIS} more")


def print_class_figures(plan: Plan) -> None:
    """Print how good each class is: averages hide those that are rare."""
    lines = []
    for step in plan.steps:
        if step.definition.command_type == keys.EVAL:
            found = map(class_figures, sorted(step.definition.io_def.output_uris))
            lines += [f"{step.id}: {figures}" for figures in found if figures]
    for line in lines[:MOST_URIS]:
        print(line)


def print_reports(uris: Sequence[str]) -> None:
    """Print where the reports are."""
    for uri in uris:
        print(f"report: {uri}")


def average_figures(uri: str) -> str:
    """Return the averages of an evaluation as a few words; none for another kind of file."""
    from rvcli.utils.files import file_to_json

    try:
        overall = file_to_json(uri)["overall"]
        average = next(item for item in overall if item.get("class_name") == "average")
        # The last is of boxes, and not in files of older releases.
        figures = [(name, average.get(name)) for name in ("precision", "recall", "f1", "ap50")]
    except (RvError, StopIteration, KeyError, TypeError, AttributeError):
        return ""
    words = [f"{name} {value:.3f}" for name, value in figures if isinstance(value, float)]
    return f" (averages: {', '.join(words)})" if words else ""


def class_figures(uri: str) -> str:
    """Return F1 of the classes of an evaluation; none for another kind of file, or of one class."""
    from rvcli.utils.files import file_to_json

    try:
        items = [(item["class_name"], item["f1"]) for item in file_to_json(uri)["overall"]]
    except (RvError, KeyError, TypeError, AttributeError):
        return ""
    words = [f"{name} {f1:.3f}" for name, f1 in items if name != "average" and f1 is not None]
    if len(words) < 2:
        return ""
    more = f" and {len(words) - _MOST_CLASSES} more" if len(words) > _MOST_CLASSES else ""
    return f"f1 by class: {', '.join(words[:_MOST_CLASSES])}{more}"


def _count(number: int) -> str:
    return "1 command" if number == 1 else f"{number} commands"
