"""The embedded backend: chips, training and prediction through files."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from rvcli.backend.places import Places, chips_uri
from rvcli.backend.sklearn.options import PixelOptions
from rvcli.backend.sklearn_semantic_segmentation import SklearnSemanticSegmentation
from rvcli.core.box import Box
from rvcli.core.class_map import ClassItem, ClassMap
from rvcli.core.training_data import TrainingData
from rvcli.data.label.semantic_segmentation_labels import SemanticSegmentationLabels
from rvcli.errors import ConfigError, DataError

Halves = Callable[..., tuple[Any, Any]]
CLASSES = ClassMap([ClassItem(1, "dark", "black"), ClassItem(4, "bright", "white")])


SMALL = PixelOptions(max_pixels=600, scales=(1, 2), iterations=10, learning_rate=0.3)


def places_of(root: Path | str, *scene_ids: str) -> Places:
    """Give places below a root."""
    return Places(
        chip_uri=f"{root}/chip",
        train_chip_uris=tuple(chips_uri(f"{root}/chip", scene_id) for scene_id in scene_ids),
        train_uri=f"{root}/train",
    )


def backend_of(places: Places, classes: ClassMap = CLASSES) -> SklearnSemanticSegmentation:
    """Make a backend with small numbers."""
    return SklearnSemanticSegmentation(classes, places, SMALL)


def chips_of(chip: Any, labels: Any) -> TrainingData:
    """Give one chip as training data."""
    window = Box(0, 0, *labels.shape)
    data = TrainingData()
    data.append(chip, window, SemanticSegmentationLabels([window], lambda _: labels))
    return data


def write_chips_of(
    backend: SklearnSemanticSegmentation, scene_id: str, data: TrainingData, tmp_path: Path
) -> None:
    """Chip one training scene."""
    result = backend.process_scene_data(SimpleNamespace(id=scene_id), data, str(tmp_path))
    backend.process_sceneset_results([result], [], str(tmp_path))


def chip_scenes(places: Places, halves: Halves, tmp_path: Path, *scene_ids: str) -> None:
    """Write a chip file for each scene."""
    backend = backend_of(places)
    results = [
        backend.process_scene_data(
            SimpleNamespace(id=scene_id), chips_of(*halves(seed=seed)), str(tmp_path)
        )
        for seed, scene_id in enumerate(scene_ids)
    ]
    backend.process_sceneset_results(results, [], str(tmp_path))


@pytest.fixture
def trained(tmp_path: Path, halves: Halves) -> Places:
    """Train on two scenes and give the places."""
    places = places_of(tmp_path, "a", "b/c")
    chip_scenes(places, halves, tmp_path, "a", "b/c")
    backend_of(places).train(str(tmp_path))
    return places


def test_the_loss_of_each_round_is_kept(trained: Places) -> None:
    """Training leaves its history beside the model, where a report looks for it."""
    history = json.loads(Path(trained.train(), "history.json").read_text())
    losses = [epoch["train_loss"] for epoch in history["epochs"]]
    assert "round" == history["unit"]
    assert losses[-1] < losses[0]


def test_what_was_learned_is_found(trained: Places, halves: Halves, tmp_path: Path) -> None:
    """Chips, training and prediction through files tell the halves of an image apart."""
    chip, labels = halves(seed=9)
    backend = backend_of(trained)
    backend.load_model(str(tmp_path))
    window = Box(100, 100, 148, 148)
    found = backend.predict([chip], [window], str(tmp_path)).get_label_arr(window)
    assert (found == labels).mean() > 0.95


def test_scores_have_a_plane_for_each_class(
    trained: Places, halves: Halves, tmp_path: Path
) -> None:
    """Planes are in the order of class ids; a class that was not trained on has no chance."""
    classes = ClassMap([ClassItem(4, "bright"), ClassItem(2, "never"), ClassItem(1, "dark")])
    backend = backend_of(trained, classes)
    assert backend.gives_scores
    chips, window = [halves(seed=9)[0], halves(seed=8)[0]], Box(0, 0, 48, 48)
    windows = [window, Box(0, 48, 48, 96)]
    scores = backend.predict_scores(chips, windows, str(tmp_path))
    assert [(3, 48, 48)] * 2 == [found.shape for found in scores]
    labels = backend.predict(chips, windows, str(tmp_path)).get_label_arr(window)
    np.testing.assert_array_equal(labels, np.array([1, 2, 4])[scores[0].argmax(axis=0)])
    assert not scores[0][1].any()
    np.testing.assert_allclose(1, scores[0].sum(axis=0), atol=1e-6)


def test_the_margin_is_that_of_the_model(trained: Places, halves: Halves, tmp_path: Path) -> None:
    """Once the model is loaded the backend asks for its margin, and takes chips with it."""
    backend = backend_of(trained)
    assert 0 == backend.margin
    backend.load_model(str(tmp_path))
    assert 4 == backend.margin
    window = Box(0, 0, 40, 40)
    labels = backend.predict([halves()[0]], [window], str(tmp_path))
    assert (40, 40) == labels.get_label_arr(window).shape


def test_predict_loads_the_model_itself(trained: Places, halves: Halves, tmp_path: Path) -> None:
    """Several windows are predicted at once, without load_model before."""
    windows = [Box(0, 0, 48, 48), Box(0, 48, 48, 96)]
    chips = [halves(seed=1)[0], halves(seed=2)[0]]
    backend = backend_of(trained)
    labels = backend.predict(chips, windows, str(tmp_path))
    shapes = [labels.get_label_arr(window).shape for window in windows]
    assert [(48, 48)] * 2 == shapes


def test_the_order_of_scenes_is_of_no_consequence(trained: Places, tmp_path: Path) -> None:
    """Chip files listed in another order, or twice, give the same model."""
    model = Path(trained.train_uri or "", "model.zip").read_bytes()
    uris = tuple(reversed(trained.train_chip_uris)) * 2
    other = dataclasses.replace(
        trained, train_chip_uris=uris, model_uri=str(tmp_path / "other model.zip")
    )
    backend_of(other).train(str(tmp_path))
    assert model == (tmp_path / "other model.zip").read_bytes()


def test_files_may_lie_on_s3(s3_root: str, halves: Halves, tmp_path: Path) -> None:
    """Chips and model travel through a bucket."""
    places = places_of(s3_root, "a")
    chip_scenes(places, halves, tmp_path, "a")
    backend_of(places).train(str(tmp_path / "x"))
    backend = backend_of(places)
    backend.load_model(str(tmp_path / "y"))
    assert 4 == backend.margin


def test_bands_of_scenes_must_agree(halves: Halves, tmp_path: Path) -> None:
    """Scenes with different bands are refused by name."""
    places = places_of(tmp_path, "a", "b")
    backend = backend_of(places)
    for scene_id, bands in (("a", 3), ("b", 4)):
        data = chips_of(*halves(bands=bands))
        write_chips_of(backend, scene_id, data, tmp_path)
    with pytest.raises(DataError, match="3 in a, 4 in b"):
        backend.train(str(tmp_path))


def test_imagery_of_another_type_is_warned_of(
    trained: Places, halves: Halves, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Imagery of another data type than was trained on is warned of once: its values mean else."""
    backend = backend_of(trained)
    chip = halves()[0]
    window = Box(0, 0, 48, 48)
    backend.predict([chip], [window], str(tmp_path))
    assert "" == caplog.text
    for _ in range(2):
        backend.predict([chip.astype("float32")], [window], str(tmp_path))
    assert 1 == caplog.text.count(
        f"the imagery is float32, but the model was trained on {chip.dtype}"
    )


