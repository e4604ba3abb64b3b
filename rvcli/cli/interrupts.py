"""Signals that end a run: all of them arrive as KeyboardInterrupt, so that all clean up alike.

The loss of the terminal is a Hangup, a KeyboardInterrupt that jobs elsewhere survive.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

GRACE_S = 4.0


@contextmanager
def terminations_interrupt() -> Iterator[None]:
    """Turn SIGTERM and the loss of the terminal into KeyboardInterrupt inside the block."""
    before = {}
    if threading.current_thread() is threading.main_thread():
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            # A signal that whoever started us wants ignored (nohup) stays ignored.
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    # Once is enough: a second one must not break into the cleaning up.
    signal.signal(number, signal.SIG_IGN)
    if number == getattr(signal, "SIGHUP", None):
        from rvcli.runner.outcome import Hangup

        raise Hangup
    raise KeyboardInterrupt


def end_with_input() -> None:
    """End this process, and all that it starts, when its standard input closes.

    The runner that started it holds the other end, so that none of its workers outlives it.
    """
    threading.Thread(target=_watch, name="rv-attached", daemon=True).start()


def _watch() -> None:
    with suppress(OSError):
        while os.read(0, 4096):
            pass
    _end_group(signal.SIGTERM)
    time.sleep(GRACE_S)
    _end_group(signal.SIGKILL)


def _end_group(number: signal.Signals) -> None:
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), number)
    else:
        os.kill(os.getpid(), number)
