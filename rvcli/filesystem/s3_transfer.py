"""Uploads to and downloads from S3, one by one and by the directory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from rvcli.errors import NotReadableError, NotWritableError
from rvcli.filesystem import s3_client
from rvcli.filesystem.atomic import atomic_path
from rvcli.filesystem.atomic import writing as writing_path
from rvcli.filesystem.local_filesystem import files_below, mirror_deletions
from rvcli.filesystem.s3_errors import reading, writing

_THREADS = 8
_DELETED_AT_ONCE = 1000


def upload(path: Path, bucket: str, key: str, payer: dict[str, str]) -> None:
    """Upload a file, in parts if it is large."""
    if not path.is_file():
        raise NotReadableError(f"there is no file {str(path)!r}")
    with writing(f"s3://{bucket}/{key}"):
        s3_client.client().upload_file(str(path), bucket, key, ExtraArgs=payer)


def download(
    bucket: str, key: str, path: Path, payer: dict[str, str], found: dict[str, Any] | None = None
) -> None:
    """Download an object, whole or not at all; `found` gives the time for the file."""
    with atomic_path(path) as temporary, reading(f"s3://{bucket}/{key}"), writing_path(path):
        s3_client.client().download_file(bucket, key, str(temporary), ExtraArgs=payer)
        if found is not None:
            time_s = found["LastModified"].timestamp()
            os.utime(temporary, (time_s, time_s))


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
    _in_parallel(
        partial(download, bucket, found["Key"], path, payer, found)
        for path, found in wanted.items()
        if not _downloaded(path, found)
    )
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
    _in_parallel(
        partial(upload, path, bucket, key, payer)
        for key, path in paths.items()
        if not _uploaded(path, old.get(key))
    )
    if delete:
        _delete_all(bucket, sorted(set(old) - set(paths)), payer)


def _relative(key: str, prefix: str) -> Path:
    relative = Path(key[len(prefix) :])
    if relative.is_absolute() or ".." in relative.parts:
        raise NotReadableError(f"the key {key!r} leads out of the directory it is copied to")
    return relative


def _downloaded(path: Path, found: dict[str, Any]) -> bool:
    """Tell whether a file has the size and time of the object that it was downloaded from."""
    if not path.is_file():
        return False
    stat = path.stat()
    same_time = abs(stat.st_mtime - found["LastModified"].timestamp()) < 1e-3
    return bool(stat.st_size == found["Size"] and same_time)


def _uploaded(path: Path, found: dict[str, Any] | None) -> bool:
    """Tell whether an object has the size of a file and is no older."""
    if found is None:
        return False
    stat = path.stat()
    newer = found["LastModified"].timestamp() > stat.st_mtime
    return bool(stat.st_size == found["Size"] and newer)


def _in_parallel(tasks: Iterable[Callable[[], None]]) -> None:
    """Run tasks on a few threads; the first error ends those that have not started."""
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="rv-s3") as pool:
        futures = [pool.submit(task) for task in tasks]
        try:
            for future in futures:
                future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


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
