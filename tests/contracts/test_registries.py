"""Registries for tests."""

from __future__ import annotations

from pathlib import Path

import pytest

import rvcli as rv
from rvcli.errors import PluginError
from rvcli.registry import Registrar, current, default
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
