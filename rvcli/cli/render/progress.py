"""How work goes, as it goes: bars on a terminal, a line now and then elsewhere, or JSON lines."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import TYPE_CHECKING, Any, TextIO, cast

from rvcli.cli.render.pace import BARS_AFTER_S, Paces, duration
from rvcli.cli.render.table import is_styled
from rvcli.cli.render.words import ENDED, describe
from rvcli.profile.secrets import mask_uris
from rvcli.progress import ProgressEvent, use_sink
from rvcli.runner.events import EventSink, RunEvent, progress_of
from rvcli.utils.logs import is_json, json_line

if TYPE_CHECKING:
    from rvcli.cli.render.bars import Bars

FIRST_LINE_AFTER_S = 5.0
LINE_EVERY_S = 30.0
MOST_LINES = 10
_TICK_S = 1.0


@contextmanager
def progress_view(*, quiet: bool, total: int | None = None) -> Iterator[EventSink]:
    """Give what shows the events of a run: on the standard output, or as JSON beside it.

    Args:
        quiet: show nothing.
        total: how many commands there are, if they are counted.
    """
    if is_json():
        yield json_event
    elif quiet:
        yield lambda event: None
    elif is_styled(sys.stdout):
        from rich.console import Console

        from rvcli.cli.render.bars import Bars

        bars = Bars(Console(file=sys.stdout), total)
        with _prints_above(bars):
            try:
                yield bars
            finally:
                bars.close()
    else:
        with _lines(sys.stdout) as view:
            yield view


@contextmanager
def work_view(*, quiet: bool) -> Iterator[None]:
    """Show the progress of work done in this process, inside the block.

    It goes to the standard error: the standard output is for the results.

    Args:
        quiet: show nothing.
    """
    if is_json():
        with use_sink(lambda event: json_event(progress_of("", event))):
            yield
    elif quiet:
        yield
    elif is_styled(sys.stderr):
        bars = _LateBars(sys.stderr)
        with use_sink(_of_no_job(bars)), _prints_above(bars):
            try:
                yield
            finally:
                bars.close()
    else:
        with _lines(sys.stderr) as view, use_sink(_of_no_job(view)):
            yield


def json_event(event: RunEvent) -> None:
    """Print an event as a line of JSON on the standard error."""
    sys.stderr.write(mask_uris(json_line(**_fields(event))) + "\n")
    sys.stderr.flush()


def _fields(event: RunEvent) -> dict[str, object]:
    level = {"failed": "ERROR", "warning": "WARNING", "retry": "WARNING"}.get(event.kind, "INFO")
    fields: dict[str, object] = {"level": level, "event": event.kind, "job": event.job_id}
    if not event.job_id:
        del fields["job"]
    fields["message"] = event.text
    if event.kind == "progress":
        fields |= {"done": event.done, "total": event.total, "unit": event.unit}
        fields |= {"stage": event.stage, "figures": dict(event.figures)}
        fields["elapsed_s"] = None if event.elapsed_s is None else round(event.elapsed_s, 3)
    if event.kind in ENDED:
        fields["seconds"] = round(event.seconds, 3)
    if event.log_path:
        fields["log_path"] = event.log_path
    return fields


def _of_no_job(view: EventSink) -> Callable[[ProgressEvent], None]:
    return lambda event: view(progress_of("", event))


class _LateBars:
    """Bars that are made once work takes long: what draws them takes a while to import."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._last: RunEvent | None = None
        self._bars: Any = None
        self._timer: threading.Timer | None = None

    def __call__(self, event: RunEvent) -> None:
        with self._lock:
            self._last = event
            if self._bars is not None:
                self._bars(event)
            elif self._timer is None:
                self._timer = threading.Timer(BARS_AFTER_S, self._make)
                self._timer.daemon = True
                self._timer.start()

    def above(self, stream: TextIO) -> TextIO:
        """Return what writes to a stream of this terminal."""
        return stream if self._bars is None else cast("TextIO", self._bars.above(stream))

    def close(self) -> None:
        """Take the bars away, if there are any."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join()
        if self._bars is not None:
            self._bars.close()

    def _make(self) -> None:
        from rich.console import Console

        from rvcli.cli.render.bars import Bars

        with self._lock:
            self._bars = Bars(Console(file=self._stream), after_s=0.0)
            if self._last is not None:
                self._bars(self._last)


@contextmanager
def _prints_above(bars: Bars | _LateBars) -> Iterator[None]:
    """Put what is printed to the terminal inside the block above the bars."""
    with ExitStack() as stack:
        if sys.stdout.isatty():
            stack.enter_context(redirect_stdout(_Above(sys.stdout, bars)))
        if sys.stderr.isatty():
            stack.enter_context(redirect_stderr(_Above(sys.stderr, bars)))
        yield


class _Above:
    """A stream of a terminal on which there may be bars."""

    def __init__(self, stream: TextIO, bars: Bars | _LateBars) -> None:
        self._stream = stream
        self._bars = bars

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bars.above(self._stream), name)


@contextmanager
def _lines(stream: TextIO) -> Iterator[EventSink]:
    """Give what prints lines, with a thread that looks every second whether one is due."""
    lines = Lines(stream)
    ended = threading.Event()

    def run() -> None:
        # Where nobody reads any more, the next event finds out as well.
        with suppress(OSError, ValueError):
            while not ended.wait(_TICK_S):
                lines.tick()

    thread = threading.Thread(target=run, name="rv-lines", daemon=True)
    thread.start()
    try:
        yield lines
    finally:
        ended.set()
        thread.join()


class Lines:
    """Prints a line when a command starts, ends or warns, and one every half minute between.

    The first of these comes after five seconds, so that one sees early what a long command
    does and how long it will take; work that ends sooner says nothing on its way.
    """

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._running: dict[str, _Running] = {}
        self._lock = threading.Lock()

    def __call__(self, event: RunEvent) -> None:
        """Note an event; print it unless it is one of many."""
        with self._lock:
            running = self._running.get(event.job_id)
            if running is None:
                running = self._running[event.job_id] = _Running(self._clock)
            running.take(event)
            if event.kind != "progress":
                self._print(describe(event))
            if event.kind in ENDED:
                del self._running[event.job_id]

    def tick(self) -> None:
        """Print how far the commands are of which nothing has been said for a while."""
        with self._lock:
            due = [(name, job) for name, job in self._running.items() if job.is_due()]
            for name, job in due[:MOST_LINES]:
                self._print(job.line(name))
            for _, job in due:
                job.told()
            if len(due) > MOST_LINES:
                self._print(f"and {len(due) - MOST_LINES} more commands run")

    def _print(self, text: str) -> None:
        self._stream.write(mask_uris(text) + "\n")
        self._stream.flush()


class _Running:
    """What is known of a command, or of work in this process, that has not ended."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._began_s = clock()
        self._next_s = self._began_s + FIRST_LINE_AFTER_S
        self._last: RunEvent | None = None
        self._paces = Paces(clock)

    def take(self, event: RunEvent) -> None:
        if event.kind == "progress":
            self._paces.of(event).add(event)
        if event.kind in ("progress", "waiting"):
            self._last = event

    def is_due(self) -> bool:
        return self._clock() >= self._next_s

    def told(self) -> None:
        self._next_s = self._clock() + LINE_EVERY_S

    def line(self, name: str) -> str:
        prefix = f"{name}: " if name else ""
        since = f"runs for {duration(self._clock() - self._began_s)}"
        if self._last is None:
            return prefix + since
        if self._last.kind == "progress" and self._last.done == self._last.total:
            return f"{prefix}{self._last.text}, done; {since}"
        return describe(self._last, self._paces.of(self._last))
