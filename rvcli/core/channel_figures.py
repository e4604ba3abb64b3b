"""Figures of one channel of imagery, taken plane by plane: moments exactly, percentiles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy.typing as npt

_Plane: TypeAlias = "npt.NDArray[Any]"

_COUNTED_AT_ONCE = 1 << 17
_MEASURED_AT_ONCE = 1 << 16
# Values kept of channels that have too many different ones to count them all.
_MAX_SAMPLE = 1 << 18
_SLACK = 1e-6


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


class ChannelFigures:
    """Figures of one channel, of which pixels are added plane by plane.

    Channels of 8 and 16 bits are counted value by value. Of others the moments are exact, and
    percentiles are those of an even sample.
    """

    def __init__(self) -> None:
        self._count = 0
        self._mean = 0.0
        self._var = 0.0
        # By dtype: scenes may differ in it.
        self._histograms: dict[str, _Plane] = {}
        self._sample = _Sample()

    def add(self, plane: _Plane) -> None:
        """Add pixels, shape (height, width); 0 and what is not finite is left out."""
        if plane.dtype.kind in "iu" and plane.dtype.itemsize <= 2:
            name = plane.dtype.str
            if name not in self._histograms:
                self._histograms[name] = _new_histogram()
            _count_into(self._histograms[name], plane)
        else:
            for values in _valid_parts(plane):
                self._merge(int(values.size), *_mean_and_variance(values))
                self._sample.add(values)

    def merge(self, other: ChannelFigures) -> None:
        """Add all that was added to another one."""
        for name, histogram in other._histograms.items():
            known = self._histograms.get(name)
            self._histograms[name] = histogram.copy() if known is None else known + histogram
        self._merge(other._count, other._mean, other._var)
        self._sample.merge(other._sample)

    def moments(self) -> tuple[int, float, float]:
        """Return count, mean and variance."""
        count, mean, var = self._count, self._mean, self._var
        for name, histogram in self._histograms.items():
            new = _moments_of_counts(*_values_of_histogram(histogram, name))
            var = parallel_variance(mean, count, var, new[1], new[0], new[2])
            mean = parallel_mean(mean, count, new[1], new[0])
            count += new[0]
        return count, mean, var

    def percentiles(self, shares: Sequence[float]) -> list[float]:
        """Return the smallest values that so many percent of the pixels do not exceed.

        Args:
            shares: from 0 (the minimum) to 100 (the maximum).

        Returns:
            one value for each; 0 where there is no pixel.
        """
        import numpy as np

        parts = [_values_of_histogram(h, name) for name, h in self._histograms.items()]
        parts.append(self._sample.values_and_weights())
        values = np.concatenate([values for values, _ in parts])
        weights = np.concatenate([weights for _, weights in parts])
        values, weights = values[weights > 0], weights[weights > 0]
        if not values.size:
            return [0.0 for _ in shares]
        order = np.argsort(values)
        reached = np.cumsum(weights[order])
        wanted = np.asarray(shares) / 100 * reached[-1]
        # What the extremes weigh must not tip the balance, but for the greatest of all.
        wanted[wanted < reached[-1]] -= _SLACK
        places = np.searchsorted(reached, wanted)
        found = values[order][np.minimum(places, len(order) - 1)]
        return [float(value) for value in found]

    def _merge(self, count: int, mean: float, var: float) -> None:
        self._var = parallel_variance(self._mean, self._count, self._var, mean, count, var)
        self._mean = parallel_mean(self._mean, self._count, mean, count)
        self._count += count


class _Sample:
    """Every n-th of the values that were added, and the least and greatest of all."""

    def __init__(self) -> None:
        self._parts: list[_Plane] = []
        self._size = 0
        self._step = 1
        self._limits: list[float] = []

    def add(self, values: _Plane) -> None:
        self._limits = _min_and_max([*self._limits, float(values.min()), float(values.max())])
        self._keep(values[:: self._step].copy())  # not a view, which would hold all values

    def merge(self, other: _Sample) -> None:
        self._limits = _min_and_max([*self._limits, *other._limits])
        own, self._parts, self._size = self._parts, [], 0
        step = max(self._step, other._step)
        steps = [self._step] * len(own) + [other._step] * len(other._parts)
        self._step = step
        for part, of in zip([*own, *other._parts], steps, strict=True):
            self._keep(part[:: self._step // of])

    def values_and_weights(self) -> tuple[_Plane, _Plane]:
        import numpy as np

        # The extremes weigh nothing to speak of, but are exact.
        values = np.concatenate([np.asarray(self._limits, dtype=np.float64), *self._parts])
        weights = np.full(len(values), float(self._step))
        weights[: len(self._limits)] = 1e-9
        return values, weights

    def _keep(self, values: _Plane) -> None:
        self._parts.append(values)
        self._size += len(values)
        while self._size > _MAX_SAMPLE:
            self._step *= 2
            self._parts = [part[::2].copy() for part in self._parts]
            self._size = sum(map(len, self._parts))


def _min_and_max(values: list[float]) -> list[float]:
    return [min(values), max(values)] if values else []


def _valid_parts(plane: _Plane) -> Iterator[_Plane]:
    """Yield the values of a plane that are finite and not 0, as float64.

    In pieces that the processor's cache holds.
    """
    import numpy as np

    flat = plane.ravel()
    for start in range(0, flat.size, _MEASURED_AT_ONCE):
        part = flat[start : start + _MEASURED_AT_ONCE]
        is_valid = np.isfinite(part) & (part != 0)
        values = part if is_valid.all() else part[is_valid]
        if values.size:
            yield values.astype(np.float64)


def _mean_and_variance(values: _Plane) -> tuple[float, float]:
    import numpy as np

    mean = float(values.mean())
    deviations = values - mean
    # Half the time of numpy's var, which takes the mean once more.
    return mean, float(np.einsum("i,i->", deviations, deviations) / values.size)


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


def _values_of_histogram(histogram: _Plane, dtype: str) -> tuple[_Plane, _Plane]:
    """Return the values that a histogram counts and how often each occurs; 0 never does."""
    import numpy as np

    if np.dtype(dtype).itemsize == 1:
        pairs = histogram.reshape(256, 256)
        counts = pairs.sum(axis=0) + pairs.sum(axis=1)
        values = np.arange(256, dtype=np.uint8).view(dtype).astype(np.float64)
    else:
        counts = histogram
        native = np.dtype(dtype).newbyteorder("=")
        values = np.arange(1 << 16, dtype=np.uint16).view(native).astype(np.float64)
    return values, np.where(values == 0, 0, counts)


def _moments_of_counts(values: _Plane, counts: _Plane) -> tuple[int, float, float]:
    count = int(counts.sum())
    if count == 0:
        return 0, 0.0, 0.0
    mean = float((counts * values).sum() / count)
    return count, mean, float((counts * (values - mean) ** 2).sum() / count)


def _at_least_one(count: Any) -> Any:
    return count + (count == 0)
