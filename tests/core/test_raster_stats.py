"""RasterStats: exact figures, the same each time."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rvcli.core.box import Box
from rvcli.core.raster_stats import (
    PERCENTILES,
    RasterStats,
    parallel_mean,
    parallel_variance,
)
from rvcli.errors import ConfigError, DataError


class Image:
    """An image in memory, as RasterStats sees a raster source."""

    is_active = False

    def __init__(self, array: Any, block: int = 64) -> None:
        self.array, self.block = np.asarray(array), block
        self.read: list[Box] = []
        self.activations = 0

    @contextmanager
    def activate(self) -> Iterator[None]:
        """Count activations."""
        self.activations += 1
        self.is_active = True
        yield
        self.is_active = False

    def iter_blocks(self, max_pixels: int = 1 << 20) -> Iterator[Box]:
        """Give squares."""
        size = min(self.block, math.isqrt(max_pixels))
        height, width = self.array.shape[:2]
        for window in Box(0, 0, height, width).get_windows(size, size):
            yield window.intersection(Box(0, 0, height, width))

    def get_raw_chip(self, window: Box) -> Any:
        """Read a window."""
        assert self.is_active
        self.read.append(window)
        return self.array[window.ymin : window.ymax, window.xmin : window.xmax]


def measured(*images: Any, sample_prob: float | None = None) -> RasterStats:
    """Measure images."""
    stats = RasterStats()
    stats.compute(images, sample_prob)
    return stats


@given(
    array=st.sampled_from(["uint8", "int8", "uint16", "int16", ">u2", "int32", "float32"]).flatmap(
        lambda dtype: hnp.arrays(
            dtype,
            st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 3)),
            elements=({"min_value": -1e6, "max_value": 1e6} if dtype == "float32" else None),
        )
    ),
    block=st.integers(1, 9),
)
def test_figures_are_those_of_numpy(array: Any, block: int) -> None:
    """Counts, means and deviations are those of all pixels but 0, whatever the blocks."""
    valid = [
        channel[channel != 0].astype(np.float64) for channel in array.reshape(-1, array.shape[2]).T
    ]
    if not any(values.size for values in valid):
        return
    stats = measured(Image(array, block))
    assert [values.size for values in valid] == stats.counts
    expected = [(v.mean(), v.std()) if v.size else (0.0, 0.0) for v in valid]
    np.testing.assert_allclose(stats.means, [m for m, _ in expected], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(stats.stds, [s for _, s in expected], rtol=1e-6, atol=1e-2)


def test_values_that_are_not_finite_are_left_out() -> None:
    """NaN, infinities and 0 are left out."""
    stats = measured(Image([[[1.0], [np.nan], [3.0]], [[np.inf], [0.0], [-np.inf]]]))
    assert ([2], [2.0], [1.0]) == (stats.counts, stats.means, stats.stds)


def test_images_are_measured_together() -> None:
    """Several images give the figures of all their pixels, whatever their dtypes."""
    first = np.full((4, 4, 1), 10, dtype=np.uint8)
    second = np.full((4, 4, 1), 20, dtype=np.uint16)
    third = np.full((4, 4, 1), 30, dtype=np.float32)
    stats = measured(Image(first), Image(second), Image(third))
    assert ([48], [20.0]) == (stats.counts, stats.means)
    assert pytest.approx([math.sqrt(200 / 3)]) == stats.stds


def test_channel_without_data_has_zeros() -> None:
    """A channel without valid pixel has 0 for all its figures."""
    array = np.zeros((2, 2, 2), dtype=np.uint8)
    array[:, :, 1] = 7
    stats = measured(Image(array))
    assert ([0, 4], [0.0, 7.0], [0.0, 0.0]) == (stats.counts, stats.means, stats.stds)


def test_sources_are_active_while_read() -> None:
    """A source is activated once, and one that is active is left so."""
    image = Image(np.ones((100, 100, 1), dtype=np.uint8), block=30)
    measured(image)
    assert 1 == image.activations
    with image.activate():
        measured(image)
        assert image.is_active
    assert 2 == image.activations


def test_sample_is_a_share_and_the_same_each_time() -> None:
    """A sample reads that share of the windows, without repetition, and always the same."""
    array = np.random.default_rng(0).integers(1, 255, (200, 200, 1)).astype(np.uint8)
    images = [Image(array, block=20) for _ in range(2)]
    first, second = (measured(image, sample_prob=0.25) for image in images)
    assert 25 == len({window.tuple_format() for window in images[0].read})
    assert images[0].read == images[1].read
    assert first.means == second.means
    assert first.counts == [25 * 400]


def test_sample_has_at_least_one_window() -> None:
    """The smallest sample still reads one window of every image."""
    assert [64 * 64] == measured(Image(np.ones((640, 640, 1), np.uint8)), sample_prob=1e-9).counts


def test_sample_of_all_is_everything() -> None:
    """A share of 1 reads everything once."""
    assert [100] == measured(Image(np.ones((10, 10, 1), np.uint8), 3), sample_prob=1.0).counts


@pytest.mark.parametrize("share", [0.0, -0.5, 1.5])
def test_share_is_checked(share: float) -> None:
    """A share that is none is refused."""
    with pytest.raises(ConfigError, match=f"sample_prob is {share}"):
        measured(sample_prob=share)


def test_images_without_valid_pixel_are_refused() -> None:
    """Where there is nothing to measure the error says so."""
    with pytest.raises(DataError, match="no valid pixel"):
        measured(Image(np.zeros((3, 3, 1), dtype=np.uint8)))
    with pytest.raises(DataError, match="no valid pixel"):
        measured()


def test_images_of_different_channels_are_refused() -> None:
    """Images with different numbers of channels cannot be measured together."""
    with pytest.raises(DataError, match="an image has 2 channels, those before it 1"):
        measured(Image(np.ones((2, 2, 1))), Image(np.ones((2, 2, 2))))


def test_alpha_is_no_band() -> None:
    """Imagery with and without alpha is measured together: bands alone count."""
    rgb, rgba = Image(np.full((2, 2, 1), 4, np.uint8)), Image(np.full((2, 2, 2), 6, np.uint8))
    rgba.num_bands = 1  # type: ignore[attr-defined]
    assert ([8], [5.0]) == (measured(rgb, rgba).counts, measured(rgba, rgb).means)


def test_percentiles_of_all_images() -> None:
    """Each percentile is that of the pixels of all images, channel by channel."""
    first = np.arange(1, 51, dtype=np.uint8).reshape(5, 10, 1)
    second = np.arange(51, 101, dtype=np.uint16).reshape(5, 10, 1)
    percentiles = measured(Image(first), Image(second)).percentiles or {}
    assert ([1.0], [2.0], [50.0], [100.0]) == tuple(percentiles[s] for s in (0, 2, 50, 100))
    assert PERCENTILES == tuple(percentiles)


def test_survives_saving_and_loading(tmp_path: Path) -> None:
    """What was saved is loaded."""
    uri = str(tmp_path / "stats.json")
    stats = measured(Image(np.arange(1, 25, dtype=np.uint16).reshape(3, 4, 2)))
    stats.save(uri)
    assert vars(stats) == vars(RasterStats.load(uri))


def test_loads_statistics_of_older_releases(tmp_path: Path) -> None:
    """A file with means and stds alone is enough."""
    path = tmp_path / "stats.json"
    path.write_text(json.dumps({"means": [1, 2.5], "stds": [3, 4]}))
    stats = RasterStats.load(str(path))
    assert ([1.0, 2.5], [3.0, 4.0], None) == (stats.means, stats.stds, stats.counts)


@pytest.mark.parametrize(
    "content", [{"means": [1]}, [1, 2], {"means": [1], "stds": [1, 2]}, {"means": "x", "stds": [1]}]
)
def test_other_json_is_refused(content: Any, tmp_path: Path) -> None:
    """JSON that holds no statistics is refused by name."""
    path = tmp_path / "other.json"
    path.write_text(json.dumps(content))
    with pytest.raises(DataError, match=f"{path} does not hold statistics"):
        RasterStats.load(str(path))


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=20), st.data())
def test_parts_merge_to_the_whole(values: list[float], data: Any) -> None:
    """Mean and variance of two parts together are those of the whole."""
    cut = data.draw(st.integers(1, len(values) - 1))
    a, b = np.array(values[:cut]), np.array(values[cut:])
    mean = parallel_mean(a.mean(), a.size, b.mean(), b.size)
    variance = parallel_variance(a.mean(), a.size, a.var(), b.mean(), b.size, b.var())
    assert pytest.approx(np.mean(values), abs=1e-6) == mean
    assert pytest.approx(np.var(values), abs=1e-6) == variance


def test_empty_parts_and_arrays_merge() -> None:
    """Arrays are merged channel by channel, and two empty parts are an empty whole."""
    counts_a, counts_b = np.array([0, 2]), np.array([0, 2])
    means_a, means_b = np.array([0.0, 1.0]), np.array([0.0, 3.0])
    zeros = np.zeros(2)
    assert [0.0, 2.0] == parallel_mean(means_a, counts_a, means_b, counts_b).tolist()
    variances = parallel_variance(means_a, counts_a, zeros, means_b, counts_b, zeros)
    assert [0.0, 1.0] == variances.tolist()


class TestReordered:
    """Statistics of channels that stand in other places."""

    def test_each_figure_follows_its_channel(self) -> None:
        """Channel 2 of the old imagery is channel 0 of the new, and so on."""
        stats = RasterStats()
        stats.means, stats.stds, stats.counts = [1.0, 2.0, 3.0], [0.1, 0.2, 0.3], [5, 6, 7]
        stats.percentiles = {50.0: [10.0, 20.0, 30.0]}
        new = stats.reordered([2, 0], [0, 3])
        assert ([3.0, 0.0, 0.0, 1.0], [0.3, 0.0, 0.0, 0.1], [7, 0, 0, 5]) == (
            new.means,
            new.stds,
            new.counts,
        )
        assert {50.0: [30.0, 0.0, 0.0, 10.0]} == new.percentiles

    @pytest.mark.parametrize("orders", [([0], [0, 1]), ([3], [0])])
    def test_orders_that_do_not_fit_are_refused(self, orders: tuple[list[int], list[int]]) -> None:
        """Of another length, or naming a channel that was not measured."""
        stats = RasterStats()
        stats.means, stats.stds, stats.counts = [1.0, 2.0], [0.1, 0.2], [5, 6]
        with pytest.raises(DataError, match="cannot stand for"):
            stats.reordered(*orders)
