"""The model of the embedded backend in a file: a header, and trees in ONNX.

ONNX is data: reading it runs no code of the file's. The file is a zip of `header.json` and
`model.onnx`; the header holds what is needed to make the features of a pixel, and the digest of
the trees.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rvcli.backend.pixel_features import FEATURES_VERSION, FeatureSpec
from rvcli.backend.zip_members import UNREADABLE, member
from rvcli.errors import DataError

FORMAT = "rv pixel classifier"
VERSION = 1
_HEADER = "header.json"
_TREES = "model.onnx"


@dataclass(frozen=True)
class PixelModel:
    """A classifier of pixels.

    Attributes:
        spec: the features that it takes.
        class_ids: the classes, in the order of its scores.
        onnx: gives the scores of rows of features, see tree_ensemble.
        notes: what is good to know about the training, by name.
    """

    spec: FeatureSpec
    class_ids: tuple[int, ...]
    onnx: bytes
    notes: Mapping[str, Any]


def model_bytes(model: PixelModel) -> bytes:
    """Encode a model; the same model gives the same bytes."""
    header = {
        "format": FORMAT,
        "version": VERSION,
        "bands": model.spec.bands,
        "features": {
            "version": FEATURES_VERSION,
            "radii": list(model.spec.radii),
            "names": model.spec.names,
        },
        "classes": list(model.class_ids),
        "sha256": hashlib.sha256(model.onnx).hexdigest(),
        "notes": dict(model.notes),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        text = json.dumps(header, indent=1, ensure_ascii=False)
        file.writestr(member(_HEADER, zipfile.ZIP_DEFLATED), text)
        file.writestr(member(_TREES, zipfile.ZIP_DEFLATED), model.onnx)
    return out.getvalue()


def read_model(path: Path, uri: str) -> PixelModel:
    """Read a model.

    Args:
        path: the file.
        uri: its name in messages.

    Raises:
        DataError: it is no model of this kind, not whole, or of another version.
    """
    try:
        with zipfile.ZipFile(path) as file:
            header = json.loads(file.read(_HEADER))
            onnx = file.read(_TREES)
        kind = (header["format"], header["version"], header["features"]["version"])
        if kind != (FORMAT, VERSION, FEATURES_VERSION):
            raise DataError(
                f"{uri} is {kind[0]!r} of version {kind[1]} with features {kind[2]}, not"
                f" {FORMAT!r} of version {VERSION} with features {FEATURES_VERSION}",
                hint="train the model again",
            )
        if hashlib.sha256(onnx).hexdigest() != header["sha256"]:
            raise DataError(
                f"the model {uri} is damaged: its digest is not that of its header",
                hint="copy it again, or run the command TRAIN again",
            )
        return PixelModel(
            spec=FeatureSpec(int(header["bands"]), tuple(map(int, header["features"]["radii"]))),
            class_ids=tuple(map(int, header["classes"])),
            onnx=onnx,
            notes=header["notes"],
        )
    except DataError:
        raise
    except UNREADABLE as error:
        raise DataError(
            f"{uri} is no whole model of pixels: {error}",
            hint="copy it again, or run the command TRAIN again",
        ) from error
