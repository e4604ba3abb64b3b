"""From a URI to the file system that handles it."""

from __future__ import annotations

import importlib.util

from rvcli import registry
from rvcli.errors import FileSystemError, NotReadableError, NotWritableError
from rvcli.filesystem.filesystem import FileSystem
from rvcli.filesystem.uri import scheme, shown


def resolve(uri: str, mode: str = "r") -> type[FileSystem]:
    """Return the file system that handles a URI: those of plugins are asked first.

    Args:
        uri: a local path, or a URI with a scheme.
        mode: "r" to read, "w" to write.

    Raises:
        NotReadableError: no file system reads such URIs.
        NotWritableError: no file system writes such URIs.
        FileSystemError: the URI is empty, or the mode is neither.
    """
    if mode not in ("r", "w"):
        raise FileSystemError(f"the mode {mode!r} is neither 'r' nor 'w'")
    if not uri:
        raise FileSystemError("a URI is empty", hint="give a path or a URI such as s3://...")
    found = _find(uri, mode)
    if found is not None:
        return found
    name = scheme(uri)
    if mode == "w" and _find(uri, "r") is not None:
        raise NotWritableError(
            f"{shown(uri)!r} cannot be written: {name or 'local'} files are read only here",
            hint="write to a local path or to s3://..., or load a plugin that writes there",
        )
    error = NotReadableError if mode == "r" else NotWritableError
    raise error(f"no file system handles {shown(uri)!r}", hint=_hint(name))


def _find(uri: str, mode: str) -> type[FileSystem] | None:
    found: type[FileSystem] | None = registry.current().find_file_system(uri, mode)
    return found


def _hint(name: str) -> str:
    more = (
        ""
        if importlib.util.find_spec("fsspec")
        else "; fsspec knows more: pip install 'rvcli[fsspec]'"
    )
    return (
        f"paths, http(s)://, s3:// and what fsspec knows are built in; is {name!r} mistyped,"
        f" or does a plugin for it have to be loaded?{more}"
    )
