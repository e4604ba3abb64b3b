"""Normalisation lives inside the model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rvcli.backend.chip_set import ChipSet
from rvcli.core.box import Box

torch = pytest.importorskip("torch")

BOX = Box(0, 0, 32, 32)


def measured(places: Any, tmp_path: Path) -> Any:
    """Measure the training chips."""
    from rvcli.backend.chip_statistics import measure

    with ChipSet(places.train_chip_uris, str(tmp_path)) as chips:
        return measure(chips)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_statistics_are_those_of_the_pixels_with_data(
    places: Callable[..., Any], tmp_path: Path, dtype: str
) -> None:
    """Mean and standard deviation equal numpy's over all chips, nodata left out."""
    rng = np.random.default_rng(0)
    chips = [rng.normal((60, 100, 160, 200), 9, (32, 32, 4)).astype(dtype) for _ in range(3)]
    chips[0][:10] = 0
    where = places(chips=[(chip, BOX, np.full((32, 32), 2)) for chip in chips], channels=4)
    mean, std = measured(where, tmp_path)
    pixels = np.concatenate([chip[chip.any(axis=2)] for chip in chips]).astype(float)
    np.testing.assert_allclose(mean, pixels.mean(axis=0), rtol=1e-9)
    np.testing.assert_allclose(std, pixels.std(axis=0), rtol=1e-6)


def test_large_values_lose_no_digits(places: Callable[..., Any], tmp_path: Path) -> None:
    """A spread of 1 around a million is measured as such."""
    chip = 1e6 + np.random.default_rng(0).normal(0, 1, (32, 32, 1)).astype(np.float64)
    where = places(chips=[(chip, BOX, np.full((32, 32), 2))], channels=1)
    _, std = measured(where, tmp_path)
    np.testing.assert_allclose(std, chip.std(), rtol=1e-6)


def test_constant_and_missing_channels_are_left_as_they_are(
    places: Callable[..., Any], tmp_path: Path
) -> None:
    """A standard deviation of 0 becomes 1, and no data at all is mean 0."""
    labels = np.full((32, 32), 2)
    constant = places(chips=[(np.full((32, 32, 2), 7, np.uint8), BOX, labels)], channels=2)
    assert ((7.0, 7.0), (1.0, 1.0)) == measured(constant, tmp_path)
    nothing = places(chips=[(np.zeros((32, 32, 2), np.uint8), BOX, labels)], channels=2)
    assert ((0.0, 0.0), (1.0, 1.0)) == measured(nothing, tmp_path)


def test_pixels_without_data_become_zero() -> None:
    """Zero in all channels, nan and infinity are no data; zero in one channel is."""
    from rvcli.backend.pytorch.normalize import Normalize

    nan, inf = float("nan"), float("inf")
    images = torch.tensor([[1.0, 0.0, 0.0, nan, 5.0], [3.0, 0.0, 2.0, 1.0, inf]])
    given = Normalize((1.0, 2.0), (2.0, 0.5))(images.view(1, 2, 1, 5))
    expected = [[0.0, 0.0, -0.5, 0.0, 0.0], [2.0, 0.0, 0.0, 0.0, 0.0]]
    assert expected == given[0, :, 0].tolist()


@pytest.mark.parametrize("scale", [1, 100])
def test_the_scale_of_the_imagery_does_not_matter(
    segmentation: Callable[..., Any], places: Callable[..., Any], tmp_path: Path, scale: int
) -> None:
    """The same chips in uint16, times 100, are learned as well, and raw values are predicted."""
    chips = []
    rng = np.random.default_rng(3)
    for _ in range(4):
        labels = np.full((32, 32), 2)
        labels[8:24, 8:24] = 5
        values = rng.normal(np.where(labels == 5, 150, 90)[:, :, None], 12, (32, 32, 3))
        chips.append(((values * scale).astype(np.uint16), BOX, labels))
    backend = segmentation(places(chips=chips, dtype=np.uint16), num_epochs=10, keep="last")
    backend.train(str(tmp_path / "tmp"))
    labels = backend.predict([chips[0][0]], [BOX], str(tmp_path / "tmp"))
    assert 0.9 < (labels.get_label_arr(BOX) == chips[0][2]).mean()
