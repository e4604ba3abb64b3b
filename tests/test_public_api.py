"""`import rvcli as rv`: every name, without a cost, and known to type checkers."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import rvcli as rv

STUB = Path(rv.__file__).with_suffix(".pyi")
HEAVY = {"numpy", "rasterio", "sklearn", "shapely", "torch", "boto3", "google.protobuf", "click"}


def stub_names() -> dict[str, str]:
    """Map each name that the stub imports to its module, rooms to `rvcli`."""
    tree = ast.parse(STUB.read_text(encoding="utf-8"))
    return {
        alias.name: node.module
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
        if alias.name != "*"
    }


def is_family(home: str) -> bool:
    """Tell whether a module belongs to a family whose package gives its names."""
    return home.count(".") > 1 and home.split(".")[1] not in ("cli", "profile")


@pytest.mark.parametrize("name", sorted(rv._HOMES))
def test_every_name_resolves(name):
    """Each public name is there and is what its module calls by that name."""
    value = getattr(rv, name)

    assert value is getattr(sys.modules[rv._HOMES[name]], name)


@pytest.mark.parametrize("name", sorted(rv._ROOMS))
def test_every_room_resolves(name):
    """The rooms are attributes, as in `rv.data`."""
    assert f"rvcli.{name}" == getattr(rv, name).__name__


@pytest.mark.parametrize("name", sorted(n for n, home in rv._HOMES.items() if is_family(home)))
def test_every_package_on_the_way_gives_the_name(name):
    """`rv.data.SceneConfig` and `rv.data.label.Labels` are what `rv.SceneConfig` is."""
    home = rv._HOMES[name].removeprefix("rvcli.").split(".")
    package = rv
    for part in home[:-1]:
        package = getattr(package, part)

        assert getattr(package, name) is getattr(rv, name)
        assert name in dir(package)


def test_a_wrong_name_of_a_family_is_an_attribute_error():
    """As of any module."""
    with pytest.raises(AttributeError, match="no attribute 'SceneConfg'"):
        _ = rv.data.SceneConfg


def test_the_stub_tells_the_same():
    """Type checkers see exactly the names that exist at run time, from the same modules."""
    assert {**rv._HOMES, **dict.fromkeys(rv._ROOMS, "rvcli")} == stub_names()


def test_keys_are_plain_strings():
    """Keys are attributes of the package and plain strings."""
    assert ("TASK", "TRAIN") == (rv.TASK, rv.TRAIN)
    assert ["ANALYZE", "CHIP", "TRAIN", "PREDICT", "EVAL", "BUNDLE"] == rv.all_commands()


def test_unknown_names_are_attribute_errors():
    """A wrong name is an AttributeError, as of any module."""
    with pytest.raises(AttributeError, match="no attribute 'TaskConfg'"):
        _ = rv.TaskConfg


def test_dir_lists_all_names():
    """Completion in an interpreter sees what is not imported yet."""
    assert {"TaskConfig", "TRAIN", "data", "__version__"} <= set(dir(rv))


def test_importing_the_package_imports_nothing_heavy():
    """The import alone loads none of the heavy packages, nor any room but the keys."""
    code = "import sys, rvcli; print(*sys.modules, sep='\\n')"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    loaded = set(result.stdout.split())
    assert set() == loaded & HEAVY
    assert {"rvcli.keys", "rvcli.names", "rvcli.version"} == {
        m for m in loaded if m.startswith("rvcli.")
    }


def test_a_star_import_gives_the_names_of_a_family():
    """`from rvcli.task import *` gives what the package gives by name."""
    names = {}
    exec("from rvcli.task import *", names)

    assert rv.TaskConfig is names["TaskConfig"]
    assert "SemanticSegmentationConfigBuilder" in names
