"""Start-up times, each beside the floor it is measured against: medians of alternating runs.

python benchmarks/startup.py [RUNS]
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time

CLICK = "import click"
ENTRY_POINTS = "import click, importlib.metadata as m; m.entry_points()"
TABLE = "import click, rich.console, rich.table, importlib.metadata as m; m.entry_points()"
# what, its command, the floor's code, the most times as long as the floor, on a terminal
CASES = [
    ("rv --help", ["--help"], CLICK, 1.5, False),
    ("rv plugins list --json", ["plugins", "list", "--json"], ENTRY_POINTS, 1.3, False),
    ("rv plugins list, plain", ["plugins", "list"], ENTRY_POINTS, 1.3, False),
    ("rv plugins list, table", ["plugins", "list"], TABLE, 1.3, True),
]

# Installed packages come with bytecode; a checkout may only have it if it may be written.
ENVIRON = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

# What the console script `rv` does.
SCRIPT = "from rvcli.cli.main import main; main()"


def seconds(command: list[str], directory: str, terminal: bool) -> float:
    """Run a command and return how long it took."""
    stdout = subprocess.PIPE
    reader = None
    if terminal:
        reader, stdout = os.openpty()
    start = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        cwd=directory,
        env=ENVIRON,
    )
    if reader is not None:
        os.close(stdout)
        _drain(reader)
    _, error = process.communicate()
    took = time.perf_counter() - start
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{error.decode()}")
    return took


def _drain(reader: int) -> None:
    """Read a terminal until its other side is closed."""
    try:
        while os.read(reader, 65536):
            pass
    except OSError:
        pass
    finally:
        os.close(reader)


def main() -> int:
    """Print the medians; fail if one is above its bound."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    rv = [sys.executable, "-c", SCRIPT]
    failed = False
    print(f"{'medians of ' + str(runs) + ' alternating runs':34}  time   floor   ratio  bound")
    with tempfile.TemporaryDirectory() as directory:
        for name, arguments, floor, bound, terminal in CASES:
            commands = ([*rv, *arguments], [sys.executable, "-c", floor])
            for command in commands:
                seconds(command, directory, terminal)
            times: tuple[list[float], list[float]] = ([], [])
            for _ in range(runs):
                for command, taken in zip(commands, times, strict=True):
                    taken.append(seconds(command, directory, terminal))
            ours, theirs = map(statistics.median, times)
            ratio = ours / theirs
            failed |= ratio > bound
            print(
                f"{name:34} {ours * 1000:4.0f} ms {theirs * 1000:4.0f} ms"
                f" {ratio:6.2f}  {bound:5.2f}{'  above' if ratio > bound else ''}"
            )
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
