"""RVConfig: the settings as older plugins ask for them."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest

from rvcli import keys, profile
from rvcli.errors import ProfileError
from rvcli.profile import rv_config
from rvcli.profile.rv_config import RVConfig, Verbosity, load_conf_list
from rvcli.registry import Registry, use


@pytest.fixture(autouse=True)
def _reset():
    yield
    RVConfig.set_tmp_dir(None)


def test_a_subconfig_returns_text(place):
    """A plugin's section is read by calling the subconfig; values are text unless parsed."""
    place.write("rv.toml", "[MINE]\nn = 3\nnames = ['a', 'b']\nflag = true\n")

    with profile.use(place.load()) as settings:
        mine = RVConfig.get_instance().get_subconfig("mine")

        assert ("3", 3) == (mine("n"), mine("N", parser=int))
        assert ["a", "b"] == mine("names", default="", parser=load_conf_list)
        assert mine("flag", parser=bool) is True
        assert [] == settings.warnings


def test_a_default_of_text_is_parsed(place):
    """A default is parsed when it is text, and returned as it is otherwise."""
    with profile.use(place.load()):
        mine = RVConfig.get_instance().get_subconfig("MINE")

        assert 5 == mine("n", default="5", parser=int)
        assert [1] == mine("n", default=[1], parser=int)
        assert mine("n", raise_error=False) is None


def test_a_missing_value_is_an_error(place):
    """Without value and default, the option is named."""
    with profile.use(place.load()), pytest.raises(ProfileError, match=r"MINE\.n is not set"):
        RVConfig.get_instance().get_subconfig("MINE")("n")


def test_namespaces_nest(place):
    """with_namespace reads keys by a common start of the variable's name."""
    settings = place.load()
    place.environ["MINE_SUB_N"] = "4"

    with profile.use(settings):
        assert "4" == RVConfig.get_instance().get_subconfig("MINE").with_namespace("SUB")("n")


def test_a_profile_can_be_loaded_anew(place, monkeypatch):
    """With arguments, RVConfig loads a profile from a home of profiles, overrides first."""
    place.write("~/profiles/mine", "[RV]\njobs = 3\n[GDAL]\ncache_mb = 3\n")

    config = RVConfig(
        "mine", str(place.home / "profiles"), {"RV_JOBS": "4"}, verbosity=Verbosity.DEBUG
    )

    assert ("4", "3") == (
        config.get_subconfig("RV")("jobs"),
        config.get_subconfig("GDAL")("cache_mb"),
    )
    assert Verbosity.DEBUG == config.get_verbosity()


def test_temporary_directories(place):
    """They are made below the set root, else the profile's, else the system's."""
    assert tempfile.gettempdir() == RVConfig.get_tmp_dir_root()
    with profile.use(place.load(overrides=["RV.tmp_dir=scratch"])):
        assert str(place.project / "scratch") == RVConfig.get_tmp_dir_root()
        RVConfig(tmp_dir=str(place.home / "tmp"))
        with RVConfig.get_tmp_dir() as made:
            assert place.home / "tmp" == Path(made).parent
    assert Verbosity.NORMAL == RVConfig.get_instance().get_verbosity()


class Files:
    """A file system that reads local files."""

    @staticmethod
    def matches_uri(uri, mode):
        """Take absolute paths."""
        return uri.startswith("/")

    @staticmethod
    def read_str(uri):
        """Read a file."""
        return Path(uri).read_text()


def test_model_defaults(place):
    """The defaults of models are the JSON that the profile names; without, there are none."""
    path = place.write("defaults.json", json.dumps({"a": 1}))
    registry = Registry()
    registry.add(keys.FILESYSTEM, "files", Files)
    assert {} == RVConfig.get_instance().get_model_defaults()

    with use(registry):
        with profile.use(place.load(overrides=[f"RV.model_defaults_uri={path}"])):
            assert {"a": 1} == RVConfig.get_instance().get_model_defaults()
        with (
            profile.use(place.load(overrides=["RV.model_defaults_uri=xy://z"])),
            pytest.raises(ProfileError, match="no file system reads 'xy://z'"),
        ):
            RVConfig.get_instance().get_model_defaults()


def test_the_module_serves_what_old_code_imports():
    """Old code imports the list parser and RVConfig from one module."""
    assert ["a", "b"] == rv_config.load_conf_list("a,b")
