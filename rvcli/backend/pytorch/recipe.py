"""Recipe: what a task brings so that the shared trainer can train it.

How a new task plugs in:

1. Subclass `Recipe`. It makes the network, turns the labels of a chip into a target, says what the
   loss of a batch is, measures a model on validation chips, and wraps it for prediction. It has no
   state of its own and does no I/O.
2. Subclass `TorchBackend` (torch_backend.py): set `kind` (of chips) and `model_format` (a name for
   its model files), return the recipe from `recipe`, and write `predict`, which calls
   `self.run(images, tmp_dir)`. Training, checkpoints, history, export and the model file are
   there already. Import the recipe inside `recipe`: a package predicts with ONNX without torch.
3. Subclass `TorchBackendConfig` (torch_backend_config.py), whose fields are the options.

What goes where::

    ChipSet.read(i) -> chip, labels                     numpy
      recipe.target(labels, size_hw) -> target          tv_tensors where augmentations act on it
      augment(image, target)                            v2 transforms, both together
      recipe.collate([(image, target), ...]) -> batch   images, targets
      recipe.loss(model, images, targets, weights)      training
      recipe.meter(spec) .update / .compute             validation
      recipe.exported(model) -> module                  prediction, in torch and in ONNX

Images are float32 or uint8 (channels, height, width) with the values of the imagery: the model
itself normalises (normalize.py), also in ONNX. `model` in the methods below is
`Normalized(network)`; it passes further arguments on: `model(images, targets)` calls
`network(normalised images, targets)`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from rvcli.backend.pytorch.model_spec import ModelSpec

Target: TypeAlias = Any
"""What `Recipe.target` gives: a tensor, a tv_tensor, or a dict of them."""


class Meter(ABC):
    """Measures a model over the validation chips."""

    @abstractmethod
    def update(self, model: nn.Module, images: Any, targets: Any) -> None:
        """Take one batch in; the model is in evaluation mode and gradients are off."""

    @abstractmethod
    def compute(self) -> dict[str, float]:
        """Return the metrics by name; `Recipe.metric` must be among them.

        A metric that has no value, as where no label is known, is nan.
        """


class Recipe(ABC):
    """What one task brings to the trainer.

    Attributes:
        metric: the metric that decides which epoch is best; larger is better.
        outputs: names of what the exported module returns, in order.
        dynamic_size: whether the exported module takes images of any height and width.
        dynamic_batch: whether it takes any number of images.
        least_example_size: side of the image with which it is exported, at least, in pixels.
    """

    metric: ClassVar[str]
    outputs: ClassVar[tuple[str, ...]] = ("scores",)
    dynamic_size: ClassVar[bool] = True
    dynamic_batch: ClassVar[bool] = True
    least_example_size: ClassVar[int] = 2

    @abstractmethod
    def network(self, spec: ModelSpec, *, pretrained: bool) -> nn.Module:
        """Make the network by `spec.arch`; see architectures.py.

        Args:
            pretrained: start from the published weights of the architecture.

        Raises:
            ConfigError: there is no such architecture.
            WeightsUnavailableError: the published weights cannot be had.
        """

    @abstractmethod
    def target(self, labels: npt.NDArray[Any], size_hw: tuple[int, int]) -> Target:
        """Turn the labels of one chip, as the chip file has them, into a target."""

    def collate(self, samples: Sequence[tuple[Tensor, Target]]) -> tuple[Any, Any]:
        """Join samples to a batch: images (n, channels, height, width), and stacked targets.

        Chips that are smaller than the largest of the batch are filled up with zeros at their
        right and lower edges, as are targets of two dimensions; zero is "no data" in both.
        """
        images = [image for image, _ in samples]
        targets = [target for _, target in samples]
        return stack_padded(images), stack_padded(targets)

    @abstractmethod
    def loss(
        self, model: nn.Module, images: Any, targets: Any, class_weights: Tensor | None
    ) -> Tensor:
        """Return the loss of a batch, a scalar; the model is in training mode.

        Args:
            class_weights: shape (classes,), in the order of `spec.class_ids`; None for equal.
        """

    @abstractmethod
    def meter(self, spec: ModelSpec) -> Meter:
        """Make what measures one pass over the validation chips."""

    @abstractmethod
    def exported(self, model: nn.Module) -> nn.Module:
        """Wrap a model for prediction: what it returns is what `self.run` of the backend gives.

        It takes float32 images (n, channels, height, width) with values of the imagery, and
        returns a tensor or a tuple of tensors, as `outputs` names them. It must be fit for
        `torch.onnx.export`.
        """

    def export_obstacle(self, model: nn.Module) -> str | None:
        """Say why a model cannot be exported, where that is known; None lets it be tried."""
        return None


def stack_padded(tensors: Sequence[Tensor]) -> Tensor:
    """Stack tensors, zeros beyond the last two dimensions of those that are smaller."""
    shapes = {tuple(tensor.shape) for tensor in tensors}
    if len(shapes) == 1:
        return torch.stack([torch.as_tensor(tensor) for tensor in tensors])
    height, width = (max(shape[axis] for shape in shapes) for axis in (-2, -1))
    return torch.stack(
        [
            nn.functional.pad(
                torch.as_tensor(tensor), (0, width - tensor.shape[-1], 0, height - tensor.shape[-2])
            )
            for tensor in tensors
        ]
    )


def to_device(value: Any, device: torch.device) -> Any:
    """Move tensors, also in lists, tuples and dicts, to a device."""
    if isinstance(value, Tensor):
        return value.to(device, non_blocking=True)
    if isinstance(value, Mapping):
        return {name: to_device(item, device) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(to_device(item, device) for item in value)
    return value


def image_tensor(chip: npt.NDArray[Any]) -> Tensor:
    """Turn a chip (height, width, channels) into an image: uint8 as it is, else float32."""
    array = np.ascontiguousarray(chip.transpose(2, 0, 1))
    return torch.from_numpy(array if array.dtype == np.uint8 else array.astype(np.float32))
