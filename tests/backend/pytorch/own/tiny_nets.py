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


def classify_by_two(num_classes: int, in_channels: int) -> nn.Module:
    """Make a classifier that normalises over the images of a batch."""
    return nn.Sequential(
        nn.AdaptiveAvgPool2d(1),
        nn.BatchNorm2d(in_channels),
        nn.Flatten(),
        nn.Linear(3, num_classes),
    )


class Segment(nn.Module):
    """Sees 7 pixels around each; images must have even sides."""

    side_multiple = 2

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


class Backbone(nn.Sequential):
    """Gives one map with a stride of 8."""

    out_channels = 32

    def __init__(self, in_channels: int) -> None:
        super().__init__(
            nn.Conv2d(in_channels, 16, 5, stride=4, padding=2),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.Conv2d(16, 32, 3, stride=2, padding=1),
            nn.BatchNorm2d(32),
            nn.ReLU(),
        )

    def forward(self, images: Any) -> Any:
        """Return the map by name."""
        return {"0": super().forward(images)}


def detect(num_classes: int, in_channels: int) -> nn.Module:
    """Make a detector of one stage, as torchvision does; class 0 is the background."""
    from torchvision.models.detection.anchor_utils import AnchorGenerator
    from torchvision.models.detection.fcos import FCOS, FCOSHead

    return FCOS(
        Backbone(in_channels),
        num_classes,
        anchor_generator=AnchorGenerator(((8,),), ((1.0,),)),
        head=FCOSHead(32, 1, num_classes, num_convs=1),
    )


class Listing(nn.Module):
    """A detector that finds what it is told, in lists as torchvision's; it has no stages."""

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, images: Any, targets: Any = None) -> Any:
        """Find a box of the last class in the first image, nothing in the others."""
        if targets is not None:
            return {"one": self.weight**2, "two": self.weight * len(images)}
        boxes = torch.tensor([[1.0, 2.0, 11.0, 22.0]])
        first = {
            "boxes": boxes,
            "labels": torch.tensor([self.num_classes - 1]),
            "scores": torch.tensor([0.75]),
        }
        none = {name: value[:0] for name, value in first.items()}
        return [first if at == 0 else none for at in range(len(images))]


def listing(num_classes: int, in_channels: int) -> nn.Module:
    """Make a detector that cannot be exported."""
    return Listing(num_classes)


def no_network(num_classes: int, in_channels: int) -> str:
    """Return no network at all."""
    return f"{num_classes} classes in {in_channels} channels"
