"""Paths as profiles write them: `~`, and relative to the file that names them."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

_SCHEME = r"[A-Za-z][A-Za-z0-9+.\-]+://"


def absolute(path: str | os.PathLike[str], base: str | os.PathLike[str] = "") -> Path:
    """Make a path absolute, against `base` and then the working directory; links are kept."""
    path = Path(path)
    with suppress(RuntimeError):  # no such user: a file may really be called ~name
        path = path.expanduser()
    return Path(os.path.normpath(Path.cwd() / base / path))


def resolve_uri(uri: str, base: str | os.PathLike[str]) -> str:
    """Make a local path absolute against `base`; URIs with a scheme stay as they are."""
    return uri if not uri or re.match(_SCHEME, uri) else str(absolute(uri, base))
