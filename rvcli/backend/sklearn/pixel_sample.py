"""A sample of labelled pixels from chips, balanced over the classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from rvcli.backend.sklearn.pixel_features import FeatureSpec, PixelFeatures
from rvcli.errors import DataError
from rvcli.utils import progress

Array: TypeAlias = npt.NDArray[Any]


class LabelledChips(Protocol):
    """The chips of one scene, with a class for each of their pixels."""

    @property
    def scene_id(self) -> str:
        """The scene, for messages."""

    @property
    def class_ids(self) -> list[int]:
        """The classes, 0 among them: the columns of `counts`."""

    @property
    def counts(self) -> Array:
        """Pixels of each class in each chip, shape (chips, classes)."""

    def __len__(self) -> int: ...

    def read(self, index: int) -> tuple[Array, Array]:
        """Read one chip: its pixels (height, width, bands), and class ids (height, width)."""


@dataclass(frozen=True)
class PixelSample:
    """Pixels to learn from.

    Attributes:
        features: float32, shape (n, number of features).
        labels: class ids, shape (n,).
        labelled: how many pixels of each class there were to choose from.
        chosen: how many pixels of each class are in the sample.
    """

    features: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]
    labelled: Mapping[int, int]
    chosen: Mapping[int, int]


def share_out(available: Mapping[int, int], total: int) -> dict[int, int]:
    """Share a total evenly; what one cannot take goes to the others.

    Args:
        available: the most that each may take.
        total: the most that all may take together.
    """
    shares: dict[int, int] = {}
    left = total
    for done, key in enumerate(sorted(available, key=lambda key: (available[key], key))):
        shares[key] = min(available[key], left // (len(available) - done))
        left -= shares[key]
    return shares


def sample_pixels(
    files: Sequence[LabelledChips], spec: FeatureSpec, max_pixels: int, seed: int
) -> PixelSample:
    """Choose pixels of all classes at random and compute their features.

    Only chips with a chosen pixel are read, one at a time.

    Args:
        files: chips to choose from, in an order that does not depend on chance.
        spec: which features.
        max_pixels: the most pixels to choose.
        seed: the same seed chooses the same pixels.

    Raises:
        DataError: fewer than two classes have a labelled pixel.
    """
    class_ids = sorted({c for file in files for c in file.class_ids if c != 0})
    counts = np.concatenate([_columns(file, class_ids) for file in files])
    labelled = {c: int(n) for c, n in zip(class_ids, counts.sum(axis=0), strict=True) if n}
    _check_classes(labelled, files)
    chosen = share_out(labelled, max_pixels)
    picks = _pick(counts, class_ids, chosen, seed)
    owners = [(file, index) for file in files for index in range(len(file))]
    features: list[Array] = []
    labels: list[Array] = []
    with progress.track("sampling", len(picks), unit="chips") as bar:
        for number in sorted(picks):
            file, index = owners[number]
            chip, chip_labels = file.read(index)
            where, ids = _locate(chip_labels, picks[number])
            rows, columns = np.divmod(where, chip_labels.shape[1])
            features.append(PixelFeatures(chip, spec).at(rows, columns))
            labels.append(ids)
            bar.advance(1)
    return PixelSample(np.concatenate(features), np.concatenate(labels), labelled, chosen)


def _columns(file: LabelledChips, class_ids: Sequence[int]) -> Array:
    """Give the counts of a file with one column for each of some classes."""
    out = np.zeros((len(file), len(class_ids)), np.int64)
    for at, class_id in enumerate(class_ids):
        if class_id in file.class_ids:
            out[:, at] = file.counts[:, file.class_ids.index(class_id)]
    return out


def _check_classes(labelled: Mapping[int, int], files: Sequence[LabelledChips]) -> None:
    scenes = ", ".join(file.scene_id for file in files[:10])
    if not labelled:
        chips = sum(len(file) for file in files)
        raise DataError(
            f"no labelled pixels: the {chips} chips of {len(files)} training scenes ({scenes}) have"
            " no pixel with both a class and imagery",
            hint="check that the labels lie on the imagery, and the areas of interest",
        )
    if len(labelled) == 1:
        raise DataError(
            f"all labelled pixels of the training scenes ({scenes}) are of class"
            f" {next(iter(labelled))}: there is nothing to tell apart",
            hint="label a second class, or set a background class for pixels outside the labels",
        )


def _pick(
    counts: Array, class_ids: Sequence[int], chosen: Mapping[int, int], seed: int
) -> dict[int, dict[int, Array]]:
    """Choose pixels: chip number -> class id -> which of that class's pixels in that chip."""
    picks: dict[int, dict[int, Array]] = {}
    for at, class_id in enumerate(class_ids):
        ends = np.cumsum(counts[:, at])
        if class_id not in chosen or not chosen[class_id]:
            continue
        rng = np.random.default_rng([seed, class_id])
        ordinals = np.sort(rng.choice(int(ends[-1]), chosen[class_id], replace=False))
        numbers = np.searchsorted(ends, ordinals, side="right")
        starts = ends - counts[:, at]
        for number in np.unique(numbers):
            which = ordinals[numbers == number] - starts[number]
            picks.setdefault(int(number), {})[class_id] = which
    return picks


def _locate(labels: Array, picks: Mapping[int, Array]) -> tuple[Array, Array]:
    """Give the flat positions of the chosen pixels of a chip, and their class ids."""
    flat = labels.ravel()
    where = [np.flatnonzero(flat == class_id)[which] for class_id, which in picks.items()]
    ids = [np.full(len(which), class_id, np.int64) for class_id, which in picks.items()]
    return np.concatenate(where), np.concatenate(ids)
