"""LocalFileSystem: paths, and file:// URIs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from pathlib import Path

from rvcli.errors import NotReadableError, NotWritableError
from rvcli.filesystem.atomic import atomic_path, is_temporary, temporary_beside, writing
from rvcli.filesystem.filesystem import FileStat, FileSystem
from rvcli.filesystem.uri import is_local, to_path


def make_dir(
    path: str, check_empty: bool = False, force_empty: bool = False, use_dirname: bool = False
) -> None:
    """Make a directory and what is above it.

    Args:
        path: local path.
        check_empty: refuse a directory that holds something.
        force_empty: remove what is in the directory.
        use_dirname: make the directory that holds `path` instead.

    Raises:
        NotWritableError: it cannot be made, or holds something.
    """
    directory = to_path(path).parent if use_dirname else to_path(path)
    with writing(directory):
        if force_empty and directory.is_dir():
            shutil.rmtree(directory)
        directory.mkdir(parents=True, exist_ok=True)
        if check_empty and any(directory.iterdir()):
            raise NotWritableError(
                f"the directory {str(directory)!r} is not empty",
                hint="empty it, or choose another one",
            )


class LocalFileSystem(FileSystem):
    """Files of this machine; each is written beside its place and renamed."""

    @staticmethod
    def matches_uri(uri: str, mode: str) -> bool:
        """Tell whether a URI is a path, or starts with file://."""
        return is_local(uri)

    @staticmethod
    def file_exists(uri: str, include_dir: bool = True) -> bool:
        """Tell whether a file exists, or a directory if those count."""
        path = to_path(uri)
        with reading_path(path):
            return path.is_file() or (include_dir and path.is_dir())

    @staticmethod
    def read_str(file_uri: str) -> str:
        """Return the content of a UTF-8 text."""
        return decode(LocalFileSystem.read_bytes(file_uri), file_uri)

    @staticmethod
    def read_bytes(file_uri: str) -> bytes:
        """Return the content of a file."""
        path = to_path(file_uri)
        with reading_path(path):
            return path.read_bytes()

    @staticmethod
    def write_str(file_uri: str, data: str) -> None:
        """Write a text in UTF-8, whole or not at all."""
        LocalFileSystem.write_bytes(file_uri, data.encode("utf-8"))

    @staticmethod
    def write_bytes(file_uri: str, data: bytes) -> None:
        """Write a file, whole or not at all."""
        path = to_path(file_uri)
        with atomic_path(path) as temporary, writing(path):
            temporary.write_bytes(data)

    @staticmethod
    def sync_from_dir(src_dir_uri: str, dest_dir_uri: str, delete: bool = False) -> None:
        """Copy what is new in one local directory to another."""
        _mirror(to_path(src_dir_uri), to_path(dest_dir_uri), delete)

    @staticmethod
    def sync_to_dir(src_dir_uri: str, dest_dir_uri: str, delete: bool = False) -> None:
        """Copy what is new in one local directory to another."""
        _mirror(to_path(src_dir_uri), to_path(dest_dir_uri), delete)

    @staticmethod
    def copy_to(src_path: str, dst_uri: str) -> None:
        """Copy a local file to a local path, whole or not at all."""
        _copy(to_path(src_path), to_path(dst_uri))

    @staticmethod
    def copy_from(uri: str, path: str) -> None:
        """Copy a local file to a local path, whole or not at all."""
        _copy(to_path(uri), to_path(path))

    @staticmethod
    def local_path(uri: str, download_dir: str) -> str:
        """Return the path itself."""
        return str(to_path(uri))

    @staticmethod
    def last_modified(uri: str) -> datetime:
        """Return when a file or directory was last changed, in UTC."""
        path = to_path(uri)
        with reading_path(path):
            return datetime.fromtimestamp(path.stat().st_mtime, tz=timezone.utc)

    @staticmethod
    def list_paths(uri: str, ext: str | None = None) -> list[str]:
        """List the paths of all files below a directory, at any depth, sorted."""
        root = to_path(uri)
        if root.exists() and not root.is_dir():
            raise NotReadableError(f"{str(root)!r} is no directory")
        return sorted(str(path) for path in files_below(root) if path.name.endswith(ext or ""))

    @classmethod
    def stat(cls, uri: str) -> FileStat | None:
        """Return size and time of a file; None if there is no such file."""
        path = to_path(uri)
        with reading_path(path):
            if not path.is_file():
                return None
            stat = path.stat()
        return FileStat(stat.st_size, datetime.fromtimestamp(stat.st_mtime, tz=timezone.utc))

    @classmethod
    def delete(cls, uri: str) -> None:
        """Remove a file if it is there."""
        path = to_path(uri)
        # Below a file there are none.
        with writing(path), suppress(NotADirectoryError):
            path.unlink(missing_ok=True)

    @classmethod
    def write_exclusive(cls, uri: str, data: bytes) -> bool:
        """Write a file only if there is none; of several writers at once one succeeds."""
        path = to_path(uri)
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = temporary_beside(path)
            try:
                temporary.write_bytes(data)
                return _link(temporary, path)
            finally:
                temporary.unlink(missing_ok=True)

    @classmethod
    def gdal_path(cls, uri: str) -> str:
        """Return the path itself."""
        return str(to_path(uri))


