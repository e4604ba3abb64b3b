"""Rate and time left, and both in words."""

from __future__ import annotations

import pytest

from rvcli.cli.render.pace import Pace, Paces, duration, joined, parts
from rvcli.runner.events import RunEvent


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


def event(done: int, total: int | None = 100, at: float | None = None, **more: object) -> RunEvent:
    """Tell of work under way."""
    return RunEvent("progress", "j", "fit", done, total, unit="windows", elapsed_s=at, **more)


def test_the_rate_is_of_the_last_half_minute() -> None:
    """What was slow at first counts no more after a while."""
    clock = Clock()
    pace = Pace(clock)
    for second in range(10):
        clock.now = second
        pace.add(event(second, 1000))
    assert 1.0 == pace.rate()
    for second in range(10, 60):
        clock.now = second
        pace.add(event(10 * second, 1000))
    assert 10.0 == pytest.approx(pace.rate())
    assert (1000 - 590) / 10 == pytest.approx(pace.left_s(event(590, 1000)))


def test_what_was_done_before_is_no_speed() -> None:
    """Work that goes on at 90 of 100 is reckoned from there."""
    clock = Clock()
    pace = Pace(clock)
    pace.add(event(90, at=0.0))
    assert (None, None) == (pace.rate(), pace.left_s(event(90)))
    clock.now = 4.0
    pace.add(event(92, at=4.0))
    assert (0.5, 16.0) == (pace.rate(), pace.left_s(event(92)))


def test_the_clock_of_who_works_counts() -> None:
    """Lines of a log that come in one heap have the times at which they were written."""
    pace = Pace(Clock())
    for done in range(5):
        pace.add(event(done, at=2.0 * done))
    assert 0.5 == pace.rate()


def test_the_time_left_runs_down_between_events() -> None:
    """It is that of now, not that of the last event."""
    clock = Clock()
    pace = Pace(clock)
    pace.add(event(0, at=0.0))
    pace.add(event(50, at=50.0))
    clock.now = 10.0
    assert 40.0 == pace.left_s(event(50))
    assert 0.0 == pace.left_s(event(95))


def test_silence_lowers_the_rate() -> None:
    """Work that is stuck is not said to end soon."""
    clock = Clock()
    pace = Pace(clock)
    for done in range(11):
        clock.now = done
        pace.add(event(done, at=float(done)))
    clock.now = 100.0
    assert 0.1 == pace.rate()


def test_an_attempt_that_begins_anew_is_reckoned_anew() -> None:
    """A smaller count is that of another attempt."""
    pace = Pace(Clock())
    pace.add(event(0, at=0.0))
    pace.add(event(80, at=8.0))
    pace.add(event(0, at=0.0))
    assert None is pace.rate()


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.2, "0 s"), (12, "12 s"), (200, "3 min 20 s"), (3600, "1 h"), (3930, "1 h 5 min")],
)
def test_durations(seconds: float, expected: str) -> None:
    """The two largest units are enough."""
    assert expected == duration(seconds)


@pytest.mark.parametrize(
    ("rate", "unit", "expected"),
    [
        (250.4, "windows", "250 windows/s"),
        (2.54, "windows", "2.5 windows/s"),
        (0.5, "scenes", "30 scenes/min"),
        (0.005, "epochs", "18 epochs/h"),
        (2.5e6, "bytes", "2.5 MB/s"),
    ],
)
def test_rates(rate: float, unit: str, expected: str) -> None:
    """A slow rate has a longer unit of time, so that there is a number to read."""
    pace = Pace(Clock())
    pace.add(RunEvent("progress", "j", done=0, elapsed_s=0.0))
    pace.add(RunEvent("progress", "j", done=round(rate * 1000), elapsed_s=1000.0))
    told = RunEvent("progress", "j", "x", round(rate * 1000), None, unit=unit)
    assert expected == parts(told, pace)["rate"]


def test_all_that_is_known_is_said() -> None:
    """What, where, how much of how much, figures; what is not known is left out."""
    known = event(24, 80, stage="epoch 3/10", figures={"loss": 0.4123, "f1": 0.83})
    assert "fit, epoch 3/10, 24/80 windows, loss 0.412, f1 0.83" == joined(
        list(parts(known, None).values())
    )
    assert "fit, 3 windows" == joined(list(parts(event(3, None), None).values()))
    large = RunEvent("progress", "", "downloading x", 12_300_000, 45_600_000, unit="bytes")
    assert "12.3/45.6 MB" == parts(large, None)["count"]


def test_work_within_work_has_its_own_speed() -> None:
    """Validation between epochs makes nobody forget how fast training goes."""
    clock = Clock()
    paces = Paces(clock)
    for second in range(3):
        clock.now = second
        paces.of(event(second)).add(event(second, at=float(second)))
    inner = RunEvent("progress", "j", "validate", 0, 5, elapsed_s=0.0)
    paces.of(inner).add(inner)
    assert (1.0, None) == (paces.of(event(2)).rate(), paces.of(inner).rate())
    for number in range(20):
        paces.of(RunEvent("progress", "j", f"scene {number}"))
    assert None is paces.of(event(2)).rate()
