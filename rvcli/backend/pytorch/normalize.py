"""Normalisation of imagery, as a part of the model."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class Normalize(nn.Module):
    """Scales each channel to mean 0 and variance 1; pixels without data become 0.

    Pixels have data where they are finite in all channels and not zero in all.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        """Take mean and standard deviation of each channel, in values of the imagery."""
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32).view(1, -1, 1, 1))
        self.register_buffer("std", torch.tensor(std, dtype=torch.float32).view(1, -1, 1, 1))

    def forward(self, images: Tensor) -> Tensor:
        """Normalise images (n, channels, height, width) of any dtype; gives float32."""
        images = images.to(torch.float32)
        finite = torch.isfinite(images).all(dim=1, keepdim=True)
        has_data = finite & (images != 0).any(dim=1, keepdim=True)
        return torch.where(has_data, (images - self.mean) / self.std, 0.0)


class Normalized(nn.Module):
    """A network behind its normalisation: takes images with the values of the imagery."""

    def __init__(self, normalize: Normalize, network: nn.Module) -> None:
        super().__init__()
        self.normalize = normalize
        self.network = network

    def forward(self, images: Tensor, *more: Any) -> Any:
        """Return what the network makes of the normalised images."""
        return self.network(self.normalize(images), *more)
