"""Uploads to and downloads from S3, one by one and by the directory."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

from rvcli.errors import NotReadableError, NotWritableError
from rvcli.filesystem import s3_client, s3_content
from rvcli.filesystem.atomic import atomic_path
from rvcli.filesystem.atomic import writing as writing_path
from rvcli.filesystem.local_filesystem import files_below, mirror_deletions, reading_path
from rvcli.filesystem.s3_errors import reading, writing
from rvcli.filesystem.threads import in_threads
from rvcli.progress import track, track_bytes

_THREADS = 8
_DELETED_AT_ONCE = 1000
BACKOFF_S = 1.0

T = TypeVar("T")


def read(bucket: str, key: str, payer: dict[str, str]) -> bytes:
    """Return the content of an object; a body that breaks off is asked for again."""
    uri = f"s3://{bucket}/{key}"

    def attempt() -> bytes:
        response = s3_client.client().get_object(Bucket=bucket, Key=key, **payer)
        # Not the body itself: as a context it gives the stream below, which checks nothing.
        with closing(response["Body"]) as body:
            data: bytes = body.read()
        if len(data) != response["ContentLength"] or not s3_content.has_md5(data, response):
            raise _Damaged(uri)
        return data

    with reading(uri):
        return _patiently(attempt)


def upload(path: Path, bucket: str, key: str, payer: dict[str, str]) -> None:
    """Upload a file, in parts if it is large."""
    if not path.is_file():
        raise NotReadableError(f"there is no file {str(path)!r}")
    with reading_path(path):
        path.open("rb").close()
    uri = f"s3://{bucket}/{key}"
    with writing(uri), track_bytes(f"uploading {uri}", path.stat().st_size) as sent:
        s3_client.client().upload_file(str(path), bucket, key, ExtraArgs=payer, Callback=sent)


def download(
    bucket: str, key: str, path: Path, payer: dict[str, str], found: dict[str, Any] | None = None
) -> None:
    """Download an object, whole and verified or not at all.

    Args:
        bucket: name of the bucket.
        key: of the object.
        path: where it goes.
        payer: request parameters that say who pays.
        found: Key, Size and ETag of the object as they were just now, if they are known.
    """
    uri = f"s3://{bucket}/{key}"
    known = [found] if found is not None else []
    request = {"Bucket": bucket, "Key": key, **payer}

    def attempt() -> dict[str, Any]:
        # What was known before may be the reason why an attempt has failed.
        now = known.pop() if known else _head(request)
        with writing_path(path), track_bytes(f"downloading {uri}", now["Size"]) as got:
            s3_client.client().download_file(
                bucket, key, str(temporary), ExtraArgs=payer, Callback=got
            )
        if s3_content.has_content(temporary, bucket, now, payer) is False:
            raise _Damaged(uri)
        return now

    with atomic_path(path) as temporary, reading(uri):
        now = _patiently(attempt)
    s3_content.note_same(path, bucket, now)


def _head(request: dict[str, Any]) -> dict[str, Any]:
    head = s3_client.client().head_object(**request)
    return {"Key": request["Key"], "Size": head["ContentLength"], "ETag": head["ETag"]}


class _Damaged(NotReadableError):
    """What has arrived is not what S3 holds."""

    def __init__(self, uri: str) -> None:
        super().__init__(
            f"{uri!r} cannot be read: what arrives is not what S3 holds",
            hint="try again later; the object is being changed, or something on the way is broken",
        )


def _patiently(attempt: Callable[[], T]) -> T:
    """Do something again, after a while, if what was sent broke off or was damaged.

    What S3 refuses, and requests that get no answer, the client itself has tried again.
    """
    from botocore import exceptions as botocore
    from s3transfer.exceptions import S3DownloadFailedError

    broken = (
        botocore.IncompleteReadError,
        botocore.ResponseStreamingError,
        botocore.ReadTimeoutError,
        botocore.FlexibleChecksumError,
        S3DownloadFailedError,
        _Damaged,
    )
    for left in reversed(range(s3_client.ATTEMPTS)):
        try:
            return attempt()
        except broken:
            if not left:
                raise
        time.sleep(BACKOFF_S * 2 ** (s3_client.ATTEMPTS - 1 - left) * random.random())
    raise AssertionError("the last attempt returns or raises")


def download_all(
    bucket: str,
    prefix: str,
    objects: Iterable[dict[str, Any]],
    target: Path,
    *,
    payer: dict[str, str],
    delete: bool,
) -> None:
    """Download what is new among objects below a prefix to a directory.

    Args:
        bucket: name of the bucket.
        prefix: "" or a text that ends in a slash; cut off each key.
        objects: as list_objects_v2 gives them.
        target: made if it is not there.
        payer: request parameters that say who pays.
        delete: remove other files from the target.
    """
    wanted = {
        target / _relative(found["Key"], prefix): found
        for found in objects
        if not found["Key"].endswith("/")
    }
    with writing_path(target):
        target.mkdir(parents=True, exist_ok=True)
    with track(f"downloading s3://{bucket}/{prefix}", len(wanted), "files") as progress:

        def fetch(item: tuple[Path, dict[str, Any]]) -> None:
            _download_new(bucket, item[0], payer, item[1])
            progress.advance()

        in_threads(fetch, wanted.items(), _THREADS)
    if delete:
        with writing_path(target):
            mirror_deletions(target, set(wanted))


def upload_all(
    source: Path,
    bucket: str,
    prefix: str,
    there: Iterable[dict[str, Any]],
    *,
    payer: dict[str, str],
    delete: bool,
) -> None:
    """Upload what is new in a directory, below a prefix.

    Args:
        source: local directory.
        bucket: name of the bucket.
        prefix: "" or a text that ends in a slash; put before each relative path.
        there: the objects below the prefix, as list_objects_v2 gives them.
        payer: request parameters that say who pays.
        delete: remove other objects below the prefix.
    """
    old = {found["Key"]: found for found in there}
    paths = {prefix + p.relative_to(source).as_posix(): p for p in files_below(source)}
    with track(f"uploading to s3://{bucket}/{prefix}", len(paths), "files") as progress:

        def send(item: tuple[str, Path]) -> None:
            _upload_new(item[1], bucket, item[0], payer, old.get(item[0]))
            progress.advance()

        in_threads(send, paths.items(), _THREADS)
    if delete:
        _delete_all(bucket, sorted(set(old) - set(paths)), payer)


def _relative(key: str, prefix: str) -> Path:
    relative = Path(key[len(prefix) :])
    if relative.is_absolute() or ".." in relative.parts:
        raise NotReadableError(f"the key {key!r} leads out of the directory it is copied to")
    return relative


def _download_new(bucket: str, path: Path, payer: dict[str, str], found: dict[str, Any]) -> None:
    with reading(f"s3://{bucket}/{found['Key']}"), reading_path(path):
        is_same = s3_content.is_same(path, bucket, found, payer)
    if not is_same:
        download(bucket, found["Key"], path, payer, found)


def _upload_new(
    path: Path, bucket: str, key: str, payer: dict[str, str], found: dict[str, Any] | None
) -> None:
    if found is not None:
        with reading(f"s3://{bucket}/{key}"), reading_path(path):
            if s3_content.is_same(path, bucket, found, payer):
                return
    upload(path, bucket, key, payer)


def _delete_all(bucket: str, keys: list[str], payer: dict[str, str]) -> None:
    with writing(f"s3://{bucket}"):
        for start in range(0, len(keys), _DELETED_AT_ONCE):
            batch = [{"Key": key} for key in keys[start : start + _DELETED_AT_ONCE]]
            response = s3_client.client().delete_objects(
                Bucket=bucket, Delete={"Objects": batch, "Quiet": True}, **payer
            )
            for error in response.get("Errors", ()):
                raise NotWritableError(
                    f"'s3://{bucket}/{error['Key']}' cannot be deleted: {error['Message']}"
                )
