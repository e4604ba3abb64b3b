"""S3 over a network with faults: each call ends well, or in one clear error."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rvcli.errors import FileSystemError, NotReadableError, NotWritableError
from rvcli.filesystem import s3_client, s3_content, s3_transfer
from rvcli.filesystem.s3_filesystem import S3FileSystem as S3  # noqa: N814

BUSY = b"<Error><Code>InternalError</Code><Message>We broke</Message></Error>"
SKEWED = b"""<Error><Code>RequestTimeTooSkewed</Code><Message>too large</Message>
<RequestTime>20260101T120000Z</RequestTime><ServerTime>2026-01-01T14:00:00Z</ServerTime></Error>"""


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait briefly between attempts, and for answers."""
    monkeypatch.setattr(s3_transfer, "BACKOFF_S", 0.001)
    monkeypatch.setattr(s3_client, "READ_TIMEOUT_S", 1.0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a local directory with two files."""
    folder = tmp_path / "folder"
    (folder / "d").mkdir(parents=True)
    (folder / "a").write_bytes(b"a" * 1000)
    (folder / "d" / "b").write_bytes(b"b" * 1000)
    return folder


def _download(uri: str, folder: Path) -> Any:
    S3.copy_from(f"{uri}/there", str(folder / "new"))
    return (folder / "new").read_bytes()


def _sync_down(uri: str, folder: Path) -> Any:
    S3.sync_from_dir(uri, str(folder))
    return (folder / "there").read_bytes()


def _sync_up(uri: str, folder: Path) -> Any:
    S3.sync_to_dir(str(folder), f"{uri}/up")
    return [S3.read_bytes(path)[:1] for path in S3.list_paths(f"{uri}/up")]


def _write(uri: str, folder: Path) -> Any:
    S3.write_bytes(f"{uri}/new", b"n" * 1000)
    return S3.read_bytes(f"{uri}/new")


def _upload(uri: str, folder: Path) -> Any:
    S3.copy_to(str(folder / "a"), f"{uri}/new")
    return S3.read_bytes(f"{uri}/new")


def _claim(uri: str, folder: Path) -> Any:
    return S3.write_exclusive(f"{uri}/new", b"n" * 1000) and S3.read_bytes(f"{uri}/new")


def _delete(uri: str, folder: Path) -> Any:
    S3.delete(f"{uri}/there")
    return S3.file_exists(f"{uri}/there")


THERE = b"t" * 1000
# What is done -> which requests the faults take, and what comes out.
CALLS: dict[str, tuple[str, Callable[[str, Path], Any], Any]] = {
    "read": ("GET /.*/there", lambda uri, _: S3.read_bytes(f"{uri}/there"), THERE),
    "exists": ("HEAD /.*/there", lambda uri, _: S3.file_exists(f"{uri}/there"), True),
    "stat": ("HEAD /.*/there", lambda uri, _: S3.stat(f"{uri}/there").size_bytes, 1000),  # type: ignore[union-attr]
    "list": ("GET /.*list-type", lambda uri, _: len(S3.list_paths(uri)), 1),
    "write": ("PUT /.*/new", _write, b"n" * 1000),
    "claim": ("PUT /.*/new", _claim, b"n" * 1000),
    "delete": ("DELETE /.*/there", _delete, False),
    "download": ("(GET|HEAD) /.*/there", _download, THERE),
    "upload": ("PUT /.*/new", _upload, b"a" * 1000),
    "sync down": ("GET /", _sync_down, THERE),
    "sync up": ("PUT /", _sync_up, [b"a", b"b"]),
}
FAULTS: dict[str, Callable[[Any], list[Any]]] = {
    "500": lambda proxy: [proxy.answer(500, BUSY), proxy.answer(500)],
    "503": lambda proxy: [proxy.answer(503)],
    "reset": lambda proxy: [proxy.reset(), proxy.reset()],
    "lost answer": lambda proxy: [proxy.reset(after=True)],
    "timeout": lambda proxy: [proxy.delay(1.3)],
    "truncated": lambda proxy: [proxy.truncate(), proxy.truncate(0.9)],
}


HAVE_BODIES = {name for name, (pattern, _, _) in CALLS.items() if "GET" in pattern}
PASSING = [(c, f) for c in CALLS for f in FAULTS if f != "truncated" or c in HAVE_BODIES]
STAYING = [(c, f) for c, f in PASSING if f in ("500", "reset", "truncated") and c != "sync up"]


@pytest.mark.parametrize(("call", "fault"), PASSING)
def test_faults_that_pass(s3_faults: Any, folder: Path, call: str, fault: str) -> None:
    """After a fault that passes each call has done what it was to do."""
    pattern, work, expected = CALLS[call]
    if fault == "truncated":
        pattern = pattern.replace("(GET|HEAD)", "GET")
    S3.write_bytes(f"{s3_faults.root}/there", THERE)
    s3_faults.clear()
    s3_faults.inject(pattern, *FAULTS[fault](s3_faults))
    assert expected == work(s3_faults.root, folder)
    assert len(s3_faults.requests) > 1
    assert [] == [path for path in folder.rglob("*") if path.name.startswith(".rv-tmp")]


@pytest.mark.parametrize(("call", "fault"), STAYING)
def test_faults_that_stay(s3_faults: Any, folder: Path, call: str, fault: str) -> None:
    """A fault that stays is one error that names the URI; nothing partial is left."""
    pattern, work, _ = CALLS[call]
    S3.write_bytes(f"{s3_faults.root}/there", THERE)
    s3_faults.inject(pattern, *FAULTS[fault](s3_faults), times=60)
    with pytest.raises(FileSystemError) as caught:
        work(s3_faults.root, folder)
    assert s3_faults.root in str(caught.value)
    assert caught.value.hint
    assert ["a", "d/b"] == sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )


@pytest.mark.parametrize("read", ["read", "download"])
def test_damage_on_the_way_is_found(s3_faults: Any, folder: Path, read: str) -> None:
    """A body of the right length with a wrong byte is asked for again."""
    pattern, work, expected = CALLS[read]
    S3.write_bytes(f"{s3_faults.root}/there", THERE)
    s3_faults.inject(pattern.replace("(GET|HEAD)", "GET"), s3_faults.corrupt())
    assert expected == work(s3_faults.root, folder)


def test_damage_of_a_large_object_is_found(s3_faults: Any, tmp_path: Path) -> None:
    """Of an object in parts each part, and the whole, is verified."""
    data = os.urandom(9 << 20)
    (tmp_path / "a").write_bytes(data)
    S3.copy_to(str(tmp_path / "a"), f"{s3_faults.root}/there")
    s3_faults.inject("GET /.*/there", s3_faults.corrupt(), s3_faults.truncate(), s3_faults.reset())
    S3.copy_from(f"{s3_faults.root}/there", str(tmp_path / "b"))
    assert hashlib.sha256(data).digest() == hashlib.sha256((tmp_path / "b").read_bytes()).digest()


def test_damage_that_stays(s3_faults: Any, tmp_path: Path) -> None:
    """What never arrives as S3 holds it is an error, and no file."""
    S3.write_bytes(f"{s3_faults.root}/there", THERE)
    s3_faults.inject("GET /.*/there", s3_faults.corrupt(), times=60)
    with pytest.raises(NotReadableError):
        S3.copy_from(f"{s3_faults.root}/there", str(tmp_path / "b"))
    assert [] == list(tmp_path.iterdir())


def test_wrong_clock(s3_faults: Any) -> None:
    """A clock that S3 refuses is said at once, with both times."""
    s3_faults.inject("PUT /", s3_faults.answer(403, SKEWED))
    with pytest.raises(NotWritableError, match="clock of this machine is wrong") as caught:
        S3.write_bytes(f"{s3_faults.root}/a", b"")
    assert "it says 20260101T120000Z, S3 says 2026-01-01T14:00:00Z" in str(caught.value)
    assert "set the clock" in (caught.value.hint or "")
    assert len(s3_faults.requests) == 1


@pytest.mark.parametrize("skew_s", [-86_400, 86_400])
def test_sync_does_not_compare_clocks(s3_faults: Any, tmp_path: Path, skew_s: float) -> None:
    """New content of the same size is moved, and old content is not, whatever the clocks say."""
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    for text in ("one", "two"):
        (here / "a").write_text(text)
        now = time.time() + skew_s
        os.utime(here / "a", (now, now))
        S3.sync_to_dir(str(here), s3_faults.root)
        S3.sync_from_dir(s3_faults.root, str(there))
        assert text == (there / "a").read_text()


def test_another_process_moves_only_what_is_new(
    s3_faults: Any, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that knows nothing of earlier ones compares contents, large ones too."""
    (folder / "large").write_bytes(os.urandom(9 << 20))
    S3.sync_to_dir(str(folder), s3_faults.root)
    S3.sync_from_dir(s3_faults.root, str(tmp_path / "copy"))
    monkeypatch.setattr(s3_content, "_same", {})
    s3_faults.clear()
    S3.sync_to_dir(str(folder), s3_faults.root)
    S3.sync_from_dir(s3_faults.root, str(tmp_path / "copy"))
    assert {"GET", "HEAD"} == {request.partition(" ")[0] for request in s3_faults.requests}
    assert s3_faults.sent_bytes < 10_000


def test_object_that_changes_during_a_download(s3_faults: Any, tmp_path: Path) -> None:
    """A download that meets a new object is that of the new one, whole."""
    S3.write_bytes(f"{s3_faults.root}/there", b"old")

    def change(handler: Any, forward: Any) -> None:
        answer = forward()
        S3.write_bytes(f"{s3_faults.root}/there", b"new one")
        handler.send(answer)

    s3_faults.inject("HEAD /.*/there", change)
    S3.copy_from(f"{s3_faults.root}/there", str(tmp_path / "a"))
    assert (tmp_path / "a").read_bytes() == b"new one"


def test_an_answer_that_is_not_of_s3(s3_faults: Any) -> None:
    """The page of a proxy or portal in place of a listing is an error with advice."""
    s3_faults.inject("GET /", s3_faults.answer(200, b"<html>Log in"), times=30)
    with pytest.raises(NotReadableError, match="S3 fails") as caught:
        S3.list_paths(s3_faults.root)
    assert "check AWS_ENDPOINT_URL" in (caught.value.hint or "")


def test_more_than_a_thousand_keys(
    s3_faults: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Listing and deleting go on beyond the thousand keys that S3 gives or takes at once."""
    monkeypatch.setattr(s3_client, "READ_TIMEOUT_S", 60.0)
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.s3.models import s3_backends

    # Straight into the server, which runs in this process: a thousand requests take long.
    backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    for i in range(1003):
        backend.put_object(s3_faults.root[5:], f"many/{i:04}", b"")
    paths = S3.list_paths(f"{s3_faults.root}/many")
    assert (1003, f"{s3_faults.root}/many/1002") == (len(paths), paths[-1])
    (tmp_path / "empty").mkdir()
    S3.sync_to_dir(str(tmp_path / "empty"), f"{s3_faults.root}/many", delete=True)
    assert [] == S3.list_paths(f"{s3_faults.root}/many")
