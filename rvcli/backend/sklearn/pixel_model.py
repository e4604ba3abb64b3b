"""The model of the embedded backend: the features of a pixel, and trees in ONNX."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rvcli.backend.model_file import check_features, pack_model, unpack_model
from rvcli.backend.sklearn.pixel_features import FEATURES_VERSION, FeatureSpec

FORMAT = "rv pixel classifier"
VERSION = 2
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
        "bands": model.spec.bands,
        "features": {
            "version": FEATURES_VERSION,
            "radii": list(model.spec.radii),
            "names": model.spec.names,
        },
        "classes": list(model.class_ids),
        "notes": dict(model.notes),
    }
    return pack_model(FORMAT, VERSION, header, {_TREES: model.onnx})


def read_model(path: Path, uri: str) -> PixelModel:
    """Read a model.

    Args:
        path: the file.
        uri: its name in messages.

    Raises:
        DataError: it is no model of this kind, not whole, or of another version.
    """
    header, parts = unpack_model(path, uri, FORMAT, VERSION)
    features = header["features"]
    check_features(features["version"], FEATURES_VERSION, uri)
    return PixelModel(
        spec=FeatureSpec(int(header["bands"]), tuple(map(int, features["radii"]))),
        class_ids=tuple(map(int, header["classes"])),
        onnx=parts[_TREES],
        notes=header["notes"],
    )
