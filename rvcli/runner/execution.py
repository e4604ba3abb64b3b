"""Execution: bring jobs through a runner, in order, and say how it went."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from rvcli.dag import Plan
from rvcli.errors import RvError
from rvcli.filesystem.threads import in_threads
from rvcli.records import find_record
from rvcli.runner.events import RunEvent
from rvcli.runner.experiment_runner import ExperimentRunner, RunOptions
from rvcli.runner.job import CANCELLED, DONE, FAILED, NOT_RUN, RUNNING, WAITING, Job, JobState
from rvcli.runner.job_logs import JobLogs
from rvcli.runner.jobs import jobs_of, log_path_of
from rvcli.runner.messages import MessageWriter
from rvcli.runner.outcome import Hangup, JobResult, LeftRunning, Outcome
from rvcli.runner.runs import Run, new_run_id, write_run

POLL_S = 0.01
# Looking at many jobs takes a while: that much longer is waited between looks.
POLL_S_PER_JOB = 0.0005
LOG_EVERY_S = 0.2
LONGEST_WAIT_S = 60.0


class Execution:
    """One run of jobs.

    Attributes:
        waiting: jobs that the runner does not have yet, by id.
        active: jobs that the runner has.
        results: of the jobs that have ended.
    """

    def __init__(
        self,
        runner: ExperimentRunner,
        jobs: Sequence[Job],
        options: RunOptions,
        write: Callable[[Job], object],
    ) -> None:
        self.runner = runner
        self.options = options
        self.waiting = {job.id: job for job in jobs}
        self.active: dict[str, Job] = {}
        self.results: dict[str, JobResult] = {}
        self.stopping = False
        self._handles: Mapping[Job, str] = {}
        self._submitting = False
        self._write = write
        self._started: dict[str, float] = {}
        self._not_before: dict[str, float] = {}
        self._running: list[str] = []
        self._logs = JobLogs(runner, self._tell_news)

    @classmethod
    def of(cls, runner: ExperimentRunner, plan: Plan, options: RunOptions) -> Execution:
        """Return the run of what a plan says must run."""
        options = replace(options, run_id=options.run_id or new_run_id())
        steps = {step.id: step for step in plan.to_run}
        writer = MessageWriter(remote=runner.traits.remote)
        jobs = jobs_of(plan, options, remote=runner.traits.remote)
        return cls(runner, jobs, options, lambda job: writer.write(steps[job.id]))

    @classmethod
    def attached(cls, runner: ExperimentRunner, run: Run, options: RunOptions) -> Execution:
        """Return a run that another process has started; what its records prove is done."""
        execution = cls(runner, (), options, lambda job: None)
        done = prove(run.jobs)
        execution._handles = {job: run.handles[job.id] for job in run.jobs if job.id not in done}
        for job in run.jobs:
            if job.id in done:
                execution.results[job.id] = JobResult(job, JobState(DONE))
            else:
                execution._take(job)
        return execution

    def run(self) -> Outcome:
        """Run everything that can run.

        Raises:
            KeyboardInterrupt: after all that was started has ended.
            LeftRunning: the terminal is lost of a detachable runner, whose jobs go on; a
                KeyboardInterrupt, too, leaves them alone if another process has started them.
            RvError: the runner takes nothing; what it had taken has ended.
        """
        self.runner.start(self.options)
        try:
            if self._handles:
                self.runner.attach(self._handles)
            while self.waiting or self.active:
                self._start_jobs()
                if self.options.detach:
                    break
                self._poll_jobs()
        except BaseException as e:
            if self._goes_on(e):
                if isinstance(e, Hangup):
                    raise LeftRunning from e
                raise
            self._cancel(list(self.active.values()), JobState(CANCELLED, "interrupted"))
            raise
        finally:
            self.runner.finish()
            self.options.ended(self._outcome())
        return self._outcome()

    def _outcome(self) -> Outcome:
        return Outcome(tuple(self.results.values()))

    def _goes_on(self, error: BaseException) -> bool:
        """Tell whether jobs are left alone when this process can follow them no longer."""
        if not self.runner.traits.detachable or self.waiting or self._submitting:
            return False
        asked = isinstance(error, KeyboardInterrupt) and not isinstance(error, Hangup)
        return bool(self._handles) or not asked

    def _start_jobs(self) -> None:
        together: list[Job] = []
        for job in list(self.waiting.values()):
            blocking = self._failed_dependency(job)
            if blocking is not None or self.stopping:
                del self.waiting[job.id]
                self._end(job, self._not_run(blocking))
            elif self.runner.traits.schedules:
                together.append(job)
            elif self._is_ready(job) and self.runner.has_room(job):
                self._submit_one(job)
        if together:
            self._submit_together(together)

    def _is_ready(self, job: Job) -> bool:
        waits = self._not_before.get(job.id, 0.0) > time.monotonic()
        return not waits and all(self._is_done(name) for name in job.depends_on)

    def _submit_one(self, job: Job) -> None:
        try:
            self._write(job)
            self._take(job)
            self._tell_started(job)
            self.runner.submit(job)
        except (RvError, OSError) as e:
            # What the system refuses, such as a log on a full disk, is this job's failure alone.
            self._refused(job, e)

    def _submit_together(self, jobs: Sequence[Job]) -> None:
        """Give a runner that keeps the order itself all jobs whose messages can be written."""
        written = []
        for job, error in zip(jobs, in_threads(self._try_to_write, jobs), strict=True):
            blocking = self._failed_dependency(job)
            if error is not None:
                self._refused(job, error)
            elif blocking is not None:
                del self.waiting[job.id]
                self._end(job, self._not_run(blocking))
            else:
                self._take(job)
                written.append(job)
        if written:
            self._hand_over(written)

    def _hand_over(self, jobs: Sequence[Job]) -> None:
        """Submit jobs; of a detachable runner, such that they are found whenever this one dies."""
        self._submitting = True
        detachable = self.runner.traits.detachable
        if detachable:
            self.runner.prepare(jobs)
            write_run(Run.of(self.runner, jobs, self.options))
        self.runner.submit_all(jobs)
        if detachable:
            write_run(Run.of(self.runner, jobs, self.options))
        self._submitting = False

    def _try_to_write(self, job: Job) -> Exception | None:
        try:
            self._write(job)
        except (RvError, OSError) as e:
            return e
        return None

    def _take(self, job: Job) -> None:
        self.waiting.pop(job.id, None)
        self.active[job.id] = job
        self._logs.begin(job)

    def _refused(self, job: Job, error: Exception) -> None:
        message = error.message if isinstance(error, RvError) else str(error)
        self.waiting.pop(job.id, None)
        self.active.pop(job.id, None)
        self._logs.begin(job, f"error: {message}")
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

    def _not_run(self, blocking: str | None) -> JobState:
        return JobState(NOT_RUN, f"{blocking} failed" if blocking else "another command failed")

    def _poll_jobs(self) -> None:
        finished = self._finished_jobs()
        next_look = time.monotonic() + LOG_EVERY_S
        while not finished and (self.active or self.waiting) and time.monotonic() < next_look:
            self._tell_starts()
            time.sleep(min(POLL_S + POLL_S_PER_JOB * len(self.active), LOG_EVERY_S))
            finished = self._finished_jobs()
        for job in list(self.active.values()):
            self.active[job.id] = self._logs.read(job)
        proven = in_threads(_proven, finished)
        for (job, _), state in zip(finished, proven, strict=True):
            self._conclude(self.active.pop(job.id), state)
        # After the ends: what has started since waited for them.
        self._tell_starts()
        if self.stopping and self.active:
            self._cancel_what_waits()

    def _finished_jobs(self) -> list[tuple[Job, JobState]]:
        states = [(job, self.runner.poll(job)) for job in self.active.values()]
        self._running = [job.id for job, state in states if state.status == RUNNING]
        return [(job, state) for job, state in states if state.final]

    def _tell_starts(self) -> None:
        for job_id in self._running:
            if job_id in self.active and job_id not in self._started:
                self._tell_started(self.active[job_id])

    def _conclude(self, job: Job, state: JobState) -> None:
        """Note how a job has ended, or see to it that it is tried again."""
        if state.status == NOT_RUN:
            blocking = self._failed_dependency(job)
            self._end(job, self._not_run(blocking) if blocking or not state.detail else state)
            return
        if job.id not in self._started:
            self._tell_started(job)
        again = job.attempt < job.attempts and not self.runner.traits.schedules
        if not (again and state.may_pass) or self.stopping:
            self._end(job, state)
            return
        wait_s = min(self.options.backoff_s * 2 ** (job.attempt - 1), LONGEST_WAIT_S)
        self._not_before[job.id] = time.monotonic() + wait_s
        del self._started[job.id]
        self.waiting[job.id] = job.next_attempt(log_path_of(job, job.attempt + 1))
        text = f"{state.detail}; attempt {job.attempt + 1} of {job.attempts} in {wait_s:g} s"
        self._tell(RunEvent("retry", job.id, text, log_path=job.log_path))

    def _cancel_what_waits(self) -> None:
        """Take back, after a failure, what a runner has and has not started."""
        waits = [j for j in self.active.values() if self.runner.poll(j).status == WAITING]
        self._cancel(waits, self._not_run(None))

    def _cancel(self, jobs: Sequence[Job], state: JobState) -> None:
        if not jobs:
            return
        self.runner.cancel(jobs)
        for job in jobs:
            del self.active[job.id]
            self._end(job, state)

    def _end(self, job: Job, state: JobState) -> None:
        now = time.monotonic()
        seconds = now - self._started.get(job.id, now) if state.seconds is None else state.seconds
        last_lines = self._logs.last_lines(job) if state.status == FAILED else ()
        self.results[job.id] = JobResult(
            job, state, seconds, last_lines, (sys.executable, "-m", "rvcli", *job.argv)
        )
        if state.status == FAILED and self.options.fail_fast:
            self.stopping = True
        self._tell(RunEvent(state.status, job.id, state.detail, 0, None, seconds, job.log_path))

    def _tell_news(self, event: RunEvent) -> None:
        """Tell what a log says; a job that prints has started, whenever its runner says so."""
        if event.job_id not in self._started:
            self._tell_started(self.active[event.job_id])
        self._tell(event)

    def _tell_started(self, job: Job) -> None:
        self._started[job.id] = time.monotonic()
        self._tell(RunEvent("started", job.id, log_path=job.log_path))

    def _tell(self, event: RunEvent) -> None:
        self.options.sink(event)


def prove(jobs: Sequence[Job]) -> set[str]:
    """Return the ids of the jobs that their records prove to be done."""
    states = in_threads(_proven, [(job, JobState(DONE)) for job in jobs])
    return {job.id for job, state in zip(jobs, states, strict=True) if state.status == DONE}


def _proven(finished: tuple[Job, JobState]) -> JobState:
    """Say that a job is done only if its record does: a process may end for any reason."""
    job, state = finished
    if state.status != DONE:
        return state
    try:
        record = find_record(job.command_root_uri, job.split_id).record
    except RvError as e:
        return JobState(FAILED, e.message)
    if record is None:
        return JobState(FAILED, "it ended without a record of what it made")
    if record.fingerprint == job.fingerprint:
        return state
    return JobState(
        FAILED,
        "the record is of another plan: another run has made it otherwise, or this one nothing",
    )
