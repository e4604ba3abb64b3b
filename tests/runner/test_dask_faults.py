"""The Dask runner when workers, the scheduler or this process are lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rvcli import profile
from rvcli.errors import RvError
from rvcli.runner import dask_experiment_runner
from rvcli.runner.dask import cluster as cluster_module
from rvcli.runner.events import RunEvent
from rvcli.runner.experiment_runner import ExperimentRunner, RunOptions
from rvcli.runner.outcome import Outcome
from rvcli.testing import DaskProcesses
from rvcli.testing.workshop import Workshop
from rvcli.version import __version__
from tests.processes import is_alive, wait_until


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[DaskProcesses]:
    """Start a scheduler that gives a command up when two workers died with it."""
    environment = {
        "RV_CACHE_DIR": str(tmp_path / "cache"),
        "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
    }
    with DaskProcesses(tmp_path / "dask", environment=environment) as processes:
        yield processes


def run(
    address: str,
    shop: Workshop,
    *configs: Any,
    told: Callable[[RunEvent], None] = lambda event: None,
    timeout_s: float = 20.0,
    **options: Any,
) -> Outcome:
    """Plan commands and run them on a cluster that shares this machine's files."""
    overrides = (
        f"RV.cache_dir={shop.directory / 'cache'}",
        f"DASK.scheduler={address}",
        "DASK.shared_files=true",
        f"DASK.start_timeout_s={timeout_s}",
    )
    with profile.use(profile.load_settings(overrides=overrides)):
        outcome: Outcome = ExperimentRunner.get_runner("dask").run_plan(
            shop.plan(*configs), RunOptions(sink=told, **options)
        )
    return outcome


def parent_of(pid: int) -> int:
    """Return the parent of a process: the worker of a command."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_a_killed_worker_is_replaced(cluster: DaskProcesses, shop: Workshop, folder: Path) -> None:
    """Its command ends with it, and runs again on another; what was done is not done again."""
    first = cluster.add_worker()
    events: list[RunEvent] = []
    pids: list[int] = []

    def kill_once(event: RunEvent) -> None:
        events.append(event)
        if (event.job_id, event.kind) == ("b/WORK", "progress") and not pids:
            wait_until(lambda: shop.last_pid("b") > 0)
            pids.append(shop.last_pid("b"))
            os.killpg(first.pid, signal.SIGKILL)
            first.wait()
            cluster.add_worker()

    outcome = run(
        cluster.address,
        shop,
        shop.work("a"),
        shop.work("b", reads=["a"], seconds=2),
        told=kill_once,
    )
    assert (True, False) == (outcome.ok, is_alive(pids[0]))
    assert [1, 2] == [shop.runs(name) for name in "ab"]
    assert ["b/WORK"] == [e.job_id for e in events if e.kind == "retry" and "is lost" in e.text]


def test_a_command_that_kills_its_workers_fails(
    cluster: DaskProcesses, shop: Workshop, folder: Path
) -> None:
    """It is given up with one clear failure; a healthy command comes to its end."""
    cluster.add_worker(nanny=True)
    stop = threading.Event()

    def kill_on() -> None:
        seen = 0
        while not stop.wait(0.02):
            pid = shop.last_pid("bad")
            if pid not in (0, seen):
                seen = pid
                os.kill(parent_of(pid), signal.SIGKILL)

    killer = threading.Thread(target=kill_on)
    killer.start()
    try:
        bad = (shop.work("bad", seconds=60), shop.work("after", reads=["bad"]))
        healthy = (shop.work("healthy"), shop.work("later", reads=["healthy"]))
        outcome = run(cluster.address, shop, *bad, *healthy)
    finally:
        stop.set()
        killer.join()
    found = {result.job.id: result.state for result in outcome.results}
    assert ["failed", "not_run", "done", "done"] == [
        found[f"{name}/WORK"].status for name in ("bad", "after", "healthy", "later")
    ]
    assert "its worker died 2 times while it ran" in found["bad/WORK"].detail


def test_a_lost_scheduler_ends_the_run(
    cluster: DaskProcesses, shop: Workshop, folder: Path
) -> None:
    """With one error, soon; the commands end with their workers."""
    cluster.add_worker()

    def kill(event: RunEvent) -> None:
        if event.kind == "progress" and cluster.scheduler.poll() is None:
            os.killpg(cluster.scheduler.pid, signal.SIGKILL)
            cluster.scheduler.wait()

    started = time.monotonic()
    with pytest.raises(RvError, match=r"the connection to the Dask scheduler .* was lost"):
        run(cluster.address, shop, shop.work("a", seconds=60), told=kill)
    assert time.monotonic() - started < 15
    wait_until(lambda: not is_alive(shop.last_pid("a")))


def test_commands_end_when_their_run_is_killed(
    cluster: DaskProcesses, shop: Workshop, folder: Path
) -> None:
    """Kill -9 of `rv` leaves no process on the workers."""
    cluster.add_worker()
    experiments = folder / "experiments.py"
    experiments.write_text(
        "import rvcli as rv\n\n\nclass E(rv.ExperimentSet):\n    def exp_a(self):\n"
        "        builder = rv.CommandConfig.builder('WORK')\n"
        f"        builder = builder.with_root_uri({str(folder / 'root')!r})\n"
        f"        writes = [{str(folder / 'a.json')!r}]\n"
        "        return builder.with_config(reads=[], writes=writes, seconds=60).build()\n"
    )
    plugin = shop.plugins[-1]
    overrides = [f"DASK.scheduler={cluster.address}", "DASK.shared_files=true"]
    overrides += [f'PLUGINS.files=["{plugin}"]']
    words = [word for override in overrides for word in ("--set", override)]
    process = subprocess.Popen(
        [sys.executable, "-m", "rvcli", *words, "-q", "run", "dask", str(experiments)]
    )
    wait_until(lambda: shop.last_pid("a") > 0)
    process.kill()
    process.wait()
    wait_until(lambda: not is_alive(shop.last_pid("a")))


def test_a_frozen_worker_does_not_hold_up_an_interrupt(
    cluster: DaskProcesses, shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run ends in bounded time, and says that something may have been left behind."""
    monkeypatch.setattr(cluster_module, "_ANSWER_S", 1.0)
    worker = cluster.add_worker()
    events: list[RunEvent] = []

    def freeze(event: RunEvent) -> None:
        events.append(event)
        if event.kind == "progress":
            os.kill(worker.pid, signal.SIGSTOP)
            raise KeyboardInterrupt

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run(cluster.address, shop, shop.work("a", seconds=60), told=freeze)
    assert time.monotonic() - started < 15
    assert ["not all workers have said that they ended their commands"] == [
        event.text for event in events if event.kind == "warning"
    ]


