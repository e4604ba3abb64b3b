"""Read the pages of the guide and run their code.

Fenced blocks of shell and Python run from top to bottom in a project with imagery, profiles are
loaded. A comment before a block says what else is to be known of it:

    <!-- file: experiment.py -->     it is the content of this file, which is written first
    <!-- exit: 3 -->                 each of its lines ends with this exit code
    <!-- skip: why -->               it cannot run here
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.rio.main import main_group as rio
from rasterio.transform import from_origin

import rvcli
from rvcli.cli.main import call as main
from rvcli.cli.state import State
from rvcli.profile import load_settings

REPOSITORY = Path(__file__).parents[2]
DOCS = REPOSITORY / "docs"
GUIDE = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))
FIRST = "tutorials/segmentation.md"
# Where it matters that commands are processes; elsewhere they run in this one, which takes a
# fraction of the time.
OF_PROCESSES = "docs/how-to/runners.md"
FENCE = re.compile(
    r"(?:<!-- (?P<kind>[a-z]+): (?P<value>[^\n]*) -->\n)?```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True)
class Block:
    """A fenced block of a page.

    Attributes:
        line: where its text begins, from 1.
        kind: of the comment before it: "file", "exit", "skip" or "".
        value: what the comment says.
    """

    page: str
    language: str
    text: str
    line: int
    kind: str
    value: str

    @property
    def place(self) -> str:
        """Page and line, for errors."""
        return f"{self.page}:{self.line}"


def blocks_of(path: Path) -> list[Block]:
    """List the fenced blocks of a page."""
    text = path.read_text(encoding="utf-8")
    return [
        Block(
            path.relative_to(REPOSITORY).as_posix(),
            found["language"],
            found["text"],
            text.count("\n", 0, found.start("text")) + 1,
            found["kind"] or "",
            found["value"] or "",
        )
        for found in FENCE.finditer(text)
    ]


class Project:
    """A folder in which the blocks of a page run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: dict[str, Any] = {"rv": rvcli}

    def follow(self, page: Path, wanted: Callable[[Block], bool] = lambda block: True) -> None:
        """Write the files of a page, then run its other blocks from top to bottom."""
        blocks = blocks_of(page)
        for block in blocks:
            if block.kind == "file":
                if block.language in ("toml", "ini"):
                    self.check_profile(block)
                self.write(block.value, block.text)
        for block in filter(wanted, blocks):
            self.run(block)

    def run(self, block: Block) -> None:
        """Run one block that is not a file."""
        if block.kind in ("skip", "file"):
            return
        if block.language in ("toml", "ini"):
            self.check_profile(block)
        elif block.language == "python":
            code = compile("\n" * (block.line - 1) + block.text, block.place, "exec")
            with State().session():
                exec(code, self.names)
        elif block.language == "sh":
            for line in block.text.splitlines():
                self.shell(line, block)

    def write(self, name: str, text: str) -> Path:
        """Write a file of the project."""
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def shell(self, line: str, block: Block) -> None:
        """Run one line of shell; `rv` and `rio` run in this process."""
        program, *words = shlex.split(line, comments=True)
        if program == "cd":
            os.chdir(*words)  # the test's monkeypatch goes back
            return
        if program == "pytest":
            subprocess.run([sys.executable, "-m", "pytest", *words], check=True)
            return
        if program == "python":
            subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)
            return
        if program == "rio":
            rio(words, standalone_mode=False)
            return
        assert program == "rv", f"{block.place}: cannot run {line!r} here; mark it"
        if block.page != OF_PROCESSES:
            words = ["inprocess" if word == "local" else word for word in words]
        expected = int(block.value) if block.kind == "exit" else 0
        assert expected == main(words), f"{block.place}: {line}"

    def check_profile(self, block: Block) -> None:
        """Load a profile and refuse what nothing knows."""
        path = self.write(f"profile.{block.language}", block.text)
        assert [] == load_settings(config_file=path).warnings, block.place
        path.unlink()


@dataclass(frozen=True)
class Snapshot:
    """A folder in which the beginners' page was followed, and a copy to put it back."""

    folder: Path
    copy: Path

    def restore(self) -> Path:
        """Put the folder back; in another place everything would run again."""
        shutil.rmtree(self.folder)
        shutil.copytree(self.copy, self.folder)
        return self.folder


def move_in(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Work in a folder, without the settings of whoever runs the tests."""
    for name in list(os.environ):
        if name.startswith(("RV_", "PLUGINS_", "XDG_")):
            patch.delenv(name)
    patch.setenv("HOME", str(folder.parent))
    patch.chdir(folder)
    patch.syspath_prepend(str(folder))
    patch.delitem(sys.modules, "experiment", raising=False)


def draw_town(folder: Path) -> None:
    """Draw an image of two halves and the GeoJSON of its buildings."""
    random = np.random.default_rng(5)
    transform = from_origin(500_000.0, 5_800_000.0, 1.0, 1.0)
    classes = np.full((128, 256), 2, np.uint8)
    features = []
    for left in range(8, 232, 32):
        for top in range(8, 104, 40):
            y, x = top + int(random.integers(10)), left + int(random.integers(8))
            classes[y : y + 14, x : x + 14] = 1
            corners = ((x, y), (x + 14, y), (x + 14, y + 14), (x, y + 14), (x, y))
            ring = [transform * (float(cx), float(cy)) for cx, cy in corners]
            geometry = {"type": "Polygon", "coordinates": [ring]}
            properties = {"class_name": "building"}
            features.append({"type": "Feature", "properties": properties, "geometry": geometry})
    means = np.array([[0, 0, 0], [2200, 1200, 900], [600, 1100, 800]])
    pixels = np.clip(means[classes] + random.normal(0, 60, (128, 256, 3)), 1, 65535)
    profile = {"driver": "GTiff", "dtype": "uint16", "nodata": 0, "crs": "EPSG:32633"}
    size = {"height": 128, "width": 256, "count": 3}
    with rasterio.open(folder / "town.tif", "w", **profile, **size, transform=transform) as image:
        image.write(np.moveaxis(pixels.astype(np.uint16), -1, 0))
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32633"}}
    labels = {"type": "FeatureCollection", "crs": crs, "features": features}
    (folder / "buildings.geojson").write_text(json.dumps(labels), encoding="utf-8")
