"""For the tests of plugin authors: a registry to play in, contracts, mocks.

from rvcli.testing import assert_config_round_trips, plugin_loaded


def test_my_evaluator():
    with plugin_loaded("my_plugin.py"):
        config = rv.EvaluatorConfig.builder("MY_EVALUATOR").with_noise("Boop!").build()
        assert_config_round_trips(config)
"""

from rvcli.testing.configs import ConfigContract, assert_builder_copies, assert_config_round_trips
from rvcli.testing.dask_processes import DaskProcesses
from rvcli.testing.filesystems import FileSystemContract
from rvcli.testing.registries import plugin_loaded, temporary_registry
from rvcli.testing.runners import RunnerContract

__all__ = [
    "ConfigContract",
    "DaskProcesses",
    "FileSystemContract",
    "RunnerContract",
    "assert_builder_copies",
    "assert_config_round_trips",
    "plugin_loaded",
    "temporary_registry",
]
