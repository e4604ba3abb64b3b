"""S3FileSystem against a real endpoint."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from rvcli import profile
from rvcli.errors import FileSystemError, NotReadableError, NotWritableError
from rvcli.filesystem import s3_client, s3_filesystem, s3_transfer
from rvcli.filesystem.s3_filesystem import S3FileSystem as S3  # noqa: N814


def _names(directory: Path) -> list[str]:
    return sorted(str(p.relative_to(directory)) for p in directory.rglob("*") if p.is_file())


def test_texts_and_bytes_come_back(s3_root: str) -> None:
    """What is written is read, with blanks and letters beyond ASCII in the key."""
    uri = f"{s3_root}/a b/ü#?.txt"
    S3.write_str(uri, "Größe")
    assert S3.read_str(uri) == "Größe"
    S3.write_bytes(uri, b"\xff")
    assert S3.read_bytes(uri) == b"\xff"
    with pytest.raises(NotReadableError, match="no UTF-8"):
        S3.read_str(uri)


def test_existence(s3_root: str) -> None:
    """An object exists; what keys share before a slash exists if directories count."""
    S3.write_bytes(f"{s3_root}/dir/a", b"")
    found = [
        S3.file_exists(f"{s3_root}/{key}", include_dir)
        for key in ("dir/a", "dir", "dir/", "di", "")
        for include_dir in (True, False)
    ]
    assert found == [True, True, True, False, True, False, False, False, True, False]


def test_stat(s3_root: str) -> None:
    """Size and ETag are those of the object; the ETag changes with the content."""
    uri = f"{s3_root}/a"
    S3.write_bytes(uri, b"123")
    stat = S3.stat(uri)
    assert stat is not None
    assert stat.size_bytes == 3
    assert stat.etag == "202cb962ac59075b964b07152d234b70"
    assert S3.last_modified(uri) == stat.modified
    assert S3.stat(f"{s3_root}/b") is None
    assert S3.stat(s3_root) is None
    with pytest.raises(NotReadableError, match="no such object"):
        S3.last_modified(f"{s3_root}/b")


def test_delete(s3_root: str) -> None:
    """An object goes; one that is not there is no error."""
    S3.write_bytes(f"{s3_root}/a", b"")
    S3.delete(f"{s3_root}/a")
    S3.delete(f"{s3_root}/a")
    assert not S3.file_exists(f"{s3_root}/a")


def test_exclusive_write(s3_root: str) -> None:
    """Of many writers at once exactly one succeeds."""
    uri, won = f"{s3_root}/claim", []

    def write(i: int) -> None:
        if S3.write_exclusive(uri, str(i).encode()):
            won.append(i)

    threads = [threading.Thread(target=write, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [str(i) for i in won] == [S3.read_str(uri)]


def test_copies(s3_root: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file is uploaded, in parts if it is large, and downloaded whole."""
    source, target = tmp_path / "ä b", tmp_path / "new" / "c"
    source.write_bytes(os.urandom(9 << 20))
    S3.copy_to(str(source), f"{s3_root}/d/ä b")
    assert "-" in S3.stat(f"{s3_root}/d/ä b").etag  # type: ignore[union-attr,operator]
    S3.copy_from(f"{s3_root}/d/ä b", str(target))
    assert source.read_bytes() == target.read_bytes()
    assert _names(tmp_path) == ["new/c", "ä b"]


def test_copies_of_what_is_not_there(s3_root: str, tmp_path: Path) -> None:
    """A missing file or object is an error, and nothing is left."""
    with pytest.raises(NotReadableError, match="there is no file"):
        S3.copy_to(str(tmp_path / "a"), f"{s3_root}/a")
    with pytest.raises(NotReadableError, match="no such object"):
        S3.copy_from(f"{s3_root}/a", str(tmp_path / "a"))
    assert _names(tmp_path) == []
    assert S3.list_paths(s3_root) == []


