"""What a fence lets through, refuses and notes; it is not put up here, since it stays."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rvcli.verify.fence import Fence


@pytest.fixture
def ask(tmp_path: Path) -> Callable[[str, object], list[tuple[str, bool]]]:
    """Ask a fence about an event, as Python would; return what it notes of it."""
    for name in ("closed/open", "copies"):
        (tmp_path / name).mkdir(parents=True)
    closed, opened = str(tmp_path / "closed"), str(tmp_path / "closed" / "open")
    fence = Fence([closed], [opened], str(tmp_path / "copies"))

    def run(event: str, path: object) -> list[tuple[str, bool]]:
        with fence.watching(lambda file: file == __file__) as hits:
            fence._hook(event, (path, "r", 0))
        return [(hit.path, hit.is_beside) for hit in hits]

    return run


def test_open_places(ask: Callable[..., object], tmp_path: Path) -> None:
    """The system, Python, what is opened within a closed place, and what is no path."""
    for path in ("/etc/hosts", sys.executable, os.__file__, tmp_path / "closed" / "open" / "x"):
        assert [] == ask("open", path)
    assert [] == ask("open", 3)
    assert [] == ask("os.listdir", None)
    assert [] == ask("import", str(tmp_path / "closed"))


@pytest.mark.parametrize("event", ["open", "os.listdir", "os.scandir", "sqlite3.connect"])
def test_closed_places(ask: Callable[..., object], event: str, tmp_path: Path) -> None:
    """All else is as if it were not there, also as bytes and by a link."""
    (tmp_path / "closed" / "open" / "link").symlink_to(tmp_path / "closed")
    for path in (
        tmp_path / "closed",
        os.fsencode(tmp_path / "elsewhere"),
        str(tmp_path / "closed" / "open" / "link" / "x"),
    ):
        with pytest.raises(FileNotFoundError):
            ask(event, path)


def test_what_is_missing_beside_copies_is_noted(ask: Callable[..., object], tmp_path: Path) -> None:
    """Copies may be read; what is asked for beside them and is not there is noted."""
    (tmp_path / "copies" / "a.py").write_text("")
    assert [] == ask("open", str(tmp_path / "copies" / "a.py"))
    missing = str(tmp_path / "copies" / "b.txt")
    assert [(missing, True)] == ask("open", missing)


def test_places_of_modules_are_listed(
    ask: Callable[..., object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The import system does so whenever a file appears there; files in them are not read."""
    place = str(tmp_path / "closed")
    with pytest.raises(FileNotFoundError):
        ask("os.listdir", place)
    monkeypatch.setattr(sys, "path", [*sys.path, place])
    fence = Fence([place], [], str(tmp_path / "copies"))
    with fence.watching(lambda file: file == __file__) as hits:
        fence._hook("os.listdir", (place,))
        with pytest.raises(FileNotFoundError):
            fence._hook("open", (f"{place}/x", "r", 0))
    assert [f"{place}/x"] == [hit.path for hit in hits]
