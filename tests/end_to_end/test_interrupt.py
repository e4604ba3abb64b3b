"""Runs that are killed or interrupted, and what the next run makes of it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(
    not Path("/proc/self").exists(), reason="finds processes below /proc"
)

QUICK = ("run", "local", "quick.py", "--jobs", "2", "-a", "root_uri")
COMMANDS = 6


def wait_for_start(process: subprocess.Popen[str], number: int) -> None:
    """Read what a run prints until this many commands have started."""
    started = 0
    assert process.stdout is not None
    for line in process.stdout:
        started += ": started" in line
        if started == number:
            return


def leases(root: Path) -> list[Path]:
    """List the leases below a root of commands that are not proven done.

    One that is killed between its record and its release leaves a lease that nobody needs.
    """
    found = root.rglob("command-lease-*")
    return [p for p in found if not p.with_name("command-record-0.json").exists()]


@pytest.mark.parametrize(
    ("victim", "number"),
    [
        pytest.param(
            victim,
            n,
            marks=[] if (victim, n) in (("runner", 0), ("child", 4)) else pytest.mark.slow,
        )
        for victim in ("runner", "child")
        for n in range(5)
    ],
)
def test_next_run_completes_after_a_kill(
    finished_quick: Any, tools: Any, victim: str, number: int
) -> None:
    """After kill -9 at a random moment the next run ends with the undisturbed outputs."""
    chance = random.Random(f"{victim} {number}")
    root = finished_quick.path / f"Wurzel {victim} {number}"
    process = finished_quick.start(*QUICK, str(root))
    wait_for_start(process, 1 + (number + chance.randrange(2)) % COMMANDS)
    time.sleep(chance.uniform(0, 0.4))
    if victim == "runner":
        process.kill()
    else:
        for pid in finished_quick.children(process.pid)[:1]:
            os.kill(pid, signal.SIGKILL)
    if victim == "child":
        _, error = process.communicate(timeout=30)
        assert (process.returncode, "ended by SIGKILL" in error) in ((5, True), (0, False))
    # At once: a child of the killed runner may still be ending.
    runner = "local" if number == 0 else "inprocess"
    result = finished_quick.rv("run", runner, "quick.py", "-a", "root_uri", str(root))
    process.communicate(timeout=30)
    assert 0 == result.code, result.text
    expected = without_logs(tools.outputs(finished_quick.root))
    made = without_logs(tools.outputs(root))
    assert list(expected) == list(made)
    assert [] == [name for name in expected if expected[name] != made[name]]
    assert [] == leases(root)
    assert tools.wait_for(lambda: not finished_quick.processes())
    assert [] == finished_quick.to_run("quick.py", "-a", "root_uri", str(root))


def without_logs(outputs: Any) -> dict[str, Any]:
    """Leave out the logs of the commands, and what is said of runs."""
    return {
        name: value
        for name, value in outputs.items()
        if "/logs/" not in name and not name.startswith(("history/", "report.html"))
    }


@pytest.mark.parametrize("runner", ["local", "inprocess"])
@pytest.mark.parametrize("group", [True, False])
def test_signal_ends_a_run(project: Any, tools: Any, runner: str, group: bool) -> None:
    """Ctrl-C in the terminal, and SIGTERM to the runner alone, end all and exit with 130."""
    project.add_plugin("nap.py")
    process = project.start("run", runner, "naps.py", "-a", "seconds", "60", "--jobs", "2")
    began = project.path / "Schlaf ö" / "notes"
    assert tools.wait_for(lambda: list(began.glob("*.began")))
    if group:
        os.killpg(process.pid, signal.SIGINT)
    else:
        process.terminate()
    _, error = process.communicate(timeout=20)
    assert (130, "error: interrupted\n") == (process.returncode, error)
    assert tools.wait_for(lambda: not project.processes(), 5)
    assert [] == leases(project.path)
    assert ["NAP"] * 3 == [name.rpartition("/")[2] for name in project.to_run("naps.py")]


def test_second_signal_leaves_nothing(project: Any, tools: Any) -> None:
    """Who presses Ctrl-C twice gets the same exit code, and no process stays behind."""
    project.add_plugin("nap.py")
    process = project.start("run", "local", "naps.py", "-a", "seconds", "60")
    began = project.path / "Schlaf ö" / "notes"
    assert tools.wait_for(lambda: list(began.glob("*.began")))
    for _ in range(2):
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.05)
    process.communicate(timeout=20)
    # A shell tells of a process that SIGINT ended as 130, too.
    assert process.returncode in (130, -signal.SIGINT)
    assert tools.wait_for(lambda: not project.processes(), 10)
