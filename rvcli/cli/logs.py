"""What components log, on the standard error."""

from __future__ import annotations

import logging

from rvcli.profile import Settings
from rvcli.utils.logs import LogFormatter


def log_to_stderr(settings: Settings, verbosity: int) -> None:
    """Print log messages from the level of RV.log_level on, or of -v.

    Other packages are only heard when something is wrong, unless -vv is given.
    """
    level = logging.getLevelName(str(settings.get("RV", "log_level")).upper())
    if verbosity:
        level = {1: logging.INFO}.get(verbosity, logging.DEBUG if verbosity > 0 else logging.ERROR)
    handler = logging.StreamHandler()
    handler.setFormatter(LogFormatter())
    root_level = logging.DEBUG if verbosity > 1 else logging.WARNING
    logging.basicConfig(handlers=[handler], level=root_level, force=True)
    logging.getLogger("rvcli").setLevel(level)
