"""What components log, on the standard error."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rvcli.profile import Settings
from rvcli.utils.logs import LogFormatter, is_told_otherwise


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
        yield
    finally:
        _remove_handlers()
        for logger, level in before:
            logger.setLevel(level)


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
