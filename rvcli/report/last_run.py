"""What ran and what was skipped, and why: the newest run that concerned an experiment."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from rvcli.errors import NotReadableError
from rvcli.profile.secrets import mask_uris
from rvcli.report.account import LastRun, PlanStep
from rvcli.report.sources import Source
from rvcli.runner.history import History, list_history, read_history

MOST_READ = 20


def collect_last_run(source: Source) -> LastRun:
    """Return the newest run below the root that planned commands of an experiment.

    Where none was kept, the steps are those that records tell of.
    """
    return _from_history(source) or LastRun(steps=_from_records(source))


def steps_of(history: History, experiment_id: str) -> tuple[PlanStep, ...]:
    """Return the steps of an experiment and all that they depend on, as a run has kept them."""
    steps = {str(step["id"]): step for step in (history.plan or {}).get("steps", ())}
    results = {str(result["id"]): result for result in history.results}
    wanted: set[str] = set()
    waiting = [key for key, step in steps.items() if step.get("experiment_id") == experiment_id]
    while waiting:
        key = waiting.pop()
        if key not in wanted:
            wanted.add(key)
            waiting += [name for name in steps[key].get("depends_on", ()) if name in steps]
    return tuple(_step(step, results.get(key)) for key, step in steps.items() if key in wanted)


def _step(step: Mapping[str, Any], result: Mapping[str, Any] | None) -> PlanStep:
    status = str(step.get("status") or "unknown")
    if status == "run":
        # A run that was killed, or goes on elsewhere, has results of some only.
        status = str(result["status"]) if result is not None else "unknown"
    return PlanStep(
        id=str(step["id"]),
        command_type=str(step.get("command_type") or ""),
        experiment_id=str(step.get("experiment_id") or ""),
        status=status,
        reason=mask_uris(str(step.get("reason") or "")),
        detail=mask_uris(str((result or {}).get("detail") or "")),
        depends_on=tuple(str(name) for name in step.get("depends_on", ())),
        seconds=(result or {}).get("seconds"),
    )


def _from_history(source: Source) -> LastRun | None:
    for run_id in list_history(source.root_uri)[:MOST_READ]:
        try:
            history = read_history(source.root_uri, run_id)
        except NotReadableError:
            continue  # of another version of rv
        if history.concerns(source.id):
            return LastRun(
                steps=steps_of(history, source.id),
                run_id=history.run_id,
                runner=history.runner,
                started=history.started,
                finished=history.finished,
                host=history.host,
                command_line=mask_uris(shlex.join(history.command_line)),
                version=history.version,
            )
    return None


def _from_records(source: Source) -> tuple[PlanStep, ...]:
    made_by: dict[str, set[str]] = {}
    for command in source.commands:
        inputs = command.record.draft["inputs"] if command.record is not None else []
        made_by[command.id] = {str(item["by"]) for item in inputs if item.get("by")}
    return tuple(
        PlanStep(
            id=f"{source.id}/{command.id}",
            command_type=command.command_type,
            experiment_id=source.id,
            status="unknown" if command.record is None else "done",
            depends_on=tuple(sorted(made_by[command.id])),
        )
        for command in source.commands
    )
