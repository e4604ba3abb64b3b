"""Nodata values as pixels have them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rvcli.data.raster_source.window_reader import nodata_value


@pytest.mark.parametrize(
    ("nodata", "dtype", "expected"),
    [
        (None, "uint8", None),
        (255.0, "uint8", 255),
        (0.0, "uint8", 0),
        (-9999.0, "uint8", None),
        (0.5, "int16", None),
        (float("inf"), "int16", None),
        (float("nan"), "float32", None),
        (float("inf"), "float32", np.inf),
        (-1e300, "float32", -np.inf),
        (0.1, "float32", np.float32(0.1)),
    ],
)
def test_nodata_is_a_value_of_the_dtype(nodata: Any, dtype: str, expected: Any) -> None:
    """A nodata value becomes the value that pixels have, or None where none can have it."""
    actual = nodata_value(nodata, np.dtype(dtype))
    assert expected == actual
    assert actual is None or np.dtype(dtype) == actual.dtype
