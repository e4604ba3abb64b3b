"""Identities of files, directories and objects."""

from __future__ import annotations

import os
import stat as stat_module
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from rvcli.errors import FileSystemError, NotReadableError
from rvcli.filesystem import FileSystem, resolve
from rvcli.records import Identities
from rvcli.records import identity as module
from rvcli.records.digests import DigestCache, sha256_of
from rvcli.records.identity import in_threads, local_path


@pytest.fixture
def anew(digests: DigestCache) -> Callable[[], Identities]:
    """Look at everything anew, as the next process does."""
    return lambda: Identities(digests)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A directory with files at two levels."""
    root = tmp_path / "a folder"
    (root / "sub").mkdir(parents=True)
    (root / "one.txt").write_text("1")
    (root / "sub" / "two.txt").write_text("22")
    return root


def test_file_is_identified_by_content(identities: Identities, tmp_path: Path) -> None:
    """The identity of a file is the digest of its content, and it has a size."""
    path = tmp_path / "x y.txt"
    path.write_text("abc")
    found = identities.of(str(path))
    assert (f"sha256:{sha256_of(path)}", 3, None) == (found.text, found.size_bytes, found.files)
    assert found.text == str(found) == identities.of(f"file://{tmp_path}/x%20y.txt").text


def test_touch_changes_nothing(anew: Callable[[], Identities], folder: Path) -> None:
    """New times alone leave the identity of a file and of its directory as they were."""
    path = folder / "one.txt"
    before = anew().of(str(path)), anew().of(str(folder))
    os.utime(path, (1, 1))
    assert before == (anew().of(str(path)), anew().of(str(folder)))


def test_is_looked_at_once(identities: Identities, folder: Path) -> None:
    """One object gives one answer as long as it lives."""
    path = folder / "one.txt"
    before = identities.of(str(path))
    path.write_text("other")
    assert before == identities.of(str(path))


def test_absent(identities: Identities, tmp_path: Path) -> None:
    """What is not there is absent, below a file too."""
    (tmp_path / "file").write_text("x")
    assert not identities.of(str(tmp_path / "none")).present
    assert not identities.of(str(tmp_path / "file" / "below")).present


def test_directory_is_its_listing(anew: Callable[[], Identities], folder: Path) -> None:
    """A directory changes with a name, a size or a content in it, at any depth."""
    seen = {anew().of(str(folder)).text}
    (folder / "sub" / "two.txt").write_text("23")
    seen.add(anew().of(str(folder)).text)
    (folder / "sub" / "two.txt").rename(folder / "sub" / "three.txt")
    seen.add(anew().of(str(folder)).text)
    (folder / "new").write_text("")
    seen.add(anew().of(str(folder)).text)
    assert 4 == len(seen)
    assert ("new", "one.txt", "sub/three.txt") == anew().of(str(folder)).files


def test_directory_ignores_own_and_temporary_files(
    anew: Callable[[], Identities], folder: Path
) -> None:
    """Records, messages and files that are being written do not count."""
    before = anew().of(str(folder))
    (folder / "sub" / "command-record-0.json").write_text("{}")
    (folder / "command-config-11.json").write_text("{}")
    (folder / ".rv-tmp-0a0b0c0d-1--x.tif").write_text("half")
    assert before == anew().of(str(folder))


def test_directory_without_what_the_plan_writes(
    anew: Callable[[], Identities], folder: Path
) -> None:
    """Places to leave out do not count, with all below them."""
    before = anew().of(str(folder))
    (folder / "out").mkdir()
    (folder / "out" / "x.tif").write_text("x")
    (folder / "stats.json").write_text("x")
    without = [str(folder / "out"), str(folder / "stats.json")]
    assert before == anew().of(str(folder), without)
    assert before != anew().of(str(folder))


def test_linked_directories_count(anew: Callable[[], Identities], folder: Path) -> None:
    """Files behind a link belong to the directory."""
    other = folder.parent / "other"
    other.mkdir()
    (other / "three.txt").write_text("3")
    (folder / "link").symlink_to(other)
    assert "link/three.txt" in (anew().of(str(folder)).files or ())


def test_file_that_vanishes_meanwhile_is_not_there(
    identities: Identities, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that another process removes during the listing is left out."""
    monkeypatch.setattr(module, "files_below", lambda root: [root / "one.txt", root / "gone.txt"])
    assert ("one.txt",) == identities.of(str(folder)).files
    assert frozenset({"one.txt"}) == identities.names(str(folder))


def test_names(identities: Identities, folder: Path) -> None:
    """The names in a directory are had without opening a file; there are none of a file."""
    (folder / "one.txt").chmod(0)
    assert frozenset({"one.txt", "sub/two.txt"}) == identities.names(str(folder))
    assert identities.names(str(folder / "one.txt")) is None
    assert identities.names(str(folder / "none")) is None


def test_special_files_exist(identities: Identities, tmp_path: Path) -> None:
    """What is neither file nor directory just exists, and is not opened."""
    os.mkfifo(tmp_path / "pipe")
    assert "exists" == identities.of(str(tmp_path / "pipe")).text


