"""A picture of a batch, as the network gets it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from rvcli.filesystem import join_uri
from rvcli.utils.files import upload_or_copy

BATCH_FILE = "debug/batch.png"
_IMAGES = 16
_COLUMNS = 4


def save_batch(batch: tuple[Any, Any], train_uri: str) -> None:
    """Draw the images of a training batch, augmented, and the masks beside them if it has any.

    Args:
        batch: images and targets, as `Recipe.collate` gives them.
        train_uri: the picture becomes `debug/batch.png` in this directory.
    """
    from torchvision.utils import make_grid, save_image

    images, targets = batch
    pictures = []
    for index in range(min(len(images), _IMAGES)):
        pictures.append(_stretched(images[index]))
        if isinstance(targets, Tensor) and targets.dim() == 3:
            pictures.append(_stretched(targets[index][None]))
    grid = make_grid(pictures, nrow=_COLUMNS)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "batch.png")
        save_image(grid, path)
        upload_or_copy(str(path), join_uri(train_uri, BATCH_FILE))


def _stretched(image: Tensor) -> Tensor:
    """Show up to three channels from their smallest to their largest value."""
    shown = image.to(torch.float32)[:3].nan_to_num(0.0, 0.0, 0.0)
    if len(shown) < 3:
        shown = shown[:1].expand(3, -1, -1)
    low, high = shown.min(), shown.max()
    return (shown - low) / (high - low).clamp(min=1e-6)
