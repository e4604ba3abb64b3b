"""What telling progress costs a loop over windows.

    python benchmarks/progress.py [--windows N]

Prints the processor time of a loop that reads the pixels of N windows of 256 x 256 from memory
and sums them: without progress, with progress that nobody hears, with progress that is written
to a log as workers do; and what each adds for a window (aim: under 2 microseconds; reading and
predicting a real window takes milliseconds).
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np

from rvcli.progress import track, use_sink
from rvcli.runner.progress_lines import write_progress

RUNS = 5
PIXELS = np.random.default_rng(0).integers(0, 255, (4096, 4096), dtype=np.uint8)


def work(number: int) -> int:
    """Sum the pixels of a window."""
    row, column = divmod(number % 256, 16)
    window = PIXELS[row * 256 : row * 256 + 256, column * 256 : column * 256 + 256]
    return int(window.sum())


def plain(windows: int) -> None:
    """Do the work without progress."""
    for number in range(windows):
        work(number)


def tracked(windows: int) -> None:
    """Do the work as components do it."""
    with track("predicting", windows) as progress:
        for number in range(windows):
            work(number)
            progress.advance()


def seconds(loop: Callable[[int], None], windows: int, sink: Any) -> float:
    """Return the least processor time of some runs: others use the machine, too."""
    taken = []
    for _ in range(RUNS):
        began = time.process_time()
        with use_sink(sink) if sink is not None else nullcontext():
            loop(windows)
        taken.append(time.process_time() - began)
    return min(taken)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--windows", type=int, default=50_000)
    windows = parser.parse_args().windows
    stream = io.StringIO()
    cases = {
        "without progress": (plain, None),
        "progress that nobody hears": (tracked, None),
        "progress to a log": (tracked, lambda event: write_progress(event, stream)),
    }
    base = 0.0
    for name, (loop, sink) in cases.items():
        took = seconds(loop, windows, sink)
        base = base or took
        added = (took - base) / windows * 1e6
        print(f"{name:28} {took:6.2f} s  {added:+6.2f} microseconds a window (aim < 2)")


if __name__ == "__main__":
    main()
