"""`rv._registry.initialize_config(...)`, as unit tests of plugins called it."""

from __future__ import annotations

import json
import sys
import unittest
from pathlib import Path
from typing import Any

import pytest

from rvcli.errors import ProfileError

PLUGIN = """
from copy import deepcopy

import rastervision as rv
from rastervision.evaluation import Evaluator, EvaluatorConfig, EvaluatorConfigBuilder
from rastervision.protos.evaluator_pb2 import EvaluatorConfig as EvaluatorConfigMsg
from rastervision.rv_config import RVConfig

KEY = "{key}"


class MockEvaluator(Evaluator):
    def process(self, scenes, tmp_dir):
        pass


class MockEvaluatorConfig(EvaluatorConfig):
    def __init__(self):
        super().__init__(KEY)

    def create_evaluator(self):
        return MockEvaluator()

    def to_proto(self):
        return EvaluatorConfigMsg(evaluator_type=self.evaluator_type, custom_config={{}})

    def update_for_command(self, command_type, experiment_config, context=None):
        pass

    def report_io(self, command_type, io_def):
        pass


class MockEvaluatorConfigBuilder(EvaluatorConfigBuilder):
    def __init__(self, prev=None):
        super().__init__(MockEvaluatorConfig)

    def from_proto(self, msg):
        return deepcopy(self)


def register_plugin(plugin_registry):
    plugin_registry.register_config_builder(rv.EVALUATOR, KEY, MockEvaluatorConfigBuilder)
"""


@pytest.fixture
def work(home: Path) -> Path:
    """The working directory, with the plugins tests.mock and other.py."""
    directory = home / "work"
    package = directory / "oldtests"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "mock.py").write_text(PLUGIN.format(key="MOCK_ONE"))
    (directory / "other.py").write_text(PLUGIN.format(key="MOCK_TWO"))
    yield directory
    for name in [n for n in sys.modules if n.partition(".")[0] == "oldtests"]:
        del sys.modules[name]


def has(key: str) -> bool:
    """Tell whether the builder of a mock is found."""
    import rastervision as rv

    try:
        rv._registry.get_config_builder(rv.EVALUATOR, key)
    except rv.registry.RegistryError:
        return False
    return True


def initialize(**kwargs: Any) -> None:
    """Call what old code calls."""
    import rastervision as rv

    rv._registry.initialize_config(**kwargs)


class TestInTheirStyle(unittest.TestCase):
    """A unit test as plugins of that time have them."""

    @pytest.fixture(autouse=True)
    def _work(self, work: Path) -> None:
        """Put the plugin in its place."""

    def setUp(self) -> None:
        """Name the plugin."""
        import rastervision as rv

        config = {"PLUGINS_modules": '["oldtests.mock"]'}
        rv._registry.initialize_config(config_overrides=config)

    def tearDown(self) -> None:
        """Go back to the profile."""
        import rastervision as rv

        rv._registry.initialize_config()
        assert not has("MOCK_ONE")

    def test_plugin_is_found(self) -> None:
        """The builder makes the very class that the test imports."""
        import rastervision as rv
        from oldtests.mock import MockEvaluatorConfig  # type: ignore[import-not-found]

        config = rv.EvaluatorConfig.builder("MOCK_ONE").build()
        assert isinstance(config, MockEvaluatorConfig)
        read = rv.EvaluatorConfig.from_proto(config.to_proto())
        assert isinstance(read, MockEvaluatorConfig)


@pytest.mark.parametrize(
    "name", ["PLUGINS_files", "PLUGINS_FILES", "plugins_files", "Plugins_Files"]
)
@pytest.mark.parametrize("form", ["json", "repr", "list", "commas", "one"])
def test_forms_of_lists(work: Path, name: str, form: str) -> None:
    """Names come in any case, lists as JSON, as Python writes them, with commas, or as one name."""
    files = [str(work / "other.py"), str(work / "oldtests" / "mock.py")]
    value = {
        "json": json.dumps(files),
        "repr": repr(files),
        "list": files,
        "commas": ",".join(files),
        "one": files[0],
    }[form]
    initialize(config_overrides={name: value})
    assert (True, form != "one") == (has("MOCK_TWO"), has("MOCK_ONE"))


