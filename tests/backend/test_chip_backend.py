"""ChipBackend: chips of every kind of task reach the files that training reads."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from rvcli.backend.chip_backend import ChipBackend
from rvcli.backend.chip_files import ChipFile, write_chips
from rvcli.backend.chip_kind import ChipKind
from rvcli.backend.chip_set import ChipSet
from rvcli.backend.places import Places
from rvcli.core.box import Box
from rvcli.core.class_map import ClassItem, ClassMap
from rvcli.core.training_data import TrainingData
from rvcli.data.label.chip_classification_labels import ChipClassificationLabels
from rvcli.data.label.object_detection_labels import ObjectDetectionLabels
from rvcli.errors import ConfigError, DataError

CLASSES = ClassMap([ClassItem(2, "tree"), ClassItem(1, "house")])


def backend_of(chip_kind: ChipKind, places: Places) -> Any:
    """Make a backend that only stores chips."""

    class Chips(ChipBackend):
        kind = chip_kind

        def train(self, tmp_dir: str) -> None:
            """Nothing is trained."""

        def load_model(self, tmp_dir: str) -> None:
            """Nothing is loaded."""

        def predict(self, chips: Any, windows: Any, tmp_dir: str) -> Any:
            """Nothing is predicted."""

    return Chips(CLASSES, places)


def chips_of(*pairs: tuple[Box, Any], bands: int = 3, dtype: str = "uint8") -> TrainingData:
    """Give chips of ones with labels."""
    data = TrainingData()
    for window, labels in pairs:
        shape = (window.get_height(), window.get_width(), bands)
        data.append(np.ones(shape, dtype), window, labels)
    return data


def store(backend: Any, tmp_path: Path, data: TrainingData, validation: Any = None) -> None:
    """Store the chips of the scene `a`, and those that it has as a validation scene."""
    scene, folder = SimpleNamespace(id="a"), str(tmp_path / "tmp")
    results = [
        [backend.process_scene_data(scene, chips, folder)] if chips is not None else []
        for chips in (data, validation)
    ]
    backend.process_sceneset_results(*results, folder)


def test_classes_are_in_order() -> None:
    """The ids of the classes are sorted, whatever the class map's order."""
    assert [1, 2] == backend_of(ChipKind.CLASS, Places()).class_ids


def test_a_cell_has_one_class(tmp_path: Path) -> None:
    """The class of a cell is stored; a cell without one is left out."""
    labels = ChipClassificationLabels()
    labels.set_cell(Box(0, 0, 4, 4), 2)
    windows = [Box(0, 0, 4, 4), Box(0, 4, 4, 8)]
    store(
        backend_of(ChipKind.CLASS, Places(chip_uri=str(tmp_path))),
        tmp_path,
        chips_of(*((window, labels) for window in windows)),
    )
    with ChipFile(tmp_path / "train/a.npz", "u") as file:
        assert [2] == [int(file.read(index)[1]) for index in range(len(file))]


def test_a_cell_without_data_is_left_out(tmp_path: Path) -> None:
    """Of cells that hold nothing but 0, nothing can be learned."""
    labels, data = ChipClassificationLabels(), TrainingData()
    for x, value in enumerate([0, 7]):
        window = Box(0, x, 1, x + 1)
        labels.set_cell(window, x + 1)
        data.append(np.full((1, 1, 3), value, np.uint8), window, labels)
    store(backend_of(ChipKind.CLASS, Places(chip_uri=str(tmp_path))), tmp_path, data)
    with ChipFile(tmp_path / "train/a.npz", "u") as file:
        assert [2] == [int(file.read(index)[1]) for index in range(len(file))]


def test_boxes_are_those_of_the_chip(tmp_path: Path) -> None:
    """Boxes of the scene become boxes in pixels of the chip."""
    nothing = ObjectDetectionLabels.make_empty()
    labels = ObjectDetectionLabels(np.array([[12.0, 21.0, 15.0, 24.0]]), np.array([2]))
    store(
        backend_of(ChipKind.BOXES, Places(chip_uri=str(tmp_path))),
        tmp_path,
        chips_of((Box(10, 20, 18, 28), labels), (Box(0, 0, 8, 8), nothing)),
    )
    with ChipFile(tmp_path / "train/a.npz", "u") as file:
        assert [[2, 1, 5, 4, 2]] == file.read(0)[1].tolist()
        assert (0, 5) == file.read(1)[1].shape


def test_a_scene_may_train_and_validate(tmp_path: Path) -> None:
    """A scene that is given twice has two files, and nothing is left in between."""
    labels = ChipClassificationLabels()
    labels.set_cell(Box(0, 0, 4, 4), 1)
    chips = chips_of((Box(0, 0, 4, 4), labels))
    backend = backend_of(ChipKind.CLASS, Places(chip_uri=str(tmp_path)))
    store(backend, tmp_path, chips, TrainingData())
    with ChipFile(tmp_path / "train/a.npz", "u") as train:
        assert 1 == len(train)
    with ChipFile(tmp_path / "validation/a.npz", "u") as validation:
        assert 0 == len(validation)
    assert [] == list((tmp_path / "tmp").iterdir())


def test_a_missing_place_is_told_before_the_work(tmp_path: Path) -> None:
    """Without a place for chips nothing is written."""
    backend = backend_of(ChipKind.CLASS, Places())
    with pytest.raises(ConfigError, match="no chip_uri"):
        backend.process_scene_data(SimpleNamespace(id="a"), TrainingData(), str(tmp_path / "t"))
    assert not (tmp_path / "t").exists()


def test_chips_of_scenes_form_one_row(tmp_path: Path) -> None:
    """Chips of several scenes are read by their number, in the order of the files' names."""
    uris = []
    for name, class_id in (("b", 2), ("a", 1)):
        labels = ChipClassificationLabels()
        windows = [Box(0, x, 4, x + 4) for x in range(0, 4 * (class_id + 1), 4)]
        for window in windows:
            labels.set_cell(window, class_id)
        backend = backend_of(ChipKind.CLASS, Places(chip_uri=str(tmp_path / name)))
        store(backend, tmp_path, chips_of(*((window, labels) for window in windows)))
        uris.append(str(tmp_path / name / "train/a.npz"))
    with ChipSet([*uris, uris[0]], str(tmp_path)) as chips:
        assert [1, 1, 2, 2, 2] == [int(chips.read(index)[1]) for index in range(len(chips))]
        assert (3, ["uint8"], [0, 1, 2]) == (chips.bands, chips.dtypes, chips.class_ids)
        assert [0, 2, 3] == chips.counts.sum(axis=0).tolist()


def test_chips_of_several_runs_do_not_mix(tmp_path: Path) -> None:
    """Files whose classes differ are refused, since their counts cannot be added."""
    uris = []
    for name, class_ids in (("a", [1, 2]), ("b", [1, 3])):
        uris.append(str(tmp_path / f"{name}.npz"))
        write_chips(tmp_path / f"{name}.npz", [], name, class_ids, ChipKind.CLASS)
    with pytest.raises(DataError, match=r"b.npz was made for the classes \[1, 3\]"):
        ChipSet(uris, str(tmp_path))


def test_no_files_are_told() -> None:
    """Training without training scenes says so."""
    with pytest.raises(ConfigError, match="no chip files to train on"):
        ChipSet([], "/nowhere")


def test_a_model_of_other_classes_is_refused() -> None:
    """Classes that the task lacks are named with the model."""
    backend = backend_of(ChipKind.CLASS, Places())
    backend.check_classes([1, 2], "m")
    with pytest.raises(DataError, match=r"the model m has classes \[7\]"):
        backend.check_classes([1, 7], "m")
