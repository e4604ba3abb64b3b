"""The beginners' page is followed once, for all tests of the guide."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.docs.guide import DOCS, FIRST, Project, Snapshot, draw_town, move_in


@pytest.fixture(scope="session")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """Follow the beginners' page to its end."""
    folder = tmp_path_factory.mktemp("guide") / "town"
    folder.mkdir()
    draw_town(folder)
    with pytest.MonkeyPatch.context() as patch:
        move_in(folder, patch)
        Project(folder).follow(DOCS / FIRST)
    copy = folder.with_name("copy")
    shutil.copytree(folder, copy)
    return Snapshot(folder, copy)


@pytest.fixture
def finished(snapshot: Snapshot) -> Path:
    """Give the folder in which the beginners' page was followed."""
    return snapshot.restore()


@pytest.fixture
def project(finished: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Give the folder in which the beginners' page was followed, to run other blocks in."""
    move_in(finished, monkeypatch)
    return Project(finished)