def test_unreadable_is_an_error_that_names_it(
    identities: Identities, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is there but cannot be read is an error, as is a directory."""

    def refuse(*_: object) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(module.DigestCache, "sha256", refuse)
    monkeypatch.setattr(module, "files_below", refuse)
    with pytest.raises(NotReadableError, match=r"one\.txt cannot be read: Permission denied"):
        identities.of(str(folder / "one.txt"))
    with pytest.raises(NotReadableError, match="a folder cannot be read"):
        identities.names(str(folder))


def test_glimpse_opens_nothing(
    anew: Callable[[], Identities], folder: Path, settle: Callable[[], None]
) -> None:
    """A glimpse knows what was read before, and sees that it was written since."""
    path = folder / "one.txt"
    settle()
    assert (None, False) == anew().glimpse(str(path))
    known = anew().of(str(path))
    assert (known, False) == anew().glimpse(str(path))
    path.write_text("2")
    assert (None, True) == anew().glimpse(str(path))
    for uri in (str(folder), str(folder / "none"), "http://127.0.0.1:1/x"):
        assert (None, False) == anew().glimpse(uri)


def test_prefetch_hashes_large_files_once(
    digests: DigestCache, tmp_path: Path, settle: Callable[[], None], monkeypatch: Any
) -> None:
    """Large files are read ahead, those that are known or missing are not."""
    paths = [tmp_path / f"{n}.tif" for n in range(3)]
    for path in paths:
        path.write_bytes(b"x" * (1 << 20))
    settle()
    first = Identities(digests)
    first.prefetch([*map(str, paths), str(tmp_path / "none"), str(tmp_path)])
    read: list[str] = []
    monkeypatch.setattr("rvcli.records.digests.sha256_of", read.append)
    assert all(first.of(str(path)).present for path in paths)
    second = Identities(digests)
    second.prefetch(map(str, paths))
    assert [] == read


def test_prefetch_leaves_errors_for_later(web_server: Any, identities: Identities) -> None:
    """An error while looking ahead comes when the URI is asked for."""
    uris = ["nowhere://a", "nowhere://b"]
    identities.prefetch(uris)
    with pytest.raises(FileSystemError):
        identities.of(uris[0])


def test_http(web_server: Any, digests: DigestCache) -> None:
    """A file on a web server is identified by its tag, else by its time, without reading it."""
    web_server.files["/a.tif"] = b"abc"
    web_server.headers = {"ETag": '"tag-1"'}
    uri = f"{web_server.url}/a.tif"
    tagged = Identities(digests).of(uri)
    web_server.headers = {"Last-Modified": "Sat, 21 Nov 2026 10:00:00 GMT"}
    dated = Identities(digests).of(uri)
    assert tagged.text.startswith("etag:")
    assert "tag-1" in tagged.text
    assert "modified:2026-11-21T10:00:00+00:00:3" == dated.text
    assert not Identities(digests).of(f"{web_server.url}/none").present


def test_s3(s3_root: str, digests: DigestCache) -> None:
    """An object is identified by its tag, a prefix by the listing of its objects."""
    file_system = resolve(f"{s3_root}/x", "w")
    file_system.write_str(f"{s3_root}/dir/a.txt", "a")
    file_system.write_str(f"{s3_root}/dir/sub/b.txt", "b")
    one, whole = (Identities(digests).of(f"{s3_root}/dir{rest}") for rest in ("/a.txt", ""))
    assert one.text.startswith("etag:")
    assert ("a.txt", "sub/b.txt") == whole.files
    file_system.write_str(f"{s3_root}/dir/command-record-0.json", "{}")
    file_system.write_str(f"{s3_root}/dir/out/c.txt", "c")
    again = Identities(digests)
    assert whole == again.of(f"{s3_root}/dir", [f"{s3_root}/dir/out"])
    assert frozenset({"a.txt", "sub/b.txt", "out/c.txt"}) == again.names(f"{s3_root}/dir")
    assert again.names(f"{s3_root}/none") is None
    file_system.write_str(f"{s3_root}/dir/a.txt", "changed")
    changed = Identities(digests)
    changed.prefetch([f"{s3_root}/dir/a.txt", f"{s3_root}/dir/sub/b.txt"])
    assert one != changed.of(f"{s3_root}/dir/a.txt")


@pytest.mark.parametrize(("size", "expected"), [(3, "size:3"), (None, "exists")])
def test_poor_file_system(
    size: int | None, expected: str, identities: Identities, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file system that tells little still gives an identity."""

    class Poor:
        @staticmethod
        def stat(uri: str) -> Any:
            return SimpleNamespace(size_bytes=size, modified=None, etag=None)

    monkeypatch.setattr(module, "resolve", lambda *_: Poor)
    assert expected == identities.of("poor://x").text


def test_object_that_vanishes_is_listed_as_absent(
    identities: Identities, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An object that is listed and then gone is part of the listing, as absent."""

    class Flighty:
        @staticmethod
        def stat(uri: str) -> Any:
            return None

        @staticmethod
        def file_exists(uri: str, include_dir: bool = True) -> bool:
            return True

        @staticmethod
        def list_paths(uri: str, ext: str | None = None) -> list[str]:
            return [f"{uri}a"]

    monkeypatch.setattr(module, "resolve", lambda *_: Flighty)
    assert ("a",) == identities.of("odd://x").files


def test_local_path() -> None:
    """Paths and file:// URIs are local."""
    assert "/a b" == local_path("/a b") == local_path("file:///a%20b")
    assert local_path("s3://a/b") is None


def test_threads_keep_the_context_and_raise() -> None:
    """Work in threads sees the caller's context, and its errors reach the caller."""
    from rvcli import profile

    seen: list[object] = []
    with profile.use(profile.load_settings(overrides=["X.y=1"])):
        in_threads(lambda _: seen.append(profile.current().get("X", "y")), ["a", "b", "c"], 2)
    assert ["1"] * 3 == [str(value) for value in seen]

    def fail(name: str) -> None:
        raise NotReadableError(name)

    with pytest.raises(NotReadableError):
        in_threads(fail, ["a", "b"], 2)


def test_classic_file_systems_are_enough() -> None:
    """The base class gives what identities need beyond the interface of old."""
    assert all(hasattr(FileSystem, name) for name in ("stat", "list_paths", "file_exists"))
    assert stat_module.S_ISREG(Path(__file__).stat().st_mode)
