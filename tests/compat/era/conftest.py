"""A team of the days of `rastervision`: its plugins, experiments and profiles, as they were."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rvcli.compat import serving
from rvcli.testing import temporary_registry

OLD = Path(__file__).parent / "old"
IMAGERY = Path(os.environ.get("RV_TEST_IMAGERY", Path(__file__).parents[4] / "shared" / "data"))

# Name of a profile: its content.
PROFILES = {
    "team08": (
        '[PLUGINS]\nfiles=["{old}/plugins08/landcover_task.py", "{old}/plugins08/pixel_backend.py",'
        ' "{old}/plugins08/imagery.py", "{old}/plugins08/labels.py",'
        ' "{old}/plugins08/measures.py"]\n\n[BRIGHTNESS]\nstep=4\n'
    ),
    "team11": (
        "[PLUGINS]\nfiles={old}/plugins11/blobs_backend.py,{old}/plugins11/house_evaluator.py\n"
        "modules=['acme_rv']\n\n[VAULT]\nroot={home}/vault\n\n[ACME_QUEUE]\nlog={home}/queue.log\n"
    ),
    "default": "[RV]\nmodel_defaults_uri=\n",
}


@dataclass
class Team:
    """A home directory with old plugins, experiments and profiles, and `rv` run in it.

    Attributes:
        home: the directory.
    """

    home: Path

    @property
    def old(self) -> Path:
        """Where the plugins and experiments lie."""
        return self.home / "old"

    @property
    def root(self) -> Path:
        """Where experiments write."""
        return self.home / "root"

    def imagery(self, name: str) -> str:
        """Return the folder of a set of real imagery, or skip the test."""
        if not (IMAGERY / name).is_dir():
            pytest.skip(f"there is no imagery in {IMAGERY / name}")
        return str(IMAGERY / name)

    def call(self, *words: str, program: tuple[str, ...] = ("rvcli",)) -> Any:
        """Run `rv`, or another module, in a process of its own."""
        environ = {k: v for k, v in os.environ.items() if not k.startswith(("RV_", "PLUGINS_"))}
        environ |= {
            "HOME": str(self.home),
            "PYTHONPATH": os.pathsep.join([*_paths(), str(self.old)]),
            "COLUMNS": "200",
        }
        return subprocess.run(
            [sys.executable, "-m", *program, *words],
            cwd=self.home,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )

    def rv(self, *words: str) -> str:
        """Run `rv`, which must succeed, and return what it printed."""
        done = self.call(*words)
        logs = "".join(path.read_text() for path in self.root.rglob("command-log-*"))
        assert 0 == done.returncode, done.stdout + done.stderr + logs[-3000:]
        return str(done.stdout + done.stderr)

    def run(
        self,
        profile: str,
        runner: str,
        experiment: str,
        data: str,
        *words: str,
        root_uri: str | None = None,
    ) -> str:
        """Run an experiment file on real imagery."""
        return self.rv(
            *(
                "-p",
                profile,
                "run",
                runner,
                *words,
                "-p",
                str(self.old / "experiments" / experiment),
            ),
            *("-a", "raw_uri", self.imagery(data), "-a", "root_uri", root_uri or str(self.root)),
        )

    def plan(self, profile: str, experiment: str, data: str, *words: str) -> dict[str, Any]:
        """Plan an experiment file, and return what would be done with each command, by id."""
        path = str(self.old / "experiments" / experiment)
        return self.plan_of(profile, path, *words, "-a", "raw_uri", self.imagery(data))

    def plan_of(self, profile: str, path: str, *words: str) -> dict[str, Any]:
        """Plan the experiments of any file."""
        given = ["-p", profile, "run", "local", "-p", path, *words, "--dry-run", "--json"]
        text = self.rv(*given, "-a", "root_uri", str(self.root))
        plan = json.JSONDecoder().raw_decode(text[text.index("{") :])[0]
        return {step["id"]: step for step in plan["steps"]}

    def read(self, name: str) -> Any:
        """Read a JSON file below the root."""
        return json.loads((self.root / name).read_text())

    def figures(self, name: str) -> dict[str, dict[str, Any]]:
        """Return the overall figures of an eval.json by class name."""
        found = self.read(name)
        overall = found["overall"]
        items = overall["overall"] if isinstance(overall, dict) else overall
        return {item["class_name"]: item for item in items}


def _paths() -> list[str]:
    return [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]


@pytest.fixture
def team(tmp_path: Path) -> Team:
    """Give the team its home."""
    home = Team(tmp_path / "home")
    shutil.copytree(OLD, home.old, ignore=shutil.ignore_patterns("__pycache__"))
    profiles = home.home / ".rastervision"
    profiles.mkdir()
    for name, text in PROFILES.items():
        (profiles / name).write_text(text.format(old=home.old, home=home.home))
    return home


@pytest.fixture
def rv() -> Iterator[Any]:
    """Serve `rastervision` and give it, with a registry of the test's own."""
    with temporary_registry(), serving():
        import rastervision

        yield rastervision


@pytest.fixture
def registrar(rv: Any) -> Callable[[], Any]:
    """Give a function that returns what `register_plugin` gets."""
    from rvcli import registry
    from rvcli.registry import Registrar

    return lambda: Registrar(registry.current())
