"""Files to and from an implementation of fsspec: whole, and of the size that they should have."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from rvcli.errors import NotReadableError
from rvcli.filesystem import fsspec_client
from rvcli.filesystem.atomic import FULL, atomic_path
from rvcli.filesystem.atomic import writing as writing_path
from rvcli.filesystem.filesystem import FileStat
from rvcli.filesystem.fsspec_stat import files_at, info, is_exact, stat_of
from rvcli.filesystem.local_filesystem import files_below, mirror_deletions, reading_path
from rvcli.filesystem.threads import in_threads
from rvcli.filesystem.uri import join_uri, scheme

# Stores that show an object only once all of it has arrived. Elsewhere a file is written under
# another name, and renamed.
_AT_ONCE = frozenset({"gs", "gcs", "az", "abfs", "abfss", "memory", "hf", "oss", "oci", "s3a"})
# How a file is made only if there is none, where that can be done in one step.
_PIPED_EXCLUSIVELY = frozenset({"gs", "gcs", "az", "abfs", "abfss", "memory"})
_OPENED_EXCLUSIVELY = frozenset({"sftp", "ssh"})

_ATTEMPTS_TO_MAKE = 3
_THREADS = 8
# Servers bear fewer connections than stores.
_THREADS_OF_SERVERS = 2

# What this process has transferred: URI -> path -> what the file is there, and here.
_same: dict[str, dict[str, tuple[FileStat, tuple[int, int]]]] = {}


def read(uri: str) -> bytes:
    """Return the content of a file."""

    def get() -> bytes:
        size = _size(uri)
        fs, path = fsspec_client.connect(uri)
        try:
            data: bytes = fs.cat_file(path)
        except FileNotFoundError as e:
            # It is there: some implementations say so of every failure.
            raise fsspec_client.Broken("the transfer failed") from e
        _check(len(data), size)
        return data

    return fsspec_client.patiently(get)


def download(uri: str, path: Path) -> None:
    """Download a file, whole or not at all."""

    def get() -> None:
        size = _size(uri)
        fs, remote = fsspec_client.connect(uri)
        try:
            if scheme(uri) == "ftp":
                # Given a path, it would leave the file open when it fails.
                with temporary.open("wb") as file:
                    fs.get_file(remote, file)
            else:
                fs.get_file(remote, str(temporary))
        except OSError as e:
            if e.errno in FULL:
                with writing_path(path):
                    raise
            raise
        _check(temporary.stat().st_size, size)

    with atomic_path(path) as temporary:
        fsspec_client.patiently(get)


def _size(uri: str) -> int | None:
    found = info(uri)
    if found is None:
        raise FileNotFoundError(uri)
    if found["type"] == "directory":
        raise IsADirectoryError(uri)
    size: int | None = found.get("size")
    return size


def _check(received_bytes: int, size_bytes: int | None) -> None:
    if size_bytes is not None and received_bytes != size_bytes:
        raise fsspec_client.Broken(
            f"the transfer broke off: {received_bytes} bytes of {size_bytes} have arrived"
        )


def upload(source: bytes | Path, uri: str) -> None:
    """Write bytes or a local file to a URI, whole or not at all."""

    def put() -> None:
        fs, path = fsspec_client.connect(uri)
        if scheme(uri) in _AT_ONCE:
            _put(fs, source, path)
            return
        parent = fs._parent(path)
        _make_dir(fs, parent)
        temporary = f"{parent}/.rv-tmp-{secrets.token_hex(8)}"
        try:
            _put(fs, source, temporary)
            fs.invalidate_cache()
            size = len(source) if isinstance(source, bytes) else source.stat().st_size
            _check(fs.info(temporary)["size"], size)
            _move(fs, temporary, path)
        except BaseException:
            with suppress(Exception):
                fs.rm_file(temporary)
            raise

    _same.pop(uri, None)
    fsspec_client.patiently(put)


def _make_dir(fs: Any, path: str) -> None:
    for left in reversed(range(_ATTEMPTS_TO_MAKE)):
        try:
            fs.makedirs(path, exist_ok=True)
        except Exception:
            # Another thread or process may have made it, or one above it, meanwhile.
            fs.invalidate_cache()
            if not fs.isdir(path) and not left:
                raise
        else:
            return


def _put(fs: Any, source: bytes | Path, path: str) -> None:
    if isinstance(source, bytes):
        fs.pipe_file(path, source)
    else:
        fs.put_file(str(source), path)


def _move(fs: Any, temporary: str, path: str) -> None:
    try:
        fs.mv(temporary, path)
    except Exception:
        fs.invalidate_cache()
        # Some servers put nothing in the place of something.
        if not (fs.exists(temporary) and fs.isfile(path)):
            raise
        fs.rm_file(path)
        fs.mv(temporary, path)


def write_exclusive(uri: str, data: bytes) -> bool:
    """Write a file only if there is none; see the file system for what that is worth."""
    tries = 0

    def put() -> bool:
        nonlocal tries
        tries += 1
        fs, path = fsspec_client.connect(uri)
        try:
            if scheme(uri) in _PIPED_EXCLUSIVELY:
                fs.pipe_file(path, data, mode="create")
            else:
                _make_dir(fs, fs._parent(path))
                with fs.open(path, "xb") as file:
                    file.write(data)
        except FileExistsError:
            # If the answer to an earlier request was lost, it is our own.
            return tries > 1 and read(uri) == data
        return True

    if scheme(uri) in _PIPED_EXCLUSIVELY | _OPENED_EXCLUSIVELY:
        return fsspec_client.patiently(put)
    if info(uri) is not None:
        return False
    upload(data, uri)
    # Of two that wrote at the same time, the later one has it.
    return read(uri) == data


def upload_all(source: Path, uri: str, *, delete: bool) -> None:
    """Upload what is new in a directory; with `delete` remove what the directory lacks."""
    there = files_at(uri)
    paths = {path.relative_to(source).as_posix(): path for path in files_below(source)}

    def put(name: str, path: Path) -> None:
        target = join_uri(uri, name)
        with fsspec_client.writing(target):
            if not _is_same(target, path, there.get(name), is_own=True):
                with reading_path(path):
                    path.open("rb").close()
                upload(path, target)
                _note_same(target, path)

    in_threads(lambda item: put(*item), paths.items(), _threads(uri))
    for name in sorted(set(there) - set(paths)) if delete else ():
        remove(join_uri(uri, name))


def download_all(uri: str, target: Path, *, delete: bool) -> None:
    """Download what is new below a URI; with `delete` remove other files of the directory."""
    wanted = {_below(target, name): (name, about) for name, about in files_at(uri).items()}
    with writing_path(target):
        target.mkdir(parents=True, exist_ok=True)

    def get(path: Path, name: str, about: dict[str, Any]) -> None:
        source = join_uri(uri, name)
        with fsspec_client.reading(source):
            if not _is_same(source, path, about):
                download(source, path)
                _note_same(source, path)

    in_threads(lambda item: get(item[0], *item[1]), wanted.items(), _threads(uri))
    if delete:
        with writing_path(target):
            mirror_deletions(target, set(wanted))


def _threads(uri: str) -> int:
    return _THREADS if scheme(uri) in _AT_ONCE else _THREADS_OF_SERVERS


def remove(uri: str) -> None:
    """Remove a file if it is there."""

    def rm() -> None:
        if info(uri) is not None:
            fs, path = fsspec_client.connect(uri)
            fs.rm_file(path)

    with fsspec_client.writing(uri):
        fsspec_client.patiently(rm)


def _below(target: Path, name: str) -> Path:
    if ".." in name.split("/"):
        raise NotReadableError(f"the name {name!r} leads out of the directory it is copied to")
    return target / name


def _is_same(uri: str, path: Path, about: dict[str, Any] | None, *, is_own: bool = False) -> bool:
    """Tell whether a file here has the content of the one there.

    By a digest where the implementation gives one, or since this process transferred it and
    neither has changed; the times of two machines are never compared.

    Args:
        uri: of the file there.
        path: of the file here; need not be there.
        about: what is known of the file there; None if there is none.
        is_own: it is written from here, so that its time may be in whole seconds.
    """
    if about is None or not path.is_file():
        return False
    stat = path.stat()
    now = stat_of(about)
    if stat.st_size != now.size_bytes:
        return False
    known = _same.get(uri, {}).get(str(path))
    if known is not None and known == (now, (stat.st_mtime_ns, stat.st_ino)):
        return is_exact(now) or (is_own and now.modified is not None)
    return any(digest == _md5(path) for digest in _md5_of(about))


def _note_same(uri: str, path: Path) -> None:
    found = info(uri)
    if found is not None:
        stat = path.stat()
        _same.setdefault(uri, {})[str(path)] = (
            stat_of(found),
            (stat.st_mtime_ns, stat.st_ino),
        )


def _md5_of(about: dict[str, Any]) -> Iterator[bytes]:
    settings = about.get("content_settings")
    for value in (about.get("md5Hash"), about.get("content_md5"), _get(settings, "content_md5")):
        if isinstance(value, (bytes, bytearray)):
            yield bytes(value)
        elif isinstance(value, str):
            with suppress(ValueError):
                yield base64.b64decode(value, validate=True)


def _get(settings: Any, name: str) -> Any:
    return settings.get(name) if hasattr(settings, "get") else getattr(settings, name, None)


def _md5(path: Path) -> bytes:
    made = hashlib.md5()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            made.update(block)
    return made.digest()
