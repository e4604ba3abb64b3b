"""What a web server sends packed, though it was not asked to: RFC 9110, section 8.4.

Stores do so that hold a file packed and know no other form of it.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from email.message import Message
from urllib.parse import urlsplit

from rvcli.errors import NotReadableError
from rvcli.filesystem.uri import shown

_GZIP = frozenset({"gzip", "x-gzip"})
# zlib reads gzip, with the largest window, when it is given this number.
_GZIP_WINDOW = 31
_BLOCK_BYTES = 1 << 20


def coding_of(uri: str, headers: Message) -> str | None:
    """Return how a file is packed on its way; None if it is not.

    A name such as `a.tar.gz` says that the file itself is packed: some servers tell so in the
    wrong header, and it is left as it is.
    """
    text = ", ".join(headers.get_all("Content-Encoding", []))
    coding = text.strip().lower()
    if coding in ("", "identity"):
        return None
    is_packed_itself = urlsplit(uri).path.lower().endswith((".gz", ".tgz"))
    return None if coding in _GZIP and is_packed_itself else coding


class Unpacking:
    """Unpacks a body as it arrives, in little memory.

    Args:
        uri: for messages.
        coding: as `coding_of` gives it; None passes all on as it is.

    Raises:
        NotReadableError: nothing is known of this coding.
    """

    def __init__(self, uri: str, coding: str | None) -> None:
        if coding is not None and coding not in _GZIP:
            raise NotReadableError(
                f"{shown(uri)!r} cannot be read: the server sends it packed as {coding!r}, which"
                " it was not asked to do",
                hint="have the server give the file as it is, or name a copy of it",
            )
        self._uri = uri
        self._zlib = None if coding is None else zlib.decompressobj(_GZIP_WINDOW)

    def unpacked(self, block: bytes) -> Iterator[bytes]:
        """Give what can be made of the next block.

        Raises:
            NotReadableError: it is not packed as the server said.
        """
        if self._zlib is None:
            yield block
            return
        try:
            while block:
                if self._zlib.eof:  # gzip may be several that follow each other: RFC 1952, 2.2
                    self._zlib = zlib.decompressobj(_GZIP_WINDOW)
                yield self._zlib.decompress(block, _BLOCK_BYTES)
                block = self._zlib.unconsumed_tail or self._zlib.unused_data
        except zlib.error as e:
            raise NotReadableError(
                f"{shown(self._uri)!r} cannot be read: the server sends it packed, but what it"
                f" sends is not gzip ({e})",
                hint="try again later; the server, or a proxy on the way, changes what it sends",
            ) from e

    @property
    def is_whole(self) -> bool:
        """True unless something is missing at the end."""
        return self._zlib is None or self._zlib.eof
