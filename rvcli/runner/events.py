"""What happens during a run, told as it happens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from rvcli.progress import ProgressEvent


@dataclass(frozen=True)
class RunEvent:
    """One thing that happened to a job.

    Attributes:
        kind: "started", "progress", "waiting", "warning", "retry" when an attempt has failed and
            another follows, or how it ended: "done", "failed", "cancelled" or "not_run".
        job_id: whose.
        text: details for people; what is done, with "progress".
        done: units of work finished, with "progress".
        total: units of work in all, or None if nobody knows.
        seconds: how long the job took, with "done" and "failed".
        log_path: where its output is.
        unit, stage, figures, elapsed_s: as a ProgressEvent has them.
    """

    kind: str
    job_id: str
    text: str = ""
    done: int = 0
    total: int | None = None
    seconds: float = 0.0
    log_path: str = ""
    unit: str = ""
    stage: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
    elapsed_s: float | None = None

    def with_count(self, done: int, total: int | None) -> RunEvent:
        """Return the event with other counts."""
        return replace(self, done=done, total=total)


EventSink = Callable[[RunEvent], None]


def ignore(event: RunEvent) -> None:
    """Do nothing with an event."""


def progress_of(job_id: str, event: ProgressEvent) -> RunEvent:
    """Return the event of a job that tells of its progress."""
    return RunEvent(
        "progress",
        job_id,
        event.description,
        event.done,
        event.total,
        unit=event.unit,
        stage=event.stage,
        figures=event.figures,
        elapsed_s=event.elapsed_s,
    )
