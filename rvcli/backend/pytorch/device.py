"""Where a network computes."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def find_device() -> torch.device:
    """Return the device to compute on: a CUDA device if there is one, else the processor."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def copy_weights(model: nn.Module) -> dict[str, Tensor]:
    """Copy the weights of a model to the processor."""
    return {
        name: value.detach().to("cpu", memory_format=torch.contiguous_format, copy=True)
        for name, value in model.state_dict().items()
    }
