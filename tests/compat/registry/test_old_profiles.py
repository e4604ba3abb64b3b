"""RVConfig, and the profiles of an old user."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from rvcli import profile
from rvcli.errors import ProfileError

DEFAULT = """
[RV]
model_defaults_uri = {home}/defaults.json

[PLUGINS]
files = ["{home}/plugin_one.py"]
modules = []

[AWS_BATCH]
job_queue = oldQueue
job_definition = oldDefinition
cpu_job_queue = oldCpuQueue
cpu_job_definition = oldCpuDefinition
attempts = 3

[AWS_S3]
requester_pays = True

[MY_SECTION]
text = some text
number = 3
yes = true
no = off
empty =
items = ["a", "b"]
"""


@pytest.fixture
def old_home(home: Path) -> Path:
    """A home with ~/.rastervision/default and another profile."""
    folder = home / ".rastervision"
    folder.mkdir()
    (folder / "default").write_text(DEFAULT.format(home=home))
    (folder / "other").write_text("[MY_SECTION]\ntext = other text\n")
    (home / "defaults.json").write_text(json.dumps({"BACKEND": {"KEY": {"model": "uri"}}}))
    return home


def config(**kwargs: Any) -> Any:
    """Load a profile as old code does."""
    import rastervision as rv
    from rastervision.rv_config import RVConfig

    rv._registry.initialize_config(**kwargs)
    return RVConfig.get_instance()


@pytest.fixture
def without_plugins(old_home: Path) -> Path:
    """The home, its profile without plugins."""
    path = old_home / ".rastervision" / "default"
    path.write_text(path.read_text().replace(f'"{old_home}/plugin_one.py"', ""))
    return old_home


def test_known_sections_are_understood(without_plugins: Path) -> None:
    """Options of that time have their meaning, and none is odd."""
    from rastervision.runner import AwsBatchExperimentRunner

    rv_config = config()
    settings = AwsBatchExperimentRunner().settings
    assert (("oldQueue", "oldDefinition"), ("oldCpuQueue", "oldCpuDefinition"), 3) == (
        (settings.gpu.queue, settings.gpu.definition),
        (settings.cpu.queue, settings.cpu.definition),
        settings.attempts,
    )
    assert profile.current().get("AWS_S3", "requester_pays") is True
    assert "True" == rv_config.get_subconfig("AWS_S3")("requester_pays")
    assert {"BACKEND": {"KEY": {"model": "uri"}}} == rv_config.get_model_defaults()
    rv_config.get_subconfig("MY_SECTION")
    assert [] == profile.current().warnings


def test_plugins_of_the_profile_load(old_home: Path) -> None:
    """[PLUGINS] files of the default profile, which names a file that is not there yet."""
    from rastervision.plugin import PluginError, PluginRegistry

    with pytest.raises(PluginError, match=r"plugin_one\.py"):
        config()
    (old_home / "plugin_one.py").write_text("def register_plugin(plugin_registry): pass\n")
    config()
    assert [str(old_home / "plugin_one.py")] == PluginRegistry.get_instance().plugin_files


def test_a_plugin_reads_its_section(without_plugins: Path) -> None:
    """Values are text, put through a parser where one is given."""
    from rastervision.rv_config import load_conf_list

    section = config().get_subconfig("MY_SECTION")
    assert ("some text", "3", 3) == (
        section("text"),
        section("NUMBER"),
        section("number", parser=int),
    )
    assert (True, False) == (section("yes", parser=bool), section("no", parser=bool))
    assert ["a", "b"] == section("items", parser=load_conf_list)
    assert ["a", "b"] == load_conf_list(section("items", default="[]"))


def test_defaults(without_plugins: Path) -> None:
    """A default stands in for what is missing or empty, and is parsed if it is text."""
    section = config().get_subconfig("MY_SECTION")
    assert (5, "d") == (section("nosuch", default="5", parser=int), section("empty", default="d"))
    assert "" == section("empty")
    assert "" == section("empty", default="d", default_if_empty=False)
    assert section("nosuch", default=None) is None
    assert section("nosuch", raise_error=False) is None
    assert "3" == section("nosuch", alternate_keys=["number"])
    assert "5" == section("nosuch", default="5", parser=int, raw_value=True)
    with pytest.raises(ProfileError, match=r"MY_SECTION.nosuch is not set"):
        section("nosuch")


@pytest.mark.parametrize(("parser", "key"), [(int, "text"), (bool, "text")])
def test_what_cannot_be_parsed_is_an_error(without_plugins: Path, parser: Any, key: str) -> None:
    """The option and its value are named."""
    with pytest.raises(ProfileError, match=r"MY_SECTION\.text is 'some text'"):
        config().get_subconfig("MY_SECTION")(key, parser=parser)


def test_namespaces_nest(without_plugins: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies below a section is found by the name of its variable."""
    section = config().get_subconfig("MY_SECTION")
    monkeypatch.setenv("MY_SECTION_INNER_A", "1")
    assert ("1", "1") == (section.with_namespace("inner")("a"), section("a", namespace="inner"))
    assert ["MY_SECTION"] == section.get_namespace()


