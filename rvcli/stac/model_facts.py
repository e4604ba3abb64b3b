"""What a model file says of itself. Nothing but its header is read, and no framework needed."""

from __future__ import annotations

import json
import math
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

_HEADER = "header.json"
_WEIGHTS = "weights.safetensors"
# Of the state of a network, what is counted or measured and not learned.
_NOT_LEARNED = ("running_mean", "running_var", "num_batches_tracked", "normalize.mean")
_LARGEST_HEADER_BYTES = 100 << 20

# Format of a model file -> framework, and the architecture where the file has no word for it.
_FORMATS = {
    "rv pixel classifier": ("scikit-learn", "gradient boosted trees"),
    "rv cell classifier": ("scikit-learn", "random forest"),
    "rv box detector": ("scikit-learn", "gradient boosted trees on sliding windows"),
    "rv torch segmentation": ("PyTorch", ""),
    "rv torch classification": ("PyTorch", ""),
    "rv torch detection": ("PyTorch", ""),
    "rv keras classification": ("Keras", ""),
}


@dataclass(frozen=True)
class ModelFacts:
    """What is known of a model; what is not is empty.

    Attributes:
        name: of the file in the package.
        artifact: what kind of file it is, in words.
        framework: as the MLM extension calls it.
        version: of the framework, if the file says so.
        parameters: how many numbers are learned.
        size_bytes: of what is loaded to predict.
        bands: of the imagery.
        dtypes: data types of the imagery that was trained on.
        mean, std: of each band, by which the model itself scales.
        initial_weights: where training started from, in words.
        options: of training.
    """

    name: str = ""
    artifact: str = "model file"
    framework: str = ""
    version: str = ""
    architecture: str = ""
    parameters: int | None = None
    size_bytes: int | None = None
    bands: int | None = None
    dtypes: tuple[str, ...] = ()
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    initial_weights: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)


def read_model_facts(path: Path) -> ModelFacts:
    """Read what a model file says of itself; of a format of others hardly anything is known."""
    size = path.stat().st_size if path.is_file() else None
    try:
        with zipfile.ZipFile(path) as file:
            header = json.loads(file.read(_HEADER))
            sizes = [info.file_size for info in file.infolist() if info.filename != _HEADER]
            parameters = _count(file) if _WEIGHTS in file.namelist() else None
        return _of_header(path.name, header, parameters, max(sizes, default=0) or None)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile):
        return ModelFacts(name=path.name, size_bytes=size)


def _of_header(
    name: str, header: dict[str, Any], parameters: int | None, size_bytes: int | None
) -> ModelFacts:
    model, notes = header.get("model") or {}, header.get("notes") or {}
    framework, architecture = _FORMATS.get(str(header["format"]), ("", ""))
    network = header.get("network") or {}
    versions = {"PyTorch": (notes.get("versions") or {}).get("torch"), "Keras": notes.get("keras")}
    counted = notes.get("parameters")
    return ModelFacts(
        name=name,
        artifact=f"{header['format']} (zip of header.json and parts in ONNX, safetensors or HDF5)",
        framework=framework,
        version=str(versions.get(framework) or ""),
        architecture=str(model.get("arch") or network.get("model_type") or architecture),
        parameters=parameters if counted is None else int(counted),
        size_bytes=size_bytes,
        bands=_whole(model.get("channels", header.get("bands"))),
        dtypes=tuple(map(str, model.get("dtypes") or notes.get("dtypes") or ())),
        mean=_finite(model.get("mean", header.get("mean"))),
        std=_finite(model.get("std", header.get("std"))),
        initial_weights=str(notes.get("initial_weights") or network.get("weights") or ""),
        options=notes.get("options") or network or {},
    )


def _count(file: zipfile.ZipFile) -> int | None:
    """Count the learned numbers of a safetensors file by its header.

    The format: https://huggingface.co/docs/safetensors#format
    """
    with file.open(_WEIGHTS) as weights:
        tensors = _tensors(weights)
    shapes = [
        entry["shape"]
        for name, entry in tensors.items()
        if name != "__metadata__" and not name.endswith((*_NOT_LEARNED, "normalize.std"))
    ]
    return sum(int(math.prod(shape)) for shape in shapes)


def _tensors(weights: IO[bytes]) -> dict[str, Any]:
    (length,) = struct.unpack("<Q", weights.read(8))
    if length > _LARGEST_HEADER_BYTES:
        raise ValueError("no header of safetensors is so long")
    found: dict[str, Any] = json.loads(weights.read(length))
    return found


def _whole(value: Any) -> int | None:
    return int(value) if value is not None else None


def _finite(values: Any) -> tuple[float, ...]:
    numbers = tuple(float(v) for v in values or ())
    return numbers if all(map(math.isfinite, numbers)) else ()
