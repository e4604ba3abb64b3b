"""Progress: who listens hears the first, the last, and not too many between."""

from __future__ import annotations

import threading
import time
from itertools import pairwise
from pathlib import Path

import pytest

from rvcli import progress
from rvcli.progress import ProgressEvent, track, use_sink
from rvcli.utils.sync import start_sync


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


def test_a_part_is_named_in_all_work_inside() -> None:
    """Work says of which scene it is, unless there is but one."""
    events: list[ProgressEvent] = []
    with use_sink(events.append):
        for total in (1, 3):
            with progress.part(1, total, "scene"), track("x", 1):
                pass
    assert ["", "scene 1/3"] == [event.stage for event in events]


def test_figures_are_measured_when_they_are_told() -> None:
    """What costs time is asked for with an event alone; what is no number is left out."""
    events: list[ProgressEvent] = []
    asked: list[int] = []

    def measure() -> dict[str, float]:
        asked.append(1)
        return {"loss": 0.5, "f1": float("nan")}

    with use_sink(events.append), track("x", 100) as work:
        work.measure = measure
        for _ in range(100):
            work.advance()
    assert (1, {"loss": 0.5}) == (len(asked), events[-1].figures)


def test_work_that_goes_on_begins_where_it_ended() -> None:
    """What an earlier attempt has done is counted as done."""
    events: list[ProgressEvent] = []
    with use_sink(events.append), track("x", 10, done=7) as work:
        work.advance(3)
    assert [7, 10] == [event.done for event in events]


def test_events_of_long_work_are_rarer(monkeypatch: pytest.MonkeyPatch) -> None:
    """After five minutes there is one in five seconds."""
    events: list[ProgressEvent] = []
    now_s = 0.0
    monkeypatch.setattr(progress.time, "monotonic", lambda: now_s)
    with use_sink(events.append), track("x", None) as work:
        for _ in range(1000):
            now_s += 1.0
            work.advance()
    last = [event.elapsed_s for event in events[-5:-1]]
    assert [5.0, 5.0, 5.0] == [b - a for a, b in pairwise(last)]


@pytest.mark.parametrize(("size", "expected"), [(None, 0), (1000, 0), (progress.LARGE_BYTES, 2)])
def test_small_files_are_not_told(size: int | None, expected: int) -> None:
    """A thousand small downloads would be two thousand events."""
    events: list[ProgressEvent] = []
    with use_sink(events.append), progress.track_bytes("x", size) as got:
        got(1000)
    assert expected == len(events)


def test_a_sync_beside_the_work_is_not_told(tmp_path: Path) -> None:
    """What is shown is the work; its copies meanwhile are not."""
    events: list[ProgressEvent] = []
    (tmp_path / "a").mkdir()
    with use_sink(events.append), start_sync(str(tmp_path / "a"), str(tmp_path / "b"), 0.01):
        time.sleep(0.05)
    assert [] == events
