"""LocalFileSystem: atomic writes, copies, mirrors, listings."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from datetime import datetime, timezone
from pathlib import Path

import pytest

from rvcli.errors import NotReadableError, NotWritableError
from rvcli.filesystem import atomic
from rvcli.filesystem.atomic import atomic_path, is_temporary, temporary_beside
from rvcli.filesystem.local_filesystem import LocalFileSystem as Local
from rvcli.filesystem.local_filesystem import make_dir


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give a directory whose name has blanks and letters beyond ASCII."""
    directory = tmp_path / "räume & mehr"
    directory.mkdir()
    return directory


def _names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_texts_and_bytes_come_back(root: Path) -> None:
    """What is written is read, through paths and file:// URIs, in new directories too."""
    path = root / "new" / "ä b.txt"
    Local.write_str(str(path), "Größe\n")
    assert Local.read_str(path.as_uri()) == "Größe\n"
    Local.write_bytes(path.as_uri(), b"\xff")
    assert Local.read_bytes(str(path)) == b"\xff"
    assert _names(path.parent) == ["ä b.txt"]


def test_no_text(root: Path) -> None:
    """Bytes that are no UTF-8 are refused as text, with their place."""
    (root / "a").write_bytes(b"ab\xff")
    with pytest.raises(NotReadableError, match="byte 2 is 0xff"):
        Local.read_str(str(root / "a"))


def test_existence(root: Path) -> None:
    """Directories exist only if they count."""
    (root / "a").touch()
    assert Local.file_exists(str(root / "a"))
    assert Local.file_exists(str(root))
    assert not Local.file_exists(str(root), include_dir=False)
    assert not Local.file_exists(str(root / "b"))


def test_missing_file(root: Path) -> None:
    """Reading what is not there says so."""
    with pytest.raises(NotReadableError, match="there is no file") as caught:
        Local.read_bytes(str(root / "a"))
    assert "misspelt" in (caught.value.hint or "")
    with pytest.raises(NotReadableError, match="directory"):
        Local.read_bytes(str(root))
    assert Local.stat(str(root / "a")) is None
    assert Local.stat(str(root)) is None
    with pytest.raises(NotReadableError):
        Local.last_modified(str(root / "a"))


def test_writing_where_a_file_stands(root: Path) -> None:
    """A file in the place of a directory, or the reverse, is refused with advice."""
    (root / "a").touch()
    (root / "d").mkdir()
    with pytest.raises(NotWritableError) as caught:
        Local.write_str(str(root / "a" / "b"), "")
    assert "a file stands" in (caught.value.hint or "")
    with pytest.raises(NotWritableError) as caught:
        Local.write_str(str(root / "d"), "")
    assert "a directory stands" in (caught.value.hint or "")
    assert _names(root) == ["a", "d"]


def test_stat(root: Path) -> None:
    """Size and time are those of the file; the time has a zone."""
    path = root / "a"
    path.write_bytes(b"123")
    os.utime(path, (1_000_000_000, 1_000_000_000))
    stat = Local.stat(str(path))
    assert stat is not None
    assert (3, datetime(2001, 9, 9, 1, 46, 40, tzinfo=timezone.utc), None) == (
        stat.size_bytes,
        stat.modified,
        stat.etag,
    )
    assert Local.last_modified(str(path)) == stat.modified


def test_delete(root: Path) -> None:
    """A file goes; one that is not there is no error; a directory stays."""
    (root / "a").touch()
    Local.delete(str(root / "a"))
    Local.delete(str(root / "a"))
    assert _names(root) == []
    with pytest.raises(NotWritableError):
        Local.delete(str(root))


def test_failed_write_leaves_the_old_file(root: Path) -> None:
    """If the block raises, the old content stays and nothing is left beside it."""
    path = root / "a.tif"
    path.write_text("old")
    with pytest.raises(TypeError), atomic_path(path) as temporary:  # noqa: PT012
        temporary.write_text("half")
        temporary.write_text(1)  # type: ignore[arg-type]
    assert path.read_text() == "old"
    assert _names(root) == ["a.tif"]
    with atomic_path(path) as temporary:
        assert temporary.suffix == ".tif"
        temporary.write_text("new")
    assert path.read_text() == "new"
    assert _names(root) == ["a.tif"]


