"""What a model file of the PyTorch backends holds. Light to import."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rvcli.backend.model_file import pack_model, unpack_model
from rvcli.backend.pytorch.model_spec import ModelSpec
from rvcli.errors import DataError

VERSION = 1
WEIGHTS_PART = "weights.safetensors"
ONNX_PART = "model.onnx"


@dataclass(frozen=True)
class ModelFile:
    """What a model file holds.

    Attributes:
        spec: what the network is made from.
        outputs: names of what the exported module returns.
        dynamic_batch: whether the ONNX model takes any number of images at once.
        weights: as safetensors.
        onnx: the exported module, or None if it could not be exported.
        notes: what is good to know of the training, as JSON can hold it.
    """

    spec: ModelSpec
    outputs: tuple[str, ...]
    dynamic_batch: bool
    weights: bytes
    onnx: bytes | None
    notes: Mapping[str, Any]

    def pack(self, format: str) -> bytes:
        """Encode as a model file."""
        header = {
            "model": self.spec.to_dict(),
            "outputs": list(self.outputs),
            "dynamic_batch": self.dynamic_batch,
            "notes": dict(self.notes),
        }
        parts = {WEIGHTS_PART: self.weights}
        if self.onnx is not None:
            parts[ONNX_PART] = self.onnx
        return pack_model(format, VERSION, header, parts)

    @classmethod
    def read(cls, path: Path, uri: str, format: str) -> ModelFile:
        """Read a model file; `uri` names it in messages.

        Raises:
            DataError: it is none of this format, or not whole.
        """
        header, parts = unpack_model(path, uri, format, VERSION)
        try:
            return cls(
                spec=ModelSpec.from_dict(header["model"], uri),
                outputs=tuple(map(str, header["outputs"])),
                dynamic_batch=bool(header["dynamic_batch"]),
                weights=parts[WEIGHTS_PART],
                onnx=parts.get(ONNX_PART),
                notes=dict(header["notes"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                f"the model {uri} is not whole: {error!r}", hint="train the model again"
            ) from error
