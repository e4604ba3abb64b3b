"""Which files and variables count, and in which order."""

from __future__ import annotations

import pytest

from rvcli.errors import ProfileError, UsageError

SOURCES = [
    ("~/.rastervision/default", "[RV]\njobs = 1\n"),
    ("~/.config/rv/default.toml", "[RV]\njobs = 2\n"),
    ("rv.toml", "[RV]\njobs = 3\n[profile.big.RV]\njobs = 4\n"),
    ("given.toml", "[RV]\njobs = 5\n"),
    (".env", "RV_JOBS=6\n"),
]


@pytest.mark.parametrize("strongest", range(len(SOURCES)))
def test_later_files_beat_earlier_ones(place, strongest):
    """Files count in the order of the docstring of load_settings."""
    for name, text in SOURCES[: strongest + 1]:
        place.write(name, text)
    config = "given.toml" if strongest >= 3 else None

    settings = place.load("big" if strongest >= 2 else None, config_file=config)

    assert [1, 2, 4, 5, 6][strongest] == settings.get("RV", "jobs")


def test_the_default_comes_last(place):
    """Without any source the declared default holds, and says so."""
    found = place.load().value("GDAL", "cache_mb")

    assert (128, "default") == (found.value, found.origin)


def test_the_project_file_beats_the_users_default(place):
    """A project overrides what the user prefers elsewhere."""
    for name, text in SOURCES[:3]:
        place.write(name, text)

    assert 3 == place.load().get("RV", "jobs")


def test_the_environment_beats_dotenv(place):
    """A variable of the process wins over one in .env."""
    place.write(".env", "RV_JOBS=6\n")
    place.environ["RV_JOBS"] = "7"

    assert 7 == place.load().get("RV", "jobs")


def test_set_beats_the_environment(place):
    """--set is the strongest of all."""
    place.environ["RV_JOBS"] = "7"

    found = place.load(overrides=["rv.JOBS=8"]).value("RV", "jobs")

    assert (8, "--set") == (found.value, found.origin)


def test_the_prefixed_variable_wins(place):
    """Of PLUGINS_FILES and RV_PLUGINS_FILES the latter counts."""
    place.environ.update({"PLUGINS_MODULES": "plain", "RV_PLUGINS_MODULES": "prefixed"})

    assert ["prefixed"] == place.load().get("PLUGINS", "modules")


@pytest.mark.parametrize("name", ["RV_CONFIG_DIR", "RV_PROFILE", "RV_LOAD_PLUGINS"])
def test_reserved_variables_are_no_options(place, name):
    """A variable that steers rv is never read as SECTION_KEY."""
    place.environ[name] = str(place.home) if name == "RV_CONFIG_DIR" else "x"
    place.write("~/x.toml", "")
    place.write("~/.config/rv/x.toml", "")
    section, _, key = name.partition("_")

    assert place.load().value(section, key) is None


def test_undeclared_variables_are_read_only_when_asked_for(place):
    """The environment serves what a plugin asks for and is not listed otherwise."""
    place.environ["MY_SECTION_COLOUR"] = "red"
    settings = place.load()

    assert "MY_SECTION" not in {section for section, _, _ in settings.items()}
    assert "red" == settings.get("my_section", "colour")


def test_rv_profile_chooses_a_profile(place):
    """RV_PROFILE does what -p does."""
    place.write("rv.toml", "[profile.big.RV]\njobs = 4\n")
    place.environ["RV_PROFILE"] = "big"

    assert 4 == place.load().get("RV", "jobs")


def test_the_argument_beats_rv_profile(place):
    """-p wins over RV_PROFILE."""
    place.write("rv.toml", "[profile.a.RV]\njobs = 4\n[profile.b.RV]\njobs = 5\n")
    place.environ["RV_PROFILE"] = "a"

    assert 5 == place.load("b").get("RV", "jobs")


