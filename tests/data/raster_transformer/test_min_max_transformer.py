"""MinMaxTransformer: between given limits, or percentiles that were measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rvcli import keys
from rvcli.config import InvalidConfigError
from rvcli.core.channel_figures import ChannelFigures
from rvcli.core.raster_stats import RasterStats
from rvcli.data.raster_transformer.min_max_transformer import MinMaxTransformer
from rvcli.data.raster_transformer.noop_transformer import NoopTransformer
from rvcli.data.raster_transformer.raster_transformer_config import RasterTransformerConfig
from rvcli.data.raster_transformer.values import TINY
from rvcli.errors import DataError


def builder() -> Any:
    """Give the builder of the transformer."""
    return RasterTransformerConfig.builder(keys.MIN_MAX_TRANSFORMER)


def pixels(*channels: list[float], dtype: str = "uint16") -> Any:
    """Make a chip of one row from the values of each channel."""
    return np.array(channels, dtype=dtype).T[np.newaxis]


def saved(folder: Path, *channels: list[float]) -> str:
    """Write the statistics of channels with these values."""
    figures = []
    for values in channels:
        figures.append(ChannelFigures())
        figures[-1].add(np.array([values], dtype=np.uint16))
    uri = str(folder / "stats.json")
    RasterStats.of(figures).save(uri)
    return uri


def test_one_range_for_all_channels() -> None:
    """One minimum and maximum are those of every channel."""
    chip = pixels([100, 300, 500], [0, 50, 900])
    scaled = builder().with_minimum(100).with_maximum(500).build().create_transformer()
    assert [[1, 128, 255], [0, 1, 255]] == scaled.transform(chip)[0].T.tolist()


def test_range_for_each_channel() -> None:
    """Each channel of the chip has its own limits, whatever its place in the image."""
    config = builder().with_minimum([0, 1000]).with_maximum([254, 2000]).build()
    scaled = config.create_transformer().transform(pixels([127, 5], [1500, 2000]), [7, 3])
    assert ([[128, 6], [128, 255]], np.uint8) == (scaled[0].T.tolist(), scaled.dtype)


def test_floats_are_above_0() -> None:
    """As float32 the maximum is 1, and the minimum little more than 0, which is nodata."""
    config = builder().with_minimum(2).with_maximum(6).with_dtype("float32").build()
    scaled = config.create_transformer().transform(pixels([2, 4, 6, 0]))
    assert ([TINY, 0.5, 1, 0], np.float32) == (scaled.ravel().tolist(), scaled.dtype)


def test_percentiles_of_the_statistics(tmp_path: Path) -> None:
    """Without limits the minimum and maximum that were measured are taken, or percentiles."""
    uri = saved(tmp_path, list(range(1, 101)), [7] * 100)
    chip = pixels([1, 98, 100])
    config = builder().with_stats_uri(uri)
    scaled = config.build().create_transformer().transform(chip, [0])
    assert [1, 250, 255] == scaled.ravel().tolist()
    narrow = config.with_percentiles((2, 98)).build().create_transformer()
    assert [1, 255, 255] == narrow.transform(chip, [0]).ravel().tolist()
    assert [1, 1, 1] == narrow.transform(pixels([7, 7, 7]), [1]).ravel().tolist()


def test_statistics_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    """Statistics of older releases have no percentiles, and those of few channels do not do."""
    old = tmp_path / "old.json"
    old.write_text('{"means": [1.0], "stds": [1.0]}')
    with pytest.raises(DataError, match="have no percentile 0"):
        builder().with_stats_uri(str(old)).build().create_transformer()
    fresh = builder().with_stats_uri(saved(tmp_path, [1, 2])).build().create_transformer()
    with pytest.raises(DataError, match="statistics of 1 channels do not fit"):
        fresh.transform(pixels([1], [2]))


def test_limits_have_to_fit_the_chip() -> None:
    """Limits of other channels than the chip's are refused."""
    with pytest.raises(DataError, match="2 minima and 1 maxima do not fit a chip of 3 channels"):
        MinMaxTransformer([1, 2], [9]).transform(pixels([1], [2], [3]))


def test_nothing_changes_while_statistics_are_measured() -> None:
    """Without limits and statistics, as in the analyze command, chips pass unchanged."""
    config = builder().build()
    assert isinstance(config.create_transformer(), NoopTransformer)
    assert config.needs_stats()
    assert not builder().with_minimum(1).with_maximum(2).build().needs_stats()


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"minimum": 1.0}, r"\$.maximum is not set"),
        ({"maximum": 1.0}, r"\$.minimum is not set"),
        ({"minimum": [1.0, 2.0], "maximum": [1.0, 2.0, 3.0]}, "as many values as minimum"),
        ({"percentiles": (98, 2)}, "the lower first, not 98, 2"),
        ({"percentiles": (3, 98)}, "must be two of 0, 0.1"),
        ({"dtype": "int8"}, "must be one of 'uint8', 'float32'"),
    ],
)
def test_config_is_checked(values: dict[str, Any], text: str) -> None:
    """Limits that make no range are refused when the config is built."""
    with pytest.raises(InvalidConfigError, match=text):
        builder().set(**values).build()


def test_message_keeps_the_config() -> None:
    """The message gives the same config again."""
    configs = [
        builder().with_minimum([1.5, 2]).with_maximum(9).with_dtype("float32").build(),
        builder().with_percentiles((0.5, 99.9)).with_stats_uri("s.json").build(),
    ]
    for config in configs:
        again = RasterTransformerConfig.from_proto(config.to_proto())
        assert config.to_plain() == again.to_plain()
