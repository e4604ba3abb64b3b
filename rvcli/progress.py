"""How far work has come, told to whoever listens."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TypeAlias

INTERVAL_S = 0.5
LONGEST_INTERVAL_S = 5.0
LARGE_BYTES = 32 << 20
# Of long work events are rarer: nobody waits an hour and looks twice a second.
_EVENTS_A_WHILE = 60


@dataclass(frozen=True)
class ProgressEvent:
    """One message about work under way.

    Attributes:
        description: what is done, as "predicting scene-1"; the same from start to end.
        done: units that are done, those before an interruption included.
        total: units in all; None if that is not known.
        unit: what is counted, in the plural; "bytes" are shown as MB.
        stage: where in it, as "epoch 3/10"; empty if there is nothing to say.
        figures: what is measured on the way, by name, as {"loss": 0.41}.
        elapsed_s: seconds since the work began, by the clock of who does it.
    """

    description: str
    done: int
    total: int | None
    unit: str
    stage: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
    elapsed_s: float = field(default=0.0, compare=False)


Sink: TypeAlias = Callable[[ProgressEvent], None]
Measure: TypeAlias = Callable[[], Mapping[str, float]]
_sink: ContextVar[Sink | None] = ContextVar("rvcli_progress_sink", default=None)
_stage: ContextVar[str] = ContextVar("rvcli_progress_stage", default="")


@contextmanager
def use_sink(sink: Sink | None) -> Iterator[None]:
    """Send the progress of all work inside the block to a sink, in this context only.

    Args:
        sink: None hears nothing.
    """
    token = _sink.set(sink)
    try:
        yield
    finally:
        _sink.reset(token)


@contextmanager
def part(number: int, total: int, unit: str) -> Iterator[None]:
    """Say of all work that begins inside the block what it is a part of, as "scene 3/20".

    Args:
        number: of the part, from 1.
        total: parts in all; of a single one nothing is said.
        unit: what a part is, in the singular.
    """
    token = _stage.set(f"{unit} {number}/{total}" if total > 1 else "")
    try:
        yield
    finally:
        _stage.reset(token)


class Progress:
    """Counts units of work; threads may share it.

    Attributes:
        stage: where in the work it is; told with the next event.
        measure: gives the figures of an event, and is asked only when one is sent.
    """

    def __init__(
        self, description: str, total: int | None, unit: str, sink: Sink | None, done: int = 0
    ) -> None:
        self.description = description
        self.total = total
        self.unit = unit
        self.done = done
        self.stage = _stage.get()
        self.measure: Measure = dict
        self._sink = sink
        self._told: int | None = None
        self._began_s = time.monotonic()
        self._next_s = 0.0
        self._lock = threading.Lock()

    def advance(self, n: int = 1) -> None:
        """Count `n` more units as done."""
        if self._sink is None:
            return
        with self._lock:
            self.done += n
            if time.monotonic() >= self._next_s:
                self.tell()

    def tell(self) -> None:
        """Send an event now, unless it has been sent."""
        if self._sink is None or self._told == self.done:
            return
        now_s = time.monotonic()
        elapsed_s = now_s - self._began_s
        wait_s = min(max(INTERVAL_S, elapsed_s / _EVENTS_A_WHILE), LONGEST_INTERVAL_S)
        self._told, self._next_s = self.done, now_s + wait_s
        figures = {k: v for k, v in self.measure().items() if math.isfinite(v)}
        self._sink(
            ProgressEvent(
                self.description, self.done, self.total, self.unit, self.stage, figures, elapsed_s
            )
        )


@contextmanager
def track(
    description: str, total: int | None, unit: str = "windows", *, done: int = 0
) -> Iterator[Progress]:
    """Count work: an event at the start and the end, and at most two a second between.

    Args:
        description: what is done.
        total: units in all; None if that is not known.
        unit: what is counted, in the plural.
        done: units that an earlier attempt has done: the time left is not reckoned from them.
    """
    progress = Progress(description, total, unit, _sink.get(), done)
    progress.tell()
    yield progress
    progress.tell()


@contextmanager
def track_bytes(
    description: str, total: int | None, *, done: int = 0
) -> Iterator[Callable[[int], None]]:
    """Count bytes of a file; of one that is not large, or of unknown size, nothing is told.

    Yields:
        what is called with each number of bytes that are done, by any thread.
    """
    if total is None or total < LARGE_BYTES:
        yield lambda n: None
        return
    with track(description, total, "bytes", done=done) as progress:
        yield progress.advance
