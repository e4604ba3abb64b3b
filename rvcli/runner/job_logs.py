"""What jobs print while they run: kept in their logs, and told as far as it is news."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from pathlib import Path

from rvcli.runner.events import EventSink
from rvcli.runner.experiment_runner import ExperimentRunner
from rvcli.runner.job import Job
from rvcli.runner.jobs import log_path_of
from rvcli.runner.progress_lines import ATTEMPT, read_line

LAST_LINES = 15


class JobLogs:
    """Reads the logs of the jobs of one run.

    Args:
        runner: gives the lines that jobs have printed.
        tell: told of the progress and the warnings in them.
    """

    def __init__(self, runner: ExperimentRunner, tell: EventSink) -> None:
        self._runner = runner
        self._tell = tell
        self._attempted: set[str] = set()
        self._tails: dict[str, deque[str]] = {}

    def begin(self, job: Job, *lines: str) -> None:
        """Forget what an earlier attempt has printed; `lines` stand for what this one has."""
        self._tails[job.id] = deque(lines, maxlen=LAST_LINES)

    def last_lines(self, job: Job) -> tuple[str, ...]:
        """Return the end of what a job has printed, without its progress."""
        return tuple(self._tails.get(job.id, ()))

    def read(self, job: Job) -> Job:
        """Read what is new of a job; return it as of the attempt that has printed last."""
        kept: list[str] = []
        for line in self._runner.logs(job):
            event = read_line(job.id, line)
            if event is not None and event.kind == ATTEMPT:
                self._keep(job, kept)
                job, kept = self._next_attempt(job), []
            elif event is not None:
                self._tell(event)
            if event is None or event.kind == "warning":
                self._tails[job.id].append(line)
            kept.append(line)
        self._keep(job, kept)
        return job

    def _next_attempt(self, job: Job) -> Job:
        """Give each attempt that a runner makes by itself a log of its own."""
        if job.id in self._attempted:
            job = job.next_attempt(log_path_of(job, job.attempt + 1))
        self._attempted.add(job.id)
        return job

    def _keep(self, job: Job, lines: Sequence[str]) -> None:
        """Keep what a command elsewhere has printed, as a command here keeps it itself."""
        if not lines or not self._runner.traits.remote:
            return
        path = Path(job.log_path)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as stream:
            stream.writelines(f"{line}\n" for line in lines)
