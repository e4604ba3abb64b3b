"""Events of a run in words."""

from __future__ import annotations

from rvcli.cli.render.pace import Pace, joined, parts
from rvcli.runner.events import RunEvent

WORDS = {
    "started": "started",
    "waiting": "waits",
    "warning": "warning",
    "done": "done",
    "failed": "failed",
    "retry": "failed, is tried again",
    "cancelled": "cancelled",
    "not_run": "not run",
}
ENDED = frozenset({"done", "failed", "cancelled", "not_run"})


def describe(event: RunEvent, pace: Pace | None = None) -> str:
    """Say an event in one line."""
    prefix = f"{event.job_id}: " if event.job_id else ""
    if event.kind == "progress":
        return prefix + joined(list(parts(event, pace).values()))
    line = prefix + WORDS.get(event.kind, event.kind)
    if event.kind in ("done", "failed"):
        line += f" after {event.seconds:.1f} s"
    if event.kind == "started" and event.log_path:
        return f"{line}, log {event.log_path}"
    return f"{line}: {event.text}" if event.text else line
