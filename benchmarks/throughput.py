"""Time of each step of the pipeline, beside the plainest correct use of the libraries below it.

    python benchmarks/throughput.py [--size 5000] [--rounds 3] [--folder DIR] [CASE ...]

Both work on the same files and run in turns, each in a process of its own, after a round on a
small image for all that is imported late; of each the best round counts. The ratio is that of
processor seconds, which other work on the machine changes least. The exit status is 1 if one is
above the bound.

Images are made once, in DIR (default: a folder of the system's temporary directory).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

BOUND = 1.2
WARM_UP_SIZE = 512
WAYS = ("ours", "plain")


@dataclass(frozen=True)
class Figures:
    """What one way of doing a step takes: seconds of the clock, and of all processors."""

    wall_s: float
    cpu_s: float


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help="all if none is named")
    parser.add_argument("--size", type=int, default=5_000, help="side of the image in pixels")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--folder", type=Path, default=Path(tempfile.gettempdir()) / "rv-throughput"
    )
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.way:
        figures = measure(arguments.cases[0], arguments.way, arguments.size, arguments.folder)
        print(json.dumps([figures.wall_s, figures.cpu_s]))
        return
    arguments.folder.mkdir(parents=True, exist_ok=True)
    names = arguments.cases or all_cases()
    sys.exit(compare(names, arguments.size, arguments.rounds, arguments.folder))


def compare(cases: list[str], size: int, rounds: int, folder: Path) -> int:
    """Measure cases both ways, print a table, and return the exit status."""
    heads = f"{'ours: wall':>12}{'CPU s':>8}{'plain: wall':>13}{'CPU s':>8}"
    print(f"{'':20}{heads}{'ratio':>7}{'bound':>7}")
    over = 0
    for name in cases:
        taken: dict[str, list[Figures]] = {way: [] for way in WAYS}
        for _ in range(rounds):
            for way in WAYS:
                taken[way].append(in_process(name, way, size, folder))
        ours, plain = (best(taken[way]) for way in WAYS)
        ratio = ours.cpu_s / plain.cpu_s
        over += ratio > BOUND
        print(
            f"{name:20}{ours.wall_s:12.2f}{ours.cpu_s:8.2f}{plain.wall_s:13.2f}{plain.cpu_s:8.2f}"
            f"{ratio:7.2f}{BOUND:7.2f}{'  SLOWER' if ratio > BOUND else ''}",
            flush=True,
        )
    return 1 if over else 0


def all_cases() -> list[str]:
    """List the names of the cases."""
    from throughput_cases import CASES

    return list(CASES)


def best(figures: list[Figures]) -> Figures:
    """Give the least of each figure."""
    return Figures(min(f.wall_s for f in figures), min(f.cpu_s for f in figures))


def measure(name: str, way: str, size: int, folder: Path) -> Figures:
    """Do a step one way, in this process."""
    from throughput_cases import CASES

    case = CASES[name]
    work = case.ours if way == "ours" else case.plain
    work(case.prepare(folder, WARM_UP_SIZE))
    given = case.prepare(folder, max(WARM_UP_SIZE, int(size * case.side)))
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    work(given)
    return Figures(time.perf_counter() - wall_s, time.process_time() - cpu_s)


def in_process(name: str, way: str, size: int, folder: Path) -> Figures:
    """Take one measurement in a process of its own."""
    command = [
        *(sys.executable, __file__, "--way", way, "--size", str(size)),
        *("--folder", str(folder), name),
    ]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return Figures(*json.loads(done.stdout))


if __name__ == "__main__":
    main()
