"""Features of a cell: what they depend on, and what not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvcli.backend.sklearn.cell_features import cell_features, grow_with_brightness


def noise(height: int = 32, width: int = 32, bands: int = 3, seed: int = 0) -> Any:
    """Draw a cell of smooth noise, float32 above 1."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(50, 200, (-(-height // 4), -(-width // 4), bands))
    fine = np.kron(coarse, np.ones((4, 4, 1)))[:height, :width]
    return (fine + rng.uniform(0, 20, fine.shape)).astype(np.float32)


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 4), st.booleans())
def test_any_cell_has_its_features(height: int, width: int, bands: int, blank: bool) -> None:
    """Cells of any size, with data or without, have as many features as the bands give."""
    chip = noise(height, width, bands) * (not blank)
    features = cell_features(chip)
    assert (np.float32, grow_with_brightness(bands).shape) == (features.dtype, features.shape)
    assert np.isfinite(features).all()
    assert blank or features.any()


@pytest.mark.parametrize("turn", [np.flipud, np.fliplr, np.rot90])
def test_turning_changes_nothing(turn: Any) -> None:
    """A cell that is mirrored or turned by 90 degrees is described the same."""
    chip = noise()
    np.testing.assert_allclose(cell_features(chip), cell_features(turn(chip)), rtol=1e-3, atol=1e-3)


def test_brightness_changes_what_it_says() -> None:
    """Features grow with brightness, or do not change at all."""
    chip = noise()
    factor = np.where(grow_with_brightness(3), 2, 1)
    np.testing.assert_allclose(
        cell_features(chip) * factor, cell_features(2 * chip), rtol=1e-3, atol=1e-3
    )


def test_pixels_without_data_do_not_count() -> None:
    """A collar without data leaves colours and contrasts as they are."""
    chip = noise(32, 32)
    padded = np.zeros((48, 48, 3), np.float32)
    padded[:32, :32] = chip
    colours = 7 * 3 + 2 * 3  # mean, deviation, five quantiles; mean and deviation of three pairs
    np.testing.assert_allclose(
        cell_features(chip)[:colours], cell_features(padded)[:colours], rtol=1e-5
    )
    np.testing.assert_allclose(cell_features(chip), cell_features(padded), rtol=0.3, atol=2)


def test_nan_has_no_data() -> None:
    """Pixels that are not finite do not count."""
    chip = noise()
    chip[5, 5, 1] = np.nan
    assert np.isfinite(cell_features(chip)).all()


def test_colours_come_first() -> None:
    """The first features are means, deviations and quantiles of the bands."""
    chip = noise()
    pixels = chip.reshape(-1, 3)
    quantiles = np.quantile(pixels, [0.05, 0.25, 0.5, 0.75, 0.95], axis=0).ravel()
    expected = np.concatenate([pixels.mean(axis=0), pixels.std(axis=0), quantiles])
    np.testing.assert_allclose(expected, cell_features(chip)[: len(expected)], rtol=1e-4)


def test_contrasts_are_normalized_differences() -> None:
    """Of two bands there is one contrast, the share by which the second exceeds the first."""
    chip = np.full((8, 8, 2), [50, 150], np.uint8)
    assert 0.5 == cell_features(chip)[2 * 7]


def test_edges_lie_apart_from_plains() -> None:
    """A cell with edges has longer gradients than one without."""
    plain = np.full((32, 32, 1), 100, np.uint8)
    striped = plain.copy()
    striped[::8] = 255
    means = [cell_features(chip)[7] for chip in (plain, striped)]  # after the bands' figures
    assert means[0] == 0 < means[1]


def test_many_bands_have_few_contrasts() -> None:
    """Of very many bands only neighbours are contrasted, so that features grow with bands only."""
    sizes = [len(grow_with_brightness(bands)) for bands in (16, 17, 18, 100)]
    assert sizes[1] < sizes[0]
    assert (sizes[3] - sizes[2]) == 82 * (sizes[2] - sizes[1])


def test_texture_tells_patterns_apart() -> None:
    """Frequencies of patterns sum to one, and differ between stripes and spots."""
    stripes = np.full((32, 32, 1), 100, np.uint8)
    spots = stripes.copy()
    stripes[:, ::4] = 200
    spots[::4, ::4] = 200
    patterns = [cell_features(chip)[-20:-10] for chip in (stripes, spots)]
    assert pytest.approx([1, 1]) == [found.sum() for found in patterns]
    assert np.abs(patterns[0] - patterns[1]).max() > 0.2
