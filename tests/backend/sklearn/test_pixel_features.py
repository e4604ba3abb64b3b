"""Features of pixels: against a plain computation, at edges, beside no-data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rvcli.backend.sklearn import pixel_features
from rvcli.backend.sklearn.pixel_features import FeatureSpec, PixelFeatures, valid_pixels


def draw(height: int, width: int, bands: int = 2, dtype: Any = np.uint16, seed: int = 0) -> Any:
    """Draw an image without a zero."""
    return np.random.default_rng(seed).integers(1, 250, (height, width, bands)).astype(dtype)


def named(features: Any, spec: FeatureSpec) -> dict[str, Any]:
    """Give one row of features by name."""
    return dict(zip(spec.names, features, strict=True))


def test_names_and_features_agree() -> None:
    """There is a feature for every name."""
    spec = FeatureSpec(4, (1, 3))
    features = PixelFeatures(draw(7, 9, 4), spec).rows(0, 7)
    assert (63, len(spec.names)) == features.shape
    assert np.float32 == features.dtype


def test_means_and_texture_are_those_of_the_window() -> None:
    """In the middle of an image, the features are plain means and deviations of the window."""
    chip = draw(21, 21)
    spec = FeatureSpec(2, (1, 4))
    found = named(PixelFeatures(chip, spec).at(np.array([10]), np.array([9]))[0], spec)
    window = chip[6:15, 5:14].astype(float)
    assert chip[10, 9, 1] == found["band2"]
    assert window[:, :, 0].mean() == pytest.approx(found["band1_mean4"])
    assert window.mean(axis=2).std() == pytest.approx(found["texture4"], rel=1e-4)


def test_windows_at_the_edge_hold_what_there_is() -> None:
    """At a corner, a mean is that of the pixels inside."""
    chip = draw(8, 8)
    spec = FeatureSpec(2, (2,))
    found = named(PixelFeatures(chip, spec).at(np.array([0]), np.array([0]))[0], spec)
    assert chip[:3, :3, 0].mean() == pytest.approx(found["band1_mean2"])


def test_no_data_leaves_no_trace_in_its_neighbours() -> None:
    """A mean is that of the valid pixels of the window."""
    chip = draw(9, 9)
    chip[:, 5:] = 0
    spec = FeatureSpec(2, (2,))
    features = PixelFeatures(chip, spec)
    found = named(features.at(np.array([4]), np.array([4]))[0], spec)
    assert chip[2:7, 2:5, 0].mean() == pytest.approx(found["band1_mean2"])
    assert 0 == found["edge"]
    assert [True] * 5 + [False] * 4 == features.valid[0].tolist()


def test_an_edge_is_found() -> None:
    """The edge strength of a step is its height over two pixels, and zero away from it."""
    chip = np.full((9, 9, 1), 10, np.uint8)
    chip[:, 5:] = 50
    spec = FeatureSpec(1, (1,))
    edge = PixelFeatures(chip, spec).rows(4, 5)[:, 1]
    assert [0, 0, 20, 20, 0] == pytest.approx(edge[2:7])


@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 99), st.booleans())
@settings(max_examples=25, deadline=None)
def test_single_pixels_have_the_features_of_rows(
    height: int, width: int, seed: int, hole: bool
) -> None:
    """Features do not depend on whether a pixel is asked for alone or with its row."""
    chip = draw(height, width, seed=seed)
    if hole:
        chip[height // 2, width // 2] = 0
    features = PixelFeatures(chip, FeatureSpec(2, (1, 2)))
    rows, columns = np.divmod(np.arange(height * width), width)
    np.testing.assert_array_equal(features.at(rows, columns), features.rows(0, height))


def test_a_margin_makes_windows_agree() -> None:
    """Windows read with their margin have the features that the whole image has there."""
    chip = draw(60, 60)
    spec = FeatureSpec(2, (1, 4))
    whole = PixelFeatures(chip, spec).rows(0, 60).reshape(60, 60, -1)
    part = chip[20 - spec.margin : 40 + spec.margin, 10 - spec.margin : 30 + spec.margin]
    features = PixelFeatures(part, spec, has_margin=True)
    assert (20, 20) == features.shape
    found = features.rows(0, 20).reshape(20, 20, -1)
    np.testing.assert_allclose(whole[20:40, 10:30], found, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "float32", "float64"])
def test_any_dtype(dtype: str) -> None:
    """The same values give the same features whatever their dtype."""
    chip = draw(9, 9)
    spec = FeatureSpec(2, (1,))
    expected = PixelFeatures(chip, spec).rows(0, 9)
    np.testing.assert_array_equal(expected, PixelFeatures(chip.astype(dtype), spec).rows(0, 9))


def test_not_a_number_is_no_data() -> None:
    """A pixel with NaN or infinity in one band is not valid, and does not spread."""
    chip = draw(7, 7, dtype=np.float32)
    chip[3, 3, 1] = np.nan
    chip[0, 0, 0] = np.inf
    features = PixelFeatures(chip, FeatureSpec(2, (1,)))
    assert 47 == features.valid.sum()
    assert np.isfinite(features.rows(0, 7)).all()


def test_zero_in_one_band_is_data() -> None:
    """Only zero in all bands is no data."""
    chip = np.array([[[0, 5], [0, 0]]], np.uint8)
    assert [[True, False]] == valid_pixels(chip).tolist()


def test_blocks_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many bands make blocks of fewer rows, at least one."""
    monkeypatch.setattr(pixel_features, "_BLOCK_BYTES", 4096)
    few = PixelFeatures(draw(4, 20, 2), FeatureSpec(2, (1,))).rows_per_block()
    many = PixelFeatures(draw(4, 20, 90), FeatureSpec(90, (1,))).rows_per_block()
    assert (7, 1) == (few, many)
