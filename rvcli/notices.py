"""What people should know although the work goes on; each text is told once in a process."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Show = Callable[[str], None]


class OldFormWarning(FutureWarning):
    """Something of older releases is used that has a newer form."""


_told: set[str] = set()
_show: Show | None = None


def deprecated(old: str, new: str) -> None:
    """Tell that an old form is used, and which the new one is."""
    text = f"{old} is of older releases: use {new}"
    if _is_new(text):
        if _show is not None:
            _show(text)
        else:
            warnings.warn(text, OldFormWarning, stacklevel=_callers_level())


def notice(text: str) -> None:
    """Tell what is not as somebody may expect it."""
    if _is_new(text):
        if _show is not None:
            _show(text)
        else:
            import logging

            logging.getLogger(__name__).warning("%s", text)


@contextmanager
def shown_by(show: Show) -> Iterator[None]:
    """Let a function print what is told inside the block, instead of Python's warnings and logs."""
    global _show
    before, _show = _show, show
    try:
        yield
    finally:
        _show = before


def _is_new(text: str) -> bool:
    if text in _told:
        return False
    _told.add(text)
    return True


def _callers_level() -> int:
    """Return the `stacklevel` of the code outside rvcli that has led here."""
    frame: Any = sys._getframe(2)
    level = 2
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "rvcli":
        frame = frame.f_back
        level += 1
    return level
