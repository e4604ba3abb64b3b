"""Files that are read for a report: small ones, of which some may be missing or damaged."""

from __future__ import annotations

import json
from typing import Any

from rvcli.errors import FileSystemError
from rvcli.filesystem import resolve, shown

MAX_BYTES = 64 << 20


class Unreadable(Exception):
    """Why a file is not shown, in words that name it."""


def read_text(uri: str, max_bytes: int = MAX_BYTES) -> str | None:
    """Return what a text file holds; None if there is no such file.

    Raises:
        Unreadable: it cannot be read, is no text, or is too large for a report.
    """
    try:
        filesystem = resolve(uri)
        if not filesystem.file_exists(uri, include_dir=False):
            return None
        found = filesystem.stat(uri)
        if found is not None and found.size_bytes > max_bytes:
            raise Unreadable(
                f"{shown(uri)} is not shown: it has {found.size_bytes:,} bytes, more than"
                f" {max_bytes:,}"
            )
        return filesystem.read_str(uri)
    except (FileSystemError, ValueError) as error:
        raise Unreadable(f"{shown(uri)} cannot be read: {error}") from error


def read_json(uri: str, max_bytes: int = MAX_BYTES) -> Any:
    """Return what a JSON file holds; None if there is no such file.

    Raises:
        Unreadable: it cannot be read, is no whole JSON, or is too large for a report.
    """
    text = read_text(uri, max_bytes)
    try:
        return None if text is None else json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{shown(uri)} is no whole JSON file: {error}") from error
