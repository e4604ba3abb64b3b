"""Zip files: equal bytes for equal contents, nothing outside the target."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from rvcli.errors import DataError, NotReadableError
from rvcli.utils.files import unzip, zipdir


def test_round_trip(tmp_path: Path) -> None:
    """All files come back in their places, names beyond ASCII too."""
    for name in ("b ü", "d/a"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_text(name)
    zipdir(str(tmp_path / "in"), str(tmp_path / "new" / "p.zip"))
    unzip(str(tmp_path / "new" / "p.zip"), str(tmp_path / "out"))
    assert (tmp_path / "out" / "b ü").read_text() == "b ü"
    assert (tmp_path / "out" / "d" / "a").read_text() == "d/a"


def test_equal_contents_give_equal_bytes(tmp_path: Path) -> None:
    """Neither times nor the order of writing show in the file."""
    packed = []
    for names in ("ab", "ba"):
        directory = tmp_path / names
        directory.mkdir()
        for i, name in enumerate(names):
            (directory / name).write_text("same")
            os.utime(directory / name, (i + 1e9, i + 1e9))
        zipdir(str(directory), str(directory / "p.zip"))
        packed.append((directory / "p.zip").read_bytes())
        zipdir(str(directory), str(directory / "p.zip"))
        assert packed[-1] == (directory / "p.zip").read_bytes()
    assert packed[0] == packed[1]


@pytest.mark.parametrize("name", ["../a", "/a", "b/../../a", "..\\a", "C:/a", "\\a"])
def test_paths_that_lead_elsewhere(tmp_path: Path, name: str) -> None:
    """A zip file with a path out of its directory is refused as a whole."""
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as archive:
        archive.writestr("good", "")
        archive.writestr(name, "bad")
    with pytest.raises(DataError, match="leads out"):
        unzip(str(tmp_path / "p.zip"), str(tmp_path / "deep" / "out"))
    assert ["p.zip"] == [path.name for path in tmp_path.iterdir()]


def test_damaged_and_missing(tmp_path: Path) -> None:
    """A file that is no zip file, or not there, is an error."""
    (tmp_path / "p.zip").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(DataError, match="no whole zip file"):
        unzip(str(tmp_path / "p.zip"), str(tmp_path / "out"))
    with pytest.raises(NotReadableError, match="no file"):
        unzip(str(tmp_path / "q.zip"), str(tmp_path / "out"))
    with pytest.raises(NotReadableError, match="no directory"):
        zipdir(str(tmp_path / "none"), str(tmp_path / "q.zip"))