def test_no_scheduler(shop: Workshop) -> None:
    """An address where nobody answers is one error within the time that is allowed."""
    started = time.monotonic()
    with pytest.raises(RvError, match=r"tcp://127.0.0.1:1 cannot be reached"):
        run("tcp://127.0.0.1:1", shop, shop.work("a"), timeout_s=1)
    assert time.monotonic() - started < 10


def test_no_worker(cluster: DaskProcesses, shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cluster without workers is one error within the time that is allowed."""
    monkeypatch.setattr(dask_experiment_runner, "LOOK_EVERY_S", 0.2)
    with pytest.raises(RvError, match="has had no worker for 1 s"):
        run(cluster.address, shop, shop.work("a"), timeout_s=1)


@pytest.mark.parametrize(
    ("preload", "said"),
    [
        ("import rvcli.version; rvcli.version.__version__ = '0.0.1'", "has 0.0.1"),
        ("import sys; sys.modules['rvcli'] = None", "has none that can be used"),
    ],
)
def test_another_version_on_a_worker(
    cluster: DaskProcesses, shop: Workshop, preload: str, said: str
) -> None:
    """It is named with its host before anything is submitted."""
    cluster.add_worker(options=["--preload", preload])
    with pytest.raises(RvError, match=said) as caught:
        run(cluster.address, shop, shop.work("a"))
    assert f"rvcli=={__version__}" in str(caught.value.hint)


CONNECT = """
from rvcli.runner.dask.cluster import connect
from rvcli.runner.dask.settings import DaskSettings
from rvcli.runner.experiment_runner import RunOptions

if __name__ == "__main__":
    try:
        connect(DaskSettings(), RunOptions(jobs=1))
    except KeyboardInterrupt:
        print("interrupted")
"""


def test_ctrl_c_while_a_local_cluster_starts(tmp_path: Path) -> None:
    """It reaches all processes of the terminal, and none of them complains."""
    (tmp_path / "connect.py").write_text(CONNECT)
    process = subprocess.Popen(
        [sys.executable, str(tmp_path / "connect.py")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )

    def worker_starts() -> bool:
        children = Path(f"/proc/{process.pid}/task").glob("*/children")
        pids = " ".join(path.read_text() for path in children).split()
        lines = [Path(f"/proc/{pid}/cmdline") for pid in pids]
        return any(b"spawn_main" in line.read_bytes() for line in lines if line.exists())

    wait_until(worker_starts)
    time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)
    printed, _ = process.communicate(timeout=30)
    assert b"interrupted\n" == printed
