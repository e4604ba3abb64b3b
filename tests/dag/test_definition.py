"""Definitions of commands, from experiments and on their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rvcli import keys, registry
from rvcli.command.aux_command import AuxCommand, AuxCommandOptions
from rvcli.command.command_config import CommandConfig
from rvcli.dag import CommandDefinition, derive
from rvcli.errors import UsageError
from rvcli.registry import Registrar, Registry


class Shout(AuxCommand):
    """An auxiliary command that must be named."""

    command_type = "SHOUT"
    command_options = AuxCommandOptions(
        inputs=lambda config: config["inputs"], outputs=lambda config: ".phony", split_on="inputs"
    )

    def run(self) -> None:
        """Do nothing."""


class Whisper(Shout):
    """One that is included by default."""

    command_type = "WHISPER"
    command_options = AuxCommandOptions(include_by_default=True)


@pytest.fixture(autouse=True)
def auxiliary() -> Iterator[None]:
    """Register both auxiliary commands."""
    own = Registry(parent=registry.current())
    Registrar(own).register_aux_command("SHOUT", Shout)
    Registrar(own).register_aux_command("WHISPER", Whisper)
    with registry.use(own):
        yield


CUSTOM = {
    "shout": {"key": "k", "config": {"inputs": ["a", "b", "c"]}},
    "Whisper": {"key": "k", "config": {}},
}


def ids(definitions: list[CommandDefinition], selected: bool = True) -> list[str]:
    """Return the ids of the definitions that are selected, or of the others."""
    return [d.id for d in definitions if d.selected is selected]


def test_all_commands_by_default(make_experiment: Any) -> None:
    """Without names all commands of the pipeline are selected, in its order."""
    definitions = derive([make_experiment()])
    assert [f"exp/{command}" for command in keys.all_commands()] == ids(definitions)
    assert [] == ids(definitions, selected=False)


def test_auxiliary_commands(make_experiment: Any) -> None:
    """Auxiliary commands run if they are named, or included by default where configured."""
    experiment = make_experiment(custom=CUSTOM)
    assert "exp/WHISPER" in ids(derive([experiment, make_experiment("b")]))
    assert ["exp/SHOUT"] == ids(derive([experiment], commands=["shout"]))
    assert ["exp/SHOUT"] == ids(derive([experiment, make_experiment("b")], commands=["Shout"]))


def test_named_commands(make_experiment: Any) -> None:
    """Named commands are selected, the others known as producers."""
    definitions = derive([make_experiment()], commands=["predict", "TRAIN"])
    assert ["exp/TRAIN", "exp/PREDICT"] == ids(definitions)
    assert ["exp/ANALYZE", "exp/CHIP", "exp/EVAL", "exp/BUNDLE"] == ids(definitions, False)


def test_producer_that_cannot_be_defined_is_left_out(
    make_experiment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error in a command that nobody asked for does not matter; in another it does."""
    experiment = make_experiment()
    make = type(experiment).make_command_config

    def broken(self: Any, command_type: str) -> Any:
        if command_type == keys.CHIP:
            raise RuntimeError("half configured")
        return make(self, command_type)

    monkeypatch.setattr(type(experiment), "make_command_config", broken)
    assert "exp/CHIP" not in ids(derive([experiment], commands=["train"]), False)
    with pytest.raises(RuntimeError, match="half configured"):
        derive([experiment], commands=["chip"])


def test_unknown_command(make_experiment: Any) -> None:
    """A command that does not exist is a usage error, with the nearest name."""
    with pytest.raises(UsageError, match="no command is named 'trian'") as caught:
        derive([make_experiment()], commands=["trian"])
    assert "did you mean train?" == caught.value.hint
    with pytest.raises(UsageError) as caught:
        derive([make_experiment()], commands=["xyz"])
    assert "analyze, chip, train" in str(caught.value.hint)


def test_command_that_nobody_has(make_experiment: Any) -> None:
    """A named command that no experiment has is a usage error that says how to get it."""
    with pytest.raises(UsageError, match="no experiment has the command SHOUT") as caught:
        derive([make_experiment()], commands=["shout"])
    assert "with_custom_config({'SHOUT': ...})" in str(caught.value.hint)
    with pytest.raises(UsageError) as caught:
        derive([], commands=["train"])
    assert "rv ls" in str(caught.value.hint)


def test_splits(make_experiment: Any) -> None:
    """Commands that can be split are, and their ids say which part they are."""
    experiment = make_experiment(scenes=4)
    definitions = derive([experiment], commands=["chip", "train"], splits=3)
    assert ["exp/CHIP/0", "exp/CHIP/1", "exp/CHIP/2", "exp/TRAIN"] == ids(definitions)
    assert [3, 3, 3, 1] == [d.splits for d in definitions if d.selected]
    uri = definitions[1].message_uri
    assert uri.endswith("/chip/exp/command-config-1.json")
    assert definitions[1].draft_uri.endswith("command-plan-1.json")
    assert definitions[1].record_uri.endswith("command-record-1.json")
    outputs = [d.io_def.output_uris for d in definitions[:3]]
    assert len(set().union(*outputs)) == sum(map(len, outputs))


def test_command_configs(make_experiment: Any) -> None:
    """Commands that belong to no experiment are named by their root."""
    config = make_experiment().make_command_config(keys.TRAIN)
    other = make_experiment("b").make_command_config(keys.CHIP)
    definitions = derive([], [config, other], commands=["train"])
    assert ["exp/TRAIN"] == ids(definitions)
    assert ["b/CHIP"] == ids(definitions, False)
    assert definitions[0].experiment_id is None
    assert ["exp/TRAIN", "b/CHIP"] == ids(derive([], [config, other]))


def test_relative_uris_of_command_configs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are resolved when the plan is made: workers may run elsewhere."""
    monkeypatch.chdir(tmp_path)
    config = CommandConfig.builder("SHOUT").with_root_uri("out").with_config(inputs=["a"]).build()
    (made,) = derive([], [config], commands=["shout"])
    assert (f"{tmp_path}/out", f"{tmp_path}/out/command-config-0.json") == (
        made.root_uri,
        made.message_uri,
    )


def definition(world: Any, outputs: list[str], **kwargs: Any) -> CommandDefinition:
    """Return a definition with outputs."""
    made: CommandDefinition = world.command("TRAIN", ["in"], outputs, **kwargs)
    return made


def test_classic_filters(world: Any) -> None:
    """The static methods of old give what they gave."""
    one, none = definition(world, ["a", "b"]), definition(world, [])
    twin = definition(world, ["b", "a"], experiment="twin")
    other = definition(world, ["b"], experiment="other", missing=["no model is set"])
    assert ([one], [none]) == CommandDefinition.filter_no_output([one, none])
    assert ([one, other], [twin]) == CommandDefinition.remove_duplicates([one, twin, other])
    missing = {"other": ["no model is set"]}
    assert missing == CommandDefinition.get_missing_inputs([one, other])
    clashes = [(world.uri("b"), [one, other])]
    assert clashes == CommandDefinition.get_clashing_commands([one, other])
