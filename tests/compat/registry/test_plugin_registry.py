"""`rastervision.plugin`, as unit tests of plugins used it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

PLUGIN = """
from rastervision.command import AuxCommand


class {name}(AuxCommand):
    def run(self):
        pass


def register_plugin(plugin_registry):
    plugin_registry.register_aux_command("{name}", {name})
"""


@pytest.fixture
def files(home: Path) -> tuple[str, str]:
    """The plugin file one.py and the plugin module two."""
    work = home / "work"
    (work / "one.py").write_text(PLUGIN.format(name="ONE"))
    (work / "plugin_two.py").write_text(PLUGIN.format(name="TWO"))
    return str(work / "one.py"), "plugin_two"


def section(**values: str) -> Any:
    """Return what RVConfig gives for the section PLUGINS."""
    from rastervision.rv_config import RVConfig

    overrides = {f"PLUGINS_{name}": value for name, value in values.items()}
    return RVConfig(config_overrides={"MY_a": "1", **overrides}).get_subconfig("PLUGINS")


def test_a_registry_of_its_own(files: tuple[str, str]) -> None:
    """It loads what the section names, and holds what plugins bring."""
    from rastervision.plugin import PluginRegistry

    plugins = PluginRegistry(section(files=f"['{files[0]}']", modules=files[1]), "/home/me")
    assert ([files[0]], [files[1]]) == (plugins.plugin_files, plugins.plugin_modules)
    assert ["ONE", "TWO"] == list(plugins.aux_command_classes)
    assert "ONE" == plugins.aux_command_classes["ONE"].__name__
    assert ({}, {}, {}) == (
        plugins.config_builders,
        plugins.command_config_builders,
        plugins.experiment_runners,
    )
    assert [] == [
        *plugins.default_raster_sources,
        *plugins.default_vector_sources,
        *plugins.default_label_sources,
        *plugins.default_label_stores,
        *plugins.default_evaluators,
        *plugins.filesystems,
    ]


def test_any_callable_is_a_section() -> None:
    """The section is only called for its lists."""
    from rastervision.plugin import PluginRegistry

    asked = []

    def config(key: str, default: Any = None) -> Any:
        asked.append((key, default))
        return default

    assert [] == PluginRegistry(config, rv_home="").plugin_files
    assert [("files", "[]"), ("modules", "[]")] == asked


def test_to_proto_and_back(files: tuple[str, str]) -> None:
    """A message lists what is loaded; another registry loads what it lacks."""
    from rastervision.plugin import PluginRegistry
    from rastervision.protos.plugin_pb2 import PluginConfig

    plugins = PluginRegistry(section(files=files[0]), "")
    other = PluginRegistry(section(modules=files[1]), "")
    other.add_plugins_from_proto(plugins.to_proto())
    message = other.to_proto()
    assert ([files[0]], [files[1]]) == (list(message.plugin_uris), list(message.plugin_modules))
    third = PluginRegistry(section(), "")
    third.add_plugins_from_proto(PluginConfig(plugin_uris=[files[0]], plugin_modules=[files[1]]))
    third.add_plugins_from_proto(message)
    assert ["ONE", "TWO"] == sorted(third.aux_command_classes)


def test_the_instance_is_that_of_the_registry(files: tuple[str, str]) -> None:
    """What is added to it is found from then on."""
    import rastervision as rv
    from rastervision.plugin import PluginRegistry
    from rastervision.protos.plugin_pb2 import PluginConfig

    rv._registry.initialize_config(config_overrides={"PLUGINS_files": files[0]})
    assert [files[0]] == PluginRegistry.get_instance().plugin_files
    PluginRegistry.get_instance().add_plugins_from_proto(PluginConfig(plugin_modules=[files[1]]))
    assert "TWO" == rv._registry.get_aux_command_class("TWO").__name__


def test_builders_are_registered_once() -> None:
    """A key that is taken, by a plugin or by what ships, is a PluginError."""
    import rastervision as rv
    from rastervision.plugin import PluginError, PluginRegistry

    plugins = PluginRegistry(section(), "")
    builder = rv.evaluation.EvaluatorConfigBuilder
    plugins.register_config_builder(rv.EVALUATOR, "MINE", builder)
    assert {("EVALUATOR", "MINE"): builder} == plugins.config_builders
    for key in ("MINE", rv.OBJECT_DETECTION_EVALUATOR):
        with pytest.raises(PluginError, match="registered twice"):
            plugins.register_config_builder(rv.EVALUATOR, key, builder)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "register_plugin"),
        ("import no_such_module", "no_such_module"),
        ("def register_plugin(r): r.no_such_method()", "no_such_method"),
    ],
)
def test_a_plugin_that_does_not_load(home: Path, text: str, message: str) -> None:
    """Is a PluginError that says why."""
    from rastervision.plugin import PluginError, PluginRegistry

    path = home / "work" / "bad.py"
    path.write_text(text)
    with pytest.raises(PluginError, match=message):
        PluginRegistry(section(files=str(path)), "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b", ["a", "b"]),
        ("a, b", ["a", "b"]),
        ('["a", "b"]', ["a", "b"]),
        ("['a']", ["a"]),
        ("a", ["a"]),
        ("[]", []),
        ("", []),
    ],
)
def test_load_conf_list(text: str, expected: list[str]) -> None:
    """Lists come in several forms."""
    from rastervision.plugin import load_conf_list

    assert expected == load_conf_list(text)
