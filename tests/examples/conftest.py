"""The examples, copied to where they may write."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def copy_example(tmp_path: Path) -> Callable[[str], Path]:
    """Copy an example, without what earlier runs left there, and give its folder."""

    def copy(name: str) -> Path:
        # A space and a letter beyond ASCII, as folders have them.
        target = tmp_path / "my exämples" / name
        ignored = shutil.ignore_patterns("data", "out", "__pycache__")
        return Path(shutil.copytree(EXAMPLES / name, target, ignore=ignored))

    return copy


@pytest.fixture
def run_rv() -> Callable[..., str]:
    """Run `rv` in a folder and give what it printed; fail if it does."""

    def run(folder: Path, *args: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "rvcli", *args],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert 0 == done.returncode, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


@pytest.fixture
def make_imagery() -> ModuleType:
    """Import the generator of the tiny town."""
    path = EXAMPLES / "tiny_town" / "make_imagery.py"
    spec = importlib.util.spec_from_file_location("tiny_town_make_imagery", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def figures() -> Callable[[Path], dict[str, dict[str, Any]]]:
    """Read the overall figures of an eval.json by class name."""

    def read(path: Path) -> dict[str, dict[str, Any]]:
        overall = json.loads(path.read_text())["overall"]
        return {figure["class_name"]: figure for figure in overall}

    return read
