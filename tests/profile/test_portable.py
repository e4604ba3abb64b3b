"""Settings that travel to other machines."""

from __future__ import annotations

from pathlib import Path

import pytest

from rvcli import profile

PROFILE = """
[RV]
jobs = 3
log_level = "debug"
tmp_dir = "/big/disk"

[GDAL]
cache_mb = 64

[PLUGINS]
files = ["plugin.py"]

[TILE_SERVER]
url = "https://tiles.example.org"
retries = 3
token = "hidden"
signed = "https://example.org/x?signature=hidden"
"""


@pytest.fixture
def settings(tmp_path: Path) -> profile.Settings:
    """Give the settings of a project."""
    (tmp_path / "rv.toml").write_text(PROFILE)
    return profile.load_settings(cwd=tmp_path, environ={"RV_AWS_S3_REQUESTER_PAYS": "yes"})


def test_what_commands_need_travels(settings: profile.Settings) -> None:
    """Options of commands and of plugins do; secrets, paths and what runners read do not."""
    assert {
        "RV.log_level": "debug",
        "GDAL.cache_mb": "64",
        "AWS_S3.requester_pays": "true",
        "TILE_SERVER.url": "https://tiles.example.org",
        "TILE_SERVER.retries": "3",
    } == settings.portable()


def test_what_travelled_is_stronger_than_files_here(settings: profile.Settings) -> None:
    """The machine that planned knows better than a profile that happens to lie here."""
    found = settings.with_portable({"GDAL.cache_mb": "32", "TILE_SERVER.url": "there"})
    assert (32, "there", 3) == (
        found.get("GDAL", "cache_mb"),
        found.get("TILE_SERVER", "url"),
        found.get("TILE_SERVER", "retries"),
    )


def test_variables_here_are_stronger_than_what_travelled(settings: profile.Settings) -> None:
    """Whoever runs the machine has the last word."""
    found = settings.with_portable({"AWS_S3.requester_pays": "no"})
    assert found.get("AWS_S3", "requester_pays") is True


def test_what_travelled_has_an_origin() -> None:
    """Errors and `rv config show --origin` name it."""
    found = profile.Settings().with_portable({"GDAL.cache_mb": "32"})
    value = found.value("GDAL", "cache_mb")
    assert value is not None
    assert (32, "the command's message") == (value.value, value.origin)


def test_nothing_travels_by_default() -> None:
    """Defaults are the same everywhere."""
    settings = profile.Settings()
    assert ({}, settings) == (settings.portable(), settings.with_portable({}))
