"""Which pixels of a chip hold data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvcli.data.has_data import has_data


@given(st.integers(0, 99), st.integers(1, 5), st.booleans())
def test_data_is_what_is_not_zero_in_all_bands(seed: int, bands: int, by_band: bool) -> None:
    """It is as numpy's any, for chips in any layout."""
    chip = np.random.default_rng(seed).integers(0, 2, (bands, 7, 9), dtype=np.uint16)
    moved: Any = np.moveaxis(chip, 0, -1)
    if not by_band:
        moved = np.ascontiguousarray(moved)
    np.testing.assert_array_equal(chip.any(axis=0), has_data(moved))


@pytest.mark.parametrize("value", [np.nan, np.inf, -1.0])
def test_what_is_no_number_is_not_zero(value: float) -> None:
    """NaN and infinities are not 0; whether they are data is for others to say."""
    assert [[True, False]] == has_data(np.array([[[value, 0], [0, 0]]])).tolist()
