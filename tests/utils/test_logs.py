"""Lines of a log."""

from __future__ import annotations

import logging

from rvcli.utils.logs import LogFormatter


def test_logs_hide_credentials() -> None:
    """A URI is logged without its password."""
    record = logging.makeLogRecord({"msg": "https://me:hunter2@host/x", "levelname": "INFO"})
    assert LogFormatter().format(record).endswith("INFO None: https://********@host/x")
