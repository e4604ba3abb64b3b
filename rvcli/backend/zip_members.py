"""Members of zip files whose bytes depend on their content alone."""

from __future__ import annotations

import zipfile
import zlib

_EPOCH = (1980, 1, 1, 0, 0, 0)

# What reading a zip that is cut off, damaged or something else may raise.
UNREADABLE = (
    OSError,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    KeyError,
    TypeError,
    AttributeError,
    ValueError,
    NotImplementedError,
    RuntimeError,
)


def member(name: str, compression: int = zipfile.ZIP_STORED) -> zipfile.ZipInfo:
    """Describe a member without the time and the permissions of now and here."""
    described = zipfile.ZipInfo(name, _EPOCH)
    described.compress_type = compression
    described.create_system = 3
    described.external_attr = 0o644 << 16
    return described
