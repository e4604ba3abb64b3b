"""What happens during a run, told as it happens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class RunEvent:
    """One thing that happened to a job.

    Attributes:
        kind: "started", "progress", "waiting", "warning", "retry" when an attempt has failed and
            another follows, or how it ended: "done", "failed", "cancelled" or "not_run".
        job_id: whose.
        text: details for people.
        done: units of work finished, with "progress".
        total: units of work in all, or None if nobody knows.
        seconds: how long the job took, with "done" and "failed".
        log_path: where its output is.
    """

    kind: str
    job_id: str
    text: str = ""
    done: int = 0
    total: int | None = None
    seconds: float = 0.0
    log_path: str = ""


EventSink = Callable[[RunEvent], None]


def ignore(event: RunEvent) -> None:
    """Do nothing with an event."""
