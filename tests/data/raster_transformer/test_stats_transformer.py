"""StatsTransformer: any dtype to uint8."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rvcli.core.raster_stats import RasterStats
from rvcli.data.raster_transformer.stats_transformer import StatsTransformer
from rvcli.errors import DataError

DTYPES = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"]


def transformer(means: Sequence[float], stds: Sequence[float]) -> StatsTransformer:
    """Make a transformer with these figures."""
    stats = RasterStats()
    stats.means, stats.stds = list(means), list(stds)
    return StatsTransformer(stats)


def pixels(*values: Any, dtype: str = "uint16") -> Any:
    """Make a chip of one row and one channel."""
    return np.array(values, dtype=dtype).reshape(1, -1, 1)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "int32", "float32"])
def test_three_deviations_span_uint8(dtype: str) -> None:
    """Mean - 3 sd is 1, the mean 128, mean + 3 sd 255, and beyond is clipped."""
    chip = pixels(10, 40, 70, 100, 120, dtype=dtype)
    scaled = transformer([70], [10]).transform(chip)
    assert np.uint8 == scaled.dtype
    assert [1, 1, 128, 255, 255] == scaled.ravel().tolist()


@given(
    chip=st.sampled_from(DTYPES).flatmap(
        lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=3, max_dims=3, max_side=5))
    ),
    mean=st.floats(-1e5, 1e5),
    std=st.floats(0, 1e5),
)
def test_zero_is_nodata_and_nothing_else_is(chip: Any, mean: float, std: float) -> None:
    """Exactly 0 and what is not finite become 0, in every dtype, whatever the statistics."""
    channels = chip.shape[2]
    scaled = transformer([mean] * channels, [std] * channels).transform(chip)
    assert chip.shape == scaled.shape
    np.testing.assert_array_equal((chip == 0) | ~np.isfinite(chip), scaled == 0)


@given(chip=hnp.arrays("uint16", (3, 4, 2)))
def test_integers_and_floats_agree(chip: Any) -> None:
    """The tables for integers hold what the formula gives for floats."""
    scale = transformer([900, 20_000], [300, 9000])
    np.testing.assert_array_equal(scale.transform(chip.astype("float64")), scale.transform(chip))


def test_channels_are_found_by_the_channel_order() -> None:
    """Each channel is scaled by the figures of the image channel that it is."""
    scale = transformer([10, 20, 30], [1, 2, 3])
    chip = np.array([[[30, 10]]], dtype=np.uint8)
    assert [128, 128] == scale.transform(chip, [2, 0]).ravel().tolist()
    assert [255, 1] == scale.transform(chip, [0, 2]).ravel().tolist()


def test_channel_without_deviation_is_scaled_by_one() -> None:
    """A channel that was the same everywhere gives its mean 128 and no division by zero."""
    assert [86, 128, 170] == transformer([9], [0]).transform(pixels(8, 9, 10)).ravel().tolist()


def test_what_is_not_finite_is_nodata() -> None:
    """Infinities are without data, as NaN is."""
    chip = pixels(-np.inf, np.inf, np.nan, dtype="float32")
    assert [0, 0, 0] == transformer([5], [1]).transform(chip).ravel().tolist()


def test_chosen_channels_are_scaled() -> None:
    """Channels that are not chosen are left as they are, in a dtype that holds both."""
    stats = transformer([10, 20, 30], [1, 2, 3]).raster_stats
    chip = np.array([[[30, 20_000, 7]]], dtype=np.uint16)
    scaled = StatsTransformer(stats, channels=[0]).transform(chip, [2, 0])
    assert ([128, 20_000, 7], np.uint16) == (scaled.ravel().tolist(), scaled.dtype)


def test_chosen_channel_has_to_be_of_the_image() -> None:
    """A channel that was added to those of the image has no statistics."""
    stats = transformer([10], [1]).raster_stats
    with pytest.raises(DataError, match="statistics of 1 channels do not fit"):
        StatsTransformer(stats, channels=[1]).transform(np.ones((1, 1, 2), np.uint8), [0])


def test_views_are_taken() -> None:
    """Chips need not be contiguous."""
    chip = np.arange(1, 241, dtype=np.uint16).reshape(2, 10, 12)[:, ::2, ::-3]
    scale = transformer([120] * 4, [40] * 4)
    np.testing.assert_array_equal(scale.transform(chip.copy()), scale.transform(chip))


def test_needs_statistics() -> None:
    """Without statistics there is nothing to scale by."""
    with pytest.raises(DataError, match="has no statistics") as caught:
        StatsTransformer().transform(pixels(1))
    assert "analyze" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("shape", "order"), [((1, 1, 3), None), ((1, 1, 2), [0]), ((1, 1, 1), [2])]
)
def test_statistics_have_to_fit(shape: tuple[int, int, int], order: list[int] | None) -> None:
    """Statistics of other channels than the chip's are refused."""
    with pytest.raises(DataError, match="statistics of 2 channels do not fit a chip of"):
        transformer([1, 2], [1, 1]).transform(np.ones(shape, dtype=np.uint8), order)
