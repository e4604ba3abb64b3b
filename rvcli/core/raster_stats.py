"""RasterStats: mean and standard deviation of each channel over many images."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, TypeAlias

from rvcli.errors import ConfigError, DataError

if TYPE_CHECKING:
    import numpy.typing as npt

    from rvcli.core.box import Box

_Plane: TypeAlias = "npt.NDArray[Any]"

# Side of the windows that are drawn when only a sample is read.
_SAMPLE_SIZE = 256
_COUNTED_AT_ONCE = 1 << 17


def parallel_variance(
    mean_a: Any, count_a: Any, var_a: Any, mean_b: Any, count_b: Any, var_b: Any
) -> Any:
    """Return the variance of two sets together, from the figures of each.

    Variances are those of populations (divided by the count). Numbers or arrays. Source: Chan,
    Golub and LeVeque, Updating formulae and a pairwise algorithm for computing sample variances,
    1979.
    """
    total = _at_least_one(count_a + count_b)
    delta = mean_b - mean_a
    return (count_a * var_a + count_b * var_b + delta**2 * (count_a * count_b / total)) / total


def parallel_mean(mean_a: Any, count_a: Any, mean_b: Any, count_b: Any) -> Any:
    """Return the mean of two sets together, from the figures of each; numbers or arrays."""
    return (count_a * mean_a + count_b * mean_b) / _at_least_one(count_a + count_b)


class RasterStats:
    """Mean and standard deviation of each channel over many images.

    Attributes:
        means: one for each channel of the images, in their order; 0 where `counts` is 0.
        stds: standard deviations, of the population.
        counts: how many pixels each figure is taken from; None in files of older releases.
    """

    def __init__(self) -> None:
        self.means: list[float] | None = None
        self.stds: list[float] | None = None
        self.counts: list[int] | None = None

    def compute(self, raster_sources: Iterable[Any], sample_prob: float | None = None) -> None:
        """Measure the images block by block; 0 (nodata), NaN and infinities are left out.

        Channels of 8 and 16 bits are measured exactly, by their histograms. The result is the
        same each time.

        Args:
            raster_sources: have the same number of channels; activated where they are not.
            sample_prob: share of the windows to read, above 0 and up to 1; all by default.

        Raises:
            DataError: the images differ in channels, or have no valid pixel.
            ConfigError: sample_prob is out of range.
        """
        if sample_prob is not None and not 0 < sample_prob <= 1:
            raise ConfigError(f"sample_prob is {sample_prob}", hint="choose above 0 and up to 1")
        channels: list[_Channel] = []
        for chip in _raw_chips(raster_sources, sample_prob):
            channels = channels or [_Channel() for _ in range(chip.shape[2])]
            if chip.shape[2] != len(channels):
                raise DataError(
                    f"an image has {chip.shape[2]} channels, those before it {len(channels)}",
                    hint="measure images of one kind together",
                )
            for number, channel in enumerate(channels):
                channel.add(chip[:, :, number])
        figures = [channel.figures() for channel in channels]
        if not any(count for count, _, _ in figures):
            raise DataError(
                "the images have no valid pixel: there is nothing to measure",
                hint="check their nodata value, or raise sample_prob",
            )
        self.counts = [count for count, _, _ in figures]
        self.means = [mean for _, mean, _ in figures]
        self.stds = [math.sqrt(var) for _, _, var in figures]

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
        return new

    def save(self, stats_uri: str) -> None:
        """Write the figures as JSON."""
        from rvcli.utils.files import json_to_file

        json_to_file({"means": self.means, "stds": self.stds, "counts": self.counts}, stats_uri)

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
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise _not_statistics(stats_uri, str(error)) from error
        if len(stats.means) != len(stats.stds):
            raise _not_statistics(stats_uri, "means and stds differ in length")
        return stats


class _Channel:
    """Figures of one channel, of which pixels are added plane by plane."""

    def __init__(self) -> None:
        self._count = 0
        self._mean = 0.0
        self._var = 0.0
        # By dtype: scenes may differ in it.
        self._histograms: dict[str, _Plane] = {}

    def add(self, plane: _Plane) -> None:
        """Add pixels, shape (height, width); 0 and what is not finite is left out."""
        if plane.dtype.kind in "iu" and plane.dtype.itemsize <= 2:
            name = plane.dtype.str
            if name not in self._histograms:
                self._histograms[name] = _new_histogram()
            _count_into(self._histograms[name], plane)
        else:
            self._merge(*_moments(plane))

    def figures(self) -> tuple[int, float, float]:
        """Return count, mean and variance."""
        for name, histogram in self._histograms.items():
            self._merge(*_moments_of_histogram(histogram, name))
        self._histograms = {}
        return self._count, self._mean, self._var

    def _merge(self, count: int, mean: float, var: float) -> None:
        self._var = parallel_variance(self._mean, self._count, self._var, mean, count, var)
        self._mean = parallel_mean(self._mean, self._count, mean, count)
        self._count += count


def _new_histogram() -> _Plane:
    import numpy as np

    return np.zeros(1 << 16, dtype=np.int64)


def _count_into(histogram: _Plane, plane: _Plane) -> None:
    """Count values of 16 bits, or pairs of neighbours of 8 bits, which halves the work."""
    import numpy as np

    flat = np.ascontiguousarray(plane).ravel()
    if flat.dtype.itemsize == 1:
        if flat.size % 2:
            # The neighbour is nodata, which is left out in the end.
            flat = np.append(flat, np.zeros(1, dtype=flat.dtype))
    elif flat.dtype.byteorder not in "=|":
        flat = flat.astype(flat.dtype.newbyteorder("="))
    flat = flat.view(np.uint16)
    # In pieces that the processor's cache holds together with the bins.
    for start in range(0, flat.size, _COUNTED_AT_ONCE):
        histogram += np.bincount(flat[start : start + _COUNTED_AT_ONCE], minlength=1 << 16)


def _moments_of_histogram(histogram: _Plane, dtype: str) -> tuple[int, float, float]:
    import numpy as np

    if np.dtype(dtype).itemsize == 1:
        pairs = histogram.reshape(256, 256)
        counts = pairs.sum(axis=0) + pairs.sum(axis=1)
        values = np.arange(256, dtype=np.uint8).view(dtype).astype(np.float64)
    else:
        counts = histogram
        native = np.dtype(dtype).newbyteorder("=")
        values = np.arange(1 << 16, dtype=np.uint16).view(native).astype(np.float64)
    counts = np.where(values == 0, 0, counts)
    count = int(counts.sum())
    if count == 0:
        return 0, 0.0, 0.0
    mean = float((counts * values).sum() / count)
    return count, mean, float((counts * (values - mean) ** 2).sum() / count)


def _moments(plane: _Plane) -> tuple[int, float, float]:
    import numpy as np

    values = plane[np.isfinite(plane) & (plane != 0)].astype(np.float64)
    if values.size == 0:
        return 0, 0.0, 0.0
    return int(values.size), float(values.mean()), float(values.var())


def _raw_chips(sources: Iterable[Any], sample_prob: float | None) -> Iterator[_Plane]:
    """Read the windows of the sources, which are activated where they are not."""
    from rvcli.utils.progress import track

    listed = list(sources)
    plans = [_windows(source, sample_prob, seed) for seed, source in enumerate(listed)]
    with track("measuring imagery", sum(len(windows) for windows in plans)) as progress:
        for source, windows in zip(listed, plans, strict=True):
            with nullcontext() if getattr(source, "is_active", True) else source.activate():
                for window in windows:
                    yield source.get_raw_chip(window)
                    progress.advance(1)


def _windows(source: Any, sample_prob: float | None, seed: int) -> Sequence[Box]:
    if sample_prob is None or sample_prob == 1:
        return list(source.iter_blocks())
    grid = list(source.iter_blocks(_SAMPLE_SIZE**2))
    drawn = random.Random(seed).sample(range(len(grid)), max(1, round(sample_prob * len(grid))))
    # In the order of the file, in which neighbours share what GDAL has decoded.
    return [grid[i] for i in sorted(drawn)]


def _at_least_one(count: Any) -> Any:
    return count + (count == 0)


def _not_statistics(uri: str, why: str) -> DataError:
    return DataError(
        f"{uri} does not hold statistics of imagery: {why}",
        hint="make it again with the analyze command",
    )
