"""The embedded backend of chip classification: chips, training and prediction through files."""

from __future__ import annotations

import dataclasses
import logging
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from rvcli import keys
from rvcli.backend.backend_config import BackendConfig
from rvcli.backend.model_file import pack_model
from rvcli.backend.places import Places, chips_uri
from rvcli.backend.sklearn.cell_classifier import FORMAT, VERSION, read_model
from rvcli.backend.sklearn.options import CellOptions
from rvcli.backend.sklearn_chip_classification import SklearnChipClassification
from rvcli.core.box import Box
from rvcli.core.class_map import ClassItem, ClassMap
from rvcli.core.training_data import TrainingData
from rvcli.data.label.chip_classification_labels import ChipClassificationLabels
from rvcli.errors import ConfigError, DataError, MissingDependencyError

CLASSES = ClassMap([ClassItem(5, "striped"), ClassItem(2, "plain"), ClassItem(3, "never")])
SMALL = CellOptions(trees=10, copies=1)
SIZE = 16


def cell(class_id: int, seed: int, bands: int = 3) -> Any:
    """Draw a cell: plain (2) or striped (5), with noise."""
    rng = np.random.default_rng([seed, class_id])
    chip = rng.normal(100, 8, (SIZE, SIZE, bands))
    if class_id == 5:
        chip[::4] += 60
    return chip.clip(1, 255).astype(np.uint8)


def places_of(root: Path, *scene_ids: str) -> Places:
    """Give places below a root."""
    return Places(
        chip_uri=f"{root}/chip",
        train_chip_uris=tuple(chips_uri(f"{root}/chip", scene_id) for scene_id in scene_ids),
        train_uri=f"{root}/train",
    )


def backend_of(
    places: Places, classes: ClassMap = CLASSES, options: CellOptions = SMALL
) -> SklearnChipClassification:
    """Make a backend with small numbers."""
    return SklearnChipClassification(classes, places, options)


def chip_scene(places: Places, tmp_path: Path, scene_id: str, class_ids: Any) -> None:
    """Write the chip file of a scene with some cells."""
    data = TrainingData()
    for x, class_id in enumerate(class_ids):
        window, labels = Box(0, SIZE * x, SIZE, SIZE * x + SIZE), ChipClassificationLabels()
        labels.set_cell(window, class_id)
        data.append(cell(class_id, x), window, labels)
    backend = backend_of(places)
    result = backend.process_scene_data(SimpleNamespace(id=scene_id), data, str(tmp_path))
    backend.process_sceneset_results([result], [], str(tmp_path))


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """Give the places of two scenes with chips."""
    made = places_of(tmp_path, "a", "b/c")
    chip_scene(made, tmp_path, "a", [2, 5] * 8)
    chip_scene(made, tmp_path, "b/c", [5, 2, 2] * 4)
    return made


@pytest.fixture
def trained(places: Places, tmp_path: Path) -> Places:
    """Train on them, and give the places."""
    backend_of(places).train(str(tmp_path))
    return places


def test_what_was_learned_is_found(trained: Places, tmp_path: Path) -> None:
    """Chips, training and prediction through files tell plain from striped cells."""
    class_ids = [2, 5, 5, 2]
    windows = Box(0, 0, SIZE, SIZE * 4).get_windows(SIZE, SIZE)
    backend = backend_of(trained)
    backend.load_model(str(tmp_path))
    labels = backend.predict([cell(c, 50 + i) for i, c in enumerate(class_ids)], windows, "")
    assert windows == labels.get_cells()
    assert class_ids == labels.get_class_ids()


def test_scores_are_those_of_all_classes(trained: Places) -> None:
    """A cell has a score for each class in order of ids; one that was never seen has 0."""
    window = Box(0, 0, SIZE, SIZE)
    scores = backend_of(trained).predict([cell(5, 99)], [window], "").get_cell_scores(window)
    assert scores is not None
    assert (3, 0.0) == (len(scores), scores[1])
    assert scores[2] > 0.5 > scores[0]
    assert pytest.approx(1) == sum(scores)


def test_training_is_reproducible(places: Places, tmp_path: Path) -> None:
    """The same seed gives the same bytes, another seed another model."""

    def train(seed: int) -> bytes:
        backend_of(places, options=dataclasses.replace(SMALL, seed=seed)).train(str(tmp_path))
        return Path(places.model()).read_bytes()

    first = train(0)
    assert first == train(0)
    assert first != train(1)


