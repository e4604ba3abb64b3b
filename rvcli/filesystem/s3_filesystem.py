"""S3FileSystem: s3:// objects, on Amazon or any endpoint that speaks S3."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from rvcli import profile
from rvcli.errors import FileSystemError, NotReadableError
from rvcli.filesystem import s3_client, s3_gdal, s3_transfer
from rvcli.filesystem.filesystem import FileStat, FileSystem
from rvcli.filesystem.local_filesystem import decode
from rvcli.filesystem.s3_errors import error_code, is_missing, reading, writing
from rvcli.filesystem.uri import place_below, scheme, to_path


def get_matching_s3_objects(
    bucket: str, prefix: str = "", suffix: str = "", request_payer: str = "None"
) -> Iterator[dict[str, Any]]:
    """Give the objects whose key starts and ends as asked, page by page.

    Returns:
        Dicts with Key, Size, LastModified and ETag.
    """
    pages = s3_client.client().get_paginator("list_objects_v2")
    request: dict[str, Any] = {"Bucket": bucket, "Prefix": prefix}
    if request_payer not in ("", "None"):
        request["RequestPayer"] = request_payer
    with reading(f"s3://{bucket}/{prefix}"):
        for page in pages.paginate(**request):
            yield from (o for o in page.get("Contents", ()) if o["Key"].endswith(suffix))


def get_matching_s3_keys(
    bucket: str, prefix: str = "", suffix: str = "", request_payer: str = "None"
) -> Iterator[str]:
    """Give the keys that start and end as asked."""
    for found in get_matching_s3_objects(bucket, prefix, suffix, request_payer):
        yield found["Key"]


class S3FileSystem(FileSystem):
    """Objects in buckets. A "directory" is what keys share before a slash.

    Credentials, region and endpoint come from the environment and ~/.aws, as boto3 reads
    them; AWS_S3.requester_pays of the profile pays for requests.
    """

    @staticmethod
    def get_request_payer() -> str:
        """Return "requester" if the profile says so, else "None"."""
        pays = profile.current().get("AWS_S3", "requester_pays", default=False)
        return "requester" if pays else "None"

    @staticmethod
    def get_session() -> Any:
        """Return the boto3 session of this process."""
        return s3_client.session()

    @staticmethod
    def matches_uri(uri: str, mode: str) -> bool:
        """Tell whether a URI starts with s3://."""
        return scheme(uri) == "s3"

    @staticmethod
    def file_exists(uri: str, include_dir: bool = True) -> bool:
        """Tell whether an object exists, or anything below it if directories count."""
        bucket, key = _split(uri)
        if key and not key.endswith("/") and S3FileSystem.stat(uri) is not None:
            return True
        if not include_dir:
            return False
        with reading(uri):
            found = s3_client.client().list_objects_v2(
                Bucket=bucket, Prefix=_directory(key), MaxKeys=1, **_payer()
            )
        return bool(found.get("KeyCount") or found.get("Contents"))

    @staticmethod
    def read_str(uri: str) -> str:
        """Return the content of a UTF-8 text."""
        return decode(S3FileSystem.read_bytes(uri), uri)

    @staticmethod
    def read_bytes(uri: str) -> bytes:
        """Return the content of an object."""
        bucket, key = _split(uri)
        return s3_transfer.read(bucket, key, _payer())

    @staticmethod
    def write_str(uri: str, data: str) -> None:
        """Write a text in UTF-8."""
        S3FileSystem.write_bytes(uri, data.encode("utf-8"))

    @staticmethod
    def write_bytes(uri: str, data: bytes) -> None:
        """Write an object, at once."""
        bucket, key = _split(uri)
        with writing(uri):
            s3_client.client().put_object(Bucket=bucket, Key=key, Body=data, **_payer())

    @staticmethod
    def sync_from_dir(src_dir_uri: str, dest_dir_uri: str, delete: bool = False) -> None:
        """Download what is new below a key to a local directory."""
        bucket, key = _split(src_dir_uri)
        prefix, payer = _directory(key), S3FileSystem.get_request_payer()
        objects = get_matching_s3_objects(bucket, prefix, request_payer=payer)
        s3_transfer.download_all(
            bucket, prefix, objects, to_path(dest_dir_uri), payer=_payer(), delete=delete
        )

    @staticmethod
    def sync_to_dir(src_dir_uri: str, dest_dir_uri: str, delete: bool = False) -> None:
        """Upload what is new in a local directory, below a key."""
        source = to_path(src_dir_uri)
        if not source.is_dir():
            raise NotReadableError(f"there is no directory {str(source)!r}")
        bucket, key = _split(dest_dir_uri)
        prefix, payer = _directory(key), S3FileSystem.get_request_payer()
        there = get_matching_s3_objects(bucket, prefix, request_payer=payer)
        s3_transfer.upload_all(source, bucket, prefix, there, payer=_payer(), delete=delete)

    @staticmethod
    def copy_to(src_path: str, dst_uri: str) -> None:
        """Upload a local file, in parts if it is large."""
        bucket, key = _split(dst_uri)
        s3_transfer.upload(to_path(src_path), bucket, key, _payer())

    @staticmethod
    def copy_from(uri: str, path: str) -> None:
        """Download an object to a local path; a broken download leaves nothing."""
        bucket, key = _split(uri)
        s3_transfer.download(bucket, key, to_path(path), _payer())

    @staticmethod
    def local_path(uri: str, download_dir: str) -> str:
        """Return the path that the object would have once it is downloaded."""
        return place_below(download_dir, "s3", *_split(uri))

    @staticmethod
    def last_modified(uri: str) -> datetime | None:
        """Return when an object was written, in UTC."""
        stat = S3FileSystem.stat(uri)
        if stat is None:
            raise _missing(uri)
        return stat.modified

    @staticmethod
    def list_paths(uri: str, ext: str | None = "") -> list[str]:
        """List the URIs of all objects below a key, sorted."""
        bucket, key = _split(uri)
        payer = S3FileSystem.get_request_payer()
        keys = get_matching_s3_keys(bucket, _directory(key), ext or "", payer)
        return [f"s3://{bucket}/{key}" for key in sorted(keys) if not key.endswith("/")]

    @classmethod
    def stat(cls, uri: str) -> FileStat | None:
        """Return size, time and ETag of an object; None if there is no such object."""
        bucket, key = _split(uri)
        if not key:
            return None
        with reading(uri):
            try:
                head = s3_client.client().head_object(Bucket=bucket, Key=key, **_payer())
            except Exception as e:
                if is_missing(e):
                    return None
                raise
        return FileStat(head["ContentLength"], head["LastModified"], head["ETag"].strip('"'))

    @classmethod
    def copy_if_changed(cls, uri: str, path: str, known: FileStat | None = None) -> FileStat | None:
        """Download an object unless its ETag is as known."""
        now = cls.stat(uri)
        if now is None:
            raise _missing(uri)
        if now == known:
            return None
        bucket, key = _split(uri)
        found = {"Key": key, "Size": now.size_bytes, "ETag": f'"{now.etag}"'}
        s3_transfer.download(bucket, key, to_path(path), _payer(), found)
        return now

    @classmethod
    def delete(cls, uri: str) -> None:
        """Remove an object if it is there."""
        bucket, key = _split(uri)
        with writing(uri):
            s3_client.client().delete_object(Bucket=bucket, Key=key, **_payer())

    @classmethod
    def write_exclusive(cls, uri: str, data: bytes) -> bool:
        """Write an object only if there is none; of several writers at once one succeeds."""
        bucket, key = _split(uri)
        request = {"Bucket": bucket, "Key": key, "Body": data, "IfNoneMatch": "*"}
        with writing(uri):
            for _ in range(10):
                try:
                    s3_client.client().put_object(**request, **_payer())
                except Exception as e:
                    code = error_code(e)
                    if code in ("PreconditionFailed", "412"):
                        return _retried(e) and cls.read_bytes(uri) == data
                    if code not in ("ConditionalRequestConflict", "409"):
                        raise
                else:
                    return True
        return False

    @classmethod
    def gdal_path(cls, uri: str) -> str:
        """Return a /vsis3 path, through which GDAL reads parts of an object."""
        bucket, key = _split(uri)
        return f"/vsis3/{bucket}/{key}"

    @classmethod
    def gdal_options(cls, uri: str) -> dict[str, str]:
        """Return GDAL's options for endpoint, region, credentials, and for who pays.

        Raises:
            NotReadableError: the configuration of AWS cannot be used.
        """
        with reading(uri):
            options = s3_gdal.options()
        if _payer():
            options["AWS_REQUEST_PAYER"] = "requester"
        return options


def _split(uri: str) -> tuple[str, str]:
    """Return bucket and key.

    Raises:
        FileSystemError: there is no bucket.
    """
    bucket, _, key = uri.partition("://")[2].partition("/")
    if not bucket:
        raise FileSystemError(f"{uri!r} names no bucket", hint="write s3://BUCKET/KEY")
    return bucket, key


def _missing(uri: str) -> NotReadableError:
    return NotReadableError(
        f"{uri!r} cannot be read: there is no such object",
        hint="check the key; it may be misspelt",
    )


def _directory(key: str) -> str:
    return key if not key or key.endswith("/") else key + "/"


def _payer() -> dict[str, str]:
    payer = S3FileSystem.get_request_payer()
    return {} if payer == "None" else {"RequestPayer": payer}


def _retried(error: Any) -> bool:
    """Tell whether the request was sent more than once: the first may have succeeded."""
    return bool(error.response.get("ResponseMetadata", {}).get("RetryAttempts"))
