"""A file from a web server, whole and verified; what breaks off goes on where it ended.

Ranges and validators: RFC 9110, sections 13 and 14. Digests: RFC 9530, RFC 3230, RFC 1864.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import http.client
import re
import urllib.error
from collections.abc import Iterator
from datetime import datetime
from email.message import Message
from email.utils import format_datetime
from typing import IO, Any

from rvcli.filesystem import http_client
from rvcli.filesystem.filesystem import FileStat
from rvcli.filesystem.http_coding import Unpacking, coding_of
from rvcli.filesystem.uri import shown
from rvcli.progress import track_bytes

# By the names of digest headers. What is not here is not computed.
_ALGORITHMS = {
    "md5": "md5",
    "sha": "sha1",
    "sha-256": "sha256",
    "sha-512": "sha512",
}
_PAIR = re.compile(r"([A-Za-z0-9-]+)=:?([A-Za-z0-9+/=]+?):?\s*(?:,|$)")
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


def fetch(uri: str, sink: IO[bytes], known: FileStat | None = None) -> FileStat | None:
    """Write what a server gives to a file that is empty and can be sought.

    Args:
        uri: URL.
        sink: what breaks off leaves a part there.
        known: what the file was when it was last fetched; if it still is, nothing is sent.

    Returns:
        What the file is now; None if it is as known.

    Raises:
        NotReadableError: it cannot be had whole.
    """
    download = _Download(uri, sink, known)
    return http_client.patiently(uri, download.go_on, lambda: download.received_bytes)


class _Download:
    """What has arrived of a file so far."""

    def __init__(self, uri: str, sink: IO[bytes], known: FileStat | None) -> None:
        self.uri = uri
        self.sink = sink
        self.known = known
        self.received_bytes = 0  # of what is sent, which may be packed
        self._strong_tag = ""
        self._digests: list[tuple[str, bytes, Any]] = []
        self._unpacking = Unpacking(uri, None)

    def go_on(self) -> FileStat | None:
        """Fetch what is missing, or all of it if that may have changed."""
        try:
            with http_client.opened(self.uri, headers=self._headers()) as response:
                return self._receive(response)
        except urllib.error.HTTPError as e:
            if e.code == 304 and self.known is not None and not self.received_bytes:
                e.close()
                return None
            if e.code == 416:
                # There is no such part: the file is another one now.
                self._start(Message())
            raise
        except BaseException:
            if not self._strong_tag:
                self._start(Message())
            raise

    def _headers(self) -> dict[str, str]:
        if self.received_bytes:
            # With a weak validator the parts might not be of one content.
            return {"Range": f"bytes={self.received_bytes}-", "If-Range": self._strong_tag}
        if self.known is None:
            return {}
        if self.known.etag:
            return {"If-None-Match": http_client.header_of(self.known.etag)}
        if self.known.modified:
            return {"If-Modified-Since": format_datetime(self.known.modified, usegmt=True)}
        return {}

    def _receive(self, response: Any) -> FileStat | None:
        headers: Message = response.headers
        total = self._total_bytes(response)
        if total is None:
            self._start(headers)
            if self._is_known(headers):
                return None  # of a server that knows no conditions
        length = headers["Content-Length"] or ""
        coming = self.received_bytes + int(length) if length.isdecimal() else None
        what = f"downloading {shown(self.uri)}"
        with track_bytes(what, coming, done=self.received_bytes) as got:
            for block in http_client.blocks(response, self.uri):
                for piece in self._unpacking.unpacked(block):
                    self.sink.write(piece)
                self.received_bytes += len(block)
                got(len(block))
                for _, _, function in self._digests:
                    function.update(block)
        if total is not None and self.received_bytes < total:
            raise http.client.IncompleteRead(b"", total - self.received_bytes)
        for name, expected, function in self._digests:
            if function.digest() != expected:
                self._start(Message())
                raise http_client.Damaged(name)
        if not self._unpacking.is_whole:
            self._start(Message())
            raise http.client.IncompleteRead(b"")
        return FileStat(self.sink.tell(), _safe_time(headers), http_client.tag_of(headers))

    def _total_bytes(self, response: Any) -> int | None:
        """Return the length of the file if this is the part that was asked for."""
        match = _CONTENT_RANGE.fullmatch(response.headers["Content-Range"] or "")
        if response.status not in (200, 203, 206):
            raise http_client.refused(self.uri, response.status)
        if response.status != 206:
            return None
        tag = response.headers["ETag"] or self._strong_tag
        if match is None or int(match[1]) != self.received_bytes or tag != self._strong_tag:
            self._start(Message())
            raise http.client.HTTPException("the server sends another part than was asked for")
        return int(match[2]) + 1 if match[3] == "*" else int(match[3])

    def _is_known(self, headers: Message) -> bool:
        if self.known is None:
            return False
        tag, modified = http_client.tag_of(headers), http_client.modified(headers)
        if tag or self.known.etag:
            return tag == self.known.etag
        is_same = (modified, headers["Content-Length"]) == (
            self.known.modified,
            str(self.known.size_bytes),
        )
        return modified is not None and is_same

    def _start(self, headers: Message) -> None:
        """Begin at the first byte, of a file with these headers."""
        self.sink.seek(0)
        self.sink.truncate()
        self.received_bytes = 0
        tag = headers["ETag"] or ""
        self._strong_tag = tag if tag.startswith('"') else ""
        self._digests = [(name, value, hashlib.new(name)) for name, value in announced(headers)]
        self._unpacking = Unpacking(self.uri, coding_of(self.uri, headers))


def _safe_time(headers: Message) -> datetime | None:
    """Return Last-Modified unless the file was changed a moment ago, by the server's clock.

    It is in seconds: a second change in the same one would not show (RFC 9110, 8.8.2.2).
    """
    changed = http_client.modified(headers)
    sent = http_client.modified(headers, "Date")
    is_fresh = changed is not None and sent is not None and (sent - changed).total_seconds() < 2
    return None if is_fresh else changed


def announced(headers: Message) -> Iterator[tuple[str, bytes]]:
    """Give the digests of the body that the headers of a whole file announce.

    Returns:
        Name as hashlib knows it, and digest.
    """
    pairs = [("md5", value) for value in headers.get_all("Content-MD5", [])]
    for name in ("Digest", "Repr-Digest", "Content-Digest"):
        pairs += [pair for value in headers.get_all(name, []) for pair in _PAIR.findall(value)]
    # Google's are of what is stored, which is unpacked on the way if it is stored packed.
    if headers.get("x-goog-stored-content-encoding", "identity") == "identity":
        found = [p for v in headers.get_all("x-goog-hash", []) for p in _PAIR.findall(v)]
        pairs += [pair for pair in found if pair[0] == "md5"]
    for name, text in pairs:
        algorithm = _ALGORITHMS.get(name.lower())
        try:
            digest = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            continue
        if algorithm and len(digest) == hashlib.new(algorithm).digest_size:
            yield algorithm, digest
