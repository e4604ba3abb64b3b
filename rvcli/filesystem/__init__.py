"""File systems: local, HTTP, S3, and those of plugins."""

from rvcli.filesystem.filesystem import (
    FileStat,
    FileSystem,
    FileSystemError,
    NotReadableError,
    NotWritableError,
    ProtobufParseException,
)
from rvcli.filesystem.resolve import resolve
from rvcli.filesystem.uri import (
    absolute_uri,
    base_name,
    is_local,
    join_uri,
    parent_uri,
    scheme,
    shown,
    to_path,
)

__all__ = [
    "FileStat",
    "FileSystem",
    "FileSystemError",
    "NotReadableError",
    "NotWritableError",
    "ProtobufParseException",
    "absolute_uri",
    "base_name",
    "is_local",
    "join_uri",
    "parent_uri",
    "resolve",
    "scheme",
    "shown",
    "to_path",
]
