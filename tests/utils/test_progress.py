"""Progress: who listens hears the first, the last, and not too many between."""

from __future__ import annotations

import threading

import pytest

from rvcli import progress
from rvcli.progress import ProgressEvent, track, use_sink


def test_first_and_last_are_told() -> None:
    """A sink hears the start and the end, whatever the speed."""
    events: list[ProgressEvent] = []
    with use_sink(events.append), track("predict", 1000) as work:
        for _ in range(1000):
            work.advance()
    assert events == [
        ProgressEvent("predict", 0, 1000, "windows"),
        ProgressEvent("predict", 1000, 1000, "windows"),
    ]


def test_events_between_come_in_intervals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between first and last an event comes when the interval has passed."""
    events: list[ProgressEvent] = []
    now_s = 100.0
    monkeypatch.setattr(progress.time, "monotonic", lambda: now_s)
    with use_sink(events.append), track("train", None, unit="epochs") as work:
        for _ in range(10):
            now_s += progress.INTERVAL_S / 2
            work.advance(2)
    assert [0, 4, 8, 12, 16, 20] == [event.done for event in events]
    assert {("train", None, "epochs")} == {(e.description, e.total, e.unit) for e in events}


def test_nobody_listens() -> None:
    """Without a sink work goes on in silence."""
    with track("predict", 2) as work:
        work.advance()


def test_sink_hears_its_own_context_only() -> None:
    """A sink does not outlive its block and does not hear other threads."""
    events: list[ProgressEvent] = []

    def work() -> None:
        with track("other", 1) as other:
            other.advance()

    with use_sink(events.append):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    work()
    assert events == []


def test_failed_work_is_not_told_as_done() -> None:
    """After an error no last event is sent."""
    events: list[ProgressEvent] = []
    with use_sink(events.append), pytest.raises(ZeroDivisionError), track("x", 2) as work:  # noqa: PT012
        work.advance()
        raise ZeroDivisionError
    assert [0] == [event.done for event in events]


def test_threads_share_a_count() -> None:
    """Threads that count together lose nothing."""
    events: list[ProgressEvent] = []
    with use_sink(events.append), track("x", 4000) as work:
        threads = [
            threading.Thread(target=lambda: [work.advance() for _ in range(1000)]) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert events[-1].done == 4000
