"""Which chips are drawn, in which order, and what classes weigh."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rvcli.backend.chip_kind import ChipKind
from rvcli.backend.chip_set import ChipSet
from rvcli.core.box import Box

torch = pytest.importorskip("torch")

BOX = Box(0, 0, 32, 32)


@pytest.fixture
def unequal(places: Callable[..., Any], tmp_path: Path) -> Iterator[ChipSet]:
    """Give nine chips of class 2 and one of class 5."""
    chip = np.ones((32, 32, 3), np.uint8)
    chips = [(chip, BOX, np.array(5 if i == 4 else 2)) for i in range(10)]
    with ChipSet(places(ChipKind.CLASS, chips=chips).train_chip_uris, str(tmp_path)) as opened:
        yield opened


def test_every_chip_comes_once_in_random_order() -> None:
    """The order depends on the seed alone."""
    from rvcli.backend.pytorch.samples import training_order

    first, again, other = (training_order(None, 20, 4, seed) for seed in (1, 1, 2))
    assert first == again != other
    assert list(range(20)) == sorted(first)


@pytest.mark.parametrize(
    ("count", "batch_size", "expected"), [(9, 4, 8), (9, 3, 9), (9, 1, 9), (1, 8, 2), (1, 1, 1)]
)
def test_no_batch_is_of_one_chip(count: int, batch_size: int, expected: int) -> None:
    """A last chip alone is left out, an only chip comes twice, unless batches are of one."""
    from rvcli.backend.pytorch.samples import training_order

    assert expected == len(training_order(None, count, batch_size, 0))


def test_a_rare_class_is_drawn_with_the_desired_probability(unequal: ChipSet) -> None:
    """One chip of ten comes in about half of the draws."""
    from rvcli.backend.pytorch.samples import rare_class_weights, training_order

    weights = rare_class_weights(unequal, [5], 0.5)
    assert weights is not None
    np.testing.assert_allclose(weights.sum(), 1.0)
    drawn = [i for seed in range(100) for i in training_order(weights, 10, 5, seed)]
    assert 0.45 < drawn.count(4) / len(drawn) < 0.55


@pytest.mark.parametrize(
    ("rare", "probability"), [([], 0.5), ([5], None), ([2, 5], 0.5), ([7], 0.5)]
)
def test_nothing_is_drawn_more_often_without_a_reason(
    unequal: ChipSet, rare: list[int], probability: float | None
) -> None:
    """Nothing is asked for, or all chips or none show a rare class."""
    from rvcli.backend.pytorch.samples import rare_class_weights

    assert rare_class_weights(unequal, rare, probability) is None


def test_training_draws_rare_classes_more_often(
    classification: Callable[..., Any],
    places: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The options of the backend reach the batches."""
    from rvcli.backend.pytorch import trainer

    seen: list[int] = []
    step = trainer._Run._step

    def watched(run: Any, images: Any, targets: Any) -> Any:
        seen.extend(targets.tolist())
        return step(run, images, targets)

    monkeypatch.setattr(trainer._Run, "_step", watched)
    chip = np.ones((32, 32, 3), np.uint8)
    chips = [(chip, BOX, np.array(5 if i == 4 else 2)) for i in range(12)]
    where = places(ChipKind.CLASS, chips=chips)
    classification(where, rare_classes=(5,), desired_prob=0.9, num_epochs=3).train(str(tmp_path))
    assert 0.7 < seen.count(2) / len(seen)  # the second class


def test_balanced_weights_are_inverse_to_what_is_labelled(unequal: ChipSet) -> None:
    """Nine of one and one of another weigh 5/9 and 5; a class without labels nothing."""
    from rvcli.backend.pytorch.samples import class_weights

    weights = class_weights(unequal, [2, 5], "balanced")
    np.testing.assert_allclose(weights, [10 / 18, 5.0])
    assert 0.0 == (class_weights(unequal, [2, 5, 9], "balanced") or ())[2]


def test_given_weights_are_taken(unequal: ChipSet) -> None:
    """A list is what it is, and None is none."""
    from rvcli.backend.pytorch.samples import class_weights

    assert (1.0, 2.0) == class_weights(unequal, [2, 5], [1, 2])
    assert class_weights(unequal, [2, 5], None) is None


def test_worker_processes_read_the_same_batches(places: Callable[..., Any], tmp_path: Path) -> None:
    """With and without workers the same augmented chips come in the same order."""
    from rvcli.backend.pytorch.augment import augmentation
    from rvcli.backend.pytorch.samples import ChipDataset, batches
    from rvcli.backend.pytorch.segmentation_recipe import SegmentationRecipe

    recipe = SegmentationRecipe((2, 5))
    augment = augmentation(["HorizontalFlip", "GaussNoise"])
    dataset = ChipDataset(places().train_chip_uris, str(tmp_path), recipe, augment)
    read = []
    for workers in (0, 2):
        loader = batches(
            dataset,
            recipe,
            [5, 1, 7, 3],
            2,
            seed=1,
            device=torch.device("cpu"),
            workers=workers,
        )
        read.append([images for images, _ in loader])
    dataset.close()
    assert all(torch.equal(a, b) for a, b in zip(*read, strict=True))


def test_only_a_gpu_has_workers() -> None:
    """A processor that computes reads itself."""
    from rvcli.backend.pytorch.samples import default_workers

    assert 0 == default_workers(torch.device("cpu"))
    assert 1 <= default_workers(torch.device("cuda")) <= 8


def test_smaller_chips_are_filled_up() -> None:
    """In a batch of different sizes the rest of the smaller ones is 0, no data."""
    from rvcli.backend.pytorch.segmentation_recipe import SegmentationRecipe

    samples = [
        (torch.ones(1, h, w), torch.ones(h, w, dtype=torch.int64)) for h, w in ((2, 3), (3, 2))
    ]
    images, targets = SegmentationRecipe((1,)).collate(samples)
    assert [[1, 1, 1], [1, 1, 1], [0, 0, 0]] == images[0, 0].tolist()
    assert [[1, 1, 0], [1, 1, 0], [1, 1, 0]] == targets[1].tolist()
