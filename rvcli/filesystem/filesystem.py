"""FileSystem: how `rv` reads and writes one kind of URI."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rvcli.errors import FileSystemError, MessageError, NotReadableError, NotWritableError

__all__ = [
    "FileStat",
    "FileSystem",
    "FileSystemError",
    "NotReadableError",
    "NotWritableError",
    "ProtobufParseException",
]


class ProtobufParseException(MessageError):
    """A file does not hold the protobuf message that it should."""


@dataclass(frozen=True)
class FileStat:
    """What is known of a file without reading it.

    Attributes:
        size_bytes: length of the content.
        modified: time of the last change, with time zone; None if it is not known.
        etag: a text that changes with the content; None if there is none.
    """

    size_bytes: int
    modified: datetime | None = None
    etag: str | None = None


class FileSystem(ABC):
    """Base of all file systems; never instantiated, its methods are static.

    A plugin overrides the abstract ones. The others work for any file system, slowly and
    without guarantees against what others do at the same time; override those that matter.
    """

    @staticmethod
    def get_file_system(uri: str, mode: str = "r") -> type[FileSystem]:
        """Return the file system that handles a URI; see `resolve`."""
        from rvcli.filesystem.resolve import resolve

        return resolve(uri, mode)

    @staticmethod
    @abstractmethod
    def matches_uri(uri: str, mode: str) -> bool:
        """Tell whether this file system handles a URI for mode "r" or "w"."""

    @staticmethod
    @abstractmethod
    def file_exists(uri: str, include_dir: bool = True) -> bool:
        """Tell whether a file exists, or a directory if those count."""

    @staticmethod
    @abstractmethod
    def read_str(uri: str) -> str:
        """Return the content of a UTF-8 text.

        Raises:
            NotReadableError: it cannot be read, or is no such text.
        """

    @staticmethod
    @abstractmethod
    def read_bytes(uri: str) -> bytes:
        """Return the content of a file.

        Raises:
            NotReadableError: it cannot be read.
        """

    @staticmethod
    @abstractmethod
    def write_str(uri: str, data: str) -> None:
        """Write a text in UTF-8, whole or not at all.

        Raises:
            NotWritableError: it cannot be written.
        """

    @staticmethod
    @abstractmethod
    def write_bytes(uri: str, data: bytes) -> None:
        """Write a file, whole or not at all.

        Raises:
            NotWritableError: it cannot be written.
        """

    @staticmethod
    @abstractmethod
    def sync_to_dir(src_dir_uri: str, dest_dir_uri: str, delete: bool = False) -> None:
        """Copy what is new in a local directory to a directory of this file system.

        Args:
            src_dir_uri: local.
            dest_dir_uri: made if it is not there.
            delete: remove from the destination what the source does not have.
        """

    @staticmethod
    @abstractmethod
    def sync_from_dir(src_dir_uri: str, dest_dir_uri: str, delete: bool = False) -> None:
        """Copy what is new in a directory of this file system to a local directory.

        Args:
            src_dir_uri: on this file system.
            dest_dir_uri: local; made if it is not there.
            delete: remove from the destination what the source does not have.
        """

    @staticmethod
    @abstractmethod
    def copy_to(src_path: str, dst_uri: str) -> None:
        """Copy a local file to a URI of this file system."""

    @staticmethod
    @abstractmethod
    def copy_from(uri: str, path: str) -> None:
        """Copy a file of this file system to a local path, whole or not at all."""

    @staticmethod
    @abstractmethod
    def local_path(uri: str, download_dir: str) -> str:
        """Return the local path that a URI has, or would have once it is downloaded."""

    @staticmethod
    @abstractmethod
    def last_modified(uri: str) -> datetime | None:
        """Return when a file was last changed, with time zone; None if it is not known."""

    @staticmethod
    @abstractmethod
    def list_paths(uri: str, ext: str | None = None) -> list[str]:
        """List the URIs of all files below a directory, at any depth, sorted.

        Args:
            uri: of the directory.
            ext: only those whose name ends so.
        """

    @classmethod
    def stat(cls, uri: str) -> FileStat | None:
        """Return size, time and tag of a file; None if there is no such file."""
        if not cls.file_exists(uri, include_dir=False):
            return None
        data = cls.read_bytes(uri)
        return FileStat(len(data), cls.last_modified(uri), content_etag(data))

    @classmethod
    def copy_if_changed(cls, uri: str, path: str, known: FileStat | None = None) -> FileStat | None:
        """Copy a file of this file system to a local path unless it is still as known.

        Args:
            uri: on this file system.
            path: local; its directory is made if it is not there.
            known: what the file was when it was copied last.

        Returns:
            What the file was when it was copied; None if it is as known and was not copied.

        Raises:
            NotReadableError: there is no such file, or it cannot be read.
        """
        # To find out by reading the file would cost as much as to copy it.
        is_cheap = getattr(cls.stat, "__func__", None) is not _read_to_know
        now = cls.stat(uri) if is_cheap else None
        if known is not None and now == known and (now.etag or now.modified):
            return None
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        cls.copy_from(uri, path)
        return now or FileStat(Path(path).stat().st_size)

    @classmethod
    def delete(cls, uri: str) -> None:
        """Remove a file if it is there.

        A file system that defines no `delete` empties the file instead.
        """
        if cls.file_exists(uri, include_dir=False):
            cls.write_bytes(uri, b"")

    @classmethod
    def write_exclusive(cls, uri: str, data: bytes) -> bool:
        """Write a file only if there is none; tell whether it was written.

        Of several writers at once exactly one succeeds, except on a file system that does
        not define this itself.
        """
        if cls.file_exists(uri, include_dir=False) and cls.read_bytes(uri):
            return False
        cls.write_bytes(uri, data)
        return True

    @classmethod
    def gdal_path(cls, uri: str) -> str | None:
        """Return what GDAL opens to read a file in place; None if it must be downloaded."""
        return None

    @classmethod
    def gdal_options(cls, uri: str) -> dict[str, str]:
        """Return the GDAL options that `gdal_path` needs, beside the environment."""
        return {}


_read_to_know = FileSystem.stat.__func__  # type: ignore[attr-defined]


def content_etag(data: bytes) -> str:
    """Return a tag made from content, where a file system has none of its own."""
    return "sha256-" + hashlib.sha256(data).hexdigest()
