"""Projects of plugins: each with tiny imagery, an experiment and a profile."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rvcli.plugins import PluginSpec, load_plugins
from rvcli.registry import Registry
from rvcli.testing import temporary_registry

PLUGINS = Path(__file__).parent / "plugins"


@dataclass
class Project:
    """A directory with plugins, imagery, an experiment and a profile, and `rv` run in it.

    Attributes:
        path: the directory.
        experiment: name of the experiment file.
    """

    path: Path
    experiment: str

    @property
    def root(self) -> Path:
        """Where the experiment writes."""
        return self.path / "root"

    def rv(self, *words: str) -> str:
        """Run `rv` in a process, the experiment file being `X`; it must succeed.

        Returns:
            What it printed.
        """
        arguments = [self.experiment if word == "X" else word for word in words]
        arguments += ["-a", "data", str(self.path / "data")]
        if "root_uri" not in words:
            arguments += ["-a", "root_uri", str(self.root)]
        home = {"HOME": str(self.path), "RV_CACHE_DIR": str(self.path / "cache")}
        done = subprocess.run(
            [sys.executable, "-m", "rvcli", *arguments],
            cwd=self.path,
            env={**os.environ, **home, "COLUMNS": "200"},
            capture_output=True,
            text=True,
            check=False,
        )
        logs = "".join(path.read_text() for path in self.root.rglob("command-log-*"))
        assert done.returncode == 0, done.stdout + done.stderr + logs
        return done.stdout

    def to_run(self, *words: str) -> dict[str, str]:
        """Return why each command of a plan would run, by id."""
        plan = json.loads(self.rv("run", "local", "X", *words, "--dry-run", "--json"))
        return {s["id"]: s["reason"] for s in plan["steps"] if s["status"] != "up_to_date"}

    def read(self, name: str) -> Any:
        """Read a JSON file below the root."""
        return json.loads((self.root / name).read_text())

    def pins(self, name: str) -> list[str]:
        """Return the names of the plugins that a message pins."""
        return sorted(pin["name"] for pin in self.read(name)["plugins"]["pins"])


def plugin_files(directory: Path, kind: str) -> list[Path]:
    """List the plugins whose files begin with `kind`."""
    found = sorted(directory.glob(f"{kind}_*.py"))
    return [path for path in found if not path.stem.endswith("experiment")]


def make_project(directory: Path, kind: str) -> Project:
    """Make the project of the plugins whose files begin with `kind`."""
    directory.mkdir(parents=True, exist_ok=True)
    for path in PLUGINS.glob(f"*{kind}*.py"):
        shutil.copy(path, directory)
    names = [path.name for path in plugin_files(directory, kind)]
    profile = f"[PLUGINS]\nfiles = {json.dumps(names)}\n"
    if kind == "classic":
        profile += (
            f"[CLASSIC_COUNTER]\nloudness = 11\n[CLASSIC_ATTIC]\ndirectory = '{directory}/attic'\n"
        )
    (directory / "rv.toml").write_text(profile)
    data, notes = directory / "data", directory / "attic" / "notes"
    data.mkdir()
    notes.mkdir(parents=True)
    for name in "ab":
        (notes / f"{name}.txt").write_text(f"note {name}")
    rng = np.random.default_rng(0)
    for number, name in enumerate(["one", "two", "three"]):
        y, x = 8 + 4 * number, 10 + 8 * number
        image = rng.integers(20, 40, (64, 64, 3)).astype(np.uint8)
        image[y : y + 24, x : x + 30] += 150
        np.save(data / f"{name}.npy", image)
        shapes = {"boxes": [[1, y, x, y + 24, x + 30]]}
        (data / f"{name}.shapes.json").write_text(json.dumps(shapes))
    return Project(directory, f"{kind}_experiment.py")


@pytest.fixture
def lay_out() -> Any:
    """Give the function that makes a project, which tests cannot import."""
    return make_project


@pytest.fixture
def loaded() -> Iterator[Any]:
    """Give a function that loads plugins of this directory into a registry in force."""
    with temporary_registry() as registry:

        def load(kind: str) -> Registry:
            specs = [PluginSpec("file", str(path)) for path in plugin_files(PLUGINS, kind)]
            load_plugins(specs, registry, strict=True, cache_dir="unused")
            return registry

        yield load
