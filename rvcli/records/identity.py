"""The identity of what a URI names: its content, or the best that its file system tells."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rvcli.errors import FileSystemError, NotReadableError
from rvcli.filesystem import is_local, resolve, to_path
from rvcli.filesystem.local_filesystem import files_below
from rvcli.filesystem.threads import in_threads
from rvcli.records.digests import DigestCache, stamp_of
from rvcli.records.fingerprint import fingerprint
from rvcli.records.names import is_own_name

REMOTE_THREADS = 16
HASHING_THREADS = 2
_WORTH_A_THREAD_BYTES = 1 << 20


@dataclass(frozen=True)
class Identity:
    """What a URI named at one moment.

    Attributes:
        text: equal exactly when the content is taken to be equal; "sha256:...",
            "listing:...", "etag:...", "modified:...", "exists" or "absent".
        size_bytes: of a file, where known.
        files: relative names of the files in a directory, sorted; None for what is none.
    """

    text: str
    size_bytes: int | None = None
    files: tuple[str, ...] | None = None

    @property
    def present(self) -> bool:
        """False if there is nothing at the URI."""
        return self.text != "absent"

    def __str__(self) -> str:
        return self.text


ABSENT = Identity("absent")


class Identities:
    """Tells identities, each URI looked at once as long as this object lives."""

    def __init__(self, digests: DigestCache) -> None:
        self.digests = digests
        self._seen: dict[tuple[str, frozenset[str]], Identity] = {}

    def of(self, uri: str, without: Collection[str] = ()) -> Identity:
        """Return the identity of what a URI names.

        Args:
            uri: of a file, or of a directory, whose identity is its listing: relative names
                and contents, without `rv`'s own files.
            without: URIs below a directory to leave out, with all below them.

        Raises:
            NotReadableError: it is there, but cannot be read.
        """
        key = (uri, frozenset(without))
        found = self._seen.get(key)
        if found is None:
            found = self._seen[key] = self._look(uri, key[1])
        return found

    def names(self, uri: str) -> frozenset[str] | None:
        """Return the relative names of the files in a directory, or None if there is none.

        Nothing is opened. An object store has no empty directories.
        """
        path = local_path(uri)
        if path is None:
            found = _remote_names(uri, frozenset())
            return frozenset(name for name, _ in found) if found else None
        if not Path(path).is_dir():
            return None
        try:
            return frozenset(name for name, _, _ in _files_below(path, frozenset()))
        except OSError as e:
            raise _unreadable(uri, e) from e

    def prefetch(self, uris: Iterable[str]) -> None:
        """Look at many URIs at once, where that saves time; errors wait for `of`."""
        wanted = [uri for uri in dict.fromkeys(uris) if (uri, frozenset()) not in self._seen]
        remote = [uri for uri in wanted if local_path(uri) is None]
        in_threads(self._prefetch_one, remote, REMOTE_THREADS)
        unknown = [path for uri in wanted if (path := self._large_unknown(uri)) is not None]
        if len(unknown) > 1:
            in_threads(self._prefetch_one, unknown, HASHING_THREADS)

    def glimpse(self, uri: str) -> tuple[Identity | None, bool]:
        """Return what is known about a URI without opening it.

        Returns:
            the identity, or None if it is not known; and whether it was known and has been
            written since.
        """
        path = local_path(uri)
        if path is None:
            return None, False
        try:
            status = Path(path).stat()
        except OSError:
            return None, False
        if not stat.S_ISREG(status.st_mode):
            return None, False
        digest = self.digests.known(path, stamp_of(status))
        if digest is not None:
            return Identity(f"sha256:{digest}", status.st_size), False
        return None, self.digests.remembers(path)

    def _prefetch_one(self, uri: str) -> None:
        with suppress(FileSystemError):
            self.of(uri)

    def _large_unknown(self, uri: str) -> str | None:
        path = local_path(uri)
        if path is None:
            return None
        try:
            status = Path(path).stat()
        except OSError:
            return None
        if not stat.S_ISREG(status.st_mode) or status.st_size < _WORTH_A_THREAD_BYTES:
            return None
        return None if self.digests.known(path, stamp_of(status)) else uri

    def _look(self, uri: str, without: frozenset[str]) -> Identity:
        path = local_path(uri)
        if path is None:
            return _remote_identity(uri, without)
        try:
            return self._local_identity(path, without)
        except OSError as e:
            raise _unreadable(uri, e) from e

    def _local_identity(self, path: str, without: frozenset[str]) -> Identity:
        try:
            status = Path(path).stat()
        except (FileNotFoundError, NotADirectoryError):
            return ABSENT
        if stat.S_ISDIR(status.st_mode):
            listing = [
                [name, file_status.st_size, self.digests.sha256(str(file_path), file_status)]
                for name, file_path, file_status in _files_below(path, without)
            ]
            return _listing(listing)
        if not stat.S_ISREG(status.st_mode):
            return Identity("exists")
        digest = self.digests.sha256(path, status)
        return Identity(f"sha256:{digest}", status.st_size)


def local_path(uri: str) -> str | None:
    """Return the path of a local file or directory, or None if the URI names none."""
    if "://" not in uri:
        return uri
    return str(to_path(uri)) if is_local(uri) else None


def _listing(entries: list[list[Any]]) -> Identity:
    entries.sort(key=lambda entry: str(entry[0]))
    names = tuple(entry[0] for entry in entries)
    return Identity(f"listing:{fingerprint(entries)}", None, names)


def _files_below(
    directory: str, without: frozenset[str]
) -> Iterator[tuple[str, Path, os.stat_result]]:
    """Yield relative name, path and status of each file that counts, in order of names."""
    root = Path(directory)
    for path in files_below(root):
        if is_own_name(path.name) or _left_out(str(path), without):
            continue
        # What another process removes meanwhile is not there.
        with suppress(FileNotFoundError):
            yield path.relative_to(root).as_posix(), path, path.stat()


def _left_out(uri: str, without: frozenset[str]) -> bool:
    return uri in without or any(uri.startswith(f"{place}/") for place in without)


def _remote_identity(uri: str, without: frozenset[str]) -> Identity:
    file_system = resolve(uri, "r")
    found = file_system.stat(uri)
    if found is not None:
        return _of_status(found)
    if not file_system.file_exists(uri, include_dir=True):
        return ABSENT
    names = dict(_remote_names(uri, without))
    entries: list[list[Any]] = []

    def look(name: str) -> None:
        status = file_system.stat(names[name])
        identity = _of_status(status) if status is not None else ABSENT
        entries.append([name, identity.size_bytes, identity.text])

    in_threads(look, list(names), REMOTE_THREADS)
    return _listing(entries)


def _remote_names(uri: str, without: frozenset[str]) -> list[tuple[str, str]]:
    """Return relative name and URI of each object below a prefix that counts."""
    root = uri.rstrip("/") + "/"
    return [
        (path.removeprefix(root), path)
        for path in resolve(uri, "r").list_paths(root)
        if not _left_out(path, without) and not is_own_name(path.rpartition("/")[2])
    ]


def _unreadable(uri: str, error: OSError) -> NotReadableError:
    return NotReadableError(
        f"{uri} cannot be read: {error.strerror or error}",
        hint="check who may read it, and the folders above it",
    )


def _of_status(status: Any) -> Identity:
    size = status.size_bytes
    if status.etag:
        return Identity(f"etag:{status.etag}:{size}", size)
    if status.modified is not None:
        return Identity(f"modified:{status.modified.isoformat()}:{size}", size)
    return Identity("exists" if size is None else f"size:{size}", size)
