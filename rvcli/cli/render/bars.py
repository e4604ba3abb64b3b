"""Work under way on a terminal: a bar for each command that runs, below what has ended."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TextIO, cast

from rich.console import Console, Group
from rich.file_proxy import FileProxy
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from rvcli.cli.render.pace import BARS_AFTER_S, Paces, is_counted, joined, parts
from rvcli.cli.render.words import ENDED, describe
from rvcli.profile.secrets import mask_uris
from rvcli.runner.events import RunEvent

_REFRESHES_A_SECOND = 4
# What is said of work, from most to least: the first that fits beside a bar is shown.
_SAID = (
    ("what", "count", "rate", "figures", "left"),
    ("what", "count", "short rate", "figures", "left"),
    ("where", "short count", "short rate", "figures", "left"),
    ("where", "short count", "figures", "left"),
    ("what", "short count", "left"),
    ("where", "percent", "left"),
    ("percent", "left"),
)
_STYLES = {"failed": "red", "warning": "yellow"}


class Bars:
    """Shows a bar for each running command, and a line above for each that has ended.

    Bars appear after two seconds: short work prints its lines alone.

    Args:
        total: how many commands there are, if they are counted.
    """

    def __init__(
        self,
        console: Console,
        total: int | None = None,
        clock: Callable[[], float] = time.monotonic,
        *,
        after_s: float = BARS_AFTER_S,
    ) -> None:
        self.console = console
        self._total = total
        self._clock = clock
        self._after_s = after_s
        self._rows: dict[str, _Row] = {}
        self._ended = 0
        self._lock = threading.RLock()
        self._timer: threading.Timer | None = None
        self._closed = False
        self._live = Live(
            console=console,
            get_renderable=self.render,
            refresh_per_second=_REFRESHES_A_SECOND,
            transient=True,
            # It would put back what it found, which in a block of its own is not what was before.
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._above: dict[int, FileProxy] = {}

    def __call__(self, event: RunEvent) -> None:
        """Show an event."""
        with self._lock:
            self._start_soon()  # not before: a question may be asked first
            if event.kind in ("started", "progress", "waiting"):
                self._rows.setdefault(event.job_id, _Row(self._clock)).take(event)
                return
            if event.kind != "warning":
                self._rows.pop(event.job_id, None)
            self._ended += event.kind in ENDED
        text = Text(mask_uris(describe(event)), style=_STYLES.get(event.kind, ""))
        self.console.print(text, soft_wrap=True)

    def above(self, stream: TextIO) -> TextIO:
        """Return what writes to a stream of this terminal, above the bars while there are any."""
        if not self._live.is_started:
            return stream
        with self._lock:
            return cast(
                "TextIO", self._above.setdefault(id(stream), FileProxy(self.console, stream))
            )

    def close(self) -> None:
        """Take the bars away."""
        with self._lock:
            self._closed = True
            for stream in self._above.values():
                stream.flush()  # of a line that has not ended
        if self._timer is not None:
            self._timer.cancel()
        self._live.stop()

    def render(self) -> Group:
        """Draw the bars that there is room for, and count the others."""
        with self._lock:
            rows = dict(self._rows)
        room = max(1, self.console.height - 3)
        lines = [row.render(name, self.console.width) for name, row in list(rows.items())[:room]]
        if len(rows) > room:
            lines.append(_line(f"and {len(rows) - room} more"))
        if self._total is not None and self._total > 1:
            lines.append(_line(f"{self._ended}/{self._total} commands, {len(rows)} running"))
        return Group(*lines)

    def _start_soon(self) -> None:
        if self._timer is None:
            self._timer = threading.Timer(self._after_s, self._start)
            self._timer.daemon = True
            self._timer.start()

    def _start(self) -> None:
        with self._lock:
            if not self._closed:
                self._live.start()


class _Row:
    """What is known of one running command."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._event: RunEvent | None = None
        self._paces = Paces(clock)
        self._began_s = clock()
        self._since_s = self._began_s

    def take(self, event: RunEvent) -> None:
        if event.kind == "progress":
            if self._event is None or self._event.text != event.text:
                self._since_s = self._clock()
            self._paces.of(event).add(event)
        self._event = event

    def render(self, name: str, width: int) -> Table:
        """Draw one line: name, bar and words, as many as the width has room for."""
        event = self._event
        bar_width = 20 if width >= 120 else 12 if width >= 80 else 8 if width >= 60 else 0
        name_width = min(len(name), max(8, width // 3))
        grid = Table.grid(padding=(0, 1))
        cells: list[Text | ProgressBar] = []
        if name:
            grid.add_column(no_wrap=True, overflow="ellipsis", width=name_width)
            cells.append(Text(mask_uris(name)))
        if bar_width:
            counted = event if event is not None and is_counted(event) else None
            total, done = (None, 0) if counted is None else (counted.total, counted.done)
            grid.add_column(width=bar_width)
            cells.append(ProgressBar(total=total, completed=done, width=bar_width))
        room = max(4, width - (name_width + 1 if name else 0) - (bar_width + 1 if bar_width else 0))
        grid.add_column(no_wrap=True, overflow="ellipsis", width=room)
        cells.append(Text(mask_uris(self._words(room)), no_wrap=True, overflow="ellipsis"))
        grid.add_row(*cells)
        return grid

    def _words(self, room: int) -> str:
        event = self._event
        if event is None or event.kind == "started":
            return f"{self._clock() - self._began_s:.0f} s"
        if event.kind == "waiting":
            return f"waits: {event.text}"
        said = parts(event, self._paces.of(event))
        if not is_counted(event):
            # More is to do, which nobody counts: what runs is the time.
            return joined([said["what"], f"{self._clock() - self._since_s:.0f} s"])
        said["where"] = event.stage or event.text
        said["short count"] = said["count"].removesuffix(f" {event.unit}")
        said["short rate"] = said["rate"].replace(f" {event.unit}/", "/")
        said["percent"] = f"{100 * event.done // (event.total or 1)} %"
        texts = [joined([said[name] for name in names]) for names in _SAID]
        return next((text for text in texts if len(text) <= room), texts[-1])


def _line(text: str) -> Table:
    grid = Table.grid()
    grid.add_column(no_wrap=True, overflow="ellipsis")
    grid.add_row(Text(text, style="dim"))
    return grid
