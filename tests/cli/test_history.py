"""What `rv run` keeps of itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

from rvcli.runner.history import list_history, read_history

RV = [sys.executable, "-c", "from rvcli.cli.main import main; main()"]


def test_a_run_is_kept_and_a_run_of_nothing_is_not(copies):
    """A root knows the runs that did something; a dry run and one with nothing to do are none."""
    root = str(copies.root / "out" / "one")
    copies.rv("run", "inprocess", "copies.py", "-n")
    assert [] == list_history(root)
    copies.rv("run", "inprocess", "copies.py")
    copies.rv("run", "inprocess", "copies.py")

    (run_id,) = list_history(root)
    kept = read_history(root, run_id)
    assert ("INPROCESS", ("rv", "run", "inprocess", "copies.py")) == (
        kept.runner,
        kept.command_line,
    )
    assert [("one/COPY", "done")] == [(r["id"], r["status"]) for r in kept.results]


def test_a_failed_run_is_kept(copies):
    """What failed, and what was not run for it, is kept with the last words."""
    copies.rv("run", "inprocess", "copies.py", "-a", "fault", "it broke")

    out = copies.root / "out"
    failed, not_run = (read_history(str(out / name)).results for name in ("one", "two"))
    assert ("failed", "not_run") == (failed[0]["status"], not_run[0]["status"])
    assert "ValueError: it broke" in "\n".join(failed[0]["last_lines"])


def test_an_interrupted_run_is_kept(copies):
    """Ctrl-C ends what runs; the root knows that it was cancelled."""
    words = [*RV, "run", "local", "copies.py", "-a", "sleep_s", "60", "-q"]
    process = subprocess.Popen(words, stderr=subprocess.DEVNULL, env=dict(os.environ))
    started = copies.root / "one.txt.started"
    deadline = time.monotonic() + 60
    while not started.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)

    assert 130 == process.wait(30)
    kept = read_history(str(copies.root / "out" / "one"))
    assert ["cancelled"] == [r["status"] for r in kept.results]
    assert kept.finished


def test_a_history_that_cannot_be_written_is_a_warning(copies):
    """The run is done all the same."""
    copies.write("out/one/history", "in the way")
    result = copies.rv("run", "inprocess", "copies.py", "-q")
    assert 0 == result.code
    assert result.err.startswith("warning: the history of the run is not kept below")
