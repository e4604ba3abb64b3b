"""Registries for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import rvcli as rv
from rvcli.dag import derive
from rvcli.errors import PluginError
from rvcli.registry import Registrar, current, default
from rvcli.runner.experiment_runner import ExperimentRunner
from rvcli.testing import plugin_loaded, temporary_registry


def test_temporary_registry_forgets() -> None:
    """What is registered in the block is gone after it."""
    with temporary_registry() as registry:
        Registrar(registry).register_aux_command("TEMPORARY", object)
        assert object is current().get(rv.AUX_COMMAND, "TEMPORARY")
    assert None is default().find(rv.AUX_COMMAND, "TEMPORARY")


def test_broken_plugin_is_told(tmp_path: Path) -> None:
    """A plugin that does not load fails the test with its own error."""
    (tmp_path / "broken.py").write_text("1 / 0")
    with (
        pytest.raises(PluginError, match="ZeroDivisionError"),
        plugin_loaded(tmp_path / "broken.py"),
    ):
        pass


class Quiet(rv.AuxCommand):
    """An auxiliary command whose name is not in capitals."""

    command_type = "be_quiet"

    def run(self) -> None:  # type: ignore[override]
        """Do nothing."""


class QuietRunner(ExperimentRunner):
    """A runner whose name is not in capitals."""

    def _run_experiment(self, command_dag: Any) -> None:
        """Do nothing."""


def test_commands_and_runners_are_named_in_any_case() -> None:
    """They are registered, found and asked for in any."""
    with temporary_registry() as registry:
        Registrar(registry).register_aux_command("be_quiet", Quiet)
        Registrar(registry).register_experiment_runner("Quiet_Runner", QuietRunner)
        config = rv.CommandConfig.builder("Be_Quiet").with_root_uri("/root").build()
        (definition,) = derive([], [config], ["bE_quieT"])
        assert "BE_QUIET" == definition.command_type == config.to_proto().command_type
        assert "QUIET_RUNNER" in ExperimentRunner.list_runners()
        runner = ExperimentRunner.get_runner("quiet_RUNNER")
        assert isinstance(runner, QuietRunner)


class Provider(rv.data.RasterSourceDefaultProvider):
    """Constructs in a method of its objects, as its base declares it."""

    @staticmethod
    def handles(s: str) -> bool:
        """True for one extension."""
        return s.endswith(".odd")

    def construct(self, s: str, channel_order: list[int] | None = None) -> Any:
        """Return a source of a file."""
        return rv.RasterSourceConfig.builder(rv.RASTERIO_SOURCE).with_uri(s).build()


def test_a_provider_may_construct_in_a_method() -> None:
    """It is created before it is asked."""
    with temporary_registry() as registry:
        Registrar(registry).register_default_raster_source(Provider)
        scene = rv.SceneConfig.builder().with_id("a").with_raster_source("a.odd").build()
    assert ["a.odd"] == scene.raster_source.uris


class NeedyConfig(rv.EvaluatorConfig):
    """A classic config that needs two values."""

    def __init__(self, one: int, two: int, three: int = 3) -> None:
        super().__init__("NEEDY")


class NeedyConfigBuilder(rv.EvaluatorConfigBuilder):
    """Has no validate()."""

    def __init__(self, prev: Any = None) -> None:
        super().__init__(NeedyConfig, {"two": 2})


def test_what_a_classic_config_needs_is_named() -> None:
    """A value that its constructor needs and that nobody set."""
    with pytest.raises(rv.ConfigError, match=r"NeedyConfig is not valid: \$\.one is not set"):
        NeedyConfigBuilder().build()
