"""Samples of pixels: balanced, bounded, and the same for the same seed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvcli.backend.chip_files import ChipFile, write_chips
from rvcli.backend.sklearn.pixel_features import FeatureSpec
from rvcli.backend.sklearn.pixel_sample import sample_pixels, share_out
from rvcli.core.box import Box
from rvcli.errors import DataError
from rvcli.utils.progress import ProgressEvent, use_sink

SPEC = FeatureSpec(1, (1,))


def chip_file(path: Path, labels: Any, seed: int = 0) -> ChipFile:
    """Write a file of one-band chips in which a pixel's value tells its class."""
    rng = np.random.default_rng(seed)
    arrays = np.asarray(labels, np.uint8)
    chips = [
        (
            (array * np.uint16(100) + rng.integers(1, 50, array.shape)).astype(np.uint16)[
                :, :, None
            ],
            Box(0, 0, *array.shape),
            array,
        )
        for array in arrays
    ]
    write_chips(path, chips, path.stem, [1, 2, 3])
    return ChipFile(path, str(path))


@given(st.dictionaries(st.integers(1, 9), st.integers(0, 1000), min_size=1), st.integers(1, 3000))
def test_shares_are_fair(available: dict[int, int], total: int) -> None:
    """Shares fit, use up what there is, and none is less than another without need."""
    shares = share_out(available, total)
    assert all(0 <= shares[key] <= available[key] for key in available)
    assert sum(shares.values()) == min(total, sum(available.values()))
    wanting = [shares[key] for key in available if shares[key] < available[key]]
    assert not wanting or max(shares.values()) <= min(wanting) + 1


def test_the_sample_is_balanced(tmp_path: Path) -> None:
    """A rare class gives all of its pixels, the others share the rest."""
    labels = np.ones((2, 20, 20), np.uint8)
    labels[0, :2] = 2
    labels[1, 0, :5] = 3
    with chip_file(tmp_path / "a.npz", labels) as file:
        sample = sample_pixels([file], SPEC, 65, seed=0)
    assert {1: 755, 2: 40, 3: 5} == sample.labelled
    assert {1: 30, 2: 30, 3: 5} == sample.chosen
    assert [30, 30, 5] == np.bincount(sample.labels)[1:].tolist()


def test_features_belong_to_their_labels(tmp_path: Path) -> None:
    """Every chosen pixel has the value that its class has in the image."""
    rng = np.random.default_rng(3)
    with chip_file(tmp_path / "a.npz", rng.integers(0, 4, (3, 30, 30))) as file:
        sample = sample_pixels([file], SPEC, 300, seed=0)
    np.testing.assert_array_equal(sample.labels, sample.features[:, 0] // 100)


def test_the_seed_decides(tmp_path: Path) -> None:
    """The same seed chooses the same pixels, another one others."""
    rng = np.random.default_rng(3)
    with chip_file(tmp_path / "a.npz", rng.integers(1, 3, (2, 40, 40))) as file:
        first, again, other = (sample_pixels([file], SPEC, 100, seed=s) for s in (5, 5, 6))
    np.testing.assert_array_equal(first.features, again.features)
    assert not np.array_equal(first.features, other.features)


def test_all_files_are_drawn_from(tmp_path: Path) -> None:
    """Pixels come from every file, also where one lacks a class."""
    with (
        chip_file(tmp_path / "a.npz", np.ones((1, 10, 10))) as a,
        chip_file(tmp_path / "b.npz", np.full((1, 10, 10), 2)) as b,
        chip_file(tmp_path / "c.npz", np.zeros((0, 10, 10))) as c,
    ):
        sample = sample_pixels([a, b, c], SPEC, 1000, seed=0)
    assert {1: 100, 2: 100} == sample.chosen


def test_chips_without_a_chosen_pixel_are_not_read(tmp_path: Path) -> None:
    """Progress counts the chips that are read: those with a chosen pixel."""
    labels = np.zeros((50, 5, 5), np.uint8)
    labels[0, 0, 0], labels[7, 0, 0] = 1, 2
    events: list[ProgressEvent] = []
    with chip_file(tmp_path / "a.npz", labels) as file, use_sink(events.append):
        sample_pixels([file], SPEC, 10, seed=0)
    assert (2, 2) == (events[-1].done, events[-1].total)


def test_nothing_labelled_is_refused(tmp_path: Path) -> None:
    """Chips without a labelled pixel say so, with the scene."""
    with (
        chip_file(tmp_path / "scene-9.npz", np.zeros((2, 5, 5))) as file,
        pytest.raises(DataError, match=r"no labelled pixels: the 2 chips of 1 .*scene-9"),
    ):
        sample_pixels([file], SPEC, 10, seed=0)


def test_a_single_class_is_refused(tmp_path: Path) -> None:
    """Chips of one class alone cannot be learned from."""
    with (
        chip_file(tmp_path / "a.npz", np.full((2, 5, 5), 3)) as file,
        pytest.raises(DataError, match="are of class 3: there is nothing to tell apart"),
    ):
        sample_pixels([file], SPEC, 10, seed=0)
