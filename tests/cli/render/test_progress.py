"""How work goes, as it goes: lines, bars, JSON."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from rich.console import Console

from rvcli import profile
from rvcli.cli.render import progress
from rvcli.cli.render.bars import Bars
from rvcli.profile import load_settings
from rvcli.progress import track
from rvcli.runner.events import RunEvent
from tests.processes import wait_until


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


class Terminal(io.StringIO):
    """A stream that a person looks at."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def told(job: str, done: int, total: int | None = 9, **more: object) -> RunEvent:
    """Tell of work under way."""
    return RunEvent("progress", job, "fit", done, total, unit="steps", **more)


class TestLines:
    """Where there is no terminal."""

    def test_progress_is_rare(self) -> None:
        """Of progress, a command gets a line after five seconds and then each half minute."""
        clock, stream = Clock(), io.StringIO()
        lines = progress.Lines(stream, clock)
        lines(RunEvent("started", "e/TRAIN", log_path="log"))
        for second in range(1, 40):
            clock.now = second
            lines(told("e/TRAIN", second, 60, elapsed_s=float(second)))
            lines.tick()
        lines(RunEvent("waiting", "e/TRAIN", "waits for me@here"))
        lines(RunEvent("done", "e/TRAIN", seconds=39.25))
        clock.now = 1000.0
        lines.tick()

        assert [
            "e/TRAIN: started, log log",
            "e/TRAIN: fit, 5/60 steps, 1 steps/s, 55 s left",
            "e/TRAIN: fit, 35/60 steps, 1 steps/s, 25 s left",
            "e/TRAIN: waits: waits for me@here",
            "e/TRAIN: done after 39.2 s",
        ] == stream.getvalue().splitlines()

    def test_short_work_says_nothing(self) -> None:
        """What ends within five seconds has no line on its way."""
        clock, stream = Clock(), io.StringIO()
        lines = progress.Lines(stream, clock)
        lines(told("", 1))
        clock.now = 4.9
        lines.tick()
        assert "" == stream.getvalue()

    def test_a_command_that_tells_nothing_is_alive(self) -> None:
        """Who looks at the log of a build sees that it has not died."""
        clock, stream = Clock(), io.StringIO()
        lines = progress.Lines(stream, clock)
        lines(RunEvent("started", "e/AUX"))
        clock.now = 65.0
        lines.tick()
        assert "e/AUX: runs for 1 min 5 s" == stream.getvalue().splitlines()[-1]

    def test_what_counts_no_more_is_not_told_as_under_way(self) -> None:
        """After the last window a command may have more to do."""
        clock, stream = Clock(), io.StringIO()
        lines = progress.Lines(stream, clock)
        lines(told("e/PREDICT", 9))
        clock.now = 20.0
        lines.tick()
        assert "e/PREDICT: fit, done; runs for 20 s\n" == stream.getvalue()

    def test_of_many_commands_ten_are_told(self) -> None:
        """A cluster with hundreds of commands does not flood the log."""
        clock, stream = Clock(), io.StringIO()
        lines = progress.Lines(stream, clock)
        for number in range(25):
            lines(told(f"e{number}/CHIP", 3))
        clock.now = 6.0
        lines.tick()
        lines.tick()
        printed = stream.getvalue().splitlines()
        assert (11, "and 15 more commands run") == (len(printed), printed[-1])

    def test_the_view_looks_by_itself(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """No event is needed for a line to come; it goes beside the results."""
        monkeypatch.setattr(progress, "FIRST_LINE_AFTER_S", 0.05)
        monkeypatch.setattr(progress, "_TICK_S", 0.02)
        with progress.work_view(quiet=False), track("counting", 3, "steps") as work:
            work.advance()
            time.sleep(0.3)
        captured = capsys.readouterr()
        assert ("", "counting, 0/3 steps\n") == (captured.out, captured.err)

    def test_quiet_is_quiet(self, capsys: pytest.CaptureFixture[str]) -> None:
        """With -q nothing is shown."""
        with progress.progress_view(quiet=True) as view:
            view(RunEvent("started", "e/TRAIN"))
        with progress.work_view(quiet=True), track("counting", 3):
            pass
        assert ("", "") == capsys.readouterr()


class TestBars:
    """On a terminal."""

    def drawn(self, bars: Bars, width: int) -> list[str]:
        """Draw what a terminal of a width shows."""
        console = Console(file=io.StringIO(), width=width, height=10, record=True)
        bars.console = console
        console.print(bars.render())
        return console.export_text().splitlines()

    def made(self, total: int | None = None) -> tuple[Bars, Clock, io.StringIO]:
        """Make bars that do not draw by themselves."""
        clock, stream = Clock(), io.StringIO()
        bars = Bars(Console(file=stream, width=100), total, clock, after_s=1000.0)
        return bars, clock, stream

    def test_they_come_and_go(self) -> None:
        """A running command has a bar; its end is a line above."""
        bars, clock, stream = self.made(total=2)
        bars(RunEvent("started", "e/TRAIN"))
        clock.now = 3.0
        first = self.drawn(bars, 100)
        bars(RunEvent("waiting", "e/TRAIN", "for me"))
        waits = self.drawn(bars, 100)
        bars.console = Console(file=stream, width=100)
        bars(RunEvent("failed", "e/TRAIN", "exit code 1", seconds=2.0))
        bars(RunEvent("not_run", "e/EVAL", "e/TRAIN failed"))
        assert ["e/TRAIN", "3", "s"] == first[0].replace("\u2501", "").replace("\u2578", "").split()
        assert waits[0].rstrip().endswith(" waits: for me")
        assert ["0/2 commands, 1 running", "2/2 commands, 0 running"] == [
            first[-1].rstrip(),
            self.drawn(bars, 100)[-1].rstrip(),
        ]
        assert [
            "e/TRAIN: failed after 2.0 s: exit code 1",
            "e/EVAL: not run: e/TRAIN failed",
        ] == stream.getvalue().splitlines()
        bars.close()

    @pytest.mark.parametrize("width", [120, 80, 60, 40, 24])
    def test_they_fit(self, width: int) -> None:
        """A line is no wider than the terminal, however narrow; the time left stays longest."""
        bars, clock, _ = self.made()
        more = {"stage": "epoch 3/10", "figures": {"loss": 0.41, "f1": 0.83}}
        for second in (0, 10):
            clock.now = second
            bars(told("tiny-town/TRAIN", 24 + second, 80, elapsed_s=float(second), **more))
        (line,) = self.drawn(bars, width)
        assert len(line) <= width
        assert "46 s left" in line
        if width == 120:
            assert "fit, epoch 3/10, 34/80 steps, 1 steps/s, loss 0.41, f1 0.83, 46 s left" in line
        bars.close()

    def test_there_are_no_more_than_there_is_room_for(self) -> None:
        """Of many commands some are shown, and the others counted."""
        bars, _, _ = self.made()
        for number in range(30):
            bars(told(f"e{number}/CHIP", 3))
        lines = self.drawn(bars, 80)
        assert (8, "and 23 more") == (len(lines), lines[-1].strip())
        bars.close()

    def test_streams_are_as_they_were_afterwards(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Bars that appear where prints go elsewhere put nothing in the place of streams."""
        monkeypatch.setattr(progress, "BARS_AFTER_S", 0.0)
        monkeypatch.delenv("NO_COLOR", raising=False)
        monkeypatch.setenv("TERM", "xterm")
        out, err = Terminal(), Terminal()
        for stdout in (out, io.StringIO()):
            monkeypatch.setattr(sys, "stdout", stdout)
            monkeypatch.setattr(sys, "stderr", err)
            with progress.work_view(quiet=False):
                with contextlib.redirect_stdout(io.StringIO()), track("counting", 3):
                    wait_until(lambda: "counting" in err.getvalue())
                sys.stdout.write("printed\n")
                sys.stderr.write("told")
            assert (stdout, err) == (sys.stdout, sys.stderr)
        assert "printed\n" == stdout.getvalue()  # a file gets what is its own
        assert "printed" not in out.getvalue()
        assert 1 == err.getvalue().count("printed")  # a terminal, above the bars
        assert 2 == err.getvalue().count("told")

    def test_short_work_shows_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A terminal gets nothing of work that ends within two seconds."""
        stream = Terminal()
        monkeypatch.setattr(sys, "stderr", stream)
        monkeypatch.delenv("NO_COLOR", raising=False)
        monkeypatch.setenv("TERM", "xterm")
        with progress.work_view(quiet=False), track("counting", 3) as work:
            work.advance(3)
        assert "" == stream.getvalue()
        assert "rv-lines" not in {thread.name for thread in threading.enumerate()}


SCRIPT = """
import os, sys, time
from rvcli.cli.render import progress
from rvcli.cli.render import bars
from rvcli.runner.events import RunEvent

drawn = 0
render = bars.Bars.render

def counted(self):
    global drawn
    drawn += 1
    return render(self)

def work(view):
    view(RunEvent("started", "town/TRAIN"))
    for done in range(5):
        view(RunEvent("progress", "town/TRAIN", "fit", done, 40, unit="steps", elapsed_s=done / 2))
        time.sleep(0.02)
    # However slow this machine is, what was told last is drawn before it ends.
    before, tries = drawn, 0
    while "DRAWS" in os.environ and drawn < before + 2 and tries < 600:
        time.sleep(0.05)
        tries += 1
    view(RunEvent("done", "town/TRAIN", seconds=0.5))

bars.Bars.render = counted
progress.BARS_AFTER_S = 0.0
bars.Bars.__init__.__kwdefaults__["after_s"] = 0.0
with progress.progress_view(quiet=False) as view:
    work(view)
"""


def on_terminal(**environment: str) -> str:
    """Run work in a process whose output is a terminal, and return all that it got."""
    ours, theirs = pty.openpty()
    env = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS")}
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        stdout=theirs,
        stderr=theirs,
        env={**env, "TERM": "xterm", **environment},
        cwd=Path(__file__).parents[3],
    )
    os.close(theirs)
    said = b""
    while True:
        try:
            block = os.read(ours, 4096)
        except OSError:  # the end, as Linux says it
            break
        if not block:
            break
        said += block
    process.wait(30)
    os.close(ours)
    return said.decode()


def test_a_real_terminal_gets_bars_that_vanish() -> None:
    """Bars are drawn, with rate and time left, and the end stays as a line."""
    said = on_terminal(DRAWS="1")
    assert "\x1b[" in said
    assert "4/40 steps" in said
    assert "s left" in said
    assert "town/TRAIN: done after 0.5 s" in said


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_terminal_without_colour_gets_text_alone(environment: dict[str, str]) -> None:
    """Where NO_COLOR is set there is no control sequence."""
    said = on_terminal(**environment)
    assert "\x1b" not in said
    assert ["town/TRAIN: started", "town/TRAIN: done after 0.5 s"] == said.splitlines()


def test_events_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """Each is an object on a line of the standard error, without secrets."""
    with (
        profile.use(load_settings(overrides=["RV.log_format=json"])),
        progress.progress_view(quiet=False) as view,
    ):
        view(RunEvent("started", "e/TRAIN", log_path="log"))
        view(told("e/TRAIN", 3, figures={"loss": 0.5}, elapsed_s=1.23456))
        view(RunEvent("failed", "e/TRAIN", "no s3://me:hunter2@host/x", seconds=2.0))
    captured = capsys.readouterr()
    started, under_way, failed = [json.loads(line) for line in captured.err.splitlines()]
    assert ("", False) == (captured.out, "hunter2" in captured.err)
    assert ("started", "e/TRAIN", "log") == (started["event"], started["job"], started["log_path"])
    assert (3, 9, "steps", {"loss": 0.5}, 1.235) == tuple(
        under_way[name] for name in ("done", "total", "unit", "figures", "elapsed_s")
    )
    assert ("ERROR", 2.0) == (failed["level"], failed["seconds"])
    assert "time" in failed
