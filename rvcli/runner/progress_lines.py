"""Progress of a command as lines of its log, which every runner can read back."""

from __future__ import annotations

import json
import re
from typing import Any, TextIO

from rvcli.progress import ProgressEvent
from rvcli.runner.events import RunEvent
from rvcli.utils.logs import is_json, json_line

_PROGRESS = re.compile(
    r"^\[progress\] (?P<text>.*): (?P<done>\d+)/(?P<total>\d+|\?) (?P<unit>.*?)(?P<more> \{.*\})?$"
)
_WAITING = "[waiting] "
_ATTEMPT = "[attempt] "
ATTEMPT = "attempt"
# As utils.logs writes it: date, time, level, component.
_WARNING = re.compile(r"^\S+ \S+ WARNING \S+: (?P<text>.*)$")
_OBJECT = '{"time": '


def write_progress(event: ProgressEvent, stream: TextIO) -> None:
    """Write one line about progress.

    What older releases do not know stands in an object at the end, which they take for a part
    of the unit.
    """
    more: dict[str, Any] = {"elapsed_s": round(event.elapsed_s, 3)}
    if event.stage:
        more["stage"] = event.stage
    if event.figures:
        more["figures"] = {name: float(f"{value:.5g}") for name, value in event.figures.items()}
    if is_json():
        counts = {"done": event.done, "total": event.total, "unit": event.unit}
        line = json_line(
            level="INFO", event="progress", message=event.description, **counts, **more
        )
    else:
        total = "?" if event.total is None else event.total
        counted = f"{event.done}/{total} {event.unit}"
        line = f"[progress] {event.description}: {counted} {json.dumps(more)}"
    _write(line, stream)


def write_waiting(text: str, stream: TextIO) -> None:
    """Write one line that says what the command waits for."""
    if is_json():
        _write(json_line(level="INFO", event="waiting", message=text), stream)
    else:
        _write(f"{_WAITING}{text}", stream)


def attempt_line(number: int, text: str = "") -> str:
    """Return the line with which a runner that tries again by itself begins each attempt."""
    return f"{_ATTEMPT}{number} {text}".rstrip()


def read_line(job_id: str, line: str) -> RunEvent | None:
    """Return the event that a line of a log tells of, or None."""
    if line.startswith(_OBJECT):
        return _read_object(job_id, _parsed(line))
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
    more = _parsed(found["more"] or "{}")
    return _progress(job_id, {"message": found["text"], "unit": found["unit"], **more}).with_count(
        int(found["done"]), total
    )


def _read_object(job_id: str, fields: dict[str, Any]) -> RunEvent | None:
    text = str(fields.get("message", ""))
    if fields.get("event") == "waiting":
        return RunEvent("waiting", job_id, text)
    if fields.get("event") == "progress":
        done, total = fields.get("done"), fields.get("total")
        event = _progress(job_id, fields)
        return event.with_count(
            done if isinstance(done, int) else 0, total if isinstance(total, int) else None
        )
    if fields.get("level") == "WARNING":
        return RunEvent("warning", job_id, text)
    return None


def _progress(job_id: str, fields: dict[str, Any]) -> RunEvent:
    """Return the event of progress that some fields tell of; a plugin may print the like."""
    figures, elapsed_s = fields.get("figures"), fields.get("elapsed_s")
    numbers = figures.items() if isinstance(figures, dict) else ()
    return RunEvent(
        "progress",
        job_id,
        str(fields.get("message", "")),
        unit=str(fields.get("unit", "")),
        stage=str(fields.get("stage", "")),
        figures={str(k): float(v) for k, v in numbers if isinstance(v, (int, float))},
        elapsed_s=float(elapsed_s) if isinstance(elapsed_s, (int, float)) else None,
    )


def _parsed(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _write(line: str, stream: TextIO) -> None:
    print(line, file=stream)
    stream.flush()
