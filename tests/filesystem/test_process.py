"""ProcessId: alive, dead, or another process with the same pid."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys

import pytest

from rvcli.filesystem import process
from rvcli.filesystem.process import ProcessId


def test_this_process_lives() -> None:
    """This process is here and not dead."""
    me = ProcessId.current()
    assert me.is_here()
    assert not me.is_dead()
    assert me.pid == os.getpid()


def test_ended_process_is_dead() -> None:
    """A process that has ended is dead, even before its parent has asked for its status."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    me = ProcessId.current()
    identity = dataclasses.replace(me, pid=child.pid, started=process.start_time(child.pid))
    assert not identity.is_dead()
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert identity.is_dead()
    child.communicate()
    assert identity.is_dead()


def test_reused_pid_is_told_apart() -> None:
    """A live process that was started at another time is another one."""
    other = dataclasses.replace(ProcessId.current(), started="1")
    assert other.is_dead()


def test_unknown_start_counts_as_alive() -> None:
    """Where start times are not known, a live pid counts as alive."""
    assert not dataclasses.replace(ProcessId.current(), started="").is_dead()


def test_process_elsewhere_is_never_certainly_dead() -> None:
    """A pid of another machine says nothing here."""
    elsewhere = ProcessId("other", 2**22 + 5, "1", "another machine")
    assert not elsewhere.is_here()
    assert not elsewhere.is_dead()


def test_other_users_process_is_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that may not be signalled lives."""

    def refuse(pid: int, signal: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", refuse)
    assert not ProcessId.current().is_dead()


def test_machine_without_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without /proc the host's name stands for the machine."""
    process.machine.cache_clear()
    monkeypatch.setattr(process.socket, "gethostname", lambda: "host")
    monkeypatch.setattr(process.Path, "readlink", lambda self: (_ for _ in ()).throw(OSError()))
    assert process.machine() == "host"
    process.machine.cache_clear()


def test_start_of_a_process_that_is_not_there() -> None:
    """A pid that no process has gives no start time."""
    assert process.start_time(2**22 + 5) == ""
