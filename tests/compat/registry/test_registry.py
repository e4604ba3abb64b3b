"""What old code asks of `rv._registry`."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest import mock

import pytest

PLUGIN = """
import rastervision as rv
from rastervision.command import AuxCommand, CommandConfigBuilder
from rastervision.data import (LabelSourceDefaultProvider, LabelStoreDefaultProvider,
                               RasterSourceDefaultProvider, VectorSourceDefaultProvider)
from rastervision.evaluation import EvaluatorDefaultProvider
from rastervision.filesystem.local_filesystem import LocalFileSystem
from rastervision.plugin import PluginRegistry
from rastervision.runner import ExperimentRunner

SEEN = []


class NoRaster(RasterSourceDefaultProvider):
    @staticmethod
    def handles(s):
        return s.endswith(".old")

    @staticmethod
    def construct(s, channel_order=None):
        return (s, channel_order)


class NoVector(VectorSourceDefaultProvider):
    @staticmethod
    def handles(s):
        return s.endswith(".old")

    @staticmethod
    def construct(s):
        return s


class NoLabels(LabelSourceDefaultProvider):
    @staticmethod
    def handles(task_type, s):
        return task_type == "OLD_TASK"

    def construct(self, s):
        return [s]


class NoStore(LabelStoreDefaultProvider):
    @staticmethod
    def is_default_for(task_type):
        return task_type == "OLD_TASK"

    @staticmethod
    def handles(task_type, s):
        return s.endswith(".old")

    @staticmethod
    def construct(s=None):
        return s


class NoEvaluator(EvaluatorDefaultProvider):
    @staticmethod
    def is_default_for(task_type):
        return task_type == "OLD_TASK"

    @staticmethod
    def construct(task):
        return task


class OldFiles(LocalFileSystem):
    @staticmethod
    def matches_uri(uri, mode):
        return uri.startswith("old://") and mode == "r"


class OldCommand(AuxCommand):
    def run(self):
        pass


class OldBuilder(CommandConfigBuilder):
    pass


class OldRunner(ExperimentRunner):
    def _run_experiment(self, command_dag):
        pass


def register_plugin(plugin_registry: PluginRegistry):
    SEEN.append(isinstance(plugin_registry, PluginRegistry))
    plugin_registry.register_default_raster_source(NoRaster)
    plugin_registry.register_default_vector_source(NoVector)
    plugin_registry.register_default_label_source(NoLabels)
    plugin_registry.register_default_label_store(NoStore)
    plugin_registry.register_default_evaluator(NoEvaluator)
    plugin_registry.register_filesystem(OldFiles)
    plugin_registry.register_aux_command("OLD_AUX", OldCommand)
    plugin_registry.register_command_config_builder("OLD_COMMAND", OldBuilder)
    plugin_registry.register_experiment_runner("OLD_RUNNER", OldRunner)
    SEEN.extend(plugin_registry.filesystems)
"""


@pytest.fixture
def plugin(home: Path) -> Any:
    """A plugin that registers in every way; gives its module."""
    import rastervision as rv

    path = home / "work" / "old_plugin.py"
    path.write_text(PLUGIN)
    rv._registry.initialize_config(config_overrides={"PLUGINS_files": [str(path)]})
    import sys

    runner = rv._registry.get_experiment_runner("OLD_RUNNER")
    return sys.modules[runner.__module__]


def test_what_a_plugin_brings_is_found(plugin: Any) -> None:
    """Every question has the plugin's answer."""
    import rastervision as rv

    r = rv._registry
    assert plugin.NoRaster is r.get_raster_source_default_provider("a.old")
    assert plugin.NoVector is r.get_vector_source_default_provider("a.old")
    assert ["x"] == r.get_label_source_default_provider("OLD_TASK", "x").construct("x")
    assert plugin.NoStore is r.get_label_store_default_provider("OLD_TASK")
    assert plugin.NoStore is r.get_label_store_default_provider("OTHER", "a.old")
    assert plugin.NoEvaluator is r.get_evaluator_default_provider("OLD_TASK")
    assert plugin.OldFiles is r.get_file_system("old://a", "r")
    assert plugin.OldCommand is r.get_aux_command_class("OLD_AUX")
    assert plugin.OldBuilder is r.get_command_config_builder("OLD_COMMAND")
    assert plugin.OldRunner is r.get_experiment_runner("OLD_RUNNER")
    assert isinstance(rv.ExperimentRunner.get_runner("old_runner"), plugin.OldRunner)
    assert "OLD_RUNNER" in rv.ExperimentRunner.list_runners()
    assert [True, plugin.OldFiles] == plugin.SEEN


