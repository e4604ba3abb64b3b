"""How fast work goes, how long it will still take, and both in words."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from itertools import pairwise

from rvcli.runner.events import RunEvent

SPAN_S = 30.0
# Work that ends sooner has no bar.
BARS_AFTER_S = 2.0
_FEWEST = 4
_MOST_PACES = 10
_SHORTEST_S = 0.5
_UNITS = ((3600, "h"), (60, "min"), (1, "s"))


class Pace:
    """The speed of one piece of work over its last half minute, or its last few steps.

    What was done before the first event is not counted: it may be of an earlier attempt.

    Args:
        clock: seconds; says how long nothing has been heard.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._samples: deque[tuple[float, int]] = deque()
        self._heard_s = clock()

    def add(self, event: RunEvent) -> None:
        """Take an event into account; one that begins anew makes all before it count no more."""
        now = self._clock()
        at = now if event.elapsed_s is None else event.elapsed_s
        if self._samples and (event.done < self._samples[-1][1] or at < self._samples[-1][0]):
            self._samples.clear()
        if self._samples and event.done == self._samples[-1][1]:
            return
        self._heard_s = now
        self._samples.append((at, event.done))
        while len(self._samples) > _FEWEST and self._samples[1][0] < at - SPAN_S:
            self._samples.popleft()

    def rate(self) -> float | None:
        """Return units a second; None if it is too early to say."""
        if len(self._samples) < 2:
            return None
        (first_s, first), (last_s, last) = self._samples[0], self._samples[-1]
        span_s = last_s - first_s
        silence_s = self._clock() - self._heard_s
        if silence_s > 2 * max(b[0] - a[0] for a, b in pairwise(self._samples)):
            span_s += silence_s  # it has become slower than it was
        return (last - first) / span_s if span_s >= _SHORTEST_S else None

    def left_s(self, event: RunEvent) -> float | None:
        """Return the seconds that the rest will take, as far as one can say."""
        rate = self.rate()
        if not rate or event.total is None:
            return None
        return max(0.0, (event.total - event.done) / rate - (self._clock() - self._heard_s))


class Paces:
    """The speeds of what one command does, also where one piece of work is done within another.

    Args:
        clock: seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._paces: dict[str, Pace] = {}

    def of(self, event: RunEvent) -> Pace:
        """Return the speed of the work that an event tells of."""
        if event.text not in self._paces and len(self._paces) >= _MOST_PACES:
            del self._paces[next(iter(self._paces))]
        # Those that were heard of last are last.
        pace = self._paces.pop(event.text, None) or Pace(self._clock)
        self._paces[event.text] = pace
        return pace


def parts(event: RunEvent, pace: Pace | None) -> dict[str, str]:
    """Say each thing about work under way: what, count, rate, figures, left; "" is unknown."""
    rate = pace.rate() if pace is not None else None
    left_s = pace.left_s(event) if pace is not None else None
    return {
        "what": joined([event.text, event.stage]),
        "count": _count(event),
        "rate": _rate(rate, event.unit) if rate else "",
        "figures": ", ".join(f"{name} {value:.3g}" for name, value in event.figures.items()),
        "left": f"{duration(left_s)} left" if left_s is not None else "",
    }


def is_counted(event: RunEvent) -> bool:
    """Tell whether a share of known work is done: not all of it, and not of nobody knows what."""
    return event.kind == "progress" and event.total is not None and event.done < event.total


def joined(said: Sequence[str]) -> str:
    """Return a sentence of what is not empty."""
    return ", ".join(part for part in said if part)


def duration(seconds: float) -> str:
    """Return a time in its two largest units: 12 s, 3 min 20 s, 1 h 5 min."""
    left = round(seconds)
    words: list[str] = []
    for size, name in _UNITS:
        if left >= size or (name == "s" and not words):
            words.append(f"{left // size} {name}")
            left %= size
        elif words:
            break
    return " ".join(words[:2])


def _count(event: RunEvent) -> str:
    if event.unit == "bytes":
        done = f"{event.done / 1e6:.1f}"
        return f"{done} MB" if event.total is None else f"{done}/{event.total / 1e6:.1f} MB"
    if event.total is None:
        return f"{event.done} {event.unit}".rstrip() if event.done else ""
    return f"{event.done}/{event.total} {event.unit}".rstrip()


def _rate(rate: float, unit: str) -> str:
    if unit == "bytes":
        return f"{rate / 1e6:.3g} MB/s"
    for factor, name in ((1, "s"), (60, "min"), (3600, "h")):
        if rate * factor >= 1 or name == "h":
            value = rate * factor
            return f"{value:.0f} {unit}/{name}" if value >= 100 else f"{value:.2g} {unit}/{name}"
    raise AssertionError("the last unit fits all")
