"""Progress as lines of a log, in words and as JSON."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import pytest

from rvcli import profile
from rvcli.profile import load_settings
from rvcli.progress import ProgressEvent
from rvcli.runner.events import RunEvent, progress_of
from rvcli.runner.progress_lines import read_line, write_progress, write_waiting
from rvcli.utils.logs import LogFormatter, about

EVENT = ProgressEvent("chips of ä: b", 3, 12, "windows", "scene 2/5", {"loss": 0.5}, 1.25)


@contextmanager
def as_json() -> Iterator[None]:
    """Have logs be JSON."""
    with profile.use(load_settings(overrides=["RV.log_format=json"])):
        yield


@pytest.mark.parametrize("form", [nullcontext, as_json])
@pytest.mark.parametrize(
    "event", [EVENT, ProgressEvent("x", 0, None, ""), ProgressEvent("a {b}", 1, 2, "c d")]
)
def test_all_of_an_event_survives_the_log(form: type, event: ProgressEvent) -> None:
    """What a worker writes is what its runner reads."""
    stream = io.StringIO()
    with form():
        write_progress(event, stream)
    found = read_line("j", stream.getvalue().rstrip("\n"))
    assert progress_of("j", event) == found


def test_a_line_of_an_older_release_is_read() -> None:
    """It has neither stage nor figures, and no time."""
    found = read_line("j", "[progress] predicting west: 3/12 windows")
    assert RunEvent("progress", "j", "predicting west", 3, 12, unit="windows") == found


@pytest.mark.parametrize(
    "line",
    [
        "[progress] x: 3/12 windows {broken}",
        '[progress] x: 3/12 windows {"figures": 3, "elapsed_s": "a"}',
        '{"time": "t", "event": "progress", "done": "x", "figures": {"a": null}}',
    ],
)
def test_what_is_like_it_breaks_nothing(line: str) -> None:
    """A command may print what it wants."""
    found = read_line("j", line)
    assert found is not None
    assert ({}, None) == (found.figures, found.elapsed_s)


@pytest.mark.parametrize("line", ['{"time": ', '{"time": 1}', '{"time": "t", "level": "INFO"}'])
def test_other_objects_are_no_events(line: str) -> None:
    """Only what tells of progress, of waiting and of warnings is told on."""
    assert read_line("j", line) is None


def test_waiting_and_warnings_survive_json() -> None:
    """They reach whoever watches."""
    stream = io.StringIO()
    with as_json(), about("TRAIN"):
        write_waiting("for X", stream)
        record = logging.LogRecord("rvcli.x", logging.WARNING, "f", 1, "odd: %s", ("a",), None)
        line = LogFormatter().format(record)
    waiting, warning = read_line("j", stream.getvalue().strip()), read_line("j", line)
    assert RunEvent("waiting", "j", "for X") == waiting
    assert RunEvent("warning", "j", "odd: a") == warning
    fields = json.loads(line)
    assert ("TRAIN", "WARNING", "rvcli.x") == (
        fields["command"],
        fields["level"],
        fields["logger"],
    )


def test_json_hides_credentials_and_keeps_tracebacks() -> None:
    """An error is one object with where it comes from."""
    try:
        raise ValueError("no s3://me:hunter2@host/x")
    except ValueError:
        info = __import__("sys").exc_info()
    record = logging.LogRecord("rvcli.x", logging.ERROR, "f", 1, "bad", (), info)
    with as_json():
        fields = json.loads(LogFormatter().format(record))
    assert "hunter2" not in fields["traceback"]
    assert fields["traceback"].startswith("Traceback")
