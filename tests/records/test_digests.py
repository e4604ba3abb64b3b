"""The cache of digests."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from rvcli import profile
from rvcli.records import digests as module
from rvcli.records.digests import DigestCache, default_cache, sha256_of, stamp_of


class Reads:
    """Counts how often files are really read."""

    def __init__(self) -> None:
        self.paths: list[str] = []

    def __call__(self, path: str) -> str:
        """Read a file."""
        self.paths.append(path)
        return sha256_of(path)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    """Count what is read."""
    counter = Reads()
    monkeypatch.setattr(module, "sha256_of", counter)
    return counter


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with content."""
    path = tmp_path / "labels é.geojson"
    path.write_bytes(b"content" * 1000)
    return path


def test_digest_is_that_of_the_content(digests: DigestCache, file: Path) -> None:
    """The digest is the SHA-256 of all bytes."""
    assert hashlib.sha256(b"content" * 1000).hexdigest() == digests.sha256(str(file))


def test_file_is_read_once_by_all(
    digests: DigestCache, file: Path, reads: Reads, settle: Callable[[], None]
) -> None:
    """A file that stays as it is is read once, by another process too."""
    settle()
    first = digests.sha256(str(file))
    again = digests.sha256(str(file))
    digests.flush()
    other = DigestCache(digests._path).sha256(str(file))
    assert [first] * 2 == [again, other]
    assert len(reads.paths) == 1


def test_change_of_same_size_is_seen(
    digests: DigestCache, file: Path, settle: Callable[[], None]
) -> None:
    """A change that keeps size and modification time is seen all the same."""
    settle()
    before, status = digests.sha256(str(file)), file.stat()
    file.write_bytes(b"CONTENT" * 1000)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert before != digests.sha256(str(file))


def test_fresh_file_is_not_remembered(digests: DigestCache, file: Path, reads: Reads) -> None:
    """A file that changed a moment ago is read again: it might change within one tick."""
    file.write_bytes(b"new")
    digests.sha256(str(file))
    digests.sha256(str(file))
    assert len(reads.paths) == 2


def test_coarse_clocks_need_longer(
    digests: DigestCache, file: Path, monkeypatch: pytest.MonkeyPatch, settle: Callable[[], None]
) -> None:
    """Where times are whole seconds, a file must be two seconds old to be remembered."""
    settle()
    whole = file.stat().st_mtime_ns // 1_000_000_000 * 1_000_000_000
    os.utime(file, ns=(whole, whole))
    settle()
    digests.sha256(str(file))
    assert not digests.remembers(str(file))


def test_known_never_reads(digests: DigestCache, file: Path, settle: Callable[[], None]) -> None:
    """What is known of a file is known for the state that it was read in."""
    settle()
    stamp = stamp_of(file.stat())
    assert digests.known(str(file), stamp) is None
    assert not digests.remembers(str(file))
    digest = digests.sha256(str(file))
    assert digest == digests.known(str(file), stamp)
    assert digests.known(str(file), (1, 2, 3, "4:5")) is None
    assert digests.remembers(str(file))


def test_unwritable_cache_costs_nothing_but_time(tmp_path: Path, file: Path) -> None:
    """Where the cache cannot be, digests are right and live in memory."""
    (tmp_path / "no-folder").write_text("a file")
    cache = DigestCache(tmp_path / "no-folder" / "digests.sqlite")
    assert sha256_of(file) == cache.sha256(str(file))


def test_directory_in_place_of_the_cache(tmp_path: Path, file: Path) -> None:
    """A database that cannot be opened is done without."""
    cache = DigestCache(tmp_path)
    assert sha256_of(file) == cache.sha256(str(file))


def test_damaged_cache_is_made_anew(
    tmp_path: Path, file: Path, reads: Reads, settle: Callable[[], None]
) -> None:
    """A file that is no database is replaced."""
    path = tmp_path / "digests.sqlite"
    path.write_bytes(b"not a database" * 1000)
    settle()
    DigestCache(path).sha256(str(file))
    DigestCache(path).sha256(str(file))
    assert len(reads.paths) == 1


def test_foreign_database_is_done_without(tmp_path: Path, file: Path) -> None:
    """A database with another table of that name gives no answers and takes none."""
    path = tmp_path / "digests.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE digests (other TEXT)")
    connection.close()
    assert sha256_of(file) == DigestCache(path).sha256(str(file))


def test_locked_cache_is_done_without(
    digests: DigestCache, file: Path, settle: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write that fails, as on a full or locked disk, is no error."""
    settle()
    digests.known(str(file), (0, 0, 0, ""))
    connection = digests._connection
    assert connection is not None
    connection.execute("PRAGMA query_only = ON")
    assert sha256_of(file) == digests.sha256(str(file))
    digests.flush()
    assert digests.remembers(str(file))
    digests.flush()


def test_many_files_are_written_at_once(digests: DigestCache, tmp_path: Path) -> None:
    """Digests are written in batches, and the rest when the cache is closed."""
    for number in range(300):
        digests._remember(f"/{number}", (1, 2, 3, "4:5"), "digest")
    first = DigestCache(digests._path)
    assert (True, False) == (first.remembers("/255"), first.remembers("/299"))
    first.close()
    digests.close()
    assert DigestCache(digests._path).remembers("/299")


def test_survives_a_fork(digests: DigestCache, file: Path, settle: Callable[[], None]) -> None:
    """A child process opens the database for itself."""
    settle()
    digests.sha256(str(file))
    digests.flush()
    of_the_parent = digests._connection
    digests._pid = -1
    digests._known.clear()
    assert digests.remembers(str(file))
    assert of_the_parent is not None
    of_the_parent.close()


def test_missing_file_is_an_os_error(digests: DigestCache, tmp_path: Path) -> None:
    """A file that is not there is the caller's to explain."""
    with pytest.raises(FileNotFoundError):
        digests.sha256(str(tmp_path / "none"))


def test_close_forgets_the_connection(digests: DigestCache, file: Path) -> None:
    """A closed cache opens again when it is asked."""
    digests.remembers(str(file))
    digests.close()
    digests.close()
    assert not digests.remembers(str(file))


def test_default_lies_in_the_cache_directory(tmp_path: Path) -> None:
    """The cache is where the profile says."""
    with profile.use(profile.load_settings(overrides=[f"RV.cache_dir={tmp_path}"])):
        assert default_cache()._path == tmp_path / "digests.sqlite"


def test_default_without_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a home directory digests live in memory."""

    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(module, "cache_dir", no_home)
    assert default_cache()._path is None