def test_rv_config_names_a_file(place):
    """RV_CONFIG does what --config does, and the project's file still counts below it."""
    place.write("rv.toml", "[RV]\njobs = 4\ngpus = 2\n")
    place.write("other.ini", "[RV]\njobs = 5\n")
    place.environ["RV_CONFIG"] = "other.ini"

    settings = place.load()

    assert (5, 2) == (settings.get("RV", "jobs"), settings.get("RV", "gpus"))


def test_dotenv_may_steer(place):
    """RV_PROFILE and RV_CONFIG count in .env too, paths relative to it."""
    place.write(".env", "RV_CONFIG=sub/other.toml\nRV_PROFILE=fast\n")
    place.write("sub/other.toml", "[RV]\njobs = 5\n[profile.fast.RV]\ngpus = 3\n")

    settings = place.load(cwd=place.project)

    assert (5, 3) == (settings.get("RV", "jobs"), settings.get("RV", "gpus"))


def test_a_profile_in_the_given_file_beats_what_the_file_shares(place):
    """-p with a profile of the --config file is stronger than that file's own sections."""
    path = place.write("given.toml", "[RV]\njobs = 5\n[profile.big.RV]\njobs = 9\n")

    assert 9 == place.load("big", config_file=path).get("RV", "jobs")


def test_rv_config_dir_replaces_the_users_directories(place):
    """With RV_CONFIG_DIR, ~/.rastervision and ~/.config/rv do not count."""
    for name, text in SOURCES[:2]:
        place.write(name, text)
    place.write("~/mine/default.toml", "[RV]\ngpus = 1\n")
    place.environ["RV_CONFIG_DIR"] = str(place.home / "mine")

    settings = place.load()

    assert (None, 1) == (settings.get("RV", "jobs"), settings.get("RV", "gpus"))


def test_xdg_config_home_is_honoured(place):
    """User profiles are in XDG_CONFIG_HOME/rv where that is set."""
    place.write("~/xdg/rv/gpu.toml", "[RV]\ngpus = 4\n")
    place.environ["XDG_CONFIG_HOME"] = str(place.home / "xdg")

    assert 4 == place.load("gpu").get("RV", "gpus")


def test_an_old_user_profile_is_found(place):
    """-p NAME finds the INI file ~/.rastervision/NAME."""
    place.write("~/.rastervision/old", "[PLUGINS]\nmodules = ['a']\n")

    assert [("a", f"{place.home}/.rastervision/old:2")] == place.load("old").plugin_modules()


def test_a_profile_in_two_files_of_one_directory_is_ambiguous(place):
    """gpu.toml beside gpu is refused, with both names."""
    place.write("~/.rastervision/gpu", "")
    place.write("~/.rastervision/gpu.toml", "")

    with pytest.raises(ProfileError, match=r"ambiguous: .*gpu.toml and .*gpu$"):
        place.load("gpu")


@pytest.mark.parametrize(
    ("files", "hint"),
    [
        ({"rv.toml": "[profile.small]\n"}, "did you mean 'small'"),
        ({"~/.config/rv/smal.toml": ""}, "did you mean 'smal'"),
        ({"rv.toml": "[profile.huge]\n"}, "there are: huge"),
        ({}, r"write \[profile.smalll\] in rv.toml"),
    ],
)
def test_an_unknown_profile_is_refused_with_the_nearest(place, files, hint):
    """A profile that is nowhere ends the run; the hint names the nearest one."""
    for name, text in files.items():
        place.write(name, text)

    with pytest.raises(ProfileError, match="no profile 'smalll'") as raised:
        place.load("smalll")
    assert raised.value.hint is not None
    raised.match("smalll")
    assert __import__("re").search(hint, raised.value.hint)


def test_a_profile_name_is_no_path(place):
    """-p never reads a file outside the profile directories."""
    place.write("~/secret.toml", "[RV]\njobs = 1\n")

    with pytest.raises(ProfileError, match="no profile"):
        place.load("../secret")


