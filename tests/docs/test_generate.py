"""The reference pages that are generated."""

from __future__ import annotations

import importlib.util
import re
import types
from pathlib import Path

import pytest

import rvcli.testing
from rvcli import keys, registry
from rvcli.cli.group import COMMANDS
from rvcli.names import HOMES
from rvcli.profile.options import OPTIONS

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def generate() -> types.ModuleType:
    """Give docs/generate.py as a module."""
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_is_fresh(generate: types.ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    """The committed pages are what the code gives; else run `python docs/generate.py`."""
    assert 0 == generate.main(["--check"]), capsys.readouterr().out


def test_writes(
    generate: types.ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without --check the pages are written, with it a missing one is only named."""
    generate.REFERENCE = tmp_path / "reference"
    assert 1 == generate.main(["--check"])
    assert not generate.REFERENCE.exists()
    assert 0 == generate.main([])
    assert "wrote: docs/reference/cli.md" in capsys.readouterr().out
    assert 0 == generate.main(["--check"])


def test_every_command() -> None:
    """Every command that help shows has its heading."""
    text = (DOCS / "reference" / "cli.md").read_text(encoding="utf-8")
    shown = [name for name, place in COMMANDS.items() if not place.hidden]
    assert [] == [name for name in shown if f"\n## rv {name}" not in text]


def test_every_setting() -> None:
    """Every declared option has a line."""
    text = (DOCS / "reference" / "settings.md").read_text(encoding="utf-8")
    assert [] == [o.name for o in OPTIONS if f"| `{o.key}` |" not in text]


def test_every_builtin() -> None:
    """Every built-in config is named by the line that makes its builder."""
    text = (DOCS / "reference" / "configs.md").read_text(encoding="utf-8")
    builtin = [k for g in (*keys.CONFIG_GROUPS, keys.COMMAND) for k in registry.default().keys(g)]
    assert [] == [key for key in builtin if f".builder(rv.{key})" not in text]


def test_every_public_name() -> None:
    """Every name of `import rvcli as rv` has a heading: as part of the API, or as a config."""
    api = (DOCS / "reference" / "api.md").read_text(encoding="utf-8")
    configs = (DOCS / "reference" / "configs.md").read_text(encoding="utf-8")
    headings = set(re.findall(r"^### (\w+)$", api + configs, re.MULTILINE))
    names = {name.removesuffix("Builder") for name in HOMES}
    assert set() == names - headings


def test_every_name_for_tests() -> None:
    """Every name of rvcli.testing has a heading."""
    text = (DOCS / "reference" / "testing.md").read_text(encoding="utf-8")
    assert [] == [name for name in rvcli.testing.__all__ if f"\n### {name}\n" not in text]


def test_docstrings_become_lists() -> None:
    """Arguments, results and errors of a docstring are items of a list."""
    text = (DOCS / "reference" / "api.md").read_text(encoding="utf-8")
    _, _, entry = text.partition("**`get_windows(chip_size: int")
    assert "- Raises `BoxSizeError`: chip_size or stride is not positive." in entry[:600]
