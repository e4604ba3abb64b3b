"""Batches of chips for Keras."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rvcli.backend.chip_set import ChipSet
from rvcli.backend.keras.network import import_keras
from rvcli.backend.keras.options import FLIPS, QUARTER_TURNS
from rvcli.errors import DataError


def batches(
    chips: ChipSet,
    class_ids: Sequence[int],
    batch_size: int,
    *,
    seed: int,
    augmentations: Sequence[str] = (),
    shuffle: bool = False,
    first_epoch: int = 0,
) -> Any:
    """Give the chips as a keras.utils.PyDataset, each read when its batch is made.

    Args:
        chips: of cells.
        class_ids: in the order of the scores.
        batch_size: chips in a batch; the last one may have fewer.
        seed: of the order and the augmentations, which differ from epoch to epoch.
        augmentations: FLIPS, QUARTER_TURNS.
        shuffle: give them in random order.
        first_epoch: number of the epoch that comes first.

    Returns:
        batches of images, float32 (n, height, width, bands), and indices into class_ids (n,).
    """
    index_of = {class_id: index for index, class_id in enumerate(class_ids)}

    class Batches(import_keras().utils.PyDataset):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.epoch = first_epoch
            self._order()

        def _order(self) -> None:
            self.rng = np.random.default_rng([seed, self.epoch])
            self.order = self.rng.permutation(len(chips)) if shuffle else np.arange(len(chips))

        def __len__(self) -> int:
            return -(-len(chips) // batch_size)

        def __getitem__(self, index: int) -> tuple[Any, Any]:
            read = [chips.read(int(i)) for i in self.order[index * batch_size :][:batch_size]]
            sizes = {chip.shape for chip, _ in read}
            if len(sizes) > 1:
                raise DataError(
                    f"the chips differ in size: {sorted(sizes)}",
                    hint="label cells of one size, or use PYTORCH_CHIP_CLASSIFICATION",
                )
            images = [varied(chip, augmentations, self.rng) for chip, _ in read]
            return np.stack(images).astype(np.float32), np.array(
                [index_of[int(c)] for _, c in read]
            )

        def on_epoch_end(self) -> None:
            self.epoch += 1
            self._order()

    return Batches()


def varied(chip: Any, augmentations: Sequence[str], rng: np.random.Generator) -> Any:
    """Return a chip as it is, mirrored, or turned by quarters.

    Args:
        chip: shape (height, width, bands); turned by halves only where it is not square.
    """
    if FLIPS in augmentations:
        flips = rng.integers(0, 2, 2)
        chip = chip[:: -1 if flips[0] else 1, :: -1 if flips[1] else 1]
    if QUARTER_TURNS in augmentations:
        turns = int(rng.integers(0, 4))
        chip = np.rot90(chip, turns if chip.shape[0] == chip.shape[1] else 2 * (turns // 2))
    return chip
