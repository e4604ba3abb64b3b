"""Recipe of semantic segmentation: a class for every pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torchvision import tv_tensors

from rvcli.backend.pytorch.architectures import segmenter
from rvcli.backend.pytorch.confusion import ConfusionMeter
from rvcli.backend.pytorch.model_spec import ModelSpec
from rvcli.backend.pytorch.recipe import Meter, Recipe


class SegmentationRecipe(Recipe):
    """Cross entropy over the labelled pixels; label 0 is ignored."""

    metric = "mean_iou"

    def __init__(self, class_ids: tuple[int, ...]) -> None:
        """Take the ids of the classes, sorted."""
        self._class_ids = class_ids

    def network(self, spec: ModelSpec, *, pretrained: bool) -> nn.Module:
        """Make the network."""
        return segmenter(spec, pretrained=pretrained)

    def target(self, labels: npt.NDArray[Any], size_hw: tuple[int, int]) -> Any:
        """Turn class ids into a mask of planes, counted from 1; 0 is ignore."""
        planes = np.searchsorted(self._class_ids, labels) + 1
        return tv_tensors.Mask(torch.from_numpy(np.where(labels == 0, 0, planes)))

    def loss(
        self, model: nn.Module, images: Any, targets: Any, class_weights: Tensor | None
    ) -> Tensor:
        """Return the mean cross entropy of the labelled pixels."""
        return mean_cross_entropy(model(images).float(), targets, class_weights)

    def meter(self, spec: ModelSpec) -> Meter:
        """Measure accuracy, IoU of each class, and its mean."""
        return ConfusionMeter(spec.class_names, pixels=True)

    def exported(self, model: nn.Module) -> nn.Module:
        """Give the probability of each class, (n, classes, height, width)."""
        return Probabilities(model)


def mean_cross_entropy(scores: Tensor, targets: Tensor, class_weights: Tensor | None) -> Tensor:
    """Return the mean cross entropy over what is labelled.

    Args:
        scores: unbounded, the classes along dimension 1.
        targets: planes counted from 1; 0 is ignored.
        class_weights: of each class, or None. Where all that is labelled weighs nothing, the
            loss is 0.
    """
    sums = nn.functional.cross_entropy(
        scores, targets - 1, weight=class_weights, ignore_index=-1, reduction="sum"
    )
    labelled = targets > 0
    if class_weights is None:
        total = labelled.sum().to(scores.dtype)
    else:
        total = class_weights[targets[labelled] - 1].sum()
    # A batch without labels teaches nothing, instead of dividing by 0.
    loss: Tensor = sums / total.clamp(min=1e-6)
    return loss


class Probabilities(nn.Module):
    """A model whose scores become probabilities that sum to 1 over the classes."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> Tensor:
        """Return probabilities, the classes along dimension 1."""
        return torch.softmax(self.model(images), dim=1)
