"""The plan as runners of old see it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rvcli import profile
from rvcli.dag import CommandDAG
from rvcli.errors import PlanError


@pytest.fixture(autouse=True)
def cache(tmp_path: Path) -> Any:
    """Keep digests in a folder of the test's own."""
    with profile.use(profile.load_settings(overrides=[f"RV.cache_dir={tmp_path}/c"])):
        yield


def commands(world: Any) -> list[Any]:
    """Return three commands in a row, the last first."""
    return [
        world.command("C", ["b.x"], ["c.x"]),
        world.command("B", ["a.x"], ["b.x"]),
        world.command("A", [], ["a.x"]),
    ]


def test_commands_in_order(world: Any) -> None:
    """Commands, ids and definitions come in an order in which they can run."""
    definitions = commands(world)
    dag = CommandDAG(definitions)
    assert ["exp/A", "exp/B", "exp/C"] == dag.get_sorted_command_ids()
    configs = [d.command_config for d in reversed(definitions)]
    assert configs == dag.get_sorted_commands()
    assert definitions[::-1] == dag.get_command_definitions()
    assert definitions[1] is dag.get_command_definition("exp/B")
    assert configs[0] is dag.get_command("exp/A")
    assert ["exp/B"] == dag.get_upstream_command_ids("exp/C")


def test_only_what_runs(world: Any) -> None:
    """What is up to date is not there, and nothing depends on it."""
    world.run(*commands(world))
    assert [] == CommandDAG(commands(world)).get_sorted_command_ids()
    assert 3 == len(CommandDAG(commands(world), rerun_commands=True).get_sorted_commands())
    Path(world.uri("b.x")).unlink()
    Path(world.uri("out/b/exp/command-record-0.json")).unlink()
    dag = CommandDAG.of(world.plan(*commands(world)))
    assert ["exp/B", "exp/C"] == dag.get_sorted_command_ids()
    assert [] == dag.get_upstream_command_ids("exp/B")


def test_missing_inputs_are_refused(world: Any) -> None:
    """A command whose input is missing is refused, unless the check is skipped."""
    with pytest.raises(PlanError, match="exp/B cannot run"):
        CommandDAG(commands(world)[1:2])
    assert 1 == len(CommandDAG(commands(world)[1:2], skip_file_check=True).get_sorted_commands())


def test_unknown_id(world: Any) -> None:
    """Asking for a command that does not run is an error."""
    with pytest.raises(PlanError, match="no command with the id 'exp/X' runs"):
        CommandDAG(commands(world)).get_command("exp/X")
