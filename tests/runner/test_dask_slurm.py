"""The Dask runner on Slurm itself, where its daemons are installed and this is root."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rvcli import profile
from rvcli.runner.events import RunEvent
from rvcli.runner.experiment_runner import ExperimentRunner, RunOptions
from rvcli.testing.workshop import Workshop

pytestmark = pytest.mark.slow

CONFIGURATION = """
ClusterName=rv
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser=root
SlurmdUser=root
AuthType=auth/none
CredType=cred/none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
MailProg=/bin/true
JobAcctGatherType=jobacct_gather/none
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=2000 State=UNKNOWN
PartitionName=normal Nodes={host} Default=YES State=UP
"""

PROFILE = """
[DASK]
cluster = "slurm"
workers = 2
shared_files = true
[DASK_JOBQUEUE]
queue = "normal"
cores = 1
memory = "500MB"
walltime = "00:10:00"
local_directory = "{folder}"
log_directory = "{folder}/logs"
scheduler_options = {{host = "127.0.0.1"}}
"""


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Start Slurm with this machine as its only node."""
    programs = ("slurmctld", "slurmd", "slurmstepd", "sbatch")
    if os.geteuid() != 0 or not all(shutil.which(program) for program in programs):
        pytest.skip("needs root, and slurmctld and slurmd")
    folder = tmp_path / "slurm"
    for name in ("state", "spool"):
        (folder / name).mkdir(parents=True)
    host = socket.gethostname().partition(".")[0]
    text = CONFIGURATION.format(host=host, ports=free_ports(2), folder=folder)
    (folder / "slurm.conf").write_text(text)
    monkeypatch.setenv("SLURM_CONF", str(folder / "slurm.conf"))
    monkeypatch.setenv("RV_CACHE_DIR", str(tmp_path / "cache"))
    commands = (["slurmctld", "-D", "-c"], ["slurmd", "-D", "-d", str(shutil.which("slurmstepd"))])
    with (folder / "daemons.log").open("wb") as log:
        daemons = [subprocess.Popen(c, stdout=log, stderr=subprocess.STDOUT) for c in commands]
    try:
        deadline = time.monotonic() + 30
        while "idle" not in said("sinfo"):
            assert time.monotonic() < deadline, (folder / "daemons.log").read_text()
            time.sleep(0.2)
        yield folder
        wait_until_empty()
    finally:
        for daemon in daemons:
            daemon.kill()
            daemon.wait()


def said(*command: str) -> str:
    """Return what a command prints."""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def wait_until_empty() -> None:
    """Wait until no job is in the queue."""
    deadline = time.monotonic() + 30
    while said("squeue", "-h"):
        assert time.monotonic() < deadline, said("squeue")
        time.sleep(0.2)


def run(shop: Workshop, folder: Path, *configs: Any, told: Any = lambda event: None) -> Any:
    """Plan commands and run them as jobs of Slurm."""
    made = shop.plan(*configs)
    (folder / "rv.toml").write_text(PROFILE.format(folder=folder))
    with profile.use(profile.load_settings(cwd=folder)):
        return ExperimentRunner.get_runner("dask").run_plan(made, RunOptions(sink=told))


def test_commands_run_in_jobs(slurm: Path, shop: Workshop) -> None:
    """In order, and no job is left in the queue."""
    assert run(shop, slurm, shop.work("b", reads=["a"]), shop.work("a"), shop.work("c")).ok
    wait_until_empty()


def test_an_interrupt_cancels_the_jobs(slurm: Path, shop: Workshop, folder: Path) -> None:
    """The queue is empty, and the command has ended."""

    def interrupt(event: RunEvent) -> None:
        if event.kind == "progress":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(shop, slurm, shop.work("a", seconds=300, begins=shop.uri("a.pid")), told=interrupt)
    wait_until_empty()
    process = Path("/proc") / (folder / "a.pid").read_text()
    assert not process.exists()


def test_a_cancelled_job_is_replaced(slurm: Path, shop: Workshop, folder: Path) -> None:
    """Whoever takes all jobs away only makes the command run again, in a new one."""
    taken: list[str] = []

    def take(event: RunEvent) -> None:
        if event.kind == "progress" and not taken:
            taken.extend(said("squeue", "-h", "-o", "%i").split())
            subprocess.run(["scancel", *taken], check=True)

    assert run(shop, slurm, shop.work("a", seconds=3), told=take).ok
    assert (2, 2) == (len(taken), shop.runs("a"))
