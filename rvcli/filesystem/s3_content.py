"""Is this content that of an object? By size, ETag and checksum; never by time.

How S3 makes ETags: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
"""

from __future__ import annotations

import base64
import hashlib
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rvcli.filesystem import s3_client

_MD5 = re.compile(r"[0-9a-f]{32}")
_MD5_OF_PARTS = re.compile(r"[0-9a-f]{32}-\d+")
_BLOCK_BYTES = 1 << 20
_PARTS_ASKED_FOR = 100

# What a file was when it was found to be the same as an object: size, time, inode.
_Stamp = tuple[int, int, int]
_same: dict[tuple[str, str, str], tuple[_Stamp, str]] = {}


class _Crc32:
    """zlib's CRC-32, used as hashlib's functions are."""

    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes) -> None:
        self._value = zlib.crc32(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4, "big")


_CHECKSUMS: dict[str, Callable[[], Any]] = {
    "ChecksumSHA256": hashlib.sha256,
    "ChecksumSHA1": hashlib.sha1,
    "ChecksumCRC32": _Crc32,
}


def is_same(path: Path, bucket: str, found: dict[str, Any], payer: dict[str, str]) -> bool:
    """Tell whether a file certainly has the content of an object.

    A file that has not changed since it was found to be the same is not read again.

    Args:
        path: local file; need not be there.
        bucket: name of the bucket.
        found: Key, Size and ETag of the object.
        payer: request parameters that say who pays.
    """
    if not path.is_file():
        return False
    key = (str(path), bucket, found["Key"])
    stamp = _stamp(path)
    if _same.get(key) == (stamp, found["ETag"]):
        return True
    is_proven = has_content(path, bucket, found, payer) is True
    if is_proven:
        _same[key] = (stamp, found["ETag"])
    return is_proven


def note_same(path: Path, bucket: str, found: dict[str, Any]) -> None:
    """Note that a file was made from an object, for `is_same`."""
    _same[str(path), bucket, found["Key"]] = (_stamp(path), found["ETag"])


def has_content(
    path: Path, bucket: str, found: dict[str, Any], payer: dict[str, str]
) -> bool | None:
    """Tell whether a file has the content of an object.

    Args:
        path: local file.
        bucket: name of the bucket.
        found: Key, Size and ETag of the object.
        payer: request parameters that say who pays.

    Returns:
        None if S3 says nothing that would prove it: objects that are encrypted with keys of
        their owner have an ETag that tells nothing, and perhaps no checksum.
    """
    if path.stat().st_size != found["Size"]:
        return False
    etag = found["ETag"].strip('"')
    if _MD5.fullmatch(etag) and etag == _digest(path, hashlib.md5).hex():
        return True
    request = {"Bucket": bucket, "Key": found["Key"], **payer}
    head = s3_client.client().head_object(ChecksumMode="ENABLED", **request)
    if head["ETag"].strip('"') != etag:
        return False
    # Of an object in parts the checksum may be one of the parts' checksums.
    if head.get("ChecksumType", "" if "-" in etag else "FULL_OBJECT") == "FULL_OBJECT":
        for name, function in _CHECKSUMS.items():
            checksum = head.get(name, "")
            if checksum:
                return base64.b64decode(checksum) == _digest(path, function)
    if not _etag_is_md5(head):
        return None
    if not _MD5_OF_PARTS.fullmatch(etag):
        return False if _MD5.fullmatch(etag) else None
    return _has_parts(path, etag, request)


def has_md5(data: bytes, response: dict[str, Any]) -> bool:
    """Tell whether bytes may be the content of an object that was got, by its ETag."""
    etag = response["ETag"].strip('"')
    if not (_MD5.fullmatch(etag) and _etag_is_md5(response)):
        return True
    return bool(hashlib.md5(data).hexdigest() == etag)


def _has_parts(path: Path, etag: str, request: dict[str, Any]) -> bool | None:
    """Tell whether a file has the ETag of an object that was uploaded in parts."""
    client = s3_client.client()
    count = int(etag.rpartition("-")[2])
    first: int = client.head_object(PartNumber=1, **request)["ContentLength"]
    if _md5_of_parts(path, [first] * count) == etag:
        return True
    if count > _PARTS_ASKED_FOR:
        return None
    # Nearly always all parts but the last are as long as the first.
    sizes = [client.head_object(PartNumber=i + 1, **request)["ContentLength"] for i in range(count)]
    return _md5_of_parts(path, sizes) == etag


def _etag_is_md5(head: dict[str, Any]) -> bool:
    # SSE-S3 leaves it as it is, keys of their owner do not.
    has_key = head.get("ServerSideEncryption", "AES256") != "AES256"
    return not has_key and head.get("SSECustomerAlgorithm") is None


def _stamp(path: Path) -> _Stamp:
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns, stat.st_ino


def _digest(path: Path, function: Callable[[], Any]) -> bytes:
    made = function()
    with path.open("rb") as file:
        for block in _blocks(file):
            made.update(block)
    digest: bytes = made.digest()
    return digest


def _md5_of_parts(path: Path, sizes: list[int]) -> str:
    digests = []
    with path.open("rb") as file:
        for size in sizes:
            part = hashlib.md5()
            for block in _blocks(file, size):
                part.update(block)
            digests.append(part.digest())
    return f"{hashlib.md5(b''.join(digests)).hexdigest()}-{len(digests)}"


def _blocks(file: Any, limit: int | None = None) -> Iterator[bytes]:
    """Give what is left of a file in blocks, at most `limit` bytes of it."""
    left = limit
    while block := file.read(_BLOCK_BYTES if left is None else min(left, _BLOCK_BYTES)):
        yield block
        if left is not None:
            left -= len(block)
