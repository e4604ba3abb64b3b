"""RasterStats: mean, standard deviation and percentiles of each channel over many images."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any

from rvcli.core.channel_figures import ChannelFigures, parallel_mean, parallel_variance
from rvcli.errors import ConfigError, DataError

if TYPE_CHECKING:
    from rvcli.core.box import Box

# Side of the windows that are drawn when only a sample is read.
_SAMPLE_SIZE = 256

# What part of the pixels, in percent, does not exceed the values that statistics hold.
PERCENTILES = (0.0, 0.1, 0.5, 1.0, 2.0, 5.0, 50.0, 95.0, 98.0, 99.0, 99.5, 99.9, 100.0)

__all__ = ["PERCENTILES", "RasterStats", "measure_each", "parallel_mean", "parallel_variance"]


class RasterStats:
    """Mean, standard deviation and percentiles of each channel over many images.

    Attributes:
        means: one for each channel of the images, in their order; 0 where `counts` is 0.
        stds: standard deviations, of the population.
        counts: how many pixels each figure is taken from; None in files of older releases.
        percentiles: for each of PERCENTILES the values of all channels; exact for channels of
            8 and 16 bits, else those of a sample. None in files of older releases.
    """

    def __init__(self) -> None:
        self.means: list[float] | None = None
        self.stds: list[float] | None = None
        self.counts: list[int] | None = None
        self.percentiles: dict[float, list[float]] | None = None

    @staticmethod
    def of(channels: Sequence[ChannelFigures]) -> RasterStats:
        """Make statistics of what was measured of each channel."""
        stats = RasterStats()
        moments = [channel.moments() for channel in channels]
        stats.counts = [count for count, _, _ in moments]
        stats.means = [mean for _, mean, _ in moments]
        stats.stds = [math.sqrt(var) for _, _, var in moments]
        by_channel = [channel.percentiles(PERCENTILES) for channel in channels]
        stats.percentiles = {
            share: [values[i] for values in by_channel] for i, share in enumerate(PERCENTILES)
        }
        return stats

    def compute(self, raster_sources: Iterable[Any], sample_prob: float | None = None) -> None:
        """Measure the images block by block; 0 (nodata), NaN and infinities are left out.

        Channels of 8 and 16 bits are measured exactly, by their histograms. The result is the
        same each time.

        Args:
            raster_sources: have the same number of channels, alpha aside; activated where they
                are not.
            sample_prob: share of the windows to read, above 0 and up to 1; all by default.

        Raises:
            DataError: the images differ in channels, or have no valid pixel.
            ConfigError: sample_prob is out of range.
        """
        self.__dict__.update(vars(RasterStats.over(measure_each(raster_sources, sample_prob))))

    @staticmethod
    def over(images: Iterable[Sequence[ChannelFigures]]) -> RasterStats:
        """Make the statistics of several images together, from what was measured of each.

        Raises:
            DataError: the images differ in channels, or have no valid pixel.
        """
        whole: list[ChannelFigures] = []
        for channels in images:
            whole = whole or [ChannelFigures() for _ in channels]
            if len(channels) != len(whole):
                raise DataError(
                    f"an image has {len(channels)} channels, those before it {len(whole)}",
                    hint="measure images of one kind together",
                )
            for known, new in zip(whole, channels, strict=True):
                known.merge(new)
        stats = RasterStats.of(whole)
        if not any(stats.counts or ()):
            raise DataError(
                "the images have no valid pixel: there is nothing to measure",
                hint="check their nodata value, or raise sample_prob",
            )
        return stats

    def reordered(self, old_order: Sequence[int], new_order: Sequence[int]) -> RasterStats:
        """Return the statistics for imagery that has the same channels in other places.

        Args:
            old_order: places of the channels in the imagery that was measured.
            new_order: places of the same channels, one by one, in the other imagery.

        Returns:
            statistics of max(new_order) + 1 channels; those of unknown channels are 0.

        Raises:
            DataError: the orders differ in length, or name a channel that was not measured.
        """
        known = len(self.means or ())
        if len(old_order) != len(new_order) or any(not 0 <= c < known for c in old_order):
            raise DataError(
                f"the channels {list(new_order)} cannot stand for the channels {list(old_order)}"
                f" of imagery with {known} channels",
                hint="name one channel of the image for each channel that was trained on",
            )
        new = RasterStats()
        size = max(new_order) + 1
        new.means, new.stds, new.counts = [0.0] * size, [0.0] * size, [0] * size
        for old, place in zip(old_order, new_order, strict=True):
            new.means[place] = (self.means or [])[old]
            new.stds[place] = (self.stds or [])[old]
            new.counts[place] = (self.counts or [0] * known)[old]
        if self.percentiles is not None:
            new.percentiles = {share: [0.0] * size for share in self.percentiles}
            for share, values in self.percentiles.items():
                for old, place in zip(old_order, new_order, strict=True):
                    new.percentiles[share][place] = values[old]
        return new

    def save(self, stats_uri: str) -> None:
        """Write the figures as JSON; those that are not known are left out."""
        from rvcli.utils.files import json_to_file

        known = {"means": self.means, "stds": self.stds, "counts": self.counts}
        content: dict[str, Any] = {k: list(v) for k, v in known.items() if v is not None}
        if self.percentiles is not None:
            content["percentiles"] = {f"{share:g}": v for share, v in self.percentiles.items()}
        json_to_file(content, stats_uri)

    @staticmethod
    def load(stats_uri: str) -> RasterStats:
        """Read figures that `save` or an older release wrote.

        Raises:
            DataError: the file does not hold statistics.
        """
        from rvcli.utils.files import file_to_json

        content = file_to_json(stats_uri)
        stats = RasterStats()
        try:
            stats.means = [float(mean) for mean in content["means"]]
            stats.stds = [float(std) for std in content["stds"]]
            counts = content.get("counts")
            stats.counts = None if counts is None else [int(count) for count in counts]
            percentiles = content.get("percentiles")
            stats.percentiles = percentiles and {
                float(share): [float(value) for value in values]
                for share, values in percentiles.items()
            }
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise _not_statistics(stats_uri, str(error)) from error
        if len(stats.means) != len(stats.stds):
            raise _not_statistics(stats_uri, "means and stds differ in length")
        return stats


def measure_each(
    raster_sources: Iterable[Any], sample_prob: float | None = None
) -> Iterator[list[ChannelFigures]]:
    """Measure images one by one, as `RasterStats.compute` does.

    Yields:
        for each image the figures of its channels, without alpha.

    Raises:
        ConfigError: sample_prob is out of range.
    """
    from rvcli.progress import track

    if sample_prob is not None and not 0 < sample_prob <= 1:
        raise ConfigError(f"sample_prob is {sample_prob}", hint="choose above 0 and up to 1")
    listed = list(raster_sources)
    plans = [_windows(source, sample_prob, seed) for seed, source in enumerate(listed)]
    with track("measuring imagery", sum(len(windows) for windows in plans)) as progress:
        for source, windows in zip(listed, plans, strict=True):
            channels: list[ChannelFigures] = []
            with nullcontext() if getattr(source, "is_active", True) else source.activate():
                for window in windows:
                    chip = source.get_raw_chip(window)
                    bands = getattr(source, "num_bands", None)
                    bands = bands if isinstance(bands, int) else chip.shape[2]
                    channels = channels or [ChannelFigures() for _ in range(bands)]
                    for number, channel in enumerate(channels):
                        channel.add(chip[:, :, number])
                    progress.advance(1)
            yield channels


def _windows(source: Any, sample_prob: float | None, seed: int) -> Sequence[Box]:
    # What only behaves like a raster source, as a mock, knows its extent at least.
    if hasattr(type(source), "iter_blocks"):
        blocks = source.iter_blocks
    else:
        blocks = partial(_squares, source.get_extent())
    if sample_prob is None or sample_prob == 1:
        return list(blocks())
    grid = list(blocks(_SAMPLE_SIZE**2))
    drawn = random.Random(seed).sample(range(len(grid)), max(1, round(sample_prob * len(grid))))
    # In the order of the file, in which neighbours share what GDAL has decoded.
    return [grid[i] for i in sorted(drawn)]


def _squares(extent: Box, max_pixels: int = 1 << 20) -> list[Box]:
    side = math.isqrt(max_pixels)
    return [window.intersection(extent) for window in extent.get_windows(side, side)]


def _not_statistics(uri: str, why: str) -> DataError:
    return DataError(
        f"{uri} does not hold statistics of imagery: {why}",
        hint="make it again with the analyze command",
    )
