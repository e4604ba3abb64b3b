"""Signals, and the end of the standard input."""

from __future__ import annotations

import os
import signal
import time

import pytest

from rvcli.cli import interrupts
from rvcli.cli.render import table


def test_a_termination_arrives_as_an_interrupt():
    """SIGTERM inside the block is a KeyboardInterrupt; a second one does not break the cleaning."""
    before = signal.getsignal(signal.SIGTERM)
    cleaned = []

    @interrupts.terminations_interrupt()
    def work():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(5)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            cleaned.append(True)

    with pytest.raises(KeyboardInterrupt):
        work()
    assert [True] == cleaned
    assert before == signal.getsignal(signal.SIGTERM)


def test_an_ignored_signal_stays_ignored():
    """Under nohup the loss of the terminal is no interrupt."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interrupts.terminations_interrupt():
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_worker_ends_with_its_input(monkeypatch):
    """When the input closes, the process is ended gently, then by force."""
    reader, writer = os.pipe()
    os.write(writer, b"noise")
    os.close(writer)
    sent = []
    real_read = os.read
    monkeypatch.setattr(interrupts.os, "read", lambda _, count: real_read(reader, count))
    monkeypatch.setattr(interrupts.os, "kill", lambda pid, number: sent.append((pid, number)))
    monkeypatch.setattr(interrupts.os, "killpg", lambda pid, number: sent.append((pid, number)))
    monkeypatch.setattr(interrupts, "GRACE_S", 0)

    interrupts._watch()
    monkeypatch.undo()
    os.close(reader)

    assert [(os.getpid(), signal.SIGTERM), (os.getpid(), signal.SIGKILL)] == sent


@pytest.mark.parametrize("leads", [True, False])
def test_a_leader_ends_its_group(monkeypatch, leads):
    """A process that leads its group ends all of it, any other itself only."""
    sent = []
    monkeypatch.setattr(interrupts.os, "getpgrp", lambda: os.getpid() if leads else 1)
    monkeypatch.setattr(interrupts.os, "kill", lambda *_: sent.append("self"))
    monkeypatch.setattr(interrupts.os, "killpg", lambda *_: sent.append("group"))

    interrupts._end_group(signal.SIGTERM)

    assert ["group" if leads else "self"] == sent


def test_tables_on_a_terminal(monkeypatch, capsys):
    """A table for a person takes text as it is: brackets are no markup."""
    monkeypatch.setattr(table, "is_terminal", lambda: True)

    table.print_table(["option", "value"], [["PLUGINS.files", "[bold]"]])

    assert "[bold]" in capsys.readouterr().out
