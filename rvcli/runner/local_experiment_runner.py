"""The local runner: every command is a process on this machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from rvcli.runner.experiment_runner import ExperimentRunner, RunOptions
from rvcli.runner.job import DONE, FAILED, RUNNING, Job, JobState
from rvcli.runner.log_tail import LogTail
from rvcli.runner.out_of_process_experiment_runner import OutOfProcessExperimentRunner

GRACE_S = 5.0
ATTACHED = "--attached"


class LocalExperimentRunner(OutOfProcessExperimentRunner):
    """Runs commands as processes, side by side as far as processors and GPUs go.

    A child leads its own process group, so that it is ended with all that it started. Its
    standard input is a pipe from this process: when that closes, whatever the reason, the
    child ends itself, and a killed run leaves nothing behind.

    Args:
        tmp_dir: directory below which temporary files go; where the settings say if None.
    """

    def __init__(self, tmp_dir: str | None = None) -> None:
        super().__init__()
        self.options = RunOptions(tmp_dir=tmp_dir)
        self._running: dict[str, _Child] = {}
        self._free_gpus: list[str] = []
        self._has_gpus = False
        self._slots = 1

    # One job at a time, not the whole graph.
    _run_experiment = ExperimentRunner._run_experiment

    def start(self, options: RunOptions) -> None:
        """Count processors and GPUs."""
        super().start(options)
        self._slots = max(1, options.jobs or os.cpu_count() or 1)
        self._free_gpus = find_gpus(options.gpus)
        self._has_gpus = bool(self._free_gpus)

    def has_room(self, job: Job) -> bool:
        """True if a slot, and a GPU if the job wants one, are free."""
        if len(self._running) >= self._slots:
            return False
        return bool(self._free_gpus) if self._wants_gpu(job) else True

    def submit(self, job: Job) -> None:
        """Start the process of a job."""
        Path(job.log_path).parent.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        gpu = None
        if self._wants_gpu(job):
            gpu = self._free_gpus[0]
            environment["CUDA_VISIBLE_DEVICES"] = gpu
        with Path(job.log_path).open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "rvcli", *job.worker_argv(ATTACHED)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )
        if gpu is not None:
            self._free_gpus.remove(gpu)
        self._running[job.id] = _Child(process, LogTail(job.log_path), gpu)

    def poll(self, job: Job) -> JobState:
        """Ask the process of a job whether it has ended."""
        child = self._running[job.id]
        code = child.process.poll()
        if code is None:
            return JobState(RUNNING)
        end_group(child.process, signal.SIGKILL)
        if child.gpu is not None:
            self._free_gpus.insert(0, child.gpu)
            child.gpu = None
        child.close()
        if code == 0:
            return JobState(DONE)
        return JobState(FAILED, describe_exit(code), code)

    def logs(self, job: Job) -> Iterable[str]:
        """Return the lines that the process has written since the last call."""
        child = self._running[job.id]
        ended = child.process.returncode is not None
        if ended:
            del self._running[job.id]
        return child.tail.new_lines(ended=ended)

    def cancel(self, jobs: Sequence[Job]) -> None:
        """End the processes of jobs, gently first, and wait until they have ended."""
        children = [self._running.pop(job.id) for job in jobs if job.id in self._running]
        for child in children:
            end_group(child.process, signal.SIGTERM)
            child.close()
        deadline = time.monotonic() + GRACE_S
        for child in children:
            with suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.0, deadline - time.monotonic()))
            end_group(child.process, signal.SIGKILL)
            child.process.wait()

    def finish(self) -> None:
        """Close what is still open."""
        for child in self._running.values():
            child.close()
        self._running.clear()

    def _wants_gpu(self, job: Job) -> bool:
        return job.resources.gpu and self._has_gpus


class _Child:
    """A running process with the tail of its log and the GPU that it holds."""

    def __init__(self, process: subprocess.Popen[bytes], tail: LogTail, gpu: str | None) -> None:
        self.process = process
        self.tail = tail
        self.gpu = gpu

    def close(self) -> None:
        """Close the pipe that keeps the process alive."""
        stdin: IO[bytes] | None = self.process.stdin
        if stdin is not None:
            with suppress(OSError):
                stdin.close()


def end_group(process: subprocess.Popen[bytes], number: int) -> None:
    """Send a signal to a process that leads a group, and to all that it started."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
    elif process.poll() is None:
        process.kill()


def describe_exit(code: int) -> str:
    """Say in words how a process has ended."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"ended by signal {-code}"


def find_gpus(limit: int | None = None) -> list[str]:
    """List the GPUs that this process may use, as CUDA_VISIBLE_DEVICES names them.

    Args:
        limit: how many to use at most; where none is found, so many are taken to be there.
    """
    found = _visible_gpus()
    if limit is None:
        return found
    return (found or [str(i) for i in range(limit)])[:limit]


def _visible_gpus() -> list[str]:
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is not None:
        return [name.strip() for name in chosen.split(",") if name.strip() not in ("", "-1")]
    try:
        listing = subprocess.run(
            ["nvidia-smi", "-L"], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return []
    lines = [line for line in listing.stdout.splitlines() if line.startswith("GPU ")]
    return [str(i) for i in range(len(lines))]
