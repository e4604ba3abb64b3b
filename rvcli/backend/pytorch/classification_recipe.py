"""Recipe of chip classification: one class for a chip."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from rvcli.backend.pytorch.architectures import classifier
from rvcli.backend.pytorch.confusion import ConfusionMeter
from rvcli.backend.pytorch.model_spec import ModelSpec
from rvcli.backend.pytorch.recipe import Meter, Recipe, stack_padded
from rvcli.backend.pytorch.segmentation_recipe import Probabilities, mean_cross_entropy


class ClassificationRecipe(Recipe):
    """Cross entropy over the chips."""

    metric = "f1"

    def __init__(self, class_ids: tuple[int, ...]) -> None:
        """Take the ids of the classes, sorted."""
        self._class_ids = class_ids

    def network(self, spec: ModelSpec, *, pretrained: bool) -> nn.Module:
        """Make the network."""
        return classifier(spec, pretrained=pretrained)

    def target(self, labels: npt.NDArray[Any], size_hw: tuple[int, int]) -> Any:
        """Turn a class id into its plane, counted from 1, as in a mask."""
        return int(np.searchsorted(self._class_ids, int(labels))) + 1

    def collate(self, samples: Any) -> tuple[Tensor, Tensor]:
        """Join samples to a batch."""
        images = stack_padded([image for image, _ in samples])
        return images, torch.tensor([target for _, target in samples])

    def loss(
        self, model: nn.Module, images: Any, targets: Any, class_weights: Tensor | None
    ) -> Tensor:
        """Return the mean cross entropy."""
        scores = model(images).float()
        return mean_cross_entropy(scores, targets, class_weights)

    def meter(self, spec: ModelSpec) -> Meter:
        """Measure accuracy, F1 of each class, and its mean."""
        return ConfusionMeter(spec.class_names, pixels=False)

    def exported(self, model: nn.Module) -> nn.Module:
        """Give the probability of each class, (n, classes)."""
        return Probabilities(model)
