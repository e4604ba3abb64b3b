"""HttpFileSystem: http:// and https://, for reading."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO, FileIO
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from rvcli.errors import NotReadableError, NotWritableError
from rvcli.filesystem import http_client, http_download
from rvcli.filesystem.atomic import atomic_path, writing
from rvcli.filesystem.filesystem import FileStat, FileSystem, content_etag
from rvcli.filesystem.http_coding import coding_of
from rvcli.filesystem.local_filesystem import decode
from rvcli.filesystem.uri import place_below, scheme, shown


class HttpFileSystem(FileSystem):
    """Files that a web server gives; nothing can be written or listed."""

    @staticmethod
    def matches_uri(uri: str, mode: str) -> bool:
        """Tell whether a URI starts with http:// or https:// and is to be read."""
        return mode == "r" and scheme(uri) in ("http", "https")

    @staticmethod
    def file_exists(uri: str, include_dir: bool = True) -> bool:
        """Tell whether the server has a file."""
        return http_client.head(uri) is not None

    @staticmethod
    def read_str(uri: str) -> str:
        """Return the content of a UTF-8 text."""
        return decode(HttpFileSystem.read_bytes(uri), shown(uri))

    @staticmethod
    def read_bytes(uri: str) -> bytes:
        """Return the content of a file."""
        sink = BytesIO()
        http_download.fetch(uri, sink)
        return sink.getvalue()

    @staticmethod
    def write_str(uri: str, data: str) -> None:
        """Refuse: web servers are read only."""
        raise _not_writable(uri)

    @staticmethod
    def write_bytes(uri: str, data: bytes) -> None:
        """Refuse: web servers are read only."""
        raise _not_writable(uri)

    @staticmethod
    def sync_to_dir(src_dir_uri: str, dest_dir_uri: str, delete: bool = False) -> None:
        """Refuse: web servers are read only."""
        raise _not_writable(dest_dir_uri)

    @staticmethod
    def sync_from_dir(src_dir_uri: str, dest_dir_uri: str, delete: bool = False) -> None:
        """Refuse: web servers give no lists of files."""
        raise _not_listed(src_dir_uri)

    @staticmethod
    def copy_to(src_path: str, dst_uri: str) -> None:
        """Refuse: web servers are read only."""
        raise _not_writable(dst_uri)

    @staticmethod
    def copy_from(uri: str, path: str) -> None:
        """Download a file; a broken download leaves nothing."""
        HttpFileSystem.copy_if_changed(uri, path)

    @classmethod
    def copy_if_changed(cls, uri: str, path: str, known: FileStat | None = None) -> FileStat | None:
        """Download a file unless the server says that it is as known."""
        try:
            with atomic_path(path) as temporary, _Sink(temporary, Path(path)) as sink:
                stat = http_download.fetch(uri, sink, known)
                if stat is None:
                    raise _Unchanged
                return stat
        except _Unchanged:
            return None

    @staticmethod
    def local_path(uri: str, download_dir: str) -> str:
        """Return the path that the file would have once it is downloaded."""
        parts = urlsplit(uri)
        where = [parts.scheme.lower(), parts.netloc.rpartition("@")[2], unquote(parts.path)]
        if parts.query:
            # Before the name, not after: drivers look at the extension.
            where.insert(2, content_etag(parts.query.encode())[-16:])
        return place_below(download_dir, *where)

    @staticmethod
    def last_modified(uri: str) -> datetime | None:
        """Return the time that the server gives, in UTC; None if it gives none, or no answer."""
        try:
            headers = http_client.head(uri)
        except NotReadableError:
            return None
        if headers is None:
            raise http_client.refused(uri, 404)
        return http_client.modified(headers)

    @staticmethod
    def list_paths(uri: str, suffix: str | None = None) -> list[str]:
        """Refuse: web servers give no lists of files."""
        raise _not_listed(uri)

    @classmethod
    def stat(cls, uri: str) -> FileStat | None:
        """Return size, time and tag as the server gives them; None if it has no such file.

        A server that does not say how long the file is, unpacked, has it read to the end.
        """
        headers = http_client.head(uri)
        if headers is None:
            return None
        tag = http_client.tag_of(headers)
        length = headers["Content-Length"]
        if length is None or not length.isdigit() or coding_of(uri, headers):
            data = cls.read_bytes(uri)
            return FileStat(len(data), http_client.modified(headers), tag or content_etag(data))
        return FileStat(int(length), http_client.modified(headers), tag)

    @classmethod
    def delete(cls, uri: str) -> None:
        """Refuse: web servers are read only."""
        raise _not_writable(uri)

    @classmethod
    def write_exclusive(cls, uri: str, data: bytes) -> bool:
        """Refuse: web servers are read only."""
        raise _not_writable(uri)

    @classmethod
    def gdal_path(cls, uri: str) -> str:
        """Return a /vsicurl path, through which GDAL reads parts of a file."""
        url = http_client.encoded(uri)
        # Beyond a "?", GDAL would look for options of its own.
        return f"/vsicurl?url={quote(url, safe='')}" if "?" in url else f"/vsicurl/{url}"

    @classmethod
    def gdal_options(cls, uri: str) -> dict[str, str]:
        """Return the option that keeps GDAL from looking for files beside this one."""
        return {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR"}


class _Unchanged(Exception):
    """There is nothing to put in place."""


class _Sink(FileIO):
    """A new file; that it cannot be written is said of the one that it is to become."""

    def __init__(self, path: Path, target: Path) -> None:
        self._target = target
        with writing(target):
            super().__init__(path, "w+")

    def write(self, data: Any) -> int:
        """Write all of the data."""
        with writing(self._target):
            left = memoryview(data)
            while left:
                left = left[super().write(left) or 0 :]
        return len(data)


def _not_writable(uri: str) -> NotWritableError:
    return NotWritableError(
        f"{shown(uri)!r} cannot be written: web servers are read only",
        hint="write to a local path or to s3://...",
    )


def _not_listed(uri: str) -> NotReadableError:
    return NotReadableError(
        f"{shown(uri)!r} cannot be listed: web servers give no lists of files",
        hint="name each file, or use a local directory or s3://...",
    )
