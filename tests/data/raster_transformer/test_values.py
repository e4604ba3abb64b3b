"""Values in another dtype or range."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rvcli.data.raster_transformer.values import TINY, cast_values, scale_values

INTEGERS = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64"]
DTYPES = [*INTEGERS, "float32", "float64"]
_arrays = st.sampled_from(DTYPES).flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(max_dims=2, max_side=4))
)


@given(_arrays, st.sampled_from(INTEGERS))
def test_cast_gives_the_nearest_value(values: Any, dtype: str) -> None:
    """Every value becomes the nearest integer that the dtype holds, NaN becomes 0."""
    limits = np.iinfo(dtype)
    cast = cast_values(values, dtype)
    assert np.dtype(dtype) == cast.dtype
    for value, actual in zip(values.ravel().tolist(), cast.ravel().tolist(), strict=True):
        if value != value:
            expected = 0
        elif value in (np.inf, -np.inf):
            expected = limits.max if value > 0 else limits.min
        else:
            expected = min(max(round(value), limits.min), limits.max)
        # The greatest 64-bit integers lie between floats.
        step = 2**11 if limits.bits == 64 and values.dtype == "float64" else 2**40
        apart = step if limits.bits >= 32 and values.dtype.kind == "f" else 0
        assert abs(expected - actual) <= apart * (abs(expected) > 2**30)


def test_float_beyond_an_integer_becomes_its_greatest() -> None:
    """A float that is greater than the greatest integer does not wrap around."""
    values = np.array([1e30, -1e30], dtype=np.float32)
    assert [255, 0] == cast_values(values, "uint8").tolist()
    assert [True, True] == (cast_values(values, "int32") == [2**31 - 128, -(2**31)]).tolist()


def test_cast_to_floats_keeps_values() -> None:
    """Floats take integers and booleans become 0 and 1."""
    assert [1.0, 300.0] == cast_values(np.array([1, 300]), "float32").tolist()
    assert [0, 1] == cast_values(np.array([False, True]), "uint8").tolist()


@given(
    hnp.arrays("float64", 5, elements=st.floats(-1e6, 1e6)),
    st.floats(-1e6, 1e6),
    st.floats(-1e6, 1e6),
)
def test_scaled_floats_and_bytes_agree(values: Any, one: float, other: float) -> None:
    """uint8 is float32 in 254 steps, and no valid value becomes 0 in either."""
    low, high = min(one, other), max(one, other)
    shares = scale_values(values, low, high, np.float32)
    np.testing.assert_array_equal(values != 0, shares > 0)
    assert shares.max() <= 1
    in_bytes = scale_values(values, low, high)
    np.testing.assert_array_equal(values != 0, in_bytes > 0)
    np.testing.assert_allclose(shares * 254 + 1, in_bytes, atol=1 + 0.501)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_limits_are_the_ends_of_the_range(dtype: str) -> None:
    """The lower limit becomes the least valid value, the upper the greatest."""
    values = np.array([-3.0, 2.0, 4.0, 6.0, 9.0, 0.0, np.nan, np.inf])
    expected = {
        "uint8": [1, 1, 128, 255, 255, 0, 0, 0],
        "float32": [TINY, TINY, 0.5, 1, 1, 0, 0, 0],
    }
    assert expected[dtype] == scale_values(values, 2, 6, dtype).tolist()
