"""Chips as batches for training, in an order that depends on the seed alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch.utils.data import DataLoader, Dataset

from rvcli.backend.chip_set import ChipSet
from rvcli.backend.onnx_session import processors
from rvcli.backend.pytorch.recipe import Recipe, image_tensor
from rvcli.backend.pytorch.train_options import BALANCED

MOST_WORKERS = 8
_WORKER_TIMEOUT_S = 600

Array: TypeAlias = npt.NDArray[Any]

# A sample's key: what seeds its augmentation, and which chip it is.
Key = tuple[int, int]


class ChipDataset(Dataset[tuple[Any, Any]]):
    """Chips as images and targets, read and augmented when they are asked for.

    Each process opens the files for itself.
    """

    def __init__(
        self,
        uris: Sequence[str],
        tmp_dir: str,
        recipe: Recipe,
        augment: Callable[[Any, Any], tuple[Any, Any]] | None = None,
    ) -> None:
        self._uris = tuple(uris)
        self._tmp_dir = tmp_dir
        self._recipe = recipe
        self._augment = augment
        self._opened: tuple[int, ChipSet] | None = None

    def __getitem__(self, key: Key) -> tuple[Any, Any]:
        seed, index = key
        chip, labels = self._chips().read(index)
        image = image_tensor(chip)
        target = self._recipe.target(labels, (chip.shape[0], chip.shape[1]))
        if self._augment is not None:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(seed)
                image, target = self._augment(image, target)
        return image, target

    def _chips(self) -> ChipSet:
        if self._opened is None or self._opened[0] != os.getpid():
            # A file position is shared with the process that this one was forked from.
            self._opened = (os.getpid(), ChipSet(self._uris, self._tmp_dir))
        return self._opened[1]

    def close(self) -> None:
        """Close the files of this process."""
        if self._opened is not None and self._opened[0] == os.getpid():
            self._opened[1].__exit__(None, None, None)
        self._opened = None


def batches(
    dataset: ChipDataset,
    recipe: Recipe,
    indices: Sequence[int],
    batch_size: int,
    *,
    seed: int,
    device: torch.device,
    workers: int,
) -> DataLoader[Any]:
    """Give what yields the batches of one pass.

    Args:
        indices: chips in the order in which they are wanted.
        seed: of the augmentation of this pass.
        workers: processes that read; 0 for this one.
    """
    seeds = np.random.default_rng(seed).integers(0, 2**62, len(indices)).tolist()
    keys: list[Key] = list(zip(seeds, map(int, indices), strict=True))
    return DataLoader(
        dataset,
        batch_sampler=[keys[i : i + batch_size] for i in range(0, len(keys), batch_size)],
        collate_fn=recipe.collate,
        num_workers=workers,
        # Augmentations are functions that cannot be sent to a process of another kind.
        multiprocessing_context="fork" if workers else None,
        pin_memory=device.type == "cuda",
        timeout=_WORKER_TIMEOUT_S if workers else 0,
    )


def default_workers(device: torch.device) -> int:
    """Return how many processes should read: none beside a processor that computes itself."""
    if device.type != "cuda":
        return 0
    return min(MOST_WORKERS, processors())


def training_order(weights: Array | None, count: int, batch_size: int, seed: int) -> list[int]:
    """Choose the chips of one epoch, as many as there are, in random order.

    Args:
        weights: how often each is drawn, relatively; None for each one once.
        count: how many chips there are.
        batch_size: normalisation over a batch cannot learn from a single chip: a last batch
            of one is left out, and where there is one chip it comes twice.
        seed: of this epoch.
    """
    rng = np.random.default_rng(seed)
    if weights is None:
        order = rng.permutation(count)
    else:
        order = rng.choice(count, count, p=weights / weights.sum())
    chosen: list[int] = order.tolist()
    if batch_size > 1 and len(chosen) == 1:
        return chosen * 2
    if batch_size > 1 and len(chosen) % batch_size == 1:
        return chosen[:-1]
    return chosen


def rare_class_weights(
    chips: ChipSet, rare_classes: Sequence[int], desired_prob: float | None
) -> Array | None:
    """Weigh chips so that one with a rare class is drawn with a given probability.

    Returns:
        the probability of each chip, or None where all count the same: nothing is asked for, or
        all chips have a rare class, or none.
    """
    if not rare_classes or desired_prob is None:
        return None
    columns = [i for i, class_id in enumerate(chips.class_ids) if class_id in rare_classes]
    rare = chips.counts[:, columns].sum(axis=1) > 0
    if rare.all() or not rare.any():
        return None
    weights: Array = np.where(rare, desired_prob / rare.sum(), (1 - desired_prob) / (~rare).sum())
    return weights


def class_weights(
    chips: ChipSet, class_ids: Sequence[int], wanted: str | Sequence[float] | None
) -> tuple[float, ...] | None:
    """Weigh classes in the loss.

    Args:
        class_ids: in the order of the network's outputs.
        wanted: "balanced" weighs each class by the inverse of how much is labelled with it, so
            that the mean over what is labelled is 1; else a weight for each class, or None.
    """
    if wanted is None:
        return None
    if wanted != BALANCED:
        return tuple(float(weight) for weight in wanted)
    by_id = dict(zip(chips.class_ids, chips.counts.sum(axis=0).tolist(), strict=True))
    counts = np.array([by_id.get(class_id, 0) for class_id in class_ids], np.float64)
    present = counts > 0
    weights = np.zeros(len(counts))
    weights[present] = counts.sum() / (present.sum() * counts[present])
    return tuple(weights.tolist())
