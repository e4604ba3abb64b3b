"""Files on their way to where they belong."""

from __future__ import annotations

from pathlib import Path

import pytest

from rvcli.utils.files import file_to_str
from rvcli.utils.place import placed


def test_local_file_appears_whole(tmp_path: Path) -> None:
    """A local file is written beside its place, and only then put there."""
    target = tmp_path / "a b" / "file.txt"
    with placed(str(target), str(tmp_path / "tmp")) as path:
        path.write_text("content")
        assert (".txt", False) == (path.suffix, target.exists())
    assert ["file.txt"] == [child.name for child in target.parent.iterdir()]
    assert not (tmp_path / "tmp").exists()


def test_remote_file_appears_whole(tmp_path: Path, s3_root: str) -> None:
    """A remote file is written to the temporary directory, and leaves nothing there."""
    with placed(f"{s3_root}/a b/file.txt", str(tmp_path / "tmp")) as path:
        path.write_text("content")
        assert "file.txt" == path.name
    assert "content" == file_to_str(f"{s3_root}/a b/file.txt")
    assert [] == list((tmp_path / "tmp").iterdir())


def test_failure_leaves_what_was_there(tmp_path: Path) -> None:
    """If the block fails, the old file stays."""
    target = tmp_path / "file.txt"
    target.write_text("old")

    def fail() -> None:
        with placed(str(target), str(tmp_path)) as path:
            path.write_text("new")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert "old" == target.read_text()
    assert [target] == list(tmp_path.iterdir())
