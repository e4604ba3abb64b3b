"""How a run goes, as it goes: bars on a terminal, one line an event elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rvcli.cli.render.table import is_terminal
from rvcli.profile.secrets import mask_uris

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

    from rvcli.runner.events import RunEvent

LINE_EVERY_S = 5.0

WORDS = {
    "started": "started",
    "waiting": "waits",
    "warning": "warning",
    "done": "done",
    "failed": "failed",
    "retry": "failed, is tried again",
    "cancelled": "cancelled",
    "not_run": "not run",
}


@contextmanager
def progress_view(*, quiet: bool) -> Iterator[Callable[[RunEvent], None]]:
    """Give what shows the events of a run.

    Args:
        quiet: show nothing.
    """
    if quiet:
        yield lambda event: None
    elif is_terminal():
        progress = _bars()
        try:
            yield Bars(progress)
        finally:
            progress.stop()
    else:
        yield Lines()


@contextmanager
def work_view(*, quiet: bool) -> Iterator[None]:
    """Show the progress of work done in this process, inside the block.

    Args:
        quiet: show nothing.
    """
    from rvcli.runner.events import RunEvent
    from rvcli.utils.progress import ProgressEvent, use_sink

    with progress_view(quiet=quiet) as view:

        def show(event: ProgressEvent) -> None:
            view(RunEvent("progress", event.description, event.unit, event.done, event.total))

        with use_sink(show):
            yield


class Lines:
    """Prints one line an event; of progress, one every five seconds a command."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last: dict[str, float] = {}

    def __call__(self, event: RunEvent) -> None:
        """Print an event."""
        now = self._clock()
        if event.kind == "progress" and now - self._last.get(event.job_id, 0.0) < LINE_EVERY_S:
            return
        self._last[event.job_id] = now
        print(mask_uris(describe(event)))
        sys.stdout.flush()


class Bars:
    """Shows a bar for each running command, and a line above for each that has ended."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, event: RunEvent) -> None:
        """Show an event."""
        self.progress.start()  # not before: a question may be asked first
        if event.kind in ("started", "progress", "waiting"):
            if event.job_id not in self._tasks:
                task = self.progress.add_task(event.job_id, total=None, text="")
                self._tasks[event.job_id] = task
            changes: dict[str, Any] = {"text": mask_uris(event.text)}
            if event.kind == "progress":
                changes |= {"completed": event.done, "total": event.total}
            self.progress.update(self._tasks[event.job_id], **changes)
        else:
            from rich.text import Text

            if event.job_id in self._tasks and event.kind != "warning":
                self.progress.remove_task(self._tasks.pop(event.job_id))
            style = {"failed": "red", "warning": "yellow"}.get(event.kind, "")
            self.progress.console.print(Text(mask_uris(describe(event)), style=style))


def describe(event: RunEvent) -> str:
    """Say an event in one line."""
    if event.kind == "progress":
        total = "?" if event.total is None else event.total
        return f"{event.job_id}: {event.text} {event.done}/{total}"
    line = f"{event.job_id}: {WORDS.get(event.kind, event.kind)}"
    if event.kind in ("done", "failed"):
        line += f" after {event.seconds:.1f} s"
    if event.kind == "started" and event.log_path:
        return f"{line}, log {event.log_path}"
    return f"{line}: {event.text}" if event.text else line


def _bars(console: Console | None = None) -> Progress:
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[text]}", markup=False),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )
