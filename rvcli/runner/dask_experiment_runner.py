"""The Dask runner: every command is a task, and its process runs where a worker is."""

from __future__ import annotations

import time
import uuid
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from rvcli.dag import Step
from rvcli.runner.dask import task
from rvcli.runner.dask.cluster import Connection, connect
from rvcli.runner.dask.faults import DaskError
from rvcli.runner.dask.order import CommandFailed, Order
from rvcli.runner.dask.settings import GPU, MEMORY, DaskSettings
from rvcli.runner.events import RunEvent
from rvcli.runner.experiment_runner import ExperimentRunner, RunOptions, Traits
from rvcli.runner.job import DONE, FAILED, NOT_RUN, RUNNING, WAITING, Job, JobState
from rvcli.runner.local_experiment_runner import ATTACHED
from rvcli.runner.progress_lines import attempt_line

LOOK_EVERY_S = 5.0
MOST_SPARED = 20


class DaskExperimentRunner(ExperimentRunner):
    """Runs commands on a Dask cluster: one that the profile names, or one for the run.

    The cluster knows all commands of a run and their order. Workers get a command line each,
    and send back what commands print as events of the run's own topic.
    """

    def __init__(self) -> None:
        super().__init__()
        self._settings = DaskSettings.current()
        shares = self._settings.is_local or self._settings.shared_files
        self.traits = Traits(
            remote=True, schedules=True, shares_files=shares, shared_option="DASK.shared_files"
        )
        self._connection: Connection | None = None
        self._run = f"rv-{uuid.uuid4().hex[:12]}"
        self._jobs: dict[str, Job] = {}
        self._futures: dict[str, Any] = {}
        self._needs: dict[str, Mapping[str, float]] = {}
        self._told: dict[str, deque[dict[str, Any]]] = {}
        self._begins: Counter[str] = Counter()
        self._spared: Counter[str] = Counter()
        self._failures: dict[str, JobState] = {}
        self._placed: dict[str, str] = {}
        self._lacking: dict[tuple[tuple[str, float], ...], float] = {}
        self._next_look = 0.0

    def check(self, steps: Sequence[Step]) -> list[str]:
        """Say what of the settings cannot be meant."""
        # What is not installed is told before anything is started.
        import distributed  # noqa: F401

        if self._settings.is_local:
            import cryptography  # noqa: F401

        return self._settings.problems()

    def start(self, options: RunOptions) -> None:
        """Connect to the cluster, or start one.

        Raises:
            DaskError: it cannot be reached or started, or has other versions.
        """
        super().start(options)
        self._connection = connect(self._settings, options)
        self._connection.client.subscribe_topic(self._run, self._take_event)

    def submit(self, job: Job) -> None:
        """Submit one job."""
        self.submit_all([job])

    def submit_all(self, jobs: Sequence[Job]) -> None:
        """Submit jobs as tasks that depend on each other."""
        connection = self._connected()
        client, offers = connection.client, connection.resources()
        tags = {name for offer in offers for name, amount in offer.items() if amount}
        if self._settings.gpus:
            tags.add(GPU)
        self._warn_of_missing_gpus(jobs, tags)
        for job in jobs:
            needs = _needs(job, tags)
            order = self._order(job, len(self._futures), gpu=GPU in needs)
            self._jobs[job.id] = job
            self._needs[job.id] = needs
            self._told[job.id] = deque()
            self._futures[job.id] = client.submit(
                task.run_command,
                order.to_text(),
                *(self._futures[name] for name in job.depends_on),
                key=order.key,
                resources=dict(needs) or None,
                pure=False,
            )

    def poll(self, job: Job) -> JobState:
        """Look at what this process knows of a task; the cluster is not asked.

        Raises:
            DaskError: the scheduler has gone, or there is no worker for a job that could run.
        """
        status = self._futures[job.id].status
        if status == "finished":
            return JobState(DONE)
        if status == "error":
            return self._failure(job)
        if status == "cancelled":
            # Not by this run, which asks no more for what it has cancelled.
            raise self._connected().gone()
        self._look_for_workers()
        return JobState(RUNNING if job.id in self._begins else WAITING)

    def logs(self, job: Job) -> Iterable[str]:
        """Return the lines that workers have sent since the last call."""
        told = self._told[job.id]
        lines: list[str] = []
        while told:
            message = told.popleft()
            lines += message.get("lines", ())
            if message.get("retry"):
                self._tell_retry(job, message["retry"])
            if message.get("attempt"):
                number = message["attempt"]
                if number == 1 and job.id in self._placed:
                    self._tell_retry(job, f"{self._placed[job.id]}, is lost; started again")
                self._placed[job.id] = message["where"]
                lines.append(attempt_line(number, f"of {job.attempts} on {message['where']}"))
        return lines

    def _tell_retry(self, job: Job, text: str) -> None:
        self.options.sink(RunEvent("retry", job.id, text, log_path=job.log_path))

    def cancel(self, jobs: Sequence[Job]) -> None:
        """Take tasks back, and end the processes of those that run."""
        connection = self._connection
        futures = [self._futures[job.id] for job in jobs if job.id in self._futures]
        if connection is None or not connection.is_open or not futures:
            return
        names = [job.id for job in jobs]
        try:
            connection.call(connection.client.cancel, futures)
            connection.ask_workers(task.end_commands, self._run, names)
        except DaskError:
            # A worker ends by itself what the scheduler, or the way to it, has let go of.
            text = "not all workers have said that they ended their commands"
            self.options.sink(RunEvent("warning", names[0], text))

    def finish(self) -> None:
        """Let go of the cluster; end it if it was started for this run."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if connection.is_open:
            with suppress(DaskError):
                client = connection.client
                connection.call(client.unsubscribe_topic, self._run)
                connection.call(client.run_on_scheduler, task.forget_events, self._run)
        self._futures.clear()
        connection.close()

    def _connected(self) -> Connection:
        if self._connection is None:
            raise RuntimeError("the runner was not started")
        return self._connection

    def _order(self, job: Job, number: int, *, gpu: bool) -> Order:
        # Dask sums up by the first words of keys, which here say what commands do.
        key = f"rv-{job.command_type.lower()}-{self._run.removeprefix('rv-')}-{number}"
        return Order(
            run=self._run,
            job=job.id,
            key=key,
            argv=tuple(job.worker_argv(ATTACHED)),
            attempts=job.attempts,
            backoff_s=self.options.backoff_s,
            gpu=gpu,
            directory=str(Path.cwd()) if self.traits.shares_files else None,
        )

    def _warn_of_missing_gpus(self, jobs: Sequence[Job], tags: set[str]) -> None:
        wanting = [job.id for job in jobs if job.resources.gpu]
        if wanting and GPU not in tags and not self._settings.is_local:
            text = (
                f"no worker of {self._settings.place} has the resource {GPU}: what wants a GPU"
                " runs anywhere"
            )
            self.options.sink(RunEvent("warning", wanting[0], text))

    def _take_event(self, event: tuple[float, dict[str, Any]]) -> None:
        """Keep what a worker tells; called in the client's thread, in the order of telling."""
        message = event[1]
        told = self._told.get(message["job"])
        if told is None:
            return
        if "attempt" in message:
            # Each worker that takes it begins with the first attempt.
            self._begins[message["job"]] += message["attempt"] == 1
        told.append(message)

    def _failure(self, job: Job) -> JobState:
        """Say why a task has failed; or have it done once more if it is not to blame."""
        if job.id in self._failures:
            return self._failures[job.id]
        for name in job.depends_on:
            if self._futures[name].status == "error":
                if not self._failure(self._jobs[name]).final:
                    return JobState(WAITING)
                self._failures[job.id] = JobState(NOT_RUN)
                return self._failures[job.id]
        error = self._futures[job.id].exception()
        if type(error).__name__ == "KilledWorker" and self._is_blameless(job, error):
            self._spared[job.id] += 1
            futures = [self._futures[name] for name in self._with_dependents(job)]
            self._connected().call(self._connected().client.retry, futures)
            return JobState(WAITING)
        self._failures[job.id] = self._described(job, error)
        return self._failures[job.id]

    def _with_dependents(self, job: Job) -> list[str]:
        """List a job and those, also by way of others, that have failed for its sake alone."""
        found = {job.id}
        # A job comes after those that it depends on.
        for name, other in self._jobs.items():
            failed = {n for n in other.depends_on if self._futures[n].status == "error"}
            if failed and failed <= found:
                found.add(name)
        return list(found)

    def _is_blameless(self, job: Job, error: Any) -> bool:
        """Tell whether a task died with workers on which its command had not begun.

        The scheduler cannot tell what runs on a worker from what merely waits there.
        """
        spared = self._spared[job.id] < MOST_SPARED
        return spared and self._begins[job.id] <= int(error.allowed_failures)

    def _described(self, job: Job, error: Any) -> JobState:
        if isinstance(error, CommandFailed):
            return JobState(FAILED, error.detail, error.exit_code)
        if type(error).__name__ == "KilledWorker":
            return JobState(
                FAILED,
                f"its worker died {self._begins[job.id]} times while it ran, the last at"
                f" {error.last_worker.address}; see the log of that worker and its memory",
            )
        return JobState(FAILED, f"the worker could not run it: {type(error).__name__}: {error}")

    def _look_for_workers(self) -> None:
        """See to it, from time to time, that somebody can run what could be run."""
        connection = self._connected()
        if not connection.is_open:
            raise connection.gone()
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + LOOK_EVERY_S
        waiting = {tuple(sorted(self._needs[name].items())) for name in self._could_begin()}
        offers = connection.resources() if waiting else []
        lacking = {need for need in waiting if not any(_suffices(o, need) for o in offers)}
        self._lacking = {need: self._lacking.get(need, now) for need in lacking}
        if self._settings.is_local or self._settings.is_given:
            for need, since in self._lacking.items():
                if now - since > self._settings.start_timeout_s:
                    raise self._no_worker(need)

    def _no_worker(self, need: Iterable[tuple[str, float]]) -> DaskError:
        tags = " and ".join(f"{name}={amount:g}" for name, amount in need)
        offered = f" with {tags}" if tags else ""
        return DaskError(
            f"{self._settings.place} has had no worker{offered} for"
            f" {self._settings.start_timeout_s:g} s",
            hint="start one, see the logs of those that should be there, or raise"
            " DASK.start_timeout_s" + ("; ask for less" if tags else ""),
        )

    def _could_begin(self) -> Iterable[str]:
        """Yield the jobs that wait for nothing but a worker."""
        for name, job in self._jobs.items():
            is_next = name not in self._begins and self._futures[name].status == "pending"
            if is_next and all(self._futures[o].status == "finished" for o in job.depends_on):
                yield name


def _needs(job: Job, tags: set[str]) -> dict[str, float]:
    """Return the resource tags that a job needs, of those that workers have."""
    wanted: dict[str, float] = {}
    if job.resources.gpu:
        wanted[GPU] = 1
    if job.resources.memory_mb is not None:
        wanted[MEMORY] = job.resources.memory_mb
    return {name: amount for name, amount in wanted.items() if name in tags}


def _suffices(offer: Mapping[str, float], need: Iterable[tuple[str, float]]) -> bool:
    return all(offer.get(name, 0) >= amount for name, amount in need)
