"""The cache directory."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from rvcli.profile import load_settings, use
from rvcli.profile.cache import cache_dir


def test_setting_decides(tmp_path: Path) -> None:
    """RV.cache_dir names the directory."""
    place = str(tmp_path / "kept")
    overrides = [f"RV.cache_dir={place}"]
    with use(load_settings(overrides=overrides, cwd=str(tmp_path), environ={})):
        assert place == str(cache_dir())


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {}, ".cache/rvcli"),
        ("linux", {"XDG_CACHE_HOME": "relative"}, ".cache/rvcli"),
        ("linux", {"XDG_CACHE_HOME": "/var/x"}, "/var/x/rvcli"),
        ("darwin", {}, "Library/Caches/rvcli"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/rvcli/Cache"),
        ("win32", {}, "rvcli/Cache"),
    ],
)
def test_platforms_have_their_places(
    platform: str,
    variables: dict[str, str],
    expected: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without the setting, the platform's place for caches is used."""
    for name in ("RV_CACHE_DIR", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"HOME": str(tmp_path), **variables}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert str(tmp_path / expected) == str(cache_dir())
