"""Files that appear whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rvcli.errors import NotWritableError
from rvcli.filesystem.process import ProcessId, start_time

_PREFIX = ".rv-tmp-"
_NAME = re.compile(re.escape(_PREFIX) + r"(?P<host>[0-9a-f]{8})-(?P<pid>\d+)-(?P<start>\d*)-")
# What the system says when there is no space, or no leave to take more.
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_swept: set[tuple[int, str]] = set()


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path beside `path`, and rename it to `path` if the block succeeds.

    The block makes a file there, or a directory. If it raises, what it made is removed and
    `path` stays as it was. What killed processes have left beside `path` is removed, too.

    Args:
        path: its directory is made if it is not there.

    Raises:
        NotWritableError: the directory cannot be made, or the file not be put in its place.
    """
    target = Path(path)
    if target.is_symlink():
        target = target.resolve()
    with writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    _sweep(target.parent)
    temporary = temporary_beside(target)
    try:
        yield temporary
        with writing(target):
            _put_in_place(temporary, target)
    except BaseException:
        _remove(temporary)
        raise


def temporary_beside(target: Path) -> Path:
    """Return a new name beside a file; it names this process and has the file's extension."""
    me = os.getpid()
    # GDAL and others choose by the extension.
    suffix = target.suffix if len(os.fsencode(target.suffix)) < 100 else ""
    name = f"{_PREFIX}{_host()}-{me}-{start_time(me)}-{secrets.token_hex(4)}{suffix}"
    return target.with_name(name)


def is_temporary(name: str) -> bool:
    """Tell whether a name is one that `temporary_beside` gives."""
    return name.startswith(_PREFIX)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an OSError into a NotWritableError that names the file."""
    try:
        yield
    except OSError as e:
        raise NotWritableError(
            f"{str(path)!r} cannot be written: {e.strerror or e}", hint=_hint(e)
        ) from e


def _hint(error: OSError) -> str | None:
    if error.errno in FULL:
        return "free some space, or choose a place on another disk, such as another RV.tmp_dir"
    if isinstance(error, PermissionError):
        return "check the permissions of its directory, or choose another one"
    if isinstance(error, (NotADirectoryError, FileExistsError)):
        return "a file stands where a directory is needed: choose another path"
    if isinstance(error, IsADirectoryError):
        return "a directory stands where a file is to be written: choose another path"
    return None


def _host() -> str:
    machine = ProcessId.current().machine
    return hashlib.sha256(machine.encode()).hexdigest()[:8]


def _put_in_place(temporary: Path, target: Path) -> None:
    if not (temporary.is_dir() and target.is_dir()):
        temporary.replace(target)
        return
    # A directory cannot replace one that is not empty.
    old = temporary_beside(target)
    target.replace(old)
    temporary.replace(target)
    shutil.rmtree(old)


def _sweep(directory: Path) -> None:
    """Remove what killed processes of this machine have left; once for each directory."""
    key = (os.getpid(), str(directory.absolute()))
    if key in _swept:
        return
    _swept.add(key)
    me = ProcessId.current()
    host = _host()
    try:
        names = os.listdir(directory)  # noqa: PTH208 - the cheapest way to all names
    except PermissionError:
        return  # one may write where one may not list
    for match in filter(None, map(_NAME.match, names)):
        owner = ProcessId(me.host, int(match["pid"]), match["start"], me.machine)
        if match["host"] == host and owner.is_dead():
            _remove(directory / match.string)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
