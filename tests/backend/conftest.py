"""Small images and what the embedded backend makes of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rvcli.backend.sklearn.pixel_classifier import train_model
from rvcli.backend.sklearn.pixel_features import FeatureSpec, PixelFeatures
from rvcli.backend.sklearn.pixel_model import PixelModel
from rvcli.backend.sklearn.pixel_sample import PixelSample

# Before scikit-learn is loaded, as training does it: threads that spin take long on a busy machine.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

SPEC = FeatureSpec(3, (1, 2))


def noisy_halves(size: int = 48, bands: int = 3, seed: int = 0) -> tuple[Any, Any]:
    """Draw an image whose left half is dark and of class 1, the right half bright and of class 4.

    Returns:
        uint16 (size, size, bands) and uint8 (size, size).
    """
    rng = np.random.default_rng(seed)
    labels = np.full((size, size), 1, np.uint8)
    labels[:, size // 2 :] = 4
    chip = rng.normal(np.where(labels == 1, 1000, 1500)[:, :, None], 200, (size, size, bands))
    return chip.clip(1).astype(np.uint16), labels


@pytest.fixture(scope="session")
def halves() -> Callable[..., tuple[Any, Any]]:
    """Give `noisy_halves`."""
    return noisy_halves


@pytest.fixture(scope="session")
def small_sample() -> PixelSample:
    """Give pixels of classes 1 and 4 of noisy halves in three bands."""
    chip, labels = noisy_halves()
    rows, columns = np.divmod(np.arange(0, labels.size, 3), labels.shape[1])
    ids = labels[rows, columns].astype(np.int64)
    found = {1: int((ids == 1).sum()), 4: int((ids == 4).sum())}
    return PixelSample(PixelFeatures(chip, SPEC).at(rows, columns), ids, found, found)


@pytest.fixture(scope="session")
def small_model(small_sample: PixelSample) -> PixelModel:
    """Give a model that tells the halves apart."""
    return train_model(small_sample, SPEC, iterations=10, learning_rate=0.3, seed=0)
