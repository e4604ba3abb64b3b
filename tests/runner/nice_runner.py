"""A runner that a plugin brings: processes of low priority, one contract with all others."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import rvcli as rv
from rvcli.runner.job import Job, JobState
from rvcli.runner.log_tail import LogTail


class NiceRunner(rv.ExperimentRunner):
    """Runs commands as processes that leave the processor to others."""

    def __init__(self) -> None:
        super().__init__()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._tails: dict[str, LogTail] = {}

    def has_room(self, job: Job) -> bool:
        """True while fewer processes run than there may be."""
        running = [p for p in self._processes.values() if p.poll() is None]
        return len(running) < (self.options.jobs or 1)

    def submit(self, job: Job) -> None:
        """Start a process."""
        path = Path(job.log_path)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as log:
            self._processes[job.id] = subprocess.Popen(
                ["nice", sys.executable, "-m", "rvcli", *job.worker_argv()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        self._tails[job.id] = LogTail(job.log_path)

    def poll(self, job: Job) -> JobState:
        """Ask the process."""
        code = self._processes[job.id].poll()
        if code is None:
            return JobState("running")
        return JobState("done") if code == 0 else JobState("failed", f"exit code {code}", code)

    def cancel(self, jobs: Sequence[Job]) -> None:
        """End the processes."""
        for job in jobs:
            self._processes[job.id].terminate()
        for job in jobs:
            self._processes[job.id].wait()

    def logs(self, job: Job) -> Iterable[str]:
        """Return what is new."""
        return self._tails[job.id].new_lines()


def register_plugin(plugin_registry: Any) -> None:
    """Register the runner."""
    plugin_registry.register_experiment_runner("NICE", NiceRunner)
