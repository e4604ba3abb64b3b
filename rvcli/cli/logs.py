"""What components log, on the standard error."""

from __future__ import annotations

import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stderr
from typing import Any, TextIO

from rvcli.profile import Settings
from rvcli.utils.logs import LogFormatter, is_told_otherwise, json_line

# How each line of `json_line` begins.
_OBJECT = '{"time": '


def log_to_stderr(settings: Settings, verbosity: int, *, is_worker: bool = False) -> None:
    """Print log messages: warnings and errors, with -v what is done, with -vv all, with -q errors.

    A worker, whose standard error is a log file, prints from the level of RV.log_level on unless
    -v or -q say otherwise. Other packages are only heard when something is wrong, unless -vv is
    given.
    """
    logged = logging.getLevelName(str(settings.get("RV", "log_level")).upper())
    level = logged if is_worker else logging.WARNING
    if verbosity:
        level = {1: logging.INFO}.get(verbosity, logging.DEBUG if verbosity > 0 else logging.ERROR)
    handler = _StderrHandler(level)
    handler.setFormatter(LogFormatter())
    _remove_handlers()
    logging.root.addHandler(handler)
    logging.root.setLevel(logging.DEBUG if verbosity > 1 else logging.WARNING)
    # The log file of a command that runs in this process may want more.
    logging.getLogger("rvcli").setLevel(level if is_worker or verbosity else min(level, logged))


@contextmanager
def logged_to_stderr(settings: Settings, verbosity: int) -> Iterator[None]:
    """Print log messages while the block runs; see `log_to_stderr`."""
    before = [(logger, logger.level) for logger in (logging.root, logging.getLogger("rvcli"))]
    log_to_stderr(settings, verbosity)
    try:
        with _all_as_json() if settings.get("RV", "log_format") == "json" else nullcontext():
            yield
    finally:
        _remove_handlers()
        for logger, level in before:
            logger.setLevel(level)


@contextmanager
def _all_as_json() -> Iterator[None]:
    """Make what other code prints and warns of in the block lines of JSON as well."""
    lines = _JsonLines(sys.stderr)
    with redirect_stderr(lines), warnings.catch_warnings():
        logging.captureWarnings(True)
        try:
            yield
        finally:
            logging.captureWarnings(False)
            lines.end()


class _JsonLines:
    """A stream that writes lines as objects, unless they are."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._begun = ""
        self._lock = threading.RLock()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write what has become a whole line."""
        with self._lock:
            if text.startswith(_OBJECT) and not self._begun.startswith(_OBJECT):
                self.end()
            *lines, self._begun = (self._begun + text).split("\n")
            for line in lines:
                self._line(line)
        return len(text)

    def end(self) -> None:
        """Write what has not become a whole line."""
        with self._lock:
            begun, self._begun = self._begun, ""
            self._line(begun)

    def _line(self, text: str) -> None:
        if not text.strip():
            return
        is_object = text.startswith(_OBJECT) and text.endswith("}")
        line = text if is_object else json_line(level="INFO", event="printed", message=text)
        self._stream.write(line + "\n")


def _remove_handlers() -> None:
    for handler in [h for h in logging.root.handlers if isinstance(h, _StderrHandler)]:
        logging.root.removeHandler(handler)


class _StderrHandler(logging.Handler):
    """Prints to what is the standard error at that moment: bars put lines above themselves."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Leave out what is shown by other means."""
        return bool(super().filter(record)) and not is_told_otherwise(record)

    def emit(self, record: logging.LogRecord) -> None:
        """Print one message."""
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except Exception:  # as all handlers do: a message that cannot be logged ends nothing
            self.handleError(record)
