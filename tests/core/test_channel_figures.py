"""ChannelFigures: moments and percentiles of one channel."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rvcli.core import channel_figures
from rvcli.core.channel_figures import ChannelFigures

SHARES = (0.0, 0.5, 10.0, 50.0, 99.0, 100.0)
_planes = st.sampled_from(["uint8", "int8", "uint16", "int16", "int32", "float32"]).flatmap(
    lambda dtype: hnp.arrays(
        dtype, (3, 4), elements=st.integers(-9, 9) if dtype[0] != "u" else st.integers(0, 9)
    )
)


def figures_of(*planes: Any) -> ChannelFigures:
    """Take the figures of planes."""
    figures = ChannelFigures()
    for plane in planes:
        figures.add(plane)
    return figures


@given(st.lists(_planes, min_size=1, max_size=3), st.lists(_planes, max_size=3))
def test_percentiles_and_moments_are_those_of_numpy(first: Any, second: Any) -> None:
    """Whatever the dtypes, and however the planes are grouped, 0 is left out."""
    figures = figures_of(*first)
    figures.merge(figures_of(*second))
    values = np.concatenate([plane.ravel().astype(float) for plane in [*first, *second]])
    values = values[values != 0]
    count, mean, var = figures.moments()
    assert values.size == count
    if count:
        expected = np.percentile(values, SHARES, method="inverted_cdf")
        assert expected.tolist() == figures.percentiles(SHARES)
        np.testing.assert_allclose([values.mean(), values.var()], [mean, var], atol=1e-9)
    else:
        assert [0.0] * len(SHARES) == figures.percentiles(SHARES)


def test_asking_twice_gives_the_same() -> None:
    """Figures are not changed by being read."""
    figures = figures_of(np.arange(9, dtype=np.uint8).reshape(3, 3))
    assert figures.moments() == figures.moments()


def test_many_floats_are_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of too many values a part is kept; extremes stay exact, percentiles about right."""
    monkeypatch.setattr(channel_figures, "_MAX_SAMPLE", 2000)
    rng = np.random.default_rng(0)
    planes = [rng.normal(100, 10, (60, 70)).astype(np.float32) for _ in range(6)]
    one, other = figures_of(*planes[:5]), figures_of(planes[5])
    one.merge(other)
    values = np.concatenate([plane.ravel() for plane in planes])
    low, middle, high = one.percentiles((0, 50, 100))
    assert (values.min(), values.max()) == (low, high)
    assert abs(np.median(values) - middle) < 1
    assert one._sample._size <= 2000
    assert one.moments()[0] == values.size


def test_memory_is_that_of_the_sample() -> None:
    """What is kept of float imagery does not hold the planes that it is taken from."""
    figures = ChannelFigures()
    rng = np.random.default_rng(1)
    tracemalloc.start()
    try:
        for _ in range(40):
            figures.add(rng.random((512, 512), np.float32))
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 4 << 20
