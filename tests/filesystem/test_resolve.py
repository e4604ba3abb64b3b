"""Which file system handles a URI."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timezone

import pytest

from rvcli import keys, registry
from rvcli.errors import FileSystemError, NotReadableError, NotWritableError
from rvcli.filesystem import FileStat, FileSystem, resolve
from rvcli.filesystem.fsspec_filesystem import FsspecFileSystem
from rvcli.filesystem.http_filesystem import HttpFileSystem
from rvcli.filesystem.local_filesystem import LocalFileSystem
from rvcli.filesystem.s3_filesystem import S3FileSystem


class _Classic(FileSystem):
    """Files in a dict, with the methods that plugins have always defined and no others."""

    files: dict[str, bytes] = {}

    @staticmethod
    def matches_uri(uri: str, mode: str) -> bool:
        return uri.startswith("mem://")

    @staticmethod
    def file_exists(uri: str, include_dir: bool = True) -> bool:
        return uri in _Classic.files

    @staticmethod
    def read_str(uri: str) -> str:
        return _Classic.files[uri].decode()

    @staticmethod
    def read_bytes(uri: str) -> bytes:
        return _Classic.files[uri]

    @staticmethod
    def write_str(uri: str, data: str) -> None:
        _Classic.files[uri] = data.encode()

    @staticmethod
    def write_bytes(uri: str, data: bytes) -> None:
        _Classic.files[uri] = data

    @staticmethod
    def sync_to_dir(src_dir_uri: str, dest_dir_uri: str, delete: bool = False) -> None:
        raise NotImplementedError

    @staticmethod
    def sync_from_dir(src_dir_uri: str, dest_dir_uri: str, delete: bool = False) -> None:
        raise NotImplementedError

    @staticmethod
    def copy_to(src_path: str, dst_uri: str) -> None:
        raise NotImplementedError

    @staticmethod
    def copy_from(uri: str, path: str) -> None:
        raise NotImplementedError

    @staticmethod
    def local_path(uri: str, download_dir: str) -> str:
        raise NotImplementedError

    @staticmethod
    def last_modified(uri: str) -> datetime:
        return datetime(2020, 1, 1, tzinfo=timezone.utc)

    @staticmethod
    def list_paths(uri: str, ext: str | None = None) -> list[str]:
        raise NotImplementedError


@pytest.fixture
def plugin_registry() -> Iterator[registry.Registry]:
    """Put a registry of the test's own before the built-ins."""
    _Classic.files.clear()
    with registry.use(registry.Registry(registry.default())) as own:
        yield own


@pytest.mark.parametrize(
    ("uri", "mode", "expected"),
    [
        ("/a/b", "r", LocalFileSystem),
        ("file:///a/b", "w", LocalFileSystem),
        ("http://h/a", "r", HttpFileSystem),
        ("HTTPS://h/a", "r", HttpFileSystem),
        ("s3://b/a", "w", S3FileSystem),
        ("gs://b/a", "r", FsspecFileSystem),
        ("memory://b/a", "w", FsspecFileSystem),
        ("zip://a.txt::s3://b/c.zip", "r", FsspecFileSystem),
    ],
)
def test_built_in(uri: str, mode: str, expected: type[FileSystem]) -> None:
    """Paths, http(s) and s3 are built in, and what fsspec knows."""
    assert expected is resolve(uri, mode)
    assert expected is FileSystem.get_file_system(uri, mode)


@pytest.mark.parametrize(
    ("uri", "mode", "error", "message", "hint"),
    [
        ("http://h/a?key=x", "w", NotWritableError, "http files are read only", "local path"),
        ("htp://b/a", "r", NotReadableError, "no file system handles 'htp://b/a'", "mistyped"),
        ("htp://b/a", "w", NotWritableError, "no file system handles", "'htp' mistyped"),
        ("", "r", FileSystemError, "empty", "path or a URI"),
        ("/a", "rw", FileSystemError, "'rw' is neither", ""),
    ],
)
def test_refused(
    uri: str, mode: str, error: type[FileSystemError], message: str, hint: str
) -> None:
    """A URI that nothing handles is refused with advice that fits its scheme."""
    with pytest.raises(error, match=re.escape(message)) as caught:
        resolve(uri, mode)
    assert hint in (caught.value.hint or "")
    assert "key=x" not in str(caught.value)


def test_plugins_are_asked_first(plugin_registry: registry.Registry) -> None:
    """A plugin may take over a scheme that is built in."""

    class Other(_Classic):
        @staticmethod
        def matches_uri(uri: str, mode: str) -> bool:
            return uri.startswith("s3://mine/")

    registry.Registrar(plugin_registry).register_filesystem(Other)
    assert resolve("s3://mine/a") is Other
    assert resolve("s3://yours/a") is S3FileSystem


def test_resolving_counts_as_use(plugin_registry: registry.Registry) -> None:
    """The file system of a URI is recorded as used, others that were asked are not."""
    registry.Registrar(plugin_registry).register_filesystem(_Classic)
    with registry.recording() as used:
        resolve("mem://a")
        resolve("/a")
    assert {_Classic, "rvcli.filesystem.local_filesystem:LocalFileSystem"} == {
        entry.component for entry in used
    }
    assert {keys.FILESYSTEM} == {entry.group for entry in used}


def test_classic_plugin_has_the_newer_methods(plugin_registry: registry.Registry) -> None:
    """stat, delete, write_exclusive and gdal_path work without being defined."""
    fs = _Classic
    assert fs.stat("mem://a") is None
    assert fs.write_exclusive("mem://a", b"first")
    assert not fs.write_exclusive("mem://a", b"second")
    stat = fs.stat("mem://a")
    assert isinstance(stat, FileStat)
    assert (stat.size_bytes, stat.modified) == (5, datetime(2020, 1, 1, tzinfo=timezone.utc))
    fs.write_bytes("mem://a", b"other")
    assert stat.etag != fs.stat("mem://a").etag  # type: ignore[union-attr]
    fs.delete("mem://a")
    fs.delete("mem://never")
    assert fs.files == {"mem://a": b""}
    assert fs.write_exclusive("mem://a", b"third")
    assert fs.gdal_path("mem://a") is None
    assert fs.gdal_options("mem://a") == {}
