"""How far work has come, told to whoever listens."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeAlias

INTERVAL_S = 0.5


@dataclass(frozen=True)
class ProgressEvent:
    """One message about work under way.

    Attributes:
        description: what is done, as "predict scene-1".
        done: units that are done.
        total: units in all; None if that is not known.
        unit: what is counted, in the plural.
    """

    description: str
    done: int
    total: int | None
    unit: str


Sink: TypeAlias = Callable[[ProgressEvent], None]
_sink: ContextVar[Sink | None] = ContextVar("rvcli_progress_sink", default=None)


@contextmanager
def use_sink(sink: Sink) -> Iterator[None]:
    """Send the progress of all work inside the block to a sink, in this context only."""
    token = _sink.set(sink)
    try:
        yield
    finally:
        _sink.reset(token)


class Progress:
    """Counts units of work; threads may share it."""

    def __init__(self, description: str, total: int | None, unit: str, sink: Sink | None) -> None:
        self.description = description
        self.total = total
        self.unit = unit
        self.done = 0
        self._sink = sink
        self._told: int | None = None
        self._told_at_s = 0.0
        self._lock = threading.Lock()

    def advance(self, n: int = 1) -> None:
        """Count `n` more units as done."""
        if self._sink is None:
            return
        with self._lock:
            self.done += n
            if time.monotonic() - self._told_at_s >= INTERVAL_S:
                self.tell()

    def tell(self) -> None:
        """Send an event now, unless it has been sent."""
        if self._sink is not None and self._told != self.done:
            self._told, self._told_at_s = self.done, time.monotonic()
            self._sink(ProgressEvent(self.description, self.done, self.total, self.unit))


@contextmanager
def track(description: str, total: int | None, unit: str = "windows") -> Iterator[Progress]:
    """Count work: an event at the start and the end, and at most two a second between.

    Args:
        description: what is done.
        total: units in all; None if that is not known.
        unit: what is counted, in the plural.
    """
    progress = Progress(description, total, unit, _sink.get())
    progress.tell()
    yield progress
    progress.tell()
