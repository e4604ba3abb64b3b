"""How much a run says, as the interface of older releases names it."""

from __future__ import annotations

from typing import ClassVar


class Verbosity:
    """Levels of talk, in rising order."""

    QUIET = 0
    NORMAL = 1
    VERBOSE = 2
    VERY_VERBOSE = 3
    DEBUG = 4

    level: ClassVar[int] = NORMAL

    @staticmethod
    def get() -> int:
        """Return the level of this process."""
        return Verbosity.level
