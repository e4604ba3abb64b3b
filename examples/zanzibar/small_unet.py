"""A U-Net that a processor can train: 1.2 million weights, and half resolution at its top."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, max_pool2d


class SmallUNet(nn.Module):
    """Ronneberger et al. 2015, "U-Net", with few channels and batch normalisation.

    Attributes:
        side_multiple: `rv` fills images up to sides that it divides.
    """

    def __init__(
        self, in_channels: int, num_classes: int, width: int = 16, most: int = 128, depth: int = 4
    ) -> None:
        """Make a network with random weights.

        Args:
            in_channels: bands of the imagery.
            num_classes: for each of which every pixel gets a score.
            width: channels at the top; twice as many on each level below.
            most: channels at the bottom.
            depth: how often the size is halved below the top.
        """
        super().__init__()
        self.side_multiple = 2 ** (depth + 1)
        widths = [min(width * 2**level, most) for level in range(depth + 1)]
        self.first = nn.Conv2d(in_channels, width, 2, stride=2)
        self.down = nn.ModuleList(map(_block, [width, *widths], widths))
        levels = list(pairwise(widths))
        self.up = nn.ModuleList(_block(here + below, here) for here, below in reversed(levels))
        self.last = nn.Conv2d(width, num_classes, 1)

    def forward(self, images: Tensor) -> Any:
        """Return the scores of all pixels, (n, classes, height, width)."""
        features = self.down[0](self.first(images))
        kept = []
        for block in self.down[1:]:
            kept.append(features)
            features = block(max_pool2d(features, 2))
        for block in self.up:
            above = interpolate(features, scale_factor=2.0)
            features = block(torch.cat([above, kept.pop()], dim=1))
        return interpolate(self.last(features), scale_factor=2.0, mode="bilinear")


def _block(in_channels: int, channels: int) -> nn.Sequential:
    """Two convolutions."""
    return nn.Sequential(
        nn.Conv2d(in_channels, channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(),
        nn.Conv2d(channels, channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(),
    )
