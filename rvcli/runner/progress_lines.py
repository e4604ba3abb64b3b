"""Progress of a command as lines of its log, which every runner can read back."""

from __future__ import annotations

import re
from typing import TextIO

from rvcli.runner.events import RunEvent
from rvcli.utils.progress import ProgressEvent

_PROGRESS = re.compile(r"^\[progress\] (?P<text>.*): (?P<done>\d+)/(?P<total>\d+|\?) (?P<unit>.*)$")
_WAITING = "[waiting] "
_ATTEMPT = "[attempt] "
ATTEMPT = "attempt"
# As utils.logs writes it: date, time, level, component.
_WARNING = re.compile(r"^\S+ \S+ WARNING \S+: (?P<text>.*)$")


def write_progress(event: ProgressEvent, stream: TextIO) -> None:
    """Write one line about progress."""
    total = "?" if event.total is None else event.total
    print(f"[progress] {event.description}: {event.done}/{total} {event.unit}", file=stream)
    stream.flush()


def write_waiting(text: str, stream: TextIO) -> None:
    """Write one line that says what the command waits for."""
    print(f"{_WAITING}{text}", file=stream)
    stream.flush()


def attempt_line(number: int, text: str = "") -> str:
    """Return the line with which a runner that tries again by itself begins each attempt."""
    return f"{_ATTEMPT}{number} {text}".rstrip()


def read_line(job_id: str, line: str) -> RunEvent | None:
    """Return the event that a line of a log tells of, or None."""
    if line.startswith(_WAITING):
        return RunEvent("waiting", job_id, line.removeprefix(_WAITING))
    if line.startswith(_ATTEMPT):
        return RunEvent(ATTEMPT, job_id, line.removeprefix(_ATTEMPT))
    warning = _WARNING.match(line)
    if warning is not None:
        return RunEvent("warning", job_id, warning["text"])
    found = _PROGRESS.match(line)
    if found is None:
        return None
    total = None if found["total"] == "?" else int(found["total"])
    return RunEvent("progress", job_id, found["text"], int(found["done"]), total)
