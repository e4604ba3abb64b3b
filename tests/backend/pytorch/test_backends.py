"""What the backends of both tasks predict."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rvcli.backend.chip_kind import ChipKind
from rvcli.core.box import Box
from rvcli.core.class_map import ClassMap
from rvcli.errors import DataError

torch = pytest.importorskip("torch")

Make = Callable[..., Any]


@pytest.fixture
def houses(segmentation: Make, tmp_path: Path) -> Any:
    """Give a backend that has learned to find houses."""
    backend = segmentation(num_epochs=15, lr=0.05)
    backend.train(str(tmp_path / "tmp"))
    return backend


def scene(size: int = 96) -> Any:
    """Draw a house on the ground."""
    image = np.full((size, size, 3), 90, np.uint8)
    image[30:60, 30:60] = 150
    return image


def test_windows_get_the_classes_of_the_map(houses: Any, tmp_path: Path) -> None:
    """Class ids are those of the task, in arrays of the windows' sizes."""
    windows = [Box(0, 0, 96, 96), Box(20, 20, 70, 50)]
    chips = [scene(), scene()[20:70, 20:50]]
    labels = houses.predict(chips, windows, str(tmp_path))
    assert [(96, 96), (50, 30)] == [labels.get_label_arr(w).shape for w in windows]
    assert 5 == labels.get_label_arr(windows[0])[45, 45]
    assert 2 == labels.get_label_arr(windows[0])[5, 5]


def test_a_batch_gives_what_each_chip_gives(houses: Any, tmp_path: Path) -> None:
    """Scores do not depend on what else is in the batch, nor on the order of sizes."""
    chips = [scene(), scene(64), scene()[::-1], scene(64)[:, ::-1]]
    windows = [Box(0, i, chip.shape[0], i + chip.shape[1]) for i, chip in enumerate(chips)]
    together = houses.predict_scores(chips, windows, str(tmp_path))
    for chip, window, scores in zip(chips, windows, together, strict=True):
        (alone,) = houses.predict_scores([chip], [window], str(tmp_path))
        np.testing.assert_allclose(alone, scores, atol=1e-5)


def test_a_margin_makes_neighbours_agree(houses: Any, tmp_path: Path) -> None:
    """With imagery around it a window has the scores that it has within the scene."""
    image = scene()
    whole = houses.predict_scores([image], [Box(0, 0, 96, 96)], str(tmp_path))[0]
    window = Box(32, 32, 64, 64)
    houses.margin = 16
    with_margin = houses.predict_scores([image[16:80, 16:80]], [window], str(tmp_path))[0]
    without = houses.predict_scores([image[32:64, 32:64]], [window], str(tmp_path))[0]
    inner = whole[:, 32:64, 32:64]
    np.testing.assert_allclose(inner, with_margin, atol=1e-5)
    assert np.abs(inner - without).max() > 1e-3


def test_scores_sum_to_one_in_order_of_class_id(
    houses: Any, segmentation: Make, tmp_path: Path
) -> None:
    """A class of the task that the model does not know has score 0."""
    more = ClassMap.construct_from({"house": 5, "tree": 3, "ground": 2})
    backend = type(houses)(more, houses.places, houses.options, "torch")
    (scores,) = backend.predict_scores([scene()], [Box(0, 0, 96, 96)], str(tmp_path))
    assert (3, 96, 96) == scores.shape
    assert np.float32 == scores.dtype
    np.testing.assert_allclose(scores.sum(axis=0), 1, atol=1e-5)
    assert not scores[1].any()
    assert scores[2, 45, 45] > 0.5


def test_a_model_of_unknown_classes_is_refused(houses: Any, tmp_path: Path) -> None:
    """Predicting class 5 in a task without it is an error."""
    fewer = ClassMap.construct_from({"ground": 2})
    backend = type(houses)(fewer, houses.places, houses.options)
    with pytest.raises(DataError, match=r"has classes \[5\]"):
        backend.load_model(str(tmp_path))


