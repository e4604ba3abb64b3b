"""A Dask scheduler and workers as processes of this machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_START_S = 60.0
_POLL_S = 0.02


class DaskProcesses:
    """A scheduler that is started at once, and workers that are started when asked for.

    with DaskProcesses(directory) as cluster:
        cluster.add_worker()
        subprocess.run(["rv", "--set", f"DASK.scheduler={cluster.address}", "run", "dask", ...])

    Attributes:
        address: of the scheduler.
        scheduler: its process.
        workers: their processes, in the order of their start.

    Args:
        directory: for logs and what workers write.
        host: where the scheduler listens.
        tls: paths by `ca-file`, `cert` and `key`; without them everything is plain tcp.
        environment: variables beside those of this process.
        prefix: command line before the scheduler's own, such as `ip netns exec NAME`.
    """

    def __init__(
        self,
        directory: Path,
        *,
        host: str = "127.0.0.1",
        tls: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
        prefix: Sequence[str] = (),
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._tls = [word for name, path in (tls or {}).items() for word in (f"--tls-{name}", path)]
        self._environment = dict(environment or {})
        self.workers: list[subprocess.Popen[bytes]] = []
        file = directory / "scheduler.json"
        options = ["--host", host, "--port", "0", "--protocol", "tls" if tls else "tcp"]
        options += ["--no-dashboard", "--dashboard-address", f"{host}:0"]
        options += ["--scheduler-file", str(file)]
        self.scheduler = self._start("scheduler", options, prefix=prefix)
        self.address = str(self._wait_for(file)["address"])

    def __enter__(self) -> DaskProcesses:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def add_worker(
        self,
        *,
        threads: int = 1,
        resources: str = "",
        nanny: bool = False,
        environment: Mapping[str, str] | None = None,
        options: Sequence[str] = (),
        prefix: Sequence[str] = (),
    ) -> subprocess.Popen[bytes]:
        """Start a worker and wait until the scheduler has it.

        Args:
            threads: commands that it runs side by side.
            resources: its tags, such as "GPU=2 MEMORY=16000".
            nanny: another process starts it anew when it dies.
            environment: variables beside those of this process.
            options: more options of `dask worker`.
            prefix: command line before its own.
        """
        name = f"worker-{len(self.workers)}"
        words = [self.address, "--nthreads", str(threads), "--name", name, "--no-dashboard"]
        words += ["--nanny" if nanny else "--no-nanny", "--memory-limit", "0"]
        words += ["--local-directory", str(self._directory)]
        words += ["--resources", resources] if resources else []
        process = self._start(
            "worker", [*words, *options], name=name, environment=environment, prefix=prefix
        )
        self.workers.append(process)
        log = self._directory / f"{name}.log"
        self._until(lambda: "Registered to:" in log.read_text("utf-8", "replace"), process, log)
        return process

    def close(self) -> None:
        """End all processes."""
        for process in (*self.workers, self.scheduler):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
        for process in (*self.workers, self.scheduler):
            process.wait()

    def _start(
        self,
        kind: str,
        options: Sequence[str],
        *,
        name: str = "",
        environment: Mapping[str, str] | None = None,
        prefix: Sequence[str] = (),
    ) -> subprocess.Popen[bytes]:
        module = f"distributed.cli.dask_{kind}"
        with (self._directory / f"{name or kind}.log").open("wb") as log:
            return subprocess.Popen(
                [*prefix, sys.executable, "-m", module, *options, *self._tls],
                cwd=self._directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self._environment, **(environment or {})},
                start_new_session=True,
            )

    def _wait_for(self, file: Path) -> dict[str, object]:
        def is_whole() -> bool:
            return file.exists() and file.read_text("utf-8").rstrip().endswith("}")

        self._until(is_whole, self.scheduler, self._directory / "scheduler.log")
        found: dict[str, object] = json.loads(file.read_text("utf-8"))
        return found

    def _until(
        self, is_so: Callable[[], bool], process: subprocess.Popen[bytes], log: Path
    ) -> None:
        deadline = time.monotonic() + _START_S
        while not is_so():
            if process.poll() is not None or time.monotonic() > deadline:
                self.close()
                raise RuntimeError(f"no start:\n{log.read_text('utf-8', 'replace')}")
            time.sleep(_POLL_S)