@pytest.mark.parametrize(
    ("options", "name", "expected"),
    [({"trees": 3}, "trees", 3), ({"copies": 0}, "copies", 0), ({"seed": 7}, "seed", 7)],
)
def test_options_are_noted_in_the_model(
    places: Places, tmp_path: Path, options: Any, name: str, expected: Any
) -> None:
    """A model says how it was trained."""
    backend_of(places, options=dataclasses.replace(SMALL, **options)).train(str(tmp_path))
    assert expected == read_model(Path(places.model()), "m").notes[name]


def test_max_chips_are_shared_by_the_classes(places: Places, tmp_path: Path) -> None:
    """No more chips are learned from than wanted, as many of each class as there can be."""
    backend_of(places, options=dataclasses.replace(SMALL, max_chips=14)).train(str(tmp_path))
    assert {"2": 7, "5": 7} == read_model(Path(places.model()), "m").notes["cells"]


def test_no_chips_are_told(tmp_path: Path) -> None:
    """Scenes without labelled cells are named."""
    places = places_of(tmp_path, "a")
    chip_scene(places, tmp_path, "a", [])
    with pytest.raises(DataError, match=r"\(a\) have no chips of labelled cells"):
        backend_of(places).train(str(tmp_path))


def test_one_class_is_not_enough(tmp_path: Path) -> None:
    """Cells of one class alone give nothing to tell apart."""
    places = places_of(tmp_path, "a")
    chip_scene(places, tmp_path, "a", [5, 5])
    with pytest.raises(DataError, match="are of class 5: there is nothing to tell apart"):
        backend_of(places).train(str(tmp_path))


def test_no_place_for_the_model() -> None:
    """Without a place for the model nothing is trained."""
    with pytest.raises(ConfigError, match="no train_uri"):
        backend_of(Places()).train("")


def test_other_bands_are_refused(trained: Places, tmp_path: Path) -> None:
    """Imagery with another number of bands is refused."""
    with pytest.raises(DataError, match="4 bands, but the model was trained on 3"):
        backend_of(trained).predict([cell(2, 0, bands=4)], [Box(0, 0, 1, 1)], str(tmp_path))


def test_other_types_are_warned_of(trained: Places, caplog: pytest.LogCaptureFixture) -> None:
    """Imagery of another data type than that of training is told once."""
    caplog.set_level(logging.WARNING)
    backend = backend_of(trained)
    for _ in range(2):
        backend.predict([cell(2, 0).astype(np.uint16)], [Box(0, 0, SIZE, SIZE)], "")
    assert 1 == caplog.text.count("uint16, but the model was trained on uint8")


def test_a_model_of_other_classes_is_refused(trained: Places, tmp_path: Path) -> None:
    """A model with classes that the task lacks is refused."""
    with pytest.raises(DataError, match=r"classes \[5\]"):
        backend_of(trained, ClassMap([ClassItem(2, "plain")])).load_model(str(tmp_path))


def test_a_model_of_other_features_is_refused(tmp_path: Path) -> None:
    """A model that takes features of another version is refused."""
    path = tmp_path / "model.zip"
    path.write_bytes(pack_model(FORMAT, VERSION, {"features": 99}, {}))
    with pytest.raises(DataError, match="features of version 99"):
        read_model(path, "m")


def test_missing_packages_are_named(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where scikit-learn is missing, the error names the extra to install."""
    monkeypatch.setitem(sys.modules, "sklearn.ensemble", None)
    with pytest.raises(MissingDependencyError) as caught:
        backend_of(places).train(str(tmp_path))
    assert "rvcli[local]" in str(caught.value.hint)


def test_the_config_makes_the_backend() -> None:
    """Train options of the builder are those of the backend."""
    builder = BackendConfig.builder(keys.SKLEARN_CHIP_CLASSIFICATION)
    config = builder.with_train_options(max_chips=9, trees=7, copies=2, seed=3).build()
    backend = config.create_backend(SimpleNamespace(class_map=CLASSES))
    assert CellOptions(seed=3, max_chips=9, trees=7, copies=2) == backend.options


def test_the_config_is_for_chip_classification() -> None:
    """With the task of another kind, the builder refuses."""
    builder = BackendConfig.builder(keys.SKLEARN_CHIP_CLASSIFICATION)
    with pytest.raises(ConfigError, match="cannot do SEMANTIC_SEGMENTATION"):
        builder.with_task(SimpleNamespace(task_type=keys.SEMANTIC_SEGMENTATION))