def test_the_strongest_counts(without_plugins: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable beats .env, which beats ./.rastervision, which beats ~/.rastervision/default."""
    seen = [config().get_subconfig("MY_SECTION")("text")]
    Path(".rastervision").write_text("[MY_SECTION]\ntext = here\n")
    seen.append(config().get_subconfig("MY_SECTION")("text"))
    seen.append(config(profile="other").get_subconfig("MY_SECTION")("text"))
    Path(".env").write_text("MY_SECTION_TEXT=dotenv\n")
    seen.append(config().get_subconfig("MY_SECTION")("text"))
    monkeypatch.setenv("MY_SECTION_TEXT", "variable")
    seen.append(config().get_subconfig("MY_SECTION")("text"))
    overrides = {"MY_SECTION_text": "override"}
    seen.append(config(config_overrides=overrides).get_subconfig("MY_SECTION")("text"))
    assert ["some text", "here", "other text", "dotenv", "variable", "override"] == seen


def test_variables_choose_the_profile(
    without_plugins: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RV_PROFILE names one, RV_CONFIG_DIR their directory, RV_CONFIG a file."""

    def text() -> str:
        return str(config().get_subconfig("MY_SECTION")("text"))

    monkeypatch.setenv("RV_PROFILE", "other")
    assert "other text" == text()
    elsewhere = without_plugins / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "other").write_text("[MY_SECTION]\ntext = elsewhere\n")
    monkeypatch.setenv("RV_CONFIG_DIR", str(elsewhere))
    assert "elsewhere" == text()
    (elsewhere / "file").write_text("[MY_SECTION]\ntext = file\n")
    monkeypatch.setenv("RV_CONFIG", str(elsewhere / "file"))
    assert "file" == text()


def test_a_config_of_its_own(without_plugins: Path) -> None:
    """RVConfig(...) loads a profile for who asks, and puts nothing in force."""
    from rastervision.rv_config import RVConfig, Verbosity

    own = RVConfig("other", str(without_plugins / ".rastervision"), verbosity=Verbosity.DEBUG)
    assert ("other text", Verbosity.DEBUG) == (
        own.get_subconfig("MY_SECTION")("text"),
        own.get_verbosity(),
    )
    assert str(without_plugins / ".rastervision") == own.rv_home
    assert Verbosity.NORMAL == RVConfig.get_instance().get_verbosity() == Verbosity.get()


def test_verbosity_has_levels() -> None:
    """Five of them, in rising order."""
    from rastervision.cli import Verbosity as FromPackage
    from rastervision.cli.verbosity import Verbosity

    assert FromPackage is Verbosity
    levels = [Verbosity.QUIET, Verbosity.NORMAL, Verbosity.VERBOSE, Verbosity.VERY_VERBOSE]
    assert [0, 1, 2, 3, 4] == [*levels, Verbosity.DEBUG]


class TestTemporaryDirectories:
    """Where temporary directories are made."""

    def test_the_variable_is_heeded(
        self, without_plugins: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """TMPDIR counts as it is at the time, if it is a directory."""
        from rastervision.rv_config import RVConfig

        monkeypatch.setenv("TMPDIR", str(without_plugins))
        assert str(without_plugins) == RVConfig.get_tmp_dir_root()
        monkeypatch.setenv("TMPDIR", str(without_plugins / "nosuch"))
        assert tempfile.gettempdir() == RVConfig.get_tmp_dir_root()

    def test_that_of_the_variable_is_made(
        self, without_plugins: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """set_tmp_dir without argument makes it if need be."""
        from rastervision.rv_config import RVConfig

        monkeypatch.setenv("TMPDIR", str(without_plugins / "of" / "env"))
        RVConfig.set_tmp_dir()
        assert str(without_plugins / "of" / "env") == RVConfig.get_tmp_dir_root()

    def test_an_explicit_one_is_stronger(self, without_plugins: Path) -> None:
        """set_tmp_dir names one, made if need be; without argument it is forgotten."""
        from rastervision.rv_config import RVConfig

        RVConfig.set_tmp_dir(str(without_plugins / "new" / "one"))
        assert (without_plugins / "new" / "one").is_dir()
        with RVConfig.get_tmp_dir() as made:
            assert without_plugins / "new" / "one" == Path(made).parent
            assert os.path.isdir(made)  # noqa: PTH112 - as old code asks
        assert not Path(made).exists()
        RVConfig.set_tmp_dir()
        assert str(without_plugins / "new" / "one") != RVConfig.get_tmp_dir_root()

    def test_one_that_cannot_be_used(
        self, without_plugins: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """It is warned of, and the system's is used."""
        from rastervision.rv_config import RVConfig

        RVConfig.set_tmp_dir(str(without_plugins / "defaults.json"))
        assert tempfile.gettempdir() == RVConfig.get_tmp_dir_root()
        assert "defaults.json" in caplog.text

    def test_a_mock_is_seen_by_commands(self, home: Path) -> None:
        """What `RVConfig.get_tmp_dir` is patched with gives commands their directory."""
        from rastervision.command import NoOpCommand

        mine = tempfile.TemporaryDirectory(dir=home)
        with mock.patch("rastervision.rv_config.RVConfig.get_tmp_dir", return_value=mine):
            command = NoOpCommand()
            assert mine.name == command.get_tmp_dir()
        mine.cleanup()