def test_scenes_of_several_types_are_warned_of(
    halves: Halves, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Training on scenes of several data types is possible, but warned of."""
    places = places_of(tmp_path, "a", "b")
    chip_scenes(places, halves, tmp_path, "a")
    chip, labels = halves(seed=1)
    backend = backend_of(places)
    data = chips_of(chip.astype("float32"), labels)
    write_chips_of(backend, "b", data, tmp_path)
    backend.train(str(tmp_path))
    assert f"float32 in b, {chip.dtype} in a" in caplog.text


def test_unlabelled_scenes_cannot_be_learned_from(halves: Halves, tmp_path: Path) -> None:
    """Scenes without a single chip say so when they are trained on."""
    places = places_of(tmp_path, "a")
    backend = backend_of(places)
    write_chips_of(backend, "a", TrainingData(), tmp_path)
    with pytest.raises(DataError, match="no labelled pixels: the 0 chips"):
        backend.train(str(tmp_path))


def test_a_model_of_other_classes_is_refused(trained: Places, tmp_path: Path) -> None:
    """A model with a class that the task lacks is not applied."""
    other = ClassMap([ClassItem(1, "dark"), ClassItem(2, "bright")])
    with pytest.raises(DataError, match=r"has classes \[4\]"):
        backend_of(trained, other).load_model(str(tmp_path))


def test_a_half_written_model_is_refused(trained: Places, tmp_path: Path) -> None:
    """A truncated model is named, not used."""
    path = Path(trained.train_uri or "", "model.zip")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match=r"model\.zip is no whole model"):
        backend_of(trained).load_model(str(tmp_path))


def test_without_places_for_files_it_says_so(tmp_path: Path, halves: Halves) -> None:
    """Each missing place and the missing chip files are named."""
    backend = backend_of(Places())
    with pytest.raises(ConfigError, match="no chip_uri"):
        write_chips_of(backend, "a", TrainingData(), tmp_path)
    with pytest.raises(ConfigError, match="no train_uri"):
        backend.train(str(tmp_path))
    backend = backend_of(Places(train_uri=str(tmp_path)))
    with pytest.raises(ConfigError, match="no chip files to train on"):
        backend.train(str(tmp_path))


@pytest.mark.parametrize("scales", [(), (0, 1), (1, 1), (1.5,)])
def test_scales_are_different_whole_numbers(scales: Any) -> None:
    """Scales that mean nothing are refused."""
    with pytest.raises(ConfigError, match="not different whole numbers"):
        SklearnSemanticSegmentation(CLASSES, Places(), PixelOptions(scales=scales))