def decode(data: bytes, uri: str) -> str:
    """Return bytes as text.

    Raises:
        NotReadableError: they are not UTF-8.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as e:
        raise NotReadableError(
            f"{uri!r} is no UTF-8 text: byte {e.start} is {data[e.start]:#04x}",
            hint="is it a text file? if so, save it as UTF-8",
        ) from e


def files_below(root: Path) -> Iterator[Path]:
    """Give every file below a directory, through links too, without temporary ones."""
    seen: set[tuple[int, int]] = set()
    for directory, subdirectories, names in os.walk(root, followlinks=True):
        stat = Path(directory).stat()
        if (stat.st_dev, stat.st_ino) in seen:
            subdirectories.clear()  # a link to a directory above
            continue
        seen.add((stat.st_dev, stat.st_ino))
        subdirectories[:] = sorted(name for name in subdirectories if not is_temporary(name))
        yield from (Path(directory, name) for name in sorted(names) if not is_temporary(name))


def mirror_deletions(dest: Path, wanted: set[Path]) -> None:
    """Remove every file below a directory that is not wanted, and directories left empty."""
    # Not through links: what lies behind them belongs to another directory.
    for directory, _, names in os.walk(dest, topdown=False):
        for name in names:
            path = Path(directory, name)
            if path not in wanted and not is_temporary(name):
                path.unlink()
        if Path(directory) != dest and not any(Path(directory).iterdir()):
            Path(directory).rmdir()


@contextmanager
def reading_path(path: Path) -> Iterator[None]:
    """Turn an OSError into a NotReadableError that names the file."""
    try:
        yield
    except FileNotFoundError as e:
        raise NotReadableError(
            f"there is no file {str(path)!r}", hint="check the path; it may be misspelt"
        ) from e
    except OSError as e:
        raise NotReadableError(f"{str(path)!r} cannot be read: {e.strerror or e}") from e


def _copy(source: Path, target: Path) -> None:
    with reading_path(source):
        if target.exists() and source.samefile(target):
            return
        if source.is_dir():
            raise NotReadableError(f"{str(source)!r} is a directory, not a file")
        source.open("rb").close()
    with atomic_path(target) as temporary, writing(target):
        shutil.copy2(source, temporary)


def _mirror(source: Path, target: Path, delete: bool) -> None:
    if not source.is_dir():
        raise NotReadableError(f"there is no directory {str(source)!r}")
    with writing(target):
        target.mkdir(parents=True, exist_ok=True)
        if source.samefile(target):
            return
    wanted = set()
    for path in files_below(source):
        copy = target / path.relative_to(source)
        wanted.add(copy)
        if not _same(path, copy):
            _copy(path, copy)
    if delete:
        with writing(target):
            mirror_deletions(target, wanted)


def _same(source: Path, copy: Path) -> bool:
    """Tell whether a copy keeps the size and time of its source; `_copy` preserves both."""
    if not copy.is_file():
        return False
    a, b = source.stat(), copy.stat()
    return (a.st_size, a.st_mtime_ns) == (b.st_size, b.st_mtime_ns)


def _link(temporary: Path, path: Path) -> bool:
    """Give a file its name unless that is taken; tell whether it was free."""
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        return False
    except OSError:
        # No hard links here: FAT and some network file systems.
        try:
            with path.open("xb") as file:
                file.write(temporary.read_bytes())
        except FileExistsError:
            return False
    return True
