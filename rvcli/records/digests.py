"""SHA-256 of local files, remembered by size, times and inode so that each is read once."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from rvcli.profile.cache import cache_dir
from rvcli.progress import track_bytes

if TYPE_CHECKING:
    import sqlite3

_BLOCK_BYTES = 1 << 20
_MOST_UNWRITTEN = 256
_FINE_CLOCK_NS = 50_000_000
_COARSE_CLOCK_NS = 2_000_000_000
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS digests (path TEXT PRIMARY KEY, size INTEGER, mtime_ns INTEGER,"
    " ctime_ns INTEGER, inode TEXT, sha256 TEXT) WITHOUT ROWID"
)

Stamp = tuple[int, int, int, str]
"""Size in bytes, mtime and ctime in ns, device and inode."""


def sha256_of(path: str | os.PathLike[str]) -> str:
    """Hash a file's content, reading it by blocks; lower-case hex."""
    digest = hashlib.sha256()
    with Path(path).open("rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        with track_bytes(f"reading {os.fspath(path)}", size) as read:
            while block := file.read(_BLOCK_BYTES):
                digest.update(block)
                read(len(block))
    return digest.hexdigest()


def stamp_of(status: os.stat_result) -> Stamp:
    """Return what of a file's status changes whenever its content does."""
    inode = f"{status.st_dev}:{status.st_ino}"
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, inode


class DigestCache:
    """Digests of local files in a small database that many processes share.

    A cache that cannot be opened, read or written costs time, never an answer: digests then
    live as long as the process. A file that changed too lately for its times to tell the next
    change from this one is not remembered.
    """

    def __init__(self, path: Path | None) -> None:
        """Use a database file; None keeps digests in memory only."""
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._pid = -1
        self._known: dict[str, tuple[Stamp, str]] = {}
        self._unwritten: dict[str, tuple[Stamp, str]] = {}
        self._lock = threading.Lock()

    def sha256(self, path: str, status: os.stat_result | None = None) -> str:
        """Return the digest of a file, read only if it is not known for what it is now.

        Raises:
            OSError: the file cannot be read.
        """
        stamp = stamp_of(status or Path(path).stat())
        known = self.known(path, stamp)
        if known is not None:
            return known
        digest = sha256_of(path)
        after = Path(path).stat()
        if stamp_of(after) == stamp and not _too_fresh(after):
            self._remember(path, stamp, digest)
        return digest

    def known(self, path: str, stamp: Stamp) -> str | None:
        """Return the digest of a file in this state, or None; never reads the file."""
        found = self._known.get(path) or self._look_up(path)
        return found[1] if found is not None and found[0] == stamp else None

    def remembers(self, path: str) -> bool:
        """Tell whether the file was hashed before, in whatever state."""
        return (self._known.get(path) or self._look_up(path)) is not None

    def flush(self) -> None:
        """Write to the database what was read since the last time."""
        with self._lock:
            self._flush()

    def _flush(self) -> None:
        unwritten, self._unwritten = self._unwritten, {}
        connection = self._open() if unwritten else None
        if connection is None:
            return
        import sqlite3

        rows = [(path, *stamp, digest) for path, (stamp, digest) in unwritten.items()]
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT OR REPLACE INTO digests VALUES (?, ?, ?, ?, ?, ?)", rows)
            connection.execute("COMMIT")
        except sqlite3.Error:
            # Locked for long, read-only, full or damaged: none of it is worth an error.
            self._give_up()

    def close(self) -> None:
        """Write what is not written, and close the database."""
        self.flush()
        self._close()

    def _close(self) -> None:
        if self._connection is not None and self._pid == os.getpid():
            self._connection.close()
        self._connection = None

    def __del__(self) -> None:
        # Python 3.13 warns of connections that are left to the garbage collector.
        self.close()

    def _look_up(self, path: str) -> tuple[Stamp, str] | None:
        connection = self._open()
        if connection is None:
            return None
        import sqlite3

        try:
            row = connection.execute(
                "SELECT size, mtime_ns, ctime_ns, inode, sha256 FROM digests WHERE path = ?",
                (path,),
            ).fetchone()
        except sqlite3.Error:
            self._give_up()
            return None
        if row is None:
            return None
        self._known[path] = found = (row[:4], row[4])
        return found

    def _remember(self, path: str, stamp: Stamp, digest: str) -> None:
        self._known[path] = self._unwritten[path] = (stamp, digest)
        if len(self._unwritten) >= _MOST_UNWRITTEN:
            self.flush()

    def _open(self) -> sqlite3.Connection | None:
        if self._path is None:
            return None
        if self._connection is not None and self._pid == os.getpid():
            return self._connection
        import sqlite3

        # A connection must not be used in a forked child; leave the parent's alone.
        self._connection, self._pid = None, os.getpid()
        for attempt in range(2):
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._connection = _connect(self._path)
            except sqlite3.OperationalError:
                break
            except sqlite3.DatabaseError:
                if attempt == 0:
                    with suppress(OSError):
                        self._path.unlink()
            except OSError:
                break
            else:
                return self._connection
        self._path = None
        return None

    def _give_up(self) -> None:
        self._path = None
        self._unwritten.clear()
        self._close()


def _connect(path: Path) -> sqlite3.Connection:
    import sqlite3

    connection = sqlite3.connect(path, timeout=2.0, isolation_level=None, check_same_thread=False)
    try:
        # Losing the last entries in a power cut costs a second reading, no more.
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(_SCHEMA)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def default_cache() -> DigestCache:
    """Return the cache in the directory that the profile names, or the platform's own."""
    try:
        return DigestCache(cache_dir() / "digests.sqlite")
    except RuntimeError:  # no home directory
        return DigestCache(None)


def _too_fresh(status: os.stat_result) -> bool:
    # File times tick every few ms on local disks, and every second or two on some others.
    latest = max(status.st_mtime_ns, status.st_ctime_ns)
    coarse = status.st_mtime_ns % 1_000_000_000 == 0
    return time.time_ns() - latest < (_COARSE_CLOCK_NS if coarse else _FINE_CLOCK_NS)