def test_a_second_call_replaces_the_first(work: Path) -> None:
    """Plugins and values of the first call are gone, also for who held the registry."""
    import rastervision as rv

    held = rv._registry
    initialize(config_overrides={"PLUGINS_files": "other.py", "MY_a": "1"})
    assert has("MOCK_TWO")
    initialize(config_overrides={"PLUGINS_modules": "oldtests.mock"})
    assert (False, True) == (has("MOCK_TWO"), has("MOCK_ONE"))
    assert held is rv._registry
    assert held.get_config_builder(rv.EVALUATOR, "MOCK_ONE")
    section = rv.rv_config.RVConfig.get_instance().get_subconfig("MY")
    assert section("a", default="") == ""


def test_a_call_that_fails_changes_nothing(work: Path) -> None:
    """What was in force still is."""
    from rastervision.plugin import PluginError

    initialize(config_overrides={"PLUGINS_files": "other.py"})
    with pytest.raises(PluginError, match=r"no_such\.py"):
        initialize(config_overrides={"PLUGINS_files": "no_such.py"})
    assert has("MOCK_TWO")


def test_a_profile_of_a_home(work: Path, home: Path) -> None:
    """A profile is a file of the directory that is given; its plugins load and its values count."""
    from rastervision.rv_config import RVConfig

    profiles = home / "profiles"
    profiles.mkdir()
    (profiles / "default").write_text("[MY]\na = default\nb = default\n")
    (profiles / "team").write_text(
        f"[PLUGINS]\nfiles = ['{work / 'other.py'}']\n[MY]\na = team\n[RV]\ntmp_dir = {home}/tmp\n"
    )
    initialize(profile="team", rv_home=str(profiles), config_overrides={"MY_c": "3"}, verbosity=3)
    config = RVConfig.get_instance()
    values = [config.get_subconfig("MY")(name) for name in "abc"]
    assert ["team", "default", "3"] == values
    assert (3, str(home / "tmp")) == (config.get_verbosity(), RVConfig.get_tmp_dir_root())
    assert has("MOCK_TWO")
    initialize()
    assert (1, False) == (RVConfig.get_instance().get_verbosity(), has("MOCK_TWO"))


def test_an_unknown_profile_is_an_error(home: Path) -> None:
    """The profile is named."""
    with pytest.raises(ProfileError, match="there is no profile 'nosuch'"):
        initialize(profile="nosuch", rv_home=str(home))


def test_overrides_beat_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those that begin with RV_; variables are read as they are at the time."""
    from rastervision.rv_config import RVConfig

    monkeypatch.setenv("RV_MY_A", "variable")
    initialize(config_overrides={"MY_a": "override"})
    monkeypatch.setenv("MY_B", "later")
    section = RVConfig.get_instance().get_subconfig("MY")
    assert ("override", "later") == (section("A"), section("b"))


def test_the_registry_of_the_built_ins_stays_as_it_is(work: Path) -> None:
    """Without a session another one is put in force."""
    from rvcli import registry

    before = registry.current()
    with registry.use(registry.default()):
        initialize(config_overrides={"PLUGINS_files": "other.py"})
        assert has("MOCK_TWO")
        assert registry.default() is not registry.current()
    assert before is registry.current()
    assert registry.default().find("EVALUATOR", "MOCK_TWO") is None


def test_what_is_looked_up_is_pinned(work: Path) -> None:
    """A command carries a plugin whose component old code has looked up."""
    import rastervision as rv

    initialize(config_overrides={"PLUGINS_files": "other.py"})
    with rv.registry.recording() as used:
        rv._registry.get_config_builder(rv.EVALUATOR, "MOCK_TWO")
    assert ["MOCK_TWO"] == [entry.key for entry in used]
