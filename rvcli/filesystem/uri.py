"""URIs: local paths, and `scheme://...` for everything else."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from rvcli.errors import FileSystemError

# One letter before the colon would be a drive, and `name:part` is a fine file name.
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]+)://")
_FILE = re.compile(r"file://(?:localhost)?(?=/)", re.IGNORECASE)
# Of fsspec: a file within the file that follows.
_CHAIN = re.compile(r"::(?=[A-Za-z][A-Za-z0-9+.\-]+://)")
_MAX_NAME_BYTES = 200


def scheme(uri: str) -> str:
    """Return the scheme in lower case; "" for a path."""
    match = _SCHEME.match(uri)
    return match[1].lower() if match else ""


def is_local(uri: str) -> bool:
    """Tell whether a URI is a path, or starts with file://."""
    return scheme(uri) in ("", "file")


def to_path(uri: str) -> Path:
    """Return the path of a local URI.

    Args:
        uri: a path, or file:///..., in which %20 and its like stand for characters.

    Raises:
        FileSystemError: it is empty, not local, or names another host.
    """
    if not uri:
        raise FileSystemError("a path is empty", hint="set the URI of this file or directory")
    if not scheme(uri):
        return Path(uri)
    match = _FILE.match(uri)
    if match is None:
        raise FileSystemError(f"{shown(uri)!r} is no path on this machine")
    return Path(unquote(uri[match.end() :]))


def absolute_uri(uri: str, base: str | None = None) -> str:
    """Return an absolute path for a local URI; leave other URIs as they are.

    Args:
        uri: a path, file:// or other URI; `~/` stands for the home directory.
        base: directory that a relative path starts from; may be a remote URI. The working
            directory by default.

    Raises:
        FileSystemError: the URI is empty.
    """
    if not is_local(uri):
        return uri
    path = str(to_path(uri))
    if path == "~" or path.startswith("~/"):
        path = str(Path(path).expanduser())
    if base is not None and not Path(path).is_absolute():
        if not is_local(base):
            return join_uri(base, path)
        path = str(to_path(base) / path)
    return str(Path(os.path.abspath(path)))  # noqa: PTH100 - keeps links, drops ".."


def join_uri(root: str, *parts: str) -> str:
    """Append parts to a directory's URI; the result always lies below it."""
    uri = str(to_path(root)) if scheme(root) == "file" else root
    for part in parts:
        if part.strip("/"):
            uri = f"{uri.rstrip('/')}/{part.lstrip('/')}" if uri else part
    return uri


def base_name(uri: str) -> str:
    """Return the last part of a URI: the name of the file or directory."""
    if scheme(uri) in ("http", "https"):
        return unquote(urlsplit(uri).path.rstrip("/").rpartition("/")[2])
    if scheme(uri) == "file":
        return to_path(uri).name
    return uri.rstrip("/").rpartition("/")[2]


def parent_uri(uri: str) -> str:
    """Return the URI of the directory that holds a file or directory."""
    if is_local(uri):
        return str(to_path(uri).parent)
    start, _, _ = uri.rstrip("/").rpartition("/")
    return start if scheme(start) else uri


def shown(uri: str) -> str:
    """Return a URI as messages may show it: without password and query, which hold secrets."""
    if is_local(uri):
        return uri
    if _CHAIN.search(uri):
        return "::".join(map(shown, _CHAIN.split(uri)))
    start, _, rest = uri.partition("://")
    authority, slash, path = rest.partition("/")
    _, at, host = authority.rpartition("@")
    if scheme(uri) in ("http", "https"):
        path = path.partition("?")[0] + ("?..." if "?" in path else "")
    return f"{start}://{'...' + at if at else ''}{host}{slash}{path}"


def place_below(download_dir: str, *parts: str) -> str:
    """Return a path below a directory for the parts of a URI, whatever they contain.

    Parts that mean "here" or "up" are written out, and names that are too long for a file
    system are cut and told apart by a digest.
    """
    names = [_safe_name(name) for part in parts for name in part.split("/") if name]
    return str(Path(download_dir, *names))


def _safe_name(name: str) -> str:
    if name in (".", ".."):
        return name.replace(".", "%2E")
    name = name.replace("\0", "%00")
    encoded = name.encode("utf-8", "surrogateescape")
    if len(encoded) <= _MAX_NAME_BYTES:
        return name
    # The end is kept: drivers look at the extension.
    end = encoded[-60:].decode("utf-8", "ignore")
    return f"{hashlib.sha256(encoded).hexdigest()[:32]}-{end}"
