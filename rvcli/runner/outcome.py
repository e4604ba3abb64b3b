"""What became of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from rvcli.runner.job import CANCELLED, DONE, FAILED, NOT_RUN, Job, JobState


class Hangup(KeyboardInterrupt):
    """Whoever watches has gone; jobs that can do without go on."""


class LeftRunning(Hangup):
    """Whoever watches has gone, and all jobs of the run go on without this process."""


@dataclass(frozen=True)
class JobResult:
    """What became of one job.

    Attributes:
        state: how it ended.
        seconds: how long its last attempt ran.
        last_lines: the end of its log, if it failed.
        reproduce: the command line that runs it alone.
    """

    job: Job
    state: JobState
    seconds: float = 0.0
    last_lines: tuple[str, ...] = ()
    reproduce: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "id": self.job.id,
            "status": self.state.status,
            "detail": self.state.detail,
            "seconds": round(self.seconds, 3),
            "log_path": self.job.log_path,
            "last_lines": list(self.last_lines),
            "reproduce": list(self.reproduce),
        }


@dataclass(frozen=True)
class Outcome:
    """What became of a plan."""

    results: tuple[JobResult, ...] = field(default_factory=tuple)

    @property
    def failed(self) -> tuple[JobResult, ...]:
        """The jobs that failed."""
        return tuple(r for r in self.results if r.state.status == FAILED)

    @property
    def not_run(self) -> tuple[JobResult, ...]:
        """The jobs that were not started since others failed."""
        return tuple(r for r in self.results if r.state.status == NOT_RUN)

    @property
    def cancelled(self) -> tuple[JobResult, ...]:
        """The jobs that somebody has cancelled."""
        return tuple(r for r in self.results if r.state.status == CANCELLED)

    @property
    def ok(self) -> bool:
        """True if every job is done."""
        return all(r.state.status == DONE for r in self.results)
