"""Model files that others wrote: what they are, and what can be done with them."""

from __future__ import annotations

import zipfile
from pathlib import Path

from rvcli.errors import DataError

_HDF5 = b"\x89HDF\r\n\x1a\n"
_GZIP = b"\x1f\x8b"
# The magic number of torch.save, as a pickle, before it wrote zip files.
_TORCH = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19"
# Names of operations that hardly any graph of TensorFlow lacks.
_OPERATIONS = (b"Placeholder", b"Const", b"tensorflow")
_LOOKED_AT = 4096

_AGAIN = (
    "train it again, its experiment runs with rv; or convert it to ONNX, as by tf2onnx, for a"
    " backend of your own"
)
_TENSORFLOW = "which cannot be run without TensorFlow 1"
_KEEP_WEIGHTS = "train it again; with_pretrained_uri takes its weights to start from"


def foreign_model(path: Path, uri: str) -> DataError | None:
    """Return the error that says what a model of another program is; None if that is unknown.

    Args:
        path: the file.
        uri: its name in messages.
    """
    found = _kind_of(path) if path.is_file() else None
    if found is None:
        return None
    what, hint = found
    return DataError(f"the model {uri} is {what}", hint=hint)


def is_torch(path: Path) -> bool:
    """Tell whether a file was written by torch.save."""
    if any(name.endswith("data.pkl") for name in _members(path)):
        return True
    with path.open("rb") as file:
        return file.read(len(_TORCH)) == _TORCH


def _kind_of(path: Path) -> tuple[str, str] | None:
    with path.open("rb") as file:
        start = file.read(_LOOKED_AT)
        file.seek(257)
        is_tar = file.read(5) == b"ustar"
    members = _members(path)
    if start.startswith(_HDF5) or any(name.endswith((".h5", ".hdf5")) for name in members):
        return f"one of Keras with TensorFlow 1 (HDF5), {_TENSORFLOW}", _AGAIN
    if start.startswith(_GZIP) or is_tar:
        return f"an archive as TensorFlow 1 exported it, {_TENSORFLOW}", _AGAIN
    if any(name.endswith((".pb", ".pbtxt", ".ckpt.index", ".meta")) for name in members):
        return f"a SavedModel or checkpoint of TensorFlow, {_TENSORFLOW}", _AGAIN
    if any(word in start for word in _OPERATIONS) or path.suffix == ".pb":
        return f"a frozen graph of TensorFlow, {_TENSORFLOW}", _AGAIN
    if is_torch(path):
        return "a file of torch.save, whose network this backend does not know", _KEEP_WEIGHTS
    return None


def _members(path: Path) -> list[str]:
    try:
        with zipfile.ZipFile(path) as file:
            return file.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return []
