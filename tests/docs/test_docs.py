"""The user guide and the README say what is so: their code runs, their links lead somewhere.

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
import textwrap
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
from rvcli import errors, registry
from rvcli.cli.main import call as main
from rvcli.cli.state import State
from rvcli.profile import load_settings
from rvcli.registry import Registrar

REPOSITORY = Path(__file__).parents[2]
DOCS = REPOSITORY / "docs"
GUIDE = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))
FIRST = "tutorials/segmentation.md"
PAGES = [REPOSITORY / "README.md", *sorted(DOCS.rglob("*.md"))]
_FENCE = re.compile(
    r"(?:<!-- (?P<kind>[a-z]+): (?P<value>[^\n]*) -->\n)?```(?P<language>\w*)\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
_LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")


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
        for found in _FENCE.finditer(text)
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
        program, *words = shlex.split(line)
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


@pytest.fixture(scope="session")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """Follow the beginners' page to its end."""
    folder = tmp_path_factory.mktemp("guide") / "town"
    folder.mkdir()
    draw_town(folder)
    with pytest.MonkeyPatch.context() as patch:
        move_in(folder, patch)
        Project(folder).follow(DOCS / FIRST)
    copy = folder.with_name("copy")
    shutil.copytree(folder, copy)
    return Snapshot(folder, copy)


@pytest.fixture
def finished(snapshot: Snapshot) -> Path:
    """Give the folder in which the beginners' page was followed."""
    return snapshot.restore()


@pytest.fixture
def project(finished: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Give the folder in which the beginners' page was followed, to run other blocks in."""
    move_in(finished, monkeypatch)
    return Project(finished)


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


def test_beginners_find_the_buildings(finished: Path) -> None:
    """Whoever follows the first page gets predictions, figures and a package that works."""
    figures = json.loads((finished / "out/eval/buildings/eval.json").read_text(encoding="utf-8"))
    (building,) = (f for f in figures["overall"] if f["class_name"] == "building")
    assert building["f1"] > 0.8
    assert (finished / "found.tif").exists()


@pytest.mark.parametrize("page", [page for page in GUIDE if page != FIRST])
def test_page(page: str, project: Project) -> None:
    """Every block of the page runs."""
    task = rvcli.TaskConfig.builder(rvcli.SEMANTIC_SEGMENTATION)
    project.names["task"] = task.with_classes(["a", "b"]).build()
    project.follow(DOCS / page)


def test_readme(project: Project) -> None:
    """The experiment, the plugin and the profile that the README shows work together."""
    page = REPOSITORY / "README.md"
    project.follow(page, lambda block: block.text.startswith("rv "))


@pytest.mark.parametrize("title", ["Try it", "Test it"])
def test_lines_to_paste(title: str) -> None:
    """The README has one line of shell under each of these headings."""
    _, _, text = (REPOSITORY / "README.md").read_text(encoding="utf-8").partition(f"## {title}\n")
    found = _FENCE.search(text)
    assert found is not None
    assert ("sh", 1) == (found["language"], found["text"].count("\n"))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_links(path: Path) -> None:
    """Links to files and headings of the repository lead somewhere."""
    broken = []
    text = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    for found in _LINK.finditer(text):
        target, _, heading = found["target"].partition("#")
        if "://" in target:
            continue
        file = (path.parent / target).resolve() if target else path
        if not file.exists() or (heading and heading not in _headings(file)):
            broken.append(found["target"])
    assert [] == broken


def _headings(path: Path) -> set[str]:
    """Return the anchors of the headings of a page, as GitHub makes them."""
    titles = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_page_is_reached() -> None:
    """The first page of the guide links to all others."""
    text = (DOCS / "index.md").read_text(encoding="utf-8")
    pages = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")} - {"index.md"}
    assert set() == {page for page in pages if f"({page})" not in text}


@pytest.mark.parametrize("path", [DOCS / "reference/errors.md", REPOSITORY / "README.md"])
def test_exit_codes(path: Path) -> None:
    """The tables of exit codes have exactly those that `rv` uses."""
    codes = {value for name, value in vars(errors).items() if name.startswith("EXIT_")}
    shown = re.findall(r"^\| (\d+) +\|", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(codes) == sorted(map(int, shown))


def test_every_way_to_register() -> None:
    """The page on plugins names each method of what `register_plugin` gets."""
    text = (DOCS / "how-to/plugins.md").read_text(encoding="utf-8")
    methods = [name for name in vars(Registrar) if name.startswith("register_")]
    assert [] == [name for name in methods if f"`{name}(" not in text]


def test_every_family() -> None:
    """The page on plugins names the config class of each family."""
    text = (DOCS / "how-to/plugins.md").read_text(encoding="utf-8")
    families = {
        next(c for c in config.__mro__ if "group" in vars(c)).__name__
        for group in rvcli.keys.CONFIG_GROUPS
        for key in registry.default().keys(group)
        for config in [registry.default().get_config_builder(group, key).config_class]
    }
    assert set() == {name for name in families if f"`rv.{name}`" not in text}


def test_no_line_is_too_long() -> None:
    """The guide's code fits the page."""
    long = [
        f"{block.place}: {line}"
        for name in GUIDE
        for block in blocks_of(DOCS / name)
        for line in textwrap.dedent(block.text).splitlines()
        if block.language == "python" and len(line) > 100
    ]
    assert [] == long
