"""Where the project's file is looked for, and which files are refused."""

from __future__ import annotations

import os

import pytest

from rvcli.errors import ProfileError
from rvcli.profile import search


def test_a_parents_file_is_found(place):
    """The nearest directory upward that has a file counts."""
    place.write("rv.toml", "[RV]\njobs = 2\n")
    inner = place.project / "a" / "b"
    inner.mkdir(parents=True)

    assert 2 == place.load(cwd=inner).get("RV", "jobs")


@pytest.mark.parametrize("mark", [".git", ".hg"])
def test_the_search_stops_at_the_repository_root(place, mark):
    """A file above the root of the repository is not looked at; one in the root is."""
    place.write("~/work/rv.toml", "[RV]\njobs = 2\n")
    (place.project / mark).mkdir()
    inner = place.project / "a"
    inner.mkdir()
    assert place.load(cwd=inner).get("RV", "jobs") is None

    place.write("rv.toml", "[RV]\njobs = 3\n")
    assert 3 == place.load(cwd=inner).get("RV", "jobs")


def test_the_search_stops_at_home(place):
    """A file above the home directory is not looked at; one in it is."""
    (place.home.parent / "rv.toml").write_text("[RV]\njobs = 2\n")
    assert place.load().get("RV", "jobs") is None

    place.write("~/rv.toml", "[RV]\njobs = 3\n")
    assert 3 == place.load().get("RV", "jobs")


def test_a_directory_of_that_name_is_no_profile(place):
    """Only regular files count: ~/.rastervision is a directory, not the project's profile."""
    (place.project / "rv.toml").mkdir()
    place.write("~/.rastervision/other", "")

    assert [] == search.search_upward(place.project, search.PROJECT_FILES, place.environ)


def test_a_pipe_is_no_profile(place):
    """A named pipe is passed over, rather than waited for."""
    os.mkfifo(place.project / "rv.toml")

    assert place.load().get("RV", "jobs") is None


def test_a_second_file_in_one_directory_is_told(place):
    """Of rv.toml and .rastervision side by side the first is read, the other warned of."""
    place.write("rv.toml", "[RV]\njobs = 2\n")
    other = place.write(".rastervision", "[RV]\njobs = 3\n")

    settings = place.load()

    assert 2 == settings.get("RV", "jobs")
    assert [f"{other} is not read: rv.toml beside it is"] == settings.warnings


def test_an_ini_project_file_is_read(place):
    """A lone .rastervision is the project's file."""
    place.write(".rastervision", "[rv]\nJobs = 3\n")

    assert 3 == place.load().get("RV", "jobs")


def test_a_file_of_another_user_is_refused(place, monkeypatch):
    """A found file that another user owns ends the run with a hint."""
    path = place.write("rv.toml", "[RV]\njobs = 2\n")
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)

    with pytest.raises(ProfileError, match="belongs to another user") as raised:
        place.load()
    assert f"if you trust it, name it: --config {path}" == raised.value.hint


def test_a_file_of_another_user_that_is_named_is_read(place, monkeypatch):
    """Naming a file is trusting it."""
    path = place.write("rv.toml", "[RV]\njobs = 2\n")
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)

    assert 2 == place.load(config_file=path).get("RV", "jobs")


def test_a_foreign_file_beside_a_named_one_is_passed_over(place, monkeypatch):
    """With --config, a file of another user is skipped with a warning."""
    foreign = place.write("rv.toml", "[RV]\njobs = 2\n")
    named = place.write("mine.toml", "[RV]\ngpus = 1\n")
    monkeypatch.setattr(os, "geteuid", lambda: foreign.stat().st_uid + 1)

    settings = place.load(config_file=named)

    assert settings.get("RV", "jobs") is None
    assert any(f"{foreign} is not read" in warning for warning in settings.warnings)


def test_a_dotenv_of_another_user_is_passed_over(place, monkeypatch):
    """A .env of another user is skipped with a warning."""
    path = place.write(".env", "RV_JOBS=2\n")
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)

    settings = place.load()

    assert settings.get("RV", "jobs") is None
    assert [f"{path} is not read: it belongs to another user (id {path.stat().st_uid})"] == (
        settings.warnings
    )


def test_systems_without_owners_refuse_nothing(place, monkeypatch):
    """Where files have no owner ids, nothing is refused."""
    path = place.write("rv.toml", "")
    monkeypatch.delattr(os, "geteuid")

    assert search.foreign_owner(path) is None


@pytest.mark.parametrize(
    ("platform", "environ", "expected"),
    [
        ("linux", {}, ".config/rv"),
        ("darwin", {}, "Library/Application Support/rv"),
        ("win32", {}, "AppData/Roaming/rv"),
    ],
)
def test_the_platforms_config_directory(place, monkeypatch, platform, environ, expected):
    """Each platform keeps user profiles where its programs keep such things."""
    monkeypatch.setattr("sys.platform", platform)

    found = search.config_dirs({**place.environ, **environ})

    assert [place.home / expected, place.home / ".rastervision"] == found


def test_home_without_a_variable(monkeypatch):
    """Without HOME the home of the process is taken."""
    assert search.home_dir({}).is_absolute()