def test_imagery_of_another_type_is_warned_of(
    houses: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Once for each type."""
    for _ in range(2):
        chip = scene().astype(np.uint16)
        houses.predict([chip], [Box(0, 0, 96, 96)], str(tmp_path))
    warnings = [r for r in caplog.records if r.levelno == logging.WARNING]
    assert 1 == len([r for r in warnings if "the imagery is uint16" in r.getMessage()])


def test_many_classes_need_more_than_a_byte(
    segmentation: Make, places: Make, tmp_path: Path
) -> None:
    """Class 300 comes back as such."""
    from rvcli.backend.chip_files import write_chips

    where = places(validation=0)
    chip, window = np.full((32, 32, 3), 9, np.uint8), Box(0, 0, 32, 32)
    labels = np.full((32, 32), 300)
    write_chips(Path(where.train_chip_uris[0]), [(chip, window, labels)] * 2, "s", [1, 300])
    backend = segmentation(where, lr=0.1, num_epochs=8)
    backend = type(backend)(
        ClassMap.construct_from({"a": 1, "b": 300}), where, backend.options, "torch"
    )
    backend.train(str(tmp_path / "tmp"))
    predicted = backend.predict([chip], [window], str(tmp_path)).get_label_arr(window)
    assert {300} == set(predicted.flatten().tolist())


def test_cells_get_classes_and_scores(classification: Make, tmp_path: Path) -> None:
    """Cells of any size have the class of their brightness, and a score for each class."""
    backend = classification(num_epochs=12, lr=0.05)
    backend.train(str(tmp_path / "tmp"))
    cells = [Box(0, 0, 32, 32), Box(0, 32, 40, 72), Box(32, 0, 64, 32)]
    values = [(32, 150), (40, 90), (32, 90)]
    chips = [np.full((size, size, 3), value, np.uint8) for size, value in values]
    labels = backend.predict(chips, cells, str(tmp_path))
    assert cells == labels.get_cells()
    assert [5, 2, 2] == labels.get_class_ids()
    for scores in labels.get_scores():
        np.testing.assert_allclose(sum(scores), 1, atol=1e-5)


def test_chips_of_different_sizes_train_together(
    classification: Make, places: Make, tmp_path: Path
) -> None:
    """Smaller cells are filled up with no data."""
    chips = [
        (np.full((size, size, 3), 50 + i, np.uint8), Box(0, 0, size, size), np.array(2 + i % 2 * 3))
        for i, size in enumerate([20, 32, 24, 32])
    ]
    backend = classification(places(ChipKind.CLASS, chips=chips), num_epochs=1)
    backend.train(str(tmp_path / "tmp"))
    assert Path(backend.places.model()).exists()


@pytest.mark.parametrize("dtype", ["uint16", "float32", "int16", "float64"])
@pytest.mark.parametrize("channels", [1, 6])
def test_imagery_of_any_type_and_bands_is_learned(
    segmentation: Make, places: Make, tmp_path: Path, dtype: str, channels: int
) -> None:
    """Six bands of uint16, one of float, and what else there is."""
    where = places(channels=channels, dtype=dtype)
    backend = segmentation(where, num_epochs=1)
    backend.train(str(tmp_path / "tmp"))
    spec = backend.spec(str(tmp_path))
    assert (channels, (dtype,)) == (spec.channels, spec.dtypes)


def test_a_model_elsewhere_is_used(houses: Any, tmp_path: Path) -> None:
    """`model_uri` names it."""
    moved = Path(houses.places.model()).rename(tmp_path / "moved.zip")
    backend = type(houses)(
        houses.class_map, replace(houses.places, model_uri=str(moved)), houses.options
    )
    backend.load_model(str(tmp_path))
    assert (2, 5) == backend.spec(str(tmp_path)).class_ids
