"""A model in one file: a header that people can read, and parts that are data, never code.

The file is a zip of `header.json` and the parts, such as ONNX or safetensors. The header tells
what the model is and holds the digest of each part; the same model gives the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rvcli.backend.foreign_models import foreign_model
from rvcli.backend.zip_members import UNREADABLE, member
from rvcli.errors import DataError

_HEADER = "header.json"


def pack_model(
    format: str, version: int, header: Mapping[str, Any], parts: Mapping[str, bytes]
) -> bytes:
    """Encode a model.

    Args:
        format: what kind of model it is, in words: `rv pixel classifier`.
        version: of the format.
        header: what else is needed or good to know, as JSON can hold it.
        parts: content by file name.
    """
    full = {
        "format": format,
        "version": version,
        **header,
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in parts.items()},
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        text = json.dumps(full, indent=1, ensure_ascii=False)
        file.writestr(member(_HEADER, zipfile.ZIP_DEFLATED), text)
        for name, content in parts.items():
            file.writestr(member(name), content)  # weights hardly compress
    return out.getvalue()


def unpack_model(
    path: Path, uri: str, format: str, version: int
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Read a model.

    Args:
        path: the file.
        uri: its name in messages.
        format: the kind of model that is wanted.
        version: the version of it.

    Returns:
        the header, and the parts by name.

    Raises:
        DataError: it is no model of this kind, not whole, or of another version.
    """
    try:
        with zipfile.ZipFile(path) as file:
            header: dict[str, Any] = json.loads(file.read(_HEADER))
            kind = (header["format"], header["version"])
            if kind != (format, version):
                raise DataError(
                    f"{uri} is {kind[0]!r} of version {kind[1]}, not {format!r} of version"
                    f" {version}",
                    hint="train the model again, with this backend",
                )
            parts = {name: file.read(name) for name in header["sha256"]}
        for name, digest in header["sha256"].items():
            if hashlib.sha256(parts[name]).hexdigest() != digest:
                raise DataError(
                    f"the model {uri} is damaged: the digest of {name} is not that of its header",
                    hint="copy it again, or run the command TRAIN again",
                )
    except DataError:
        raise
    except UNREADABLE as error:
        foreign = foreign_model(path, uri)
        if foreign is not None:
            raise foreign from error
        raise DataError(
            f"{uri} is no whole model: {error}",
            hint="copy it again, or run the command TRAIN again",
        ) from error
    return header, parts


def check_features(found: Any, wanted: int, uri: str) -> None:
    """Check that a model takes the features that are computed now.

    Args:
        found: the version of the features that it was trained on.
        wanted: the version of those that are computed.
        uri: its name in messages.

    Raises:
        DataError: it takes others.
    """
    if found != wanted:
        raise DataError(
            f"the model {uri} takes features of version {found}, not {wanted}",
            hint="train the model again",
        )
