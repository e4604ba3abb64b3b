"""How log messages are written: one line each, without secrets."""

from __future__ import annotations

import logging

from rvcli.profile.secrets import mask_uris


class LogFormatter(logging.Formatter):
    """Writes time, level, component and message; hides passwords and signatures in URIs."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """Return the line to print."""
        return mask_uris(super().format(record))
