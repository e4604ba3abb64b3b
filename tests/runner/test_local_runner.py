"""The local runner: real processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from rvcli import profile
from rvcli.runner.events import RunEvent
from rvcli.runner.experiment_runner import ExperimentRunner, RunOptions
from rvcli.runner.local_experiment_runner import find_gpus
from rvcli.runner.messages import stamp_and_write
from rvcli.testing.workshop import Workshop
from tests.processes import is_alive, wait_until


def options(**values: Any) -> RunOptions:
    """Return options whose workers share our cache."""
    worker = ("--set", f"RV.cache_dir={profile.current().get('RV', 'cache_dir')}")
    return RunOptions(settings_options=worker, **values)


def test_independent_commands_run_side_by_side(shop: Workshop) -> None:
    """Up to the number of jobs, and no more."""
    running, most = set(), 0

    def watch(event: RunEvent) -> None:
        nonlocal most
        if event.kind == "started":
            running.add(event.job_id)
        elif event.kind == "done":
            running.discard(event.job_id)
        most = max(most, len(running))

    made = shop.plan(*(shop.work(f"w{i}", seconds=0.5) for i in range(3)))
    outcome = ExperimentRunner.get_runner("local").run_plan(made, options(jobs=2, sink=watch))
    assert (True, 2) == (outcome.ok, most)


def test_a_killed_child_is_named_and_runs_again(shop: Workshop, folder: Path) -> None:
    """Kill -9 of a worker leaves no record, and its lease does not block the next run."""
    runner = ExperimentRunner.get_runner("local")

    def kill() -> None:
        wait_until(lambda: shop.last_pid("a") > 0)
        os.kill(shop.last_pid("a"), signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    outcome = runner.run_plan(shop.plan(shop.work("a", seconds=30)), options())
    killer.join()
    assert "ended by SIGKILL" == outcome.failed[0].state.detail
    started = time.monotonic()
    again = ExperimentRunner.get_runner("local").run_plan(shop.plan(shop.work("a")), options())
    assert (True, True) == (again.ok, time.monotonic() - started < 10)


def test_an_interrupt_ends_the_children(shop: Workshop, folder: Path) -> None:
    """Ctrl-C leaves no process behind."""

    def interrupt(event: RunEvent) -> None:
        if event.kind == "progress":
            raise KeyboardInterrupt

    made = shop.plan(*(shop.work(n, seconds=60) for n in "ab"))
    with pytest.raises(KeyboardInterrupt):
        ExperimentRunner.get_runner("local").run_plan(made, options(sink=interrupt, jobs=2))
    pids = [shop.last_pid(name) for name in "ab"]
    assert [] == [pid for pid in pids if pid and is_alive(pid)]


def test_children_end_with_a_killed_runner(shop: Workshop, folder: Path) -> None:
    """Kill -9 of the runner leaves no process behind."""
    (step,) = shop.plan(shop.work("a", seconds=60)).to_run
    uri = stamp_and_write(step)
    cache = f"RV.cache_dir={profile.current().get('RV', 'cache_dir')}"
    code = (
        "import subprocess, sys, time\n"
        f"p = subprocess.Popen([sys.executable, '-m', 'rvcli', '--set', {cache!r}, 'run-command',"
        f" '--attached', {uri!r}], stdin=subprocess.PIPE)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code])
    wait_until(lambda: shop.last_pid("a") > 0)
    child = shop.last_pid("a")
    parent.kill()
    parent.wait()
    wait_until(lambda: not is_alive(child))


def test_the_second_of_two_runs_waits_and_has_nothing_to_do(shop: Workshop, folder: Path) -> None:
    """Two runs on one root: the work is done once, and the second says for whom it waits."""
    made = [shop.plan(shop.work("a", seconds=1.5)), shop.plan(shop.work("a", seconds=1.5))]
    events: list[RunEvent] = []
    outcomes: list[Any] = []

    def run_one(number: int) -> None:
        runner = ExperimentRunner.get_runner("local")
        sink = events.append
        outcomes.append(runner.run_plan(made[number], options(sink=sink)))

    import contextvars

    contexts = [contextvars.copy_context() for _ in made]
    threads = [threading.Thread(target=c.run, args=(run_one, i)) for i, c in enumerate(contexts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [True, True] == [o.ok for o in outcomes]
    assert 1 == shop.runs("a")
    assert any("WORK is run by process" in e.text for e in events if e.kind == "waiting")


class TestGpus:
    """GPU slots."""

    def test_the_environment_decides(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """CUDA_VISIBLE_DEVICES names them; an empty value means none."""
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2, 5")
        assert ["2", "5"] == find_gpus()
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
        assert [] == find_gpus()

    def test_a_listing_is_counted(self, monkeypatch: Any, tmp_path: Path) -> None:
        """Without it, nvidia-smi is asked; where there is none, there are none."""
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        monkeypatch.setenv("PATH", str(tmp_path))
        assert [] == find_gpus()
        smi = tmp_path / "nvidia-smi"
        smi.write_text("#!/bin/sh\necho 'GPU 0: X'\necho 'GPU 1: Y'\n")
        smi.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
        assert ["0", "1"] == find_gpus()

    def test_commands_are_told_which(self, shop: Workshop, monkeypatch: Any) -> None:
        """A command that wants one sees a GPU that this process may use."""
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4")
        ExperimentRunner.get_runner("local").run_plan(
            shop.plan(shop.work("a", gpu=True)), options()
        )
        assert "4" == shop.made("a")["devices"]


def test_the_message_holds_the_plugin_and_its_digest(shop: Workshop) -> None:
    """A worker knows nothing but the message."""
    (step,) = shop.plan(shop.work("a")).to_run
    message = json.loads(Path(stamp_and_write(step)).read_text("utf-8"))
    (pin,) = message["plugins"]["pins"]
    assert (True, 64) == (pin["uri"].endswith("wörk.py"), len(pin["sha256"]))