def test_listing_goes_on_over_pages(s3_root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All objects are listed, also where S3 gives them page by page."""
    keys = [f"dir/{i:02}.tif" for i in range(12)] + ["dir/a.json", "directory/b.tif"]
    for key in keys:
        S3.write_bytes(f"{s3_root}/{key}", b"")
    client = s3_client.client()
    monkeypatch.setattr(
        client,
        "get_paginator",
        lambda name, real=client.get_paginator: _Pages(real(name)),
    )
    assert [f"{s3_root}/dir/{i:02}.tif" for i in range(12)] == S3.list_paths(
        f"{s3_root}/dir", ".tif"
    )
    assert len(S3.list_paths(f"{s3_root}/")) == 14
    found = s3_filesystem.get_matching_s3_keys(s3_root[5:], "dir/", ".json")
    assert list(found) == ["dir/a.json"]


class _Pages:
    """A paginator of five objects a page."""

    def __init__(self, real: Any) -> None:
        self.real = real

    def paginate(self, **request: Any) -> Any:
        return self.real.paginate(**request, PaginationConfig={"PageSize": 5})


def test_sync(s3_root: str, tmp_path: Path) -> None:
    """Directories go up and come down; what is extra goes only if asked."""
    source, target = tmp_path / "source", tmp_path / "target"
    for name in ("a", "d/b ü"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(name)
    S3.write_bytes(f"{s3_root}/up/old", b"")
    S3.write_bytes(f"{s3_root}/up/marker/", b"")
    S3.sync_to_dir(str(source), f"{s3_root}/up")
    assert S3.read_str(f"{s3_root}/up/d/b ü") == "d/b ü"
    assert S3.file_exists(f"{s3_root}/up/old")
    target.mkdir()
    (target / "extra").touch()
    S3.sync_from_dir(f"{s3_root}/up", str(target))
    assert _names(target) == ["a", "d/b ü", "extra", "old"]
    S3.sync_to_dir(str(source), f"{s3_root}/up", delete=True)
    assert [f"{s3_root}/up/a", f"{s3_root}/up/d/b ü"] == S3.list_paths(f"{s3_root}/up")
    S3.sync_from_dir(f"{s3_root}/up/", str(target), delete=True)
    assert _names(target) == ["a", "d/b ü"]


def test_sync_moves_only_what_is_new(
    s3_root: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has the same size and time is not moved again."""
    (tmp_path / "s").mkdir()
    for name in ("a", "b"):
        (tmp_path / "s" / name).write_text(name)
        os.utime(tmp_path / "s" / name, (1_000_000_000, 1_000_000_000))
    S3.sync_to_dir(str(tmp_path / "s"), s3_root)
    S3.sync_from_dir(s3_root, str(tmp_path / "t"))
    (tmp_path / "s" / "b").write_text("changed")
    moved: list[str] = []
    monkeypatch.setattr(s3_transfer, "upload", lambda path, *args: moved.append(path.name))
    monkeypatch.setattr(
        s3_transfer, "download", lambda bucket, key, path, *args: moved.append(path.name)
    )
    S3.sync_to_dir(str(tmp_path / "s"), s3_root)
    S3.sync_from_dir(s3_root, str(tmp_path / "t"))
    assert moved == ["b"]


def test_sync_that_cannot_be(s3_root: str, tmp_path: Path) -> None:
    """A missing directory, a key that leads out of it, and a failing part are errors."""
    with pytest.raises(NotReadableError, match="no directory"):
        S3.sync_to_dir(str(tmp_path / "none"), s3_root)
    S3.write_bytes(f"{s3_root}/d/../../x", b"")
    with pytest.raises(NotReadableError, match="leads out"):
        S3.sync_from_dir(f"{s3_root}/d", str(tmp_path / "t"))
    (tmp_path / "a").touch()
    with pytest.raises(NotWritableError, match="no such bucket"):
        s3_transfer.upload_all(tmp_path, "none-such", "", [], payer={}, delete=False)


@pytest.mark.parametrize(
    ("read", "error"),
    [
        (lambda u: S3.read_bytes(u), NotReadableError),
        (lambda u: S3.list_paths(u), NotReadableError),
        (lambda u: S3.file_exists(u), NotReadableError),
        (lambda u: S3.write_bytes(u, b""), NotWritableError),
        (lambda u: S3.write_exclusive(u, b""), NotWritableError),
        (lambda u: S3.delete(u), NotWritableError),
    ],
)
def test_no_such_bucket(s3_environment: str, read: Any, error: type[FileSystemError]) -> None:
    """A bucket that is not there is named, with what to check."""
    with pytest.raises(error, match="no such bucket") as caught:
        read("s3://none-such/a")
    assert "s3://none-such" in str(caught.value)
    assert "check the bucket's name" in (caught.value.hint or "")


def test_no_bucket_in_the_uri() -> None:
    """A URI without a bucket is refused."""
    with pytest.raises(FileSystemError, match="names no bucket"):
        S3.read_bytes("s3:///a")


def test_no_credentials(s3_root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Missing credentials are named, with how to set them."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(NotReadableError, match="no AWS credentials") as caught:
        S3.read_bytes(f"{s3_root}/a")
    assert "AWS_PROFILE" in (caught.value.hint or "")


def test_unknown_profile(s3_root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile of AWS that is not there is named."""
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    with pytest.raises(NotReadableError, match="nobody") as caught:
        S3.read_bytes(f"{s3_root}/a")
    assert "AWS_PROFILE" in (caught.value.hint or "")


def test_endpoint_that_is_not_there(s3_root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An endpoint that nobody serves is an error with advice."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setattr(s3_client, "ATTEMPTS", 1)
    with pytest.raises(NotReadableError, match="cannot be reached") as caught:
        S3.read_bytes(f"{s3_root}/a")
    assert "AWS_ENDPOINT_URL" in (caught.value.hint or "")


class _Refusing:
    """A client whose every call fails with one code."""

    def __init__(self, code: str) -> None:
        from botocore.exceptions import ClientError

        self.error = ClientError({"Error": {"Code": code, "Message": "so it is"}}, "Get")
        self.calls = 0

    def __getattr__(self, name: str) -> Any:
        def call(**kwargs: Any) -> Any:
            self.calls += 1
            raise self.error

        return call


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("AccessDenied", "access denied"),
        ("403", "access denied"),
        ("ExpiredToken", "have expired"),
        ("301", "another region"),
        ("Teapot", "Teapot so it is"),
    ],
)
def test_codes_in_words(monkeypatch: pytest.MonkeyPatch, code: str, message: str) -> None:
    """What S3 refuses is said in words; an unknown code as it is."""
    monkeypatch.setattr(s3_client, "client", lambda: _Refusing(code))
    with pytest.raises(NotReadableError, match=message):
        S3.stat("s3://bucket/a")


def test_conflicting_writers_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A conflict with a writer at the same moment is tried again, and in the end lost."""
    client = _Refusing("ConditionalRequestConflict")
    monkeypatch.setattr(s3_client, "client", lambda: client)
    assert not S3.write_exclusive("s3://bucket/a", b"")
    assert client.calls == 10


def test_exclusive_write_that_was_sent_twice(s3_root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the answer to the first request was lost, the object that is there is our own."""
    uri = f"{s3_root}/claim"
    assert S3.write_exclusive(uri, b"mine")
    monkeypatch.setattr(s3_filesystem, "_retried", lambda error: True)
    assert S3.write_exclusive(uri, b"mine")
    assert not S3.write_exclusive(uri, b"yours")


def test_objects_that_cannot_be_deleted(s3_root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An object that S3 keeps though it was to go is an error."""

    class Keeping:
        def delete_objects(self, **request: Any) -> Any:
            return {"Errors": [{"Key": "a", "Message": "locked"}]}

    monkeypatch.setattr(s3_client, "client", Keeping)
    with pytest.raises(NotWritableError, match="bucket/a' cannot be deleted: locked"):
        s3_transfer._delete_all("bucket", ["a"], {})


def test_client_is_made_once_for_an_environment(
    s3_environment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threads share one client; another environment gets another."""
    first = s3_client.client()
    clients: list[Any] = []
    threads = [threading.Thread(target=lambda: clients.append(s3_client.client()))]
    for thread in threads:
        thread.start()
        thread.join()
    assert clients == [first]
    assert S3.get_session() is s3_client.session()
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    assert s3_client.client() is not first


def test_requester_pays(s3_root: str) -> None:
    """The profile's option reaches the requests, and GDAL."""
    settings = profile.load_settings(overrides=["AWS_S3.requester_pays=true"], environ={})
    seen: list[dict[str, Any]] = []
    client = s3_client.client()
    client.meta.events.register(
        "before-call.s3", lambda params, **kwargs: seen.append(params["headers"])
    )
    assert S3.get_request_payer() == "None"
    with profile.use(settings):
        assert S3.get_request_payer() == "requester"
        S3.write_bytes(f"{s3_root}/a", b"")
        assert S3.list_paths(s3_root) == [f"{s3_root}/a"]
        assert S3.gdal_options(f"{s3_root}/a")["AWS_REQUEST_PAYER"] == "requester"
    assert ["requester", "requester"] == [headers["x-amz-request-payer"] for headers in seen]


def test_paths(s3_root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An object has a place for its download, and a path and options for GDAL."""
    assert S3.local_path("s3://bucket/a b/c.tif", "/down") == "/down/s3/bucket/a b/c.tif"
    assert S3.gdal_path("s3://bucket/a b/c.tif") == "/vsis3/bucket/a b/c.tif"
    options = S3.gdal_options(s3_root)
    assert options["AWS_HTTPS"] == "NO"
    assert options["AWS_S3_ENDPOINT"].startswith("127.0.0.1:")
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    assert S3.gdal_options(s3_root) == {}


def test_other_errors_of_the_client(s3_root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever else the client refuses is said as it says it."""
    monkeypatch.setattr(s3_filesystem, "_payer", lambda: {"Unknown": 1})
    with pytest.raises(NotReadableError, match="Unknown parameter in input"):
        S3.read_bytes(f"{s3_root}/a")
