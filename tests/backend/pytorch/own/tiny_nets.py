"""Networks so small that a test trains them in a second, as a user would write them."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn


def classify(num_classes: int, in_channels: int, width: int = 8) -> nn.Module:
    """Make a classifier."""
    return nn.Sequential(
        nn.Conv2d(in_channels, width, 3, stride=2, padding=1),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        nn.Conv2d(width, width, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Dropout(0.1),
        nn.Linear(width, num_classes),
    )


class Segment(nn.Module):
    """Sees 7 pixels around each; images must have even sides."""

    stride = 2

    def __init__(self, num_classes: int, in_channels: int, width: int = 8) -> None:
        super().__init__()
        self.down = nn.Conv2d(in_channels, width, 3, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(width)
        self.up = nn.ConvTranspose2d(width, width, 2, stride=2)
        self.last = nn.Conv2d(width + in_channels, num_classes, 3, padding=1)

    def forward(self, images: Any) -> Any:
        """Return scores of each pixel."""
        found = torch.relu(self.up(torch.relu(self.norm(self.down(images)))))
        return self.last(torch.cat([found, images], dim=1))


def segment(num_classes: int, in_channels: int, width: int = 8) -> nn.Module:
    """Make a segmentation network."""
    return Segment(num_classes, in_channels, width)


def no_network(num_classes: int, in_channels: int) -> str:
    """Return no network at all."""
    return f"{num_classes} classes in {in_channels} channels"
