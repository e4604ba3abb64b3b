"""What holds for the package as a whole: light imports, pins, versions, the README's commands."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rvcli.version import __version__

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGE = REPOSITORY / "rvcli"
HEAVY = {"boto3", "numpy", "pyproj", "rasterio", "scipy", "shapely", "sklearn", "torch"}
LIGHT_ROOMS = (
    *("registry", "core", "profile", "filesystem", "utils", "plugins", "records", "config"),
    *("experiment", "dag", "runner", "verify", "cli"),
)
LIGHT = sorted(
    {
        *PACKAGE.glob("*.py"),
        *PACKAGE.rglob("*_config.py"),
        *(path for room in LIGHT_ROOMS for path in (PACKAGE / room).rglob("*.py")),
    }
)
EVERYTHING = sorted(p for p in PACKAGE.rglob("*.py") if p.parent.name != "protos")


def imports_when_loaded(tree: ast.AST) -> Iterator[str]:
    """Yield the modules that are imported as soon as a module is, those for type checkers not."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        elif not (isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"):
            yield from imports_when_loaded(node)


def name_of(path: Path) -> str:
    """Return a path below the repository."""
    return str(path.relative_to(REPOSITORY))


@pytest.mark.parametrize("path", LIGHT, ids=name_of)
def test_light_modules_import_nothing_heavy(path: Path) -> None:
    """Configs, and all that planning needs, import heavy packages late."""
    found = imports_when_loaded(ast.parse(path.read_text(encoding="utf-8")))
    assert [] == [name for name in found if name.partition(".")[0] in HEAVY]


@pytest.mark.parametrize("path", EVERYTHING, ids=name_of)
def test_protobuf_is_imported_late(path: Path) -> None:
    """Nothing but the generated messages imports protobuf, or a message, when it is loaded."""
    found = imports_when_loaded(ast.parse(path.read_text(encoding="utf-8")))
    wanted = ("google.", "rvcli.protos.")
    assert [] == [name for name in found if name.startswith(wanted)]


def test_configs_load_without_heavy_packages() -> None:
    """All config modules together import neither numpy nor any other heavy package."""
    modules = [
        ".".join(path.relative_to(REPOSITORY).with_suffix("").parts)
        for path in PACKAGE.rglob("*_config.py")
    ]
    code = (
        f"import importlib, sys\nfor name in {modules!r}: importlib.import_module(name)\n"
        f"print(sorted({HEAVY!r} & set(sys.modules)), 'google.protobuf' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY
    )
    assert "[] False" == done.stdout.strip()


def test_the_version_is_said_once() -> None:
    """The installed distribution has the version that the code says."""
    assert __version__ == importlib.metadata.version("rvcli")


@pytest.mark.parametrize("heading", ["Try it", "Test it"])
def test_the_readme_has_one_line_to_paste(heading: str) -> None:
    """Under its heading there is one fenced line of shell, which makes its own environment."""
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    section = text.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    fenced = re.findall(r"```sh\n(.*?)```", section, flags=re.DOTALL)
    assert 1 == len(fenced)
    (line,) = fenced[0].splitlines()
    assert line.startswith("python3 -m venv .venv && ")


def test_constraints_are_plain_pins() -> None:
    """Every line of the constraints is `name==version`, perhaps with a marker, without hosts."""
    lines = (REPOSITORY / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert pins
    assert [] == [line for line in pins if not re.match(r"^[a-z0-9.-]+==[^\s;]+( ; .+)?$", line)]


def test_what_ci_installs_is_pinned() -> None:
    """Everything that the `dev` environment asks for directly has a pin."""
    required = importlib.metadata.requires("rvcli") or []
    asked = {
        re.split(r"[\s\[<>=!;]", line)[0].lower()
        for line in required
        if "extra ==" not in line or re.search(r"extra == ['\"](dev|local)['\"]", line)
    }
    text = (REPOSITORY / "constraints.txt").read_text(encoding="utf-8")
    pinned = set(re.findall(r"^([a-z0-9.-]+)==", text, flags=re.MULTILINE))
    assert set() == asked - pinned - {"rvcli"}
