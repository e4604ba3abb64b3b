"""NodataAugmentor: squares of nodata in training chips."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from rvcli.augmentor.nodata_augmentor import NodataAugmentor
from rvcli.core.box import Box
from rvcli.core.training_data import TrainingData

CHIP = np.full((20, 30, 3), 9, dtype=np.uint8)


class PixelLabels:
    """Labels of pixels, as the augmentor sees them."""

    def __init__(self, windows: list[Box], label_fn: Callable[[Box], Any]) -> None:
        self.label_fn = label_fn

    def get_label_arr(self, window: Box) -> Any:
        """Give the class ids of a window."""
        return self.label_fn(window)


class Objects:
    """Objects to detect."""

    def __init__(self, count: int) -> None:
        self.count = count

    def get_npboxes(self) -> Any:
        """Give their boxes."""
        return np.zeros((self.count, 4))


def training_data(labels: Any, count: int = 100) -> TrainingData:
    """Make training data of equal chips in different windows."""
    data = TrainingData()
    for i in range(count):
        data.append(CHIP, Box(i, 5, i + 20, 35), labels)
    return data


def changed_chips(probability: float, labels: Any = None) -> list[Any]:
    """Augment and list the chips that are not as they were."""
    data = NodataAugmentor(probability).process(training_data(labels), "unused")
    assert 100 == len(data)
    return [chip for chip, _, _ in data if not np.array_equal(CHIP, chip)]


@pytest.mark.parametrize(("probability", "low", "high"), [(0, 0, 0), (0.5, 35, 65), (1, 100, 100)])
def test_changes_a_share_of_the_chips(probability: float, low: int, high: int) -> None:
    """About the share of chips that was asked for is changed."""
    assert low <= len(changed_chips(probability)) <= high


def test_changed_chips_have_a_square_of_zeros() -> None:
    """A changed chip has one square of 0, in all channels, and is as before elsewhere."""
    for chip in changed_chips(1.0):
        ys, xs = np.nonzero(chip[:, :, 0] == 0)
        height, width = np.ptp(ys) + 1, np.ptp(xs) + 1
        assert height == width
        assert height * width == ys.size == (chip == 0).sum() / 3
    assert 9 == CHIP.min()


def test_changes_are_the_same_each_time() -> None:
    """The same windows are changed in the same way, so that a rerun gives the same chips."""
    first, second = changed_chips(0.5), changed_chips(0.5)
    np.testing.assert_array_equal(np.stack(first), np.stack(second))


def test_chips_with_objects_stay_as_they_are() -> None:
    """A chip that shows objects to detect is not changed; an empty one is."""
    assert [] == changed_chips(1.0, Objects(2))
    assert 100 == len(changed_chips(1.0, Objects(0)))


def test_pixel_labels_are_ignored_in_the_square() -> None:
    """Where a chip has become nodata its pixel labels are 0, whatever window is asked for."""
    labels = PixelLabels([], lambda window: np.ones((window.get_height(), window.get_width())))
    for chip, window, changed in NodataAugmentor(1.0).process(training_data(labels), ""):
        assert isinstance(changed, PixelLabels)
        np.testing.assert_array_equal(chip[:, :, 0] != 0, changed.get_label_arr(window) != 0)
        part = Box(window.ymin + 7, window.xmin + 3, window.ymin + 17, window.xmin + 9)
        np.testing.assert_array_equal(chip[7:17, 3:9, 0] != 0, changed.get_label_arr(part) != 0)
