"""The user guide and the README say what is so: their code runs."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path

import pytest

import rvcli
from rvcli import errors, registry
from rvcli.registry import Registrar
from tests.docs.guide import DOCS, FENCE, FIRST, GUIDE, REPOSITORY, Project, blocks_of


def test_beginners_find_the_buildings(finished: Path) -> None:
    """Whoever follows the first page gets predictions, figures and a package that works."""
    figures = json.loads((finished / "out/eval/buildings/eval.json").read_text(encoding="utf-8"))
    (building,) = (f for f in figures["overall"] if f["class_name"] == "building")
    assert building["f1"] > 0.8
    assert (finished / "found.tif").exists()


@pytest.mark.parametrize("page", [page for page in GUIDE if page != FIRST])
def test_page(page: str, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every block of the page runs."""
    if not page.startswith(("tutorials/", "how-to/report")):
        monkeypatch.setenv("RV_REPORT", "false")  # each would take as long as the run itself
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
    found = FENCE.search(text)
    assert found is not None
    assert ("sh", 1) == (found["language"], found["text"].count("\n"))


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
