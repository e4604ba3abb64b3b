"""Downloads that are not repeated while the file is the same.

A process remembers what it has put where. Copies of files that have an ETag are kept in
`downloads` below RV.cache_dir for other processes; those used last stay, up to RV.downloads_mb.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rvcli.errors import RvError
from rvcli.filesystem import FileStat, FileSystem, shown
from rvcli.filesystem.atomic import atomic_path, is_temporary, writing
from rvcli.profile import current
from rvcli.profile.cache import cache_dir

_log = logging.getLogger(__name__)

# No single file may take more of the space than this.
_LARGEST_SHARE = 0.5

# What this process has downloaded: (URI, path) -> what the file was then, there and here.
_here: dict[tuple[str, str], tuple[FileStat, tuple[int, int, int]]] = {}


def download(fs: type[FileSystem], uri: str, path: str) -> None:
    """Put what a URI holds at a local path, unless it is there already.

    Args:
        fs: file system of the URI.
        uri: of a remote file.
        path: in a directory that is there.

    Raises:
        NotReadableError: there is no such file, or it cannot be read.
        NotWritableError: it cannot be stored.
    """
    known, stamp = _here.get((uri, path), (None, None))
    if known is None or stamp != _stamp(path):
        now = _fetch_or_copy(fs, uri, path)
    else:
        now = fs.copy_if_changed(uri, path, known) or known
    done = _stamp(path)
    if done is not None and (now.etag or now.modified):
        _here[uri, path] = (now, done)


def _fetch_or_copy(fs: type[FileSystem], uri: str, path: str) -> FileStat:
    """Fetch a file, or copy what is kept of it if that is still the same."""
    kept = _Kept.find(uri)
    known = kept.stat if kept is not None else None
    now = fs.copy_if_changed(uri, path, known)
    if now is None and kept is not None:
        if kept.copy_to(Path(path)):
            return kept.stat
        now = fs.copy_if_changed(uri, path)
    if now is None:
        raise AssertionError("what is not known cannot be unchanged")
    if now.etag:
        _Kept.keep(uri, now, Path(path))
    return now


def _stamp(path: str) -> tuple[int, int, int] | None:
    try:
        stat = Path(path).stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


@dataclass(frozen=True)
class _Kept:
    """A copy of a file in the cache. That the cache fails stops nobody's work.

    Attributes:
        stat: what the file was.
        path: of the copy.
    """

    stat: FileStat
    path: Path

    @staticmethod
    def find(uri: str) -> _Kept | None:
        try:
            about: dict[str, Any] = json.loads(_about(uri).read_text())
            modified = about["modified"] and datetime.fromisoformat(about["modified"])
            stat = FileStat(about["size_bytes"], modified, about["etag"])
            kept = _Kept(stat, _content(uri, stat))
            return kept if kept.path.stat().st_size == stat.size_bytes else None
        except (OSError, ValueError, KeyError, TypeError, RuntimeError):
            return None

    @staticmethod
    def keep(uri: str, stat: FileStat, path: Path) -> None:
        limit_bytes = current().get("RV", "downloads_mb", default=0) << 20
        if stat.size_bytes > limit_bytes * _LARGEST_SHARE:
            return
        about = {
            "etag": stat.etag,
            "modified": stat.modified and stat.modified.isoformat(),
            "size_bytes": stat.size_bytes,
        }
        try:
            target = _content(uri, stat)
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _make_room(target.parent, limit_bytes - stat.size_bytes)
            with atomic_path(target) as temporary:
                shutil.copyfile(path, temporary)
            with atomic_path(_about(uri)) as temporary:
                temporary.write_text(json.dumps(about))
        except (OSError, RuntimeError, RvError) as e:
            _log.debug("no copy of %s is kept: %s", shown(uri), e)

    def copy_to(self, path: Path) -> bool:
        """Copy what is kept, unless another process has just thrown it away."""
        try:
            with self.path.open("rb") as file, atomic_path(path) as temporary, writing(path):
                with temporary.open("wb") as target:
                    shutil.copyfileobj(file, target, 1 << 20)
                # What was used last stays longest.
                os.utime(file.fileno())
        except FileNotFoundError:
            return False
        return True


def _folder() -> Path:
    return cache_dir() / "downloads"


def _about(uri: str) -> Path:
    # URIs may hold secrets.
    return _folder() / f"{hashlib.sha256(uri.encode()).hexdigest()[:40]}.json"


def _content(uri: str, stat: FileStat) -> Path:
    # Named by its tag, so that of two writers neither changes what the other describes.
    tag = hashlib.sha256(f"{stat.etag} {stat.size_bytes}".encode()).hexdigest()[:16]
    return _about(uri).with_suffix(f".{tag}")


def _make_room(folder: Path, limit_bytes: int) -> None:
    """Remove what was not used for longest until the rest takes no more than a limit."""
    found = []
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            if path.suffix != ".json" and not is_temporary(path.name):
                found.append((path.stat().st_mtime, path.stat().st_size, path))
    used_bytes = sum(size for _, size, _ in found)
    for _, size, path in sorted(found):
        if used_bytes <= limit_bytes:
            return
        path.unlink(missing_ok=True)
        used_bytes -= size
