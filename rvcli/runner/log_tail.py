"""The new lines of a growing log file."""

from __future__ import annotations

import os
from pathlib import Path

MOST_BYTES = 1 << 20
MOST_CHARACTERS = 2000


class LogTail:
    """Reads what was added to a file since the last call, line by line."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._offset = 0
        self._rest = b""

    def new_lines(self, *, ended: bool = False) -> list[str]:
        """Return the lines that were completed since the last call.

        Of very much only the end is read; a line before it says how much is left out.

        Args:
            ended: nothing more will be written, so that a line without an end counts as well.
        """
        try:
            with Path(self._path).open("rb") as stream:
                stream.seek(0, os.SEEK_END)
                left_out = max(0, stream.tell() - MOST_BYTES - self._offset)
                self._offset += left_out
                stream.seek(self._offset)
                data = stream.read()
        except FileNotFoundError:
            return []
        self._offset += len(data)
        if left_out:
            self._rest = b"[%d bytes are left out here]\n" % (left_out + len(self._rest))
        *lines, rest = (self._rest + data).split(b"\n")
        if ended and rest:
            lines.append(rest)
        self._rest = b"" if ended else rest[-MOST_BYTES:]
        return [_text(line) for line in lines]


def _text(line: bytes) -> str:
    text = line.decode("utf-8", "replace").rstrip("\r")
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}..."
