"""Execution: bring the commands of a plan through a runner, in order, and say how it went."""

from __future__ import annotations

import sys
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

from rvcli.dag import Plan, Step
from rvcli.errors import RvError
from rvcli.filesystem import is_local, to_path
from rvcli.records import find_record
from rvcli.runner.events import RunEvent
from rvcli.runner.experiment_runner import ExperimentRunner, RunOptions
from rvcli.runner.job import CANCELLED, DONE, FAILED, NOT_RUN, Job, JobState, Resources
from rvcli.runner.messages import stamp_and_write
from rvcli.runner.progress_lines import read_line

POLL_S = 0.01
LOG_EVERY_S = 0.2
LAST_LINES = 15


@dataclass(frozen=True)
class JobResult:
    """What became of one job.

    Attributes:
        state: how it ended.
        seconds: how long it ran.
        last_lines: the end of its log, if it failed.
        reproduce: the command line that runs it alone.
    """

    job: Job
    state: JobState
    seconds: float = 0.0
    last_lines: tuple[str, ...] = ()
    reproduce: tuple[str, ...] = ()


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
    def ok(self) -> bool:
        """True if every job is done."""
        return all(r.state.status == DONE for r in self.results)


class Execution:
    """One run of a plan."""

    def __init__(self, runner: ExperimentRunner, plan: Plan, options: RunOptions) -> None:
        self.runner = runner
        self.options = options
        steps = plan.to_run
        ids = {step.id for step in steps}
        self.steps = {step.id: step for step in steps}
        self.waiting: dict[str, Job] = {}
        self._tails: dict[str, deque[str]] = {}
        stamp = datetime.now().strftime("%Y%m%d-%H%M%S-%f")
        for step in steps:
            depends_on = tuple(d for d in step.depends_on if d in ids)
            self.waiting[step.id] = self._job(step, depends_on, stamp)
        self.active: dict[str, Job] = {}
        self.started: dict[str, float] = {}
        self.results: dict[str, JobResult] = {}
        self.stopping = False

    def _job(self, step: Step, depends_on: tuple[str, ...], stamp: str) -> Job:
        definition = step.definition
        uri = definition.message_uri
        config = definition.command_config
        tempdir = ("--tempdir", self.options.tmp_dir) if self.options.tmp_dir else ()
        return Job(
            id=step.id,
            command_type=definition.command_type,
            experiment_id=definition.experiment_id,
            split_id=definition.split_id,
            message_uri=uri,
            fingerprint=step.fingerprint,
            argv=(*self.options.worker_options, "run-command", *tempdir, uri),
            log_path=log_path(definition.root_uri, definition.split_id, stamp),
            depends_on=depends_on,
            resources=Resources(gpu=bool(config.utilizes_gpu())),
        )

    def run(self) -> Outcome:
        """Run everything that can run.

        Raises:
            KeyboardInterrupt: after all children have ended.
        """
        self.runner.start(self.options)
        try:
            while self.waiting or self.active:
                self._start_jobs()
                self._poll_jobs()
        except BaseException:
            jobs = list(self.active.values())
            self.runner.cancel(jobs)
            for job in jobs:
                self._end(job, JobState(CANCELLED, "interrupted"))
            raise
        finally:
            self.runner.finish()
        return Outcome(tuple(self.results.values()))

    def _start_jobs(self) -> None:
        for job in list(self.waiting.values()):
            blocking = self._failed_dependency(job)
            if blocking is not None or self.stopping:
                reason = f"{blocking} failed" if blocking else "another command failed"
                del self.waiting[job.id]
                self._end(job, JobState(NOT_RUN, reason))
                continue
            ready = all(self._is_done(d) for d in job.depends_on)
            if (ready or self.runner.traits.schedules) and self.runner.has_room(job):
                del self.waiting[job.id]
                self._submit(job)

    def _submit(self, job: Job) -> None:
        self.active[job.id] = job
        self.started[job.id] = time.monotonic()
        self._tails[job.id] = deque(maxlen=LAST_LINES)
        try:
            stamp_and_write(self.steps[job.id], self.runner.traits.remote)
            self._tell(RunEvent("started", job.id, log_path=job.log_path))
            self.runner.submit(job)
        except (RvError, OSError) as e:
            # What the system refuses, such as a log on a full disk, is this job's failure alone.
            message = e.message if isinstance(e, RvError) else str(e)
            del self.active[job.id]
            self._tails[job.id].append(f"error: {message}")
            self._end(job, JobState(FAILED, message))

    def _failed_dependency(self, job: Job) -> str | None:
        for name in job.depends_on:
            result = self.results.get(name)
            if result is not None and result.state.status != DONE:
                return name
        return None

    def _is_done(self, job_id: str) -> bool:
        result = self.results.get(job_id)
        return result is not None and result.state.status == DONE

    def _poll_jobs(self) -> None:
        if not self.active:
            return
        finished = self._finished_jobs()
        next_look = time.monotonic() + LOG_EVERY_S
        while not finished and time.monotonic() < next_look:
            time.sleep(POLL_S)
            finished = self._finished_jobs()
        for job in list(self.active.values()):
            self._read_log(job)
        for job, state in finished:
            del self.active[job.id]
            self._end(job, self._proven(job) if state.status == DONE else state)

    def _proven(self, job: Job) -> JobState:
        """Say that a job is done only if its record does: a process may end for any reason."""
        step = self.steps[job.id]
        record = find_record(step.definition.root_uri, step.definition.split_id).record
        if record is not None and record.fingerprint == step.fingerprint:
            return JobState(DONE)
        return JobState(FAILED, "it ended without a record of what it made")

    def _finished_jobs(self) -> list[tuple[Job, JobState]]:
        states = [(job, self.runner.poll(job)) for job in self.active.values()]
        return [(job, state) for job, state in states if state.final]

    def _read_log(self, job: Job) -> None:
        for line in self.runner.logs(job):
            event = read_line(job.id, line)
            if event is None or event.kind == "warning":
                self._tails[job.id].append(line)
            if event is not None:
                self._tell(event)

    def _end(self, job: Job, state: JobState) -> None:
        seconds = time.monotonic() - self.started.get(job.id, time.monotonic())
        last_lines = tuple(self._tails.get(job.id, ())) if state.status == FAILED else ()
        self.results[job.id] = JobResult(
            job, state, seconds, last_lines, (sys.executable, "-m", "rvcli", *job.argv)
        )
        if state.status == FAILED and self.options.fail_fast:
            self.stopping = True
        self._tell(RunEvent(state.status, job.id, state.detail, 0, None, seconds, job.log_path))

    def _tell(self, event: RunEvent) -> None:
        self.options.sink(event)


def log_path(root_uri: str, split_id: int, stamp: str) -> str:
    """Return the local path of the log of one attempt: `logs/` below a local command root."""
    from pathlib import Path

    name = f"command-log-{split_id}-{stamp}.txt"
    if is_local(root_uri):
        return str(Path(to_path(root_uri)) / "logs" / name)
    import hashlib

    from rvcli import profile

    digest = hashlib.sha256(root_uri.encode()).hexdigest()[:16]
    return str(Path(profile.cache_dir()) / "logs" / digest / name)
