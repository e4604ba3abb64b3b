"""Run a trained model: with PyTorch, or with onnxruntime where that is enough.

Importing this module does not import torch.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rvcli.backend.foreign_models import is_torch
from rvcli.backend.onnx_session import open_session
from rvcli.backend.pytorch.model_spec import ModelSpec
from rvcli.backend.pytorch.torch_model_file import ModelFile
from rvcli.errors import ConfigError, DataError
from rvcli.utils.files import download_if_needed

if TYPE_CHECKING:
    from torch import Tensor, nn

    from rvcli.backend.pytorch.recipe import Recipe

Array: TypeAlias = npt.NDArray[Any]

AUTO, ONNX, TORCH = "auto", "onnx", "torch"
PREDICT_WITH = (AUTO, ONNX, TORCH)


class Runtime(ABC):
    """A model that is ready to be applied.

    Attributes:
        spec: what is known of it.
        outputs: names of what `run` returns.
    """

    def __init__(self, spec: ModelSpec, outputs: tuple[str, ...]) -> None:
        self.spec = spec
        self.outputs = outputs

    def run(self, images: Array) -> tuple[Array, ...]:
        """Apply the model to images, float32 (n, channels, height, width).

        Raises:
            DataError: they have another number of channels than the model.
        """
        if images.shape[1] != self.spec.channels:
            raise DataError(
                f"the imagery has {images.shape[1]} bands, but the model was trained on"
                f" {self.spec.channels}",
                hint="choose the same bands with with_channel_order",
            )
        return self._run(images)

    @abstractmethod
    def _run(self, images: Array) -> tuple[Array, ...]: ...


class OnnxRuntime(Runtime):
    """Runs the ONNX model on the processor."""

    def __init__(self, file: ModelFile, onnx: bytes, uri: str) -> None:
        super().__init__(file.spec, file.outputs)
        self._session = open_session(onnx, uri)
        self._name = self._session.get_inputs()[0].name
        self._dynamic_batch = file.dynamic_batch

    def _run(self, images: Array) -> tuple[Array, ...]:
        if self._dynamic_batch:
            return tuple(self._session.run(None, {self._name: images}))
        one_by_one = [
            self._session.run(None, {self._name: images[i : i + 1]}) for i in range(len(images))
        ]
        return tuple(np.concatenate(parts) for parts in zip(*one_by_one, strict=True))


class TorchRuntime(Runtime):
    """Runs the model with PyTorch, on a CUDA device if there is one."""

    def __init__(self, file: ModelFile, module: nn.Module) -> None:
        from rvcli.backend.pytorch.device import find_device

        super().__init__(file.spec, file.outputs)
        self._device = find_device()
        self._module = module.eval().to(self._device)

    def _run(self, images: Array) -> tuple[Array, ...]:
        import torch

        with torch.inference_mode():
            given = self._module(torch.from_numpy(images).to(self._device))
        tensors: tuple[Tensor, ...] = given if isinstance(given, tuple) else (given,)
        return tuple(tensor.cpu().numpy() for tensor in tensors)


def load_runtime(
    uri: str,
    format: str,
    tmp_dir: str,
    *,
    recipe: Callable[[], Recipe],
    own_arch: str,
    how: str = AUTO,
    older: Callable[[Path, str], ModelFile] | None = None,
) -> Runtime:
    """Load a model file.

    Args:
        uri: of the file.
        format: of it, see TorchBackend.
        recipe: gives the recipe; called only where torch is used.
        own_arch: the architecture that the config names. Code that a model file names is run
            only if the config names it too.
        how: "onnx", "torch", or "auto": PyTorch if there is a CUDA device or no ONNX in the
            file, else ONNX, which is faster on a processor.
        older: reads a file of torch.save, as older releases wrote them.

    Raises:
        ConfigError: the file has no ONNX and that was asked for.
        DataError: it is no whole model.
    """
    path = Path(download_if_needed(uri, tmp_dir))
    if older is not None and is_torch(path):
        file = older(path, uri)
    else:
        file = ModelFile.read(path, uri, format)
    if how == ONNX and file.onnx is None:
        raise ConfigError(
            f"the model {uri} has no ONNX: {file.notes.get('onnx', 'it was not exported')}",
            hint="predict with PyTorch: with_predict_with('torch')",
        )
    if file.onnx is not None and how != TORCH and (how == ONNX or not _has_cuda()):
        return OnnxRuntime(file, file.onnx, uri)
    from rvcli.backend.pytorch.models import rebuild

    chosen = recipe()
    return TorchRuntime(file, chosen.exported(rebuild(chosen, file, own_arch, uri)))


def _has_cuda() -> bool:
    try:
        import torch
    except ModuleNotFoundError:
        return False
    return bool(torch.cuda.is_available())
