"""A project directory with a plugin and experiments that run in milliseconds."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from rvcli.cli.main import call as main

COPY_PLUGIN = '''
"""An auxiliary command that copies text, or does worse."""
import time
from pathlib import Path

import rvcli as rv


class Copy(rv.AuxCommand):
    command_type = "COPY"
    command_options = rv.AuxCommandOptions(
        inputs=lambda c: c["source"], outputs=lambda c: c["target"], required_fields=["source"]
    )

    def run(self, tmp_dir):
        config = self.command_config
        print("copying")
        if config.get("sleep_s"):
            Path(config["target"] + ".started").touch()
            time.sleep(config["sleep_s"])
        if config.get("fault"):
            raise ValueError(config["fault"])
        text = Path(config["source"]).read_text()
        Path(config["target"]).write_text(text + config.get("suffix", ""))


def register_plugin(plugin_registry):
    plugin_registry.register_aux_command("COPY", Copy)
'''

COPIES = """
from pathlib import Path

import rvcli as rv

HERE = Path(__file__).parent


class Copies(rv.ExperimentSet):
    def copy(self, name, source, **config):
        return (
            rv.CommandConfig.builder("COPY")
            .with_root_uri(str(HERE / "out" / name))
            .with_config(source=str(HERE / source), target=str(HERE / f"{name}.txt"), **config)
            .build()
        )

    def exp_copies(self, suffix: str = "", fault: str = "", sleep_s: float = 0.0):
        return [
            self.copy("one", "source.txt", suffix=suffix, fault=fault, sleep_s=sleep_s),
            self.copy("two", "one.txt"),
            self.copy("other", "source.txt"),
        ]
"""


class Project(NamedTuple):
    """A project directory, the working directory of the test.

    Attributes:
        root: its path.
        capsys: of the test.
    """

    root: Path
    capsys: pytest.CaptureFixture[str]

    def write(self, name: str, text: str) -> Path:
        """Write a file of the project."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def rv(self, *arguments: str) -> Result:
        """Call `rv` in this process."""
        self.capsys.readouterr()
        code = main(list(arguments))
        out, err = self.capsys.readouterr()
        return Result(code, out, err)


class Result(NamedTuple):
    """What came of a call of `rv`."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The standard output as JSON."""
        return json.loads(self.out)


@pytest.fixture
def project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Project:
    """An empty project in an empty home, its names with a space and a letter beyond ASCII."""
    for name in list(os.environ):
        if name.startswith(("RV_", "PLUGINS_")):
            monkeypatch.delenv(name)
    root = tmp_path / "home" / "a project ü"
    root.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(root.parent))
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(root)
    return Project(root, capsys)


@pytest.fixture
def copies(project: Project) -> Project:
    """A project whose experiment copies source.txt to one.txt, two.txt and other.txt."""
    project.write("plugins/copy_command.py", COPY_PLUGIN)
    project.write("rv.toml", '[PLUGINS]\nfiles = ["plugins/copy_command.py"]\n')
    project.write("copies.py", COPIES)
    project.write("source.txt", "text")
    return project
