"""Plugins that other machines could not load."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rvcli.cli.preflight import refuse_plugins
from rvcli.cli.state import State
from rvcli.dag import Plan, derive, plan
from rvcli.errors import PluginError
from rvcli.records import RecordStore
from rvcli.runner.experiment_runner import ExperimentRunner, Traits, pins_of
from rvcli.testing import work_plugin

FINE = Path(work_plugin.__file__).read_text("utf-8")


class Far(ExperimentRunner):
    """Its commands run on other machines."""

    traits = Traits(remote=True)


class Shared(ExperimentRunner):
    """Its machines see the same files."""

    traits = Traits(remote=True, shares_files=True)


def plan_with(tmp_path: Path, text: str, runner: ExperimentRunner) -> None:
    """Plan a command of a plugin, and check it for a runner."""
    (tmp_path / "work.py").write_text(text, "utf-8")
    (tmp_path / "rv.toml").write_text('[PLUGINS]\nfiles = ["work.py"]\n')
    state = State()
    state.config_file = str(tmp_path / "rv.toml")
    with state.session() as session:
        refuse_plugins(runner, made(tmp_path), session)


def made(tmp_path: Path) -> Plan:
    """Plan the command WORK."""
    from rvcli.command.command_config import CommandConfig

    builder: Any = CommandConfig.builder("WORK").with_root_uri(str(tmp_path / "root"))
    config = builder.with_config(reads=[], writes=[str(tmp_path / "out.json")]).build()
    return plan(derive([], [config]), RecordStore(), pins=pins_of)


def test_a_plugin_that_travels_is_fine(tmp_path: Path) -> None:
    """Nothing is said."""
    plan_with(tmp_path, FINE, Far())


def test_a_plugin_that_reads_a_file_here_is_refused(tmp_path: Path) -> None:
    """The error names plugin and file, and the exit code is that of plugins."""
    (tmp_path / "table.csv").write_text("1,2")
    text = FINE + f"\nwith open({str(tmp_path / 'table.csv')!r}) as file:\n    file.read()\n"
    with pytest.raises(PluginError, match="would not load on other machines") as caught:
        plan_with(tmp_path, text, Far())
    assert "plugin work: " in caught.value.message
    assert "table.csv" in caught.value.message
    assert "put it into the plugin's package directory" in str(caught.value.hint)
    assert 4 == caught.value.exit_code


def test_machines_that_share_files_may_read_them(tmp_path: Path) -> None:
    """There is nothing to refuse."""
    (tmp_path / "table.csv").write_text("1,2")
    text = FINE + f"\nwith open({str(tmp_path / 'table.csv')!r}) as file:\n    file.read()\n"
    plan_with(tmp_path, text, Shared())
