"""Auxiliary commands."""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from rvcli import keys, registry
from rvcli.command.aux_command import AuxCommand, AuxCommandOptions
from rvcli.command.command_config import CommandConfig
from rvcli.errors import ConfigError
from rvcli.registry import Registry

CALLS: list[Any] = []


class Plain(AuxCommand):
    """Takes no temporary directory."""

    command_type = "PLAIN"
    command_options = AuxCommandOptions(
        split_on="items",
        inputs=lambda config: map(str, config.get("reads", ())),
        outputs=lambda config: ".phony",
        required_fields=["items"],
    )

    def run(self) -> None:  # type: ignore[override]
        """Note the call."""
        CALLS.append(self.command_config)


class WithDirectory(AuxCommand):
    """Takes a temporary directory."""

    command_type = "WITH_DIRECTORY"

    def run(self, tmp_dir: str | None = None) -> None:
        """Note the directory."""
        CALLS.append(tmp_dir)


@pytest.fixture(autouse=True)
def _own_registry() -> Any:
    own = Registry(registry.default())
    own.add(keys.AUX_COMMAND, "PLAIN", Plain)
    own.add(keys.AUX_COMMAND, "WITH_DIRECTORY", WithDirectory)
    CALLS.clear()
    with registry.use(own):
        yield own


def plain(**config: Any) -> Any:
    """Build the config of a plain command."""
    return CommandConfig.builder("PLAIN").with_root_uri("/r").with_config(**config).build()


def test_both_forms_of_run_work(tmp_path: Path) -> None:
    """With and without a temporary directory."""
    plain(items=[1]).create_command().run(str(tmp_path))
    builder = CommandConfig.builder("WITH_DIRECTORY").with_root_uri("/r")
    builder.build().create_command().run(str(tmp_path))
    assert [{"items": [1]}, str(tmp_path)] == CALLS


def test_a_command_makes_its_own_directory() -> None:
    """One that is run by hand gets a temporary directory as well."""
    CommandConfig.builder("WITH_DIRECTORY").with_root_uri("/r").build().create_command().run()
    assert Path(CALLS[0]).name.startswith("rv-")


def test_the_directory_of_the_run_is_that_of_the_command(tmp_path: Path) -> None:
    """Also for a `run` without parameters, and where an object stands for the directory."""

    class Asking(Plain):
        def run(self) -> None:  # type: ignore[override]
            CALLS.append(self.get_tmp_dir())

    config = plain(items=[]).to_builder().with_command_class(Asking).build()
    config.create_command().run(str(tmp_path))
    with tempfile.TemporaryDirectory() as directory:
        command = Asking({})
        command.set_tmp_dir(SimpleNamespace(name=directory))  # type: ignore[arg-type]
        command.run()
        assert [str(tmp_path), directory] == CALLS


def test_inputs_and_outputs_in_any_form(tmp_path: Path, monkeypatch: Any) -> None:
    """A map, a single string and None all do; relative ones become absolute."""
    monkeypatch.chdir(tmp_path)
    io_def = plain(items=[], reads=["in.tif"]).report_io()
    expected = ({str(tmp_path / "in.tif")}, {str(tmp_path / ".phony")})
    assert expected == (set(io_def.input_uris), set(io_def.output_uris))
    builder = CommandConfig.builder("WITH_DIRECTORY").with_root_uri("/r")
    assert set() == set(builder.build().report_io().output_uris)


def test_other_things_than_uris_are_refused() -> None:
    """A number is no URI."""

    class Wrong(Plain):
        command_options = AuxCommandOptions(inputs=lambda config: 3)

    config = plain(items=[]).to_builder().with_command_class(Wrong).build()
    with pytest.raises(ConfigError, match="must be URIs, not 3"):
        config.report_io()


def test_it_survives_its_message() -> None:
    """The options travel as JSON text, so numbers stay what they are."""
    config = plain(items=[1, 2.5, None, "ü"])
    message = config.to_proto()
    assert "json" in message.custom_config
    back = CommandConfig.from_proto(message)
    assert config.to_plain() == back.to_plain()


def test_every_missing_field_is_named() -> None:
    """All at once."""
    with pytest.raises(ConfigError, match=r"\$\.root_uri is not set; \$\.config\.items is not set"):
        CommandConfig.builder("PLAIN").build()


def test_it_is_split_on_the_list_that_it_names() -> None:
    """Each part has some of the items."""
    parts = plain(items=[1, 2, 3]).split(2)
    assert ([[1], [2, 3]], [0, 1]) == (
        [p.config["items"] for p in parts],
        [p.split_id for p in parts],
    )
    assert 1 == len(plain(items=[1]).split(2))


def test_an_experiment_configures_it_in_any_case(experiment: Any, tmp_path: Path) -> None:
    """Names in the custom config match case-insensitively."""
    own = experiment.to_builder().with_custom_config(
        {"Plain": {"key": "k", "config": {"items": [1]}}}
    )
    config = own.build().make_command_config("plain")
    assert (str(tmp_path / "a root/plain/k"), {"items": [1]}) == (config.root_uri, config.config)


def test_an_experiment_may_give_the_root(experiment: Any) -> None:
    """A root wins over a key."""
    own = experiment.to_builder().with_custom_config(
        {"PLAIN": {"root_uri": "/elsewhere", "config": {"items": []}}}
    )
    assert "/elsewhere" == own.build().make_command_config("PLAIN").root_uri


def test_without_key_and_root_it_is_refused(experiment: Any) -> None:
    """There is no default key."""
    own = experiment.to_builder().with_custom_config({"PLAIN": {"config": {"items": []}}})
    with pytest.raises(ConfigError, match="does not say where PLAIN"):
        own.build().make_command_config("PLAIN")


def test_a_clone_shares_nothing() -> None:
    """A part of a split does not change the whole."""
    config = plain(items=[1])
    config.clone().config["items"].append(2)
    assert {"items": [1]} == config.config
