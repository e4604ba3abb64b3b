"""FsspecFileSystem: every kind of URI that fsspec knows."""

from __future__ import annotations

from datetime import datetime

from rvcli.errors import NotReadableError
from rvcli.filesystem import fsspec_client, fsspec_gdal, fsspec_stat, fsspec_transfer
from rvcli.filesystem.filesystem import FileStat, FileSystem
from rvcli.filesystem.fsspec_client import reading, writing
from rvcli.filesystem.local_filesystem import decode, reading_path
from rvcli.filesystem.uri import join_uri, place_below, shown, to_path


class FsspecFileSystem(FileSystem):
    """Files of the implementations of fsspec: gs://, az://, hf://, ftp://, memory://, ...

    Options for `scheme://` come from the section FSSPEC_<SCHEME> of the profile and from
    fsspec's own configuration. What handles paths, http and s3 is asked before, so that
    fsspec is not imported for these. Chained URIs (`zip://a.txt::gs://b/c.zip`) are read.
    """

    @staticmethod
    def matches_uri(uri: str, mode: str) -> bool:
        """Tell whether fsspec has an implementation for a URI, installed or not."""
        return (mode == "r" or "::" not in uri) and fsspec_client.is_known(uri)

    @staticmethod
    def file_exists(uri: str, include_dir: bool = True) -> bool:
        """Tell whether a file exists, or a directory if those count."""
        with reading(uri):
            found = fsspec_stat.info(uri)
        return found is not None and (include_dir or found["type"] != "directory")

    @staticmethod
    def read_str(uri: str) -> str:
        """Return the content of a UTF-8 text."""
        return decode(FsspecFileSystem.read_bytes(uri), shown(uri))

    @staticmethod
    def read_bytes(uri: str) -> bytes:
        """Return the content of a file."""
        with reading(uri):
            return fsspec_transfer.read(uri)

    @staticmethod
    def write_str(uri: str, data: str) -> None:
        """Write a text in UTF-8."""
        FsspecFileSystem.write_bytes(uri, data.encode("utf-8"))

    @staticmethod
    def write_bytes(uri: str, data: bytes) -> None:
        """Write a file: at once where the store does so, else under another name first."""
        with writing(uri):
            fsspec_transfer.upload(data, uri)

    @staticmethod
    def sync_to_dir(src_dir_uri: str, dest_dir_uri: str, delete: bool = False) -> None:
        """Upload what is new in a local directory."""
        source = to_path(src_dir_uri)
        if not source.is_dir():
            raise NotReadableError(f"there is no directory {str(source)!r}")
        with writing(dest_dir_uri):
            fsspec_transfer.upload_all(source, dest_dir_uri, delete=delete)

    @staticmethod
    def sync_from_dir(src_dir_uri: str, dest_dir_uri: str, delete: bool = False) -> None:
        """Download what is new below a URI to a local directory."""
        with reading(src_dir_uri):
            fsspec_transfer.download_all(src_dir_uri, to_path(dest_dir_uri), delete=delete)

    @staticmethod
    def copy_to(src_path: str, dst_uri: str) -> None:
        """Upload a local file."""
        source = to_path(src_path)
        with reading_path(source):
            source.open("rb").close()
        with writing(dst_uri):
            fsspec_transfer.upload(source, dst_uri)

    @staticmethod
    def copy_from(uri: str, path: str) -> None:
        """Download a file; a broken download leaves nothing."""
        with reading(uri):
            fsspec_transfer.download(uri, to_path(path))

    @staticmethod
    def local_path(uri: str, download_dir: str) -> str:
        """Return the path that the file would have once it is downloaded."""
        start, _, rest = uri.partition("://")
        authority, slash, path = rest.partition("/")
        return place_below(download_dir, start.lower(), authority.rpartition("@")[2] + slash + path)

    @staticmethod
    def last_modified(uri: str) -> datetime | None:
        """Return when a file was last changed, in UTC; None if it is not known."""
        return _existing(uri).modified

    @staticmethod
    def list_paths(uri: str, ext: str | None = None) -> list[str]:
        """List the URIs of all files below a directory, at any depth, sorted."""
        first, chain, rest = uri.partition("::")
        with reading(uri):
            names = fsspec_stat.files_at(uri)
        return [join_uri(first, name) + chain + rest for name in names if name.endswith(ext or "")]

    @classmethod
    def stat(cls, uri: str) -> FileStat | None:
        """Return size, time and tag as the implementation has them; None if there is no file."""
        with reading(uri):
            found = fsspec_stat.info(uri)
        if found is None or found["type"] == "directory":
            return None
        return fsspec_stat.stat_of(found)

    @classmethod
    def copy_if_changed(cls, uri: str, path: str, known: FileStat | None = None) -> FileStat | None:
        """Download a file unless its tag, or a time in parts of seconds, is as known."""
        now = _existing(uri)
        if now == known and fsspec_stat.is_exact(now):
            return None
        cls.copy_from(uri, path)
        return now

    @classmethod
    def delete(cls, uri: str) -> None:
        """Remove a file if it is there."""
        fsspec_transfer.remove(uri)

    @classmethod
    def write_exclusive(cls, uri: str, data: bytes) -> bool:
        """Write a file only if there is none.

        Of several writers at once exactly one succeeds on gs, az, abfs, sftp and memory.
        Elsewhere fsspec has no such step: it is looked whether there is one, written, and
        read again, so that two writers in the same moment may both believe that they won.
        """
        with writing(uri):
            return fsspec_transfer.write_exclusive(uri, data)

    @classmethod
    def gdal_path(cls, uri: str) -> str | None:
        """Return the path of a GDAL file system; None if the file must be downloaded."""
        return fsspec_gdal.path_of(uri)

    @classmethod
    def gdal_options(cls, uri: str) -> dict[str, str]:
        """Return GDAL's options from those of the implementation."""
        return fsspec_gdal.options_of(uri)


def _existing(uri: str) -> FileStat:
    stat = FsspecFileSystem.stat(uri)
    if stat is None:
        raise NotReadableError(
            f"{shown(uri)!r} cannot be read: there is no such file",
            hint="check the URI; it may be misspelt",
        )
    return stat
