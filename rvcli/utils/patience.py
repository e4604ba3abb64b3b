"""A limit on how long other people's code may take."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Overdue(BaseException):
    """It took longer than it may; no `except Exception` on the way stops it."""


@contextmanager
def patience(seconds: float | None) -> Iterator[None]:
    """Raise inside the block, wherever it is, once it has run for too long.

    A signal does it, so that it reaches loops, sleeps and sockets, but not code in C that never
    looks for signals; in threads but the main one there is no limit.

    Args:
        seconds: the limit; None is none.

    Raises:
        Overdue: the block took longer.
    """
    if seconds is None or threading.current_thread() is not threading.main_thread():
        yield
        return

    def give_up(number: int, frame: FrameType | None) -> None:
        raise Overdue(f"it takes longer than {seconds:g} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