def test_profiles_inherit(place):
    """A profile takes what it does not set from the one it inherits from, over files too."""
    place.write("~/.config/rv/base.toml", "[RV]\njobs = 1\ngpus = 1\noverlap = 'error'\n")
    place.write(
        "rv.toml",
        "[profile.mid]\ninherits = 'base'\n[profile.mid.RV]\njobs = 2\ngpus = 2\n"
        "[profile.top]\ninherits = 'mid'\n[profile.top.RV]\njobs = 3\n",
    )

    settings = place.load("top")

    values = [settings.get("RV", key) for key in ("jobs", "gpus", "overlap")]
    assert [3, 2, "error"] == values


def test_a_whole_file_inherits(place):
    """`inherits` at the top of a file puts another profile below it."""
    place.write("~/.config/rv/base.toml", "[RV]\njobs = 1\ngpus = 1\n")
    place.write("rv.toml", 'inherits = "base"\n[RV]\njobs = 2\n')

    settings = place.load()

    assert (2, 1) == (settings.get("RV", "jobs"), settings.get("RV", "gpus"))


def test_a_circle_of_inheritance_is_named(place):
    """Profiles that inherit from one another are refused, with the whole circle."""
    place.write("rv.toml", "[profile.a]\ninherits = 'b'\n[profile.b]\ninherits = 'a'\n")

    with pytest.raises(ProfileError, match="a -> b -> a"):
        place.load("a")


def test_a_file_that_inherits_from_itself_is_named(place):
    """A circle over whole files is found as well."""
    place.write("~/.config/rv/default.toml", "inherits = 'default'\n")

    with pytest.raises(ProfileError, match="circle: default"):
        place.load()


@pytest.mark.parametrize("text", ["RV.jobs", "jobs=1", ".jobs=1", "RV.=1", "="])
def test_a_malformed_override_is_a_usage_error(place, text):
    """--set wants SECTION.KEY=VALUE."""
    with pytest.raises(UsageError, match="names no option"):
        place.load(overrides=[text])


def test_all_wrong_values_are_told_at_once(place):
    """Values of the wrong type are refused when the settings are loaded, with file and line."""
    place.write("rv.toml", "[RV]\njobs = 'many'\n\ngpus = -1\n")

    with pytest.raises(ProfileError) as raised:
        place.load()

    assert [
        f"{place.project}/rv.toml:2: RV.jobs is 'many', which is no whole number",
        f"{place.project}/rv.toml:4: RV.gpus is -1, which is less than 0",
    ] == str(raised.value).splitlines()


def test_a_missing_config_file_is_named(place):
    """--config with a file that is not there ends the run."""
    with pytest.raises(ProfileError, match=r"gone\.toml cannot be read: No such file"):
        place.load(config_file="gone.toml")


def test_plugin_paths_are_relative_to_what_names_them(place):
    """Files resolve against the file that names them; URIs and absolute paths stay."""
    place.write("rv.toml", '[PLUGINS]\nfiles = ["a.py", "/b.py", "s3://c/d.py", "../e.py"]\n')
    inner = place.project / "deep" / "down"
    inner.mkdir(parents=True)

    files = place.load(cwd=inner).plugin_files()

    root = place.project
    assert [f"{root}/a.py", "/b.py", "s3://c/d.py", f"{root.parent}/e.py"] == [f for f, _ in files]
    assert {f"{root}/rv.toml:2"} == {origin for _, origin in files}


def test_plugin_paths_of_variables_are_relative_to_the_working_directory(place):
    """PLUGINS_FILES and --set resolve against the working directory, ~ is the home."""
    place.environ["PLUGINS_FILES"] = "a.py,~/b.py"

    files = [uri for uri, _ in place.load().plugin_files()]

    assert str(place.project / "a.py") == files[0]
    assert not files[1].startswith(str(place.project))
