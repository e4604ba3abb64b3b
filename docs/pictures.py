"""Make the pictures of the README: a terminal run, and the report that it writes.

python docs/pictures.py                         runs the README's example, and makes both
python docs/pictures.py --report FILE.html      makes that of a report alone

Both show what was really printed and written. Writes docs/pictures/terminal.svg and report.png;
the latter needs Chromium, and Pillow, which comes with the extra `torch`.
"""

from __future__ import annotations

import argparse
import fcntl
import io
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

REPOSITORY = Path(__file__).resolve().parents[1]
PICTURES = REPOSITORY / "docs" / "pictures"
EXAMPLE = REPOSITORY / "examples" / "tiny_town"
COMMAND = ("run", "local", "experiment.py")
COLUMNS, ROWS = 112, 60
# What stands in the picture for the folder that the example ran in.
HOME = "/home/you/tiny_town"
# Of the window that a report is seen in, in pixels.
REPORT_WIDTH, REPORT_HEIGHT = 1280, 960

_FONT_FACE = re.compile(r"@font-face \{\{.*?\}\}\s*", re.DOTALL)
_CONTROL = re.compile(r"(\r|\n|\x1b\[2K|\x1b\[1A|\x1b\[\?25[lh])")


def main(argv: list[str] | None = None) -> int:
    """Make the pictures, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python docs/pictures.py", description=__doc__)
    parser.add_argument("--report", type=Path, metavar="FILE", help="a report that is there")
    args = parser.parse_args(argv)
    PICTURES.mkdir(exist_ok=True)
    if args.report is not None:
        picture_of_report(args.report, PICTURES / "report.png")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        example = Path(folder).resolve() / EXAMPLE.name
        ignored = shutil.ignore_patterns("data", "out", "__pycache__")
        shutil.copytree(EXAMPLE, example, ignore=ignored)
        printed = run_in_terminal([sys.executable, "-m", "rvcli", *COMMAND], example)
        printed = printed.replace(str(example), HOME)
        picture_of_terminal(f"rv {' '.join(COMMAND)}", printed, PICTURES / "terminal.svg")
        report = example / "out" / "report.html"
        if report.exists():
            picture_of_report(report, PICTURES / "report.png")
    return 0


def run_in_terminal(argv: list[str], folder: Path) -> str:
    """Run a program in a terminal of its own, and return all that it wrote there.

    Raises:
        RuntimeError: it failed.
    """
    here, there = pty.openpty()
    fcntl.ioctl(there, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(REPOSITORY)}
    for name in ("COLUMNS", "LINES", "NO_COLOR"):
        environment.pop(name, None)
    process = subprocess.Popen(
        argv, cwd=folder, env=environment, stdin=there, stdout=there, stderr=there
    )
    os.close(there)
    written = io.BytesIO()
    while True:
        try:
            piece = os.read(here, 65536)
        except OSError:  # what Linux says when the last process has closed the terminal
            break
        if not piece:
            break
        written.write(piece)
    os.close(here)
    text = written.getvalue().decode()
    if process.wait() != 0:
        raise RuntimeError(f"{argv} failed:\n{text}")
    return text


def screen(written: str) -> list[str]:
    """Return the lines that stay on the screen, once progress has been drawn over."""
    lines, row, at_start = [""], 0, True
    for piece in _CONTROL.split(written):
        if piece == "\r":
            at_start = True
        elif piece == "\n":
            row += 1
            at_start = True
            if row == len(lines):
                lines.append("")
        elif piece == "\x1b[2K":
            lines[row] = ""
        elif piece == "\x1b[1A":
            row = max(row - 1, 0)
        elif piece and not piece.startswith("\x1b[?25"):
            lines[row] = piece if at_start else lines[row] + piece
            at_start = False
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def picture_of_terminal(command: str, written: str, path: Path) -> None:
    """Draw what a command wrote to a terminal, as an SVG that loads nothing."""
    console = Console(
        record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, highlight=False
    )
    console.print(Text.assemble(("$ ", "bold green"), (command, "bold")))
    for line in screen(written):
        console.print(Text.from_ansi(line))
    console.print()  # the picture cuts off what hangs below its last line
    template = _FONT_FACE.sub("", CONSOLE_SVG_FORMAT)
    template = template.replace("Fira Code, monospace", "ui-monospace, Menlo, Consolas, monospace")
    svg = console.export_svg(title="rv", code_format=template, unique_id="rv")
    path.write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n", encoding="utf-8")
    print(f"wrote: {path.relative_to(REPOSITORY)}, {path.stat().st_size} bytes")


def picture_of_report(html: Path, path: Path) -> None:
    """Photograph the top of a report with headless Chromium, in at most 300 kB.

    Raises:
        RuntimeError: there is no Chromium, or it took no picture.
    """
    from PIL import Image

    with tempfile.TemporaryDirectory() as folder:
        shot = Path(folder, "shot.png")
        subprocess.run(
            [
                *(_chromium(), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
                *("--no-first-run", "--disable-background-networking", "--disable-sync"),
                *("--disable-component-update", f"--user-data-dir={folder}/profile"),
                *("--hide-scrollbars", "--virtual-time-budget=5000"),
                *(f"--window-size={REPORT_WIDTH},{REPORT_HEIGHT}", f"--screenshot={shot}"),
                html.resolve().as_uri(),
            ],
            check=True,
            capture_output=True,
            timeout=120,
        )
        if not shot.exists():
            raise RuntimeError(f"Chromium took no picture of {html}")
        with Image.open(shot) as image:
            picture = image.convert("RGB")
    # All its colours: a palette gives up those of small places, such as legends.
    picture.save(path, optimize=True)
    print(f"wrote: {path.relative_to(REPOSITORY)}, {path.stat().st_size} bytes")


def _chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    raise RuntimeError("Chromium is not installed")


if __name__ == "__main__":
    raise SystemExit(main())
