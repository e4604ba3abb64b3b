"""Processes of a small cluster on this machine: object storage, a web server, Dask."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

import psutil

from rvcli.testing import DaskProcesses

PATIENCE_S = 60.0
# Read by whatever speaks S3, GDAL included; the endpoint of the demonstration takes any key.
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "demo",
    "AWS_SECRET_ACCESS_KEY": "demo",
    "AWS_DEFAULT_REGION": "us-east-1",
}


class Services:
    """Starts processes below a directory, and ends all of them at the end."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.processes: list[subprocess.Popen[bytes]] = []
        self.cluster: DaskProcesses | None = None

    def __enter__(self) -> Services:
        return self

    def __exit__(self, *_: object) -> None:
        if self.cluster is not None:
            self.cluster.close()
        for process in reversed(self.processes):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def start(self, name: str, argv: list[str]) -> None:
        """Start a process in an empty directory of its own."""
        place = self.directory / name
        place.mkdir(parents=True)
        with (self.directory / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *argv],
                cwd=place,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.processes.append(process)

    def storage(self) -> dict[str, str]:
        """Start an S3 endpoint; return the variables by which it is found."""
        port = free_port()
        self.start("storage", ["moto.server", "-H", "127.0.0.1", "-p", str(port)])
        url = f"http://127.0.0.1:{port}"
        wait_for_url(url)
        return {**CREDENTIALS, "AWS_ENDPOINT_URL": url}

    def web(self, folder: Path) -> str:
        """Serve a folder; return its URL."""
        port = free_port()
        words = ["http.server", str(port), "--bind", "127.0.0.1", "--directory", str(folder)]
        self.start("web", words)
        url = f"http://127.0.0.1:{port}"
        wait_for_url(url)
        return url

    def dask(self, workers: int, environment: dict[str, str]) -> str:
        """Start a scheduler and workers of one thread each; return the scheduler's address."""
        self.cluster = DaskProcesses(self.directory / "dask", environment=environment)
        for number in range(workers):
            home = self.directory / f"home-{number}"
            home.mkdir()
            self.cluster.add_worker(environment={"HOME": str(home)})
        return self.cluster.address


def free_port() -> int:
    """Return a port on loopback that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


def wait_for_url(url: str) -> None:
    """Wait until a server answers, whatever it says."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def kill_worker_at(services: Services, command: str) -> str | None:
    """Kill -9 the worker that runs a command; None if no worker runs it now.

    Args:
        services: among whose processes the worker is.
        command: as it stands in the URI of the message, such as "train".
    """
    for process in services.cluster.workers if services.cluster is not None else ():
        with suppress(psutil.NoSuchProcess):
            worker = psutil.Process(process.pid)
            for child in worker.children(recursive=True):
                words = child.cmdline()
                if "run-command" in words and f"/{command}/" in words[-1]:
                    worker.kill()
                    return f"process {process.pid}, which ran {words[-1]}"
    return None
