"""What the implementations of fsspec know of files, each in its own way."""

from __future__ import annotations

import base64
from contextlib import suppress
from datetime import datetime, timezone
from typing import Any

from rvcli.filesystem import fsspec_client
from rvcli.filesystem.atomic import is_temporary
from rvcli.filesystem.filesystem import FileStat

_TAGS = ("etag", "ETag", "e_tag", "md5Hash", "content_md5", "blob_id", "checksum")
_TIMES = ("LastModified", "last_modified", "mtime", "modified", "updated", "modify")


def info(uri: str) -> dict[str, Any] | None:
    """Return what the implementation knows of a file or directory; None if it is not there."""

    def ask() -> dict[str, Any] | None:
        fs, path = fsspec_client.connect(uri)
        try:
            found: dict[str, Any] = fs.info(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        return _with_time(fs, path, found)

    return fsspec_client.patiently(ask)


def _with_time(fs: Any, path: str, found: dict[str, Any]) -> dict[str, Any]:
    """Ask for the time of a file if nothing else would tell whether it has changed."""
    stat = stat_of(found)
    if found["type"] == "file" and stat.etag is None and stat.modified is None:
        with suppress(NotImplementedError):
            return {**found, "modified": fs.modified(path)}
    return found


def is_exact(stat: FileStat) -> bool:
    """Tell whether what is known of a file changes whenever its content does.

    A time in whole seconds does not: a file may be written twice in one.
    """
    has_fraction = stat.modified is not None and stat.modified.microsecond != 0
    return stat.etag is not None or has_fraction


def stat_of(found: dict[str, Any]) -> FileStat:
    """Return size, time and tag of a file from what the implementation knows of it."""
    tags = (found.get(name) for name in _TAGS)
    tag = next((tag for tag in tags if tag), None)
    if isinstance(tag, (bytes, bytearray)):
        tag = base64.b64encode(tag).decode()
    return FileStat(
        int(found.get("size") or 0), _time_of(found), str(tag).strip('"') if tag else None
    )


def _time_of(found: dict[str, Any]) -> datetime | None:
    value = next((found[name] for name in _TIMES if found.get(name)), None)
    if isinstance(value, str):
        # As FTP writes it, or ISO.
        with suppress(ValueError):
            digits = value.partition(".")[0]
            value = (
                datetime.strptime(digits, "%Y%m%d%H%M%S")
                if digits.isdigit()
                else datetime.fromisoformat(value.replace("Z", "+00:00"))
            )
    if isinstance(value, (int, float)):
        value = datetime.fromtimestamp(value, tz=timezone.utc)
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=timezone.utc)


def files_at(uri: str) -> dict[str, dict[str, Any]]:
    """Return what is known of each file below a directory, by its relative path."""

    def find() -> dict[str, Any]:
        fs, root = fsspec_client.connect(uri)
        try:
            found: dict[str, Any] = fs.find(root, detail=True)
        except FileNotFoundError:
            return {}
        return {
            name[len(root) :].lstrip("/"): _with_time(fs, name, about)
            for name, about in found.items()
        }

    return {
        name: about
        for name, about in sorted(fsspec_client.patiently(find).items())
        if name and not name.endswith("/") and not is_temporary(name.rpartition("/")[2])
    }
