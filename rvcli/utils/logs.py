"""How log messages are written: one line each, in words or as JSON, without secrets."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any

from rvcli import profile
from rvcli.profile.secrets import mask_uris, shown

_subject = ""
_told = False


class LogFormatter(logging.Formatter):
    """Writes time, level, component and message, or JSON if RV.log_format says so.

    Passwords and signatures in URIs are hidden.
    """

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """Return the line to print."""
        if not is_json():
            return mask_uris(super().format(record))
        fields = {"level": record.levelname, "logger": record.name, "message": record.getMessage()}
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        return json_line(**fields)


def is_json() -> bool:
    """Tell whether logs and progress are JSON, by the settings in force."""
    settings = profile.in_force()
    return settings is not None and settings.get("RV", "log_format") == "json"


def json_line(**fields: Any) -> str:
    """Return an object as one line: the time, which command runs here, and what is given."""
    now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
    first = {"time": now, **({"command": _subject} if _subject else {})}
    return json.dumps({**first, **shown(fields, secret=False)}, ensure_ascii=False)


@contextmanager
def about(subject: str) -> Iterator[None]:
    """Name the command that this process runs in the block: one at a time, in any thread."""
    global _subject
    before, _subject = _subject, subject
    try:
        yield
    finally:
        _subject = before


@contextmanager
def told_otherwise() -> Iterator[None]:
    """Leave warnings and errors, in the block, to who shows the events of a run."""
    global _told
    before, _told = _told, True
    try:
        yield
    finally:
        _told = before


def is_told_otherwise(record: logging.LogRecord) -> bool:
    """Tell whether a message is shown by other means."""
    return _told and record.levelno >= logging.WARNING