def test_every_question_counts_as_a_use(plugin: Any) -> None:
    """Commands made meanwhile carry the plugin."""
    import rastervision as rv

    r = rv._registry
    questions = [
        lambda: r.get_raster_source_default_provider("a.old"),
        lambda: r.get_vector_source_default_provider("a.old"),
        lambda: r.get_label_source_default_provider("OLD_TASK", "x"),
        lambda: r.get_label_store_default_provider("OLD_TASK"),
        lambda: r.get_evaluator_default_provider("OLD_TASK"),
        lambda: r.get_file_system("old://a"),
        lambda: r.get_command_config_builder("OLD_COMMAND"),
        lambda: r.get_aux_command_class("OLD_AUX"),
        lambda: r.get_experiment_runner("OLD_RUNNER"),
    ]
    for question in questions:
        with rv.registry.recording() as used:
            question()
        assert ["file"] == [entry.origin.kind for entry in used]


def test_what_ships_is_found() -> None:
    """The components of rvcli answer where no plugin does."""
    import rastervision as rv
    from rastervision.data import RasterioSourceDefaultProvider
    from rastervision.filesystem.local_filesystem import LocalFileSystem
    from rastervision.runner import LocalExperimentRunner

    r = rv._registry
    assert RasterioSourceDefaultProvider is r.get_raster_source_default_provider("a.tif")
    assert LocalFileSystem is r.get_file_system("/tmp/a", "w")
    assert LocalExperimentRunner is r.get_experiment_runner(rv.LOCAL)
    assert {"INPROCESS", "LOCAL", "AWS_BATCH"} <= set(r.get_experiment_runner_keys())
    assert rv.all_commands() == r.get_commands()[:6]
    assert "COGIFY" in r.get_commands()
    assert rv.command.TrainCommandConfigBuilder is r.get_command_config_builder(rv.TRAIN)
    evaluator = r.get_evaluator_default_provider(rv.OBJECT_DETECTION)
    assert "ObjectDetectionEvaluatorDefaultProvider" == evaluator.__name__


def test_file_systems_of_plugins_can_be_left_out(plugin: Any) -> None:
    """search_plugins=False asks those that ship alone."""
    import rastervision as rv
    from rastervision.registry import RegistryError

    with pytest.raises(RegistryError, match="no file system handles 'old://a' in mode 'w'"):
        rv._registry.get_file_system("old://a", "w")
    with pytest.raises(RegistryError):
        rv._registry.get_file_system("old://a", search_plugins=False)


@pytest.mark.parametrize(
    ("question", "arguments"),
    [
        ("get_config_builder", ("TASK", "NO_SUCH")),
        ("get_raster_source_default_provider", ("a.no_such",)),
        ("get_label_source_default_provider", ("NO_SUCH", "a.no_such")),
        ("get_label_store_default_provider", ("NO_SUCH",)),
        ("get_evaluator_default_provider", ("NO_SUCH",)),
        ("get_command_config_builder", ("NO_SUCH",)),
        ("get_aux_command_class", ("NO_SUCH",)),
        ("get_experiment_runner", ("NO_SUCH",)),
    ],
)
def test_what_is_not_there_is_an_error(question: str, arguments: tuple[str, ...]) -> None:
    """A RegistryError names what was asked for."""
    import rastervision as rv
    from rastervision.registry import RegistryError

    with pytest.raises(RegistryError, match=r"(?i)no_such"):
        getattr(rv._registry, question)(*arguments)


def test_a_mock_of_the_registry_is_seen() -> None:
    """What is patched on `rv._registry` is what configs are built with."""
    import rastervision as rv

    with mock.patch.object(rv._registry, "get_config_builder") as mocked:
        rv.AnalyzerConfig.builder(rv.STATS_ANALYZER)
    mocked.assert_called_once_with(rv.ANALYZER, rv.STATS_ANALYZER)