def test_atomic_directory_replaces_the_old_one(root: Path) -> None:
    """A directory made beside its place replaces an old one as a whole, or not at all."""
    for content in ("1", "2"):
        with atomic_path(root / "d") as temporary:
            temporary.mkdir()
            (temporary / content).write_text(content)
        assert _names(root / "d") == [content]
    with pytest.raises(FileExistsError), atomic_path(root / "d") as temporary:  # noqa: PT012
        temporary.mkdir()
        temporary.mkdir()
    assert _names(root) == ["d"]


def test_links_are_written_through(root: Path) -> None:
    """Writing to a link changes the file that it leads to."""
    (root / "real").write_text("old")
    (root / "link").symlink_to(root / "real")
    Local.write_str(str(root / "link"), "new")
    assert (root / "real").read_text() == "new"
    assert (root / "link").is_symlink()


def test_modes_follow_the_umask(root: Path) -> None:
    """A new file has the permissions that any new file gets."""
    (root / "plain").touch()
    Local.write_str(str(root / "ours"), "")
    assert (root / "plain").stat().st_mode == (root / "ours").stat().st_mode


def test_leftovers_of_killed_processes_are_removed(root: Path) -> None:
    """What a killed process left beside a file goes with the next write there; others stay."""
    code = (
        "import os, signal, sys; from rvcli.filesystem.atomic import atomic_path\n"
        "with atomic_path(sys.argv[1]) as t:\n"
        "    t.write_text('half'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code, str(root / "a.tif")], check=False)
    [left] = _names(root)
    assert is_temporary(left)
    mine, elsewhere = temporary_beside(root / "x"), root / ".rv-tmp-00000000-1--ab.tif"
    mine.touch()
    elsewhere.touch()
    assert Local.list_paths(str(root)) == []
    Local.write_str(str(root / "b"), "")
    assert _names(root) == sorted([mine.name, elsewhere.name, "b"])


def test_directory_that_cannot_be_listed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where names may not be listed, files are written all the same."""

    def refuse(path: object) -> list[str]:
        raise PermissionError

    monkeypatch.setattr(atomic.os, "listdir", refuse)
    Local.write_str(str(root / "a"), "x")
    assert (root / "a").read_text() == "x"


@pytest.mark.parametrize("links", [True, False])
def test_exclusive_write(root: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    """Of many writers at once exactly one succeeds, with or without hard links."""
    if not links:

        def refuse(self: Path, target: Path) -> None:
            raise OSError(95, "not supported")

        monkeypatch.setattr(Path, "hardlink_to", refuse)
    uri = str(root / "new" / "claim")
    start, won = threading.Barrier(8), []

    def write(i: int) -> None:
        start.wait()
        if Local.write_exclusive(uri, str(i).encode()):
            won.append(i)

    threads = [threading.Thread(target=write, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [str(i) for i in won] == [Local.read_str(uri)]
    assert _names(root / "new") == ["claim"]


def test_copies(root: Path) -> None:
    """A file is copied both ways, and onto itself without harm."""
    (root / "a").write_text("x")
    Local.copy_to(str(root / "a"), str(root / "d" / "b"))
    Local.copy_from(str(root / "d" / "b"), str(root / "c"))
    Local.copy_from(str(root / "c"), (root / "c").as_uri())
    assert (root / "c").read_text() == "x"


def test_copies_of_what_is_no_file(root: Path) -> None:
    """A missing file or a directory cannot be copied as a file."""
    with pytest.raises(NotReadableError, match="there is no file"):
        Local.copy_to(str(root / "a"), str(root / "b"))
    with pytest.raises(NotReadableError, match="is a directory"):
        Local.copy_to(str(root), str(root / "b"))
    assert _names(root) == []


def test_mirror(root: Path) -> None:
    """A directory is copied with all below it; what is extra goes only if asked."""
    source, target = root / "source", root / "target"
    for name in ("a", "d/b", "d/e/ü"):
        Local.write_str(str(source / name), name)
    for name in ("old", "gone/x"):
        Local.write_str(str(target / name), name)
    Local.sync_to_dir(str(source), str(target))
    assert (target / "d" / "e" / "ü").read_text() == "d/e/ü"
    assert _names(target) == ["a", "d", "gone", "old"]
    Local.write_str(str(source / "a"), "changed")
    Local.sync_from_dir(str(source), target.as_uri(), delete=True)
    assert (target / "a").read_text() == "changed"
    assert _names(target) == ["a", "d"]


def test_mirror_leaves_what_has_not_changed(root: Path) -> None:
    """A file of the same size and time is not copied again."""
    Local.write_str(str(root / "s" / "a"), "x")
    Local.sync_to_dir(str(root / "s"), str(root / "t"))
    inode = (root / "t" / "a").stat().st_ino
    Local.sync_to_dir(str(root / "s"), str(root / "t"))
    assert inode == (root / "t" / "a").stat().st_ino


def test_mirror_onto_itself_and_from_nowhere(root: Path) -> None:
    """A directory mirrored onto itself stays whole; a missing one is an error."""
    Local.write_str(str(root / "s" / "a"), "x")
    Local.sync_to_dir(str(root / "s"), str(root / "s"), delete=True)
    assert _names(root / "s") == ["a"]
    with pytest.raises(NotReadableError, match="there is no directory"):
        Local.sync_to_dir(str(root / "none"), str(root / "t"))


def test_listing(root: Path) -> None:
    """All files below are listed, sorted, through links and without going in circles."""
    for name in ("b.tif", "a/c.tif", "a/d.json"):
        Local.write_str(str(root / name), "")
    (root / "a" / "loop").symlink_to(root)
    assert [f"{root}/a/c.tif", f"{root}/b.tif"] == Local.list_paths(str(root), ".tif")
    assert len(Local.list_paths(root.as_uri())) == 3
    assert Local.list_paths(str(root / "none")) == []
    with pytest.raises(NotReadableError, match="no directory"):
        Local.list_paths(str(root / "b.tif"))


def test_paths(root: Path) -> None:
    """The local path and the path for GDAL are the path itself."""
    assert str(root) == Local.local_path(root.as_uri(), "/anywhere") == Local.gdal_path(str(root))


def test_make_dir(root: Path) -> None:
    """A directory is made, checked for being empty, or emptied."""
    make_dir(str(root / "a" / "b"))
    make_dir(str(root / "c" / "file"), use_dirname=True)
    assert _names(root) == ["a", "c"]
    with pytest.raises(NotWritableError, match="not empty"):
        make_dir(str(root / "a"), check_empty=True)
    make_dir(str(root / "a"), force_empty=True, check_empty=True)
    assert _names(root / "a") == []


def test_relative_file_in_the_working_directory(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bare name is written into the working directory and listed from it."""
    monkeypatch.chdir(root)
    Local.write_str("a", "x")
    assert Local.read_str("a") == "x"
    assert Local.write_exclusive("b", b"y")
    assert _names(root) == ["a", "b"]


@pytest.mark.parametrize(
    ("error", "hint"),
    [(PermissionError(13, "Permission denied"), "permissions"), (OSError(28, "No space"), None)],
)
def test_reasons_in_words(
    root: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, hint: str | None
) -> None:
    """What the system says is in the message; where something can be done, the hint says it."""

    def fail(self: Path, data: bytes) -> int:
        raise error

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(NotWritableError, match=error.strerror) as caught:
        Local.write_bytes(str(root / "a"), b"")
    assert (hint or "") in (caught.value.hint or "")
    assert _names(root) == []
