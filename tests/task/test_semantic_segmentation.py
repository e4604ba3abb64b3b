"""Semantic segmentation: windows, chips, predictions."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box

from rvcli.core.box import Box
from rvcli.core.class_map import ClassMap
from rvcli.errors import ConfigError
from rvcli.task.semantic_segmentation import (
    SemanticSegmentation,
    get_random_sample_train_windows,
)
from rvcli.utils.misc import png_to_numpy
from rvcli.utils.progress import ProgressEvent, use_sink

Make = Callable[..., Any]
CLASSES = ClassMap.construct_from(["dark", "bright"])


def image(height: int = 40, width: int = 50, bands: int = 1) -> Any:
    """Draw an image that is dark on the left and bright on the right, without a zero."""
    drawn = np.full((bands, height, width), 50, np.uint8)
    drawn[:, :, width // 2 :] = 200
    return drawn


def labels_of(drawn: Any) -> Any:
    """Give the right classes of an image."""
    return np.where(drawn[0] < 100, 1, 2)


def sample(extent: Box, count: int, seed: int = 0, keep: Any = None) -> Any:
    """Draw random windows of side 10."""
    chip_options = SimpleNamespace(
        chips_per_scene=count,
        negative_survival_probability=1.0,
        target_classes=None,
        target_count_threshold=5,
    )
    return get_random_sample_train_windows(
        None, 10, CLASSES, extent, chip_options, keep or (lambda w: w), rng=random.Random(seed)
    )


@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 40), st.integers(0, 9))
def test_random_windows_lie_in_the_extent(height: int, width: int, count: int, seed: int) -> None:
    """Windows are different, of one size, and leave the extent only where it is too small."""
    windows = sample(Box(0, 0, height, width), count, seed)
    assert len(set(windows)) == len(windows) <= count
    for window in windows:
        assert (10, 10) == (window.get_height(), window.get_width())
        assert 0 == window.ymin if height <= 10 else window.ymax <= height
        assert 0 == window.xmin if width <= 10 else window.xmax <= width


def test_as_many_random_windows_as_wanted() -> None:
    """Where there is room, there are chips_per_scene windows."""
    assert 1000 == len(sample(Box(0, 0, 300, 300), 1000))


def test_a_scene_of_one_chip_has_one_window() -> None:
    """A scene no larger than a chip has the one window that there is."""
    assert [Box(0, 0, 10, 10)] == sample(Box(0, 0, 7, 10), 1000)


def test_windows_without_targets_survive_by_chance() -> None:
    """With a survival of zero only windows with enough target pixels remain."""
    source = SimpleNamespace(
        enough_target_pixels=lambda window, threshold, targets: (
            (threshold, targets) == (7, [2]) and window.xmin >= 50
        )
    )
    windows = get_random_sample_train_windows(
        source,
        10,
        CLASSES,
        Box(0, 0, 100, 100),
        SimpleNamespace(
            chips_per_scene=200,
            negative_survival_probability=0.0,
            target_classes=[2],
            target_count_threshold=7,
        ),
        lambda windows: windows,
        rng=random.Random(1),
    )
    assert 50 < len(windows) < 150
    assert all(window.xmin >= 50 for window in windows)


def test_a_scene_without_targets_gives_one_chip() -> None:
    """Where no window has target pixels, one is kept."""
    source = SimpleNamespace(enough_target_pixels=lambda *_: False)
    options = SimpleNamespace(
        chips_per_scene=20,
        negative_survival_probability=0.0,
        target_classes=None,
        target_count_threshold=1,
    )
    windows = get_random_sample_train_windows(
        source, 10, CLASSES, Box(0, 0, 50, 50), options, lambda windows: windows
    )
    assert 1 == len(windows)


def test_drawing_gives_up_where_nothing_passes() -> None:
    """A filter that lets nothing through ends without a window."""
    assert [] == sample(Box(0, 0, 500, 500), 5, keep=lambda windows: [])


def test_sliding_windows_step_by_half(
    make_scene: Make, make_config: Make, recording_backend: Make
) -> None:
    """Without a stride, sliding windows overlap by half and cover the scene."""
    task = SemanticSegmentation(make_config(), recording_backend())
    scene = make_scene(image(), labels_of(image()))
    with scene.activate():
        windows = task.get_train_windows(scene)
    assert 5 * 7 == len(windows)
    assert [Box(0, 0, 16, 16), Box(0, 8, 16, 24)] == windows[:2]


def test_random_windows_depend_on_seed_and_scene_alone(
    make_scene: Make, make_config: Make, recording_backend: Make
) -> None:
    """The same seed and scene id give the same windows, in whatever process or order."""

    def windows(scene_id: str, seed: int) -> list[Box]:
        config = make_config(window_method="random_sample", seed=seed)
        scene = make_scene(image(), labels_of(image()), scene_id)
        with scene.activate():
            found: list[Box] = SemanticSegmentation(config, recording_backend()).get_train_windows(
                scene
            )
        return found

    first = windows("a", 0)
    assert 10 == len(first)
    assert first == windows("a", 0)
    assert first != windows("b", 0)
    assert first != windows("a", 1)


@pytest.mark.parametrize("method", ["sliding", "random_sample"])
def test_windows_lie_within_an_area(
    make_scene: Make, make_config: Make, recording_backend: Make, method: str
) -> None:
    """With an area of interest, only windows within it are used."""
    scene = make_scene(image(), labels_of(image()), aoi=[box(20, 5, 45, 39)])
    task = SemanticSegmentation(make_config(window_method=method), recording_backend())
    with scene.activate():
        windows = task.get_train_windows(scene)
    assert windows
    for window in windows:
        assert 20 <= window.xmin
        assert window.xmax <= 45
        assert 5 <= window.ymin
        assert window.ymax <= 39


@pytest.mark.parametrize("method", ["sliding", "random_sample"])
def test_an_area_smaller_than_a_chip(
    make_scene: Make, make_config: Make, recording_backend: Make, method: str
) -> None:
    """Where no window fits into an area, those that touch it are used, labelled inside it only."""
    scene = make_scene(image(), labels_of(image()), aoi=[box(20, 5, 28, 12)])
    backend = recording_backend()
    SemanticSegmentation(make_config(window_method=method), backend).make_chips([scene], [], [], "")
    [(_, chips)] = backend.named("chips")
    assert chips
    for _, window, labels in chips:
        ys, xs = np.nonzero(labels)
        assert set(xs + window.xmin) <= set(range(20, 28))
        assert set(ys + window.ymin) <= set(range(5, 12))
    assert any(labels.any() for _, _, labels in chips)


def test_chips_are_imagery_with_labels(
    make_scene: Make, make_config: Make, recording_backend: Make
) -> None:
    """Chips come row by row; beyond the scene there is neither imagery nor label."""
    drawn = image(20, 30)
    scene = make_scene(drawn, labels_of(drawn))
    backend = recording_backend()
    SemanticSegmentation(make_config(stride=16), backend).make_chips([scene], [], [], "")
    [(_, chips)] = backend.named("chips")
    assert [(0, 0), (0, 16), (16, 0), (16, 16)] == [(w.ymin, w.xmin) for _, w, _ in chips]
    chip, _, labels = chips[-1]
    assert (200, 2) == (chip[0, 0, 0], labels[0, 0])
    np.testing.assert_array_equal(chip[:, :, 0] > 0, labels > 0)
    assert 4 * 14 == np.count_nonzero(labels)


def test_labels_beyond_the_scene_are_0(
    make_scene: Make, make_config: Make, recording_backend: Make
) -> None:
    """A label source that labels everything, as a background does, is cut at the scene."""
    scene = make_scene(image(20, 30), np.ones((64, 64)))
    task = SemanticSegmentation(make_config(), recording_backend())
    window = Box(16, 16, 32, 32)
    with scene.activate():
        labels = task.get_train_labels(window, scene).get_label_arr(window)
    assert 4 * 14 == np.count_nonzero(labels)


def test_augmentors_see_training_chips_only(
    make_scene: Make, make_config: Make, recording_backend: Make
) -> None:
    """Augmentors work on the chips of training scenes, one after the other."""
    seen: list[str] = []

    def augmentor(name: str) -> Any:
        def process(data: Any, tmp_dir: str) -> Any:
            seen.append(name)
            return data

        return SimpleNamespace(process=process)

    scenes = [make_scene(image(), labels_of(image()), scene_id) for scene_id in "ab"]
    backend = recording_backend()
    task = SemanticSegmentation(make_config(), backend)
    task.make_chips(scenes[:1], scenes[1:], [augmentor("x"), augmentor("y")], "")
    assert ["x", "y"] == seen
    assert [(["a"], ["b"])] == backend.named("results")


def test_chips_tell_their_progress(
    make_scene: Make, make_config: Make, recording_backend: Make
) -> None:
    """Chipping counts its chips."""
    events: list[ProgressEvent] = []
    with use_sink(events.append):
        SemanticSegmentation(make_config(stride=16), recording_backend()).make_chips(
            [make_scene(image(), labels_of(image()))], [], [], ""
        )
    assert ("chips of scene", 12, 12) == (
        events[-1].description,
        events[-1].done,
        events[-1].total,
    )


def test_a_scene_without_labels_cannot_be_chipped(
    make_scene: Make, make_config: Make, recording_backend: Make
) -> None:
    """Without a label source the scene is named."""
    with pytest.raises(ConfigError, match="scene 'scene' has no label source"):
        SemanticSegmentation(make_config(), recording_backend()).make_chips(
            [make_scene(image())], [], [], ""
        )


def test_training_is_the_backends(make_config: Make, recording_backend: Make) -> None:
    """Training is handed on."""
    backend = recording_backend()
    SemanticSegmentation(make_config(), backend).train("")
    assert [()] == backend.named("train")


def predict(scene: Any, config: Any, backend: Any, tmp_path: Path) -> Any:
    """Predict a scene and read what was saved."""
    SemanticSegmentation(config, backend).predict([scene], str(tmp_path))
    with rasterio.open(tmp_path / "out/scene.tif") as dataset:
        return dataset.read(1)


@pytest.mark.parametrize("margin", [0, 5])
@pytest.mark.parametrize("batches", [False, True])
def test_predictions_are_saved(
    make_scene: Make,
    make_config: Make,
    recording_backend: Make,
    tmp_path: Path,
    margin: int,
    batches: bool,
) -> None:
    """With and without margin and batches, a scene of any size gets its classes."""
    drawn = image()
    backend = recording_backend(margin, batches)
    found = predict(make_scene(drawn), make_config(), backend, tmp_path)
    np.testing.assert_array_equal(labels_of(drawn), found)
    shapes = {shape for call in backend.named("predict") for shape in call[0]}
    assert {(16 + 2 * margin, 16 + 2 * margin, 1)} == shapes


def test_windows_are_predicted_row_by_row(
    make_scene: Make, make_config: Make, recording_backend: Make, tmp_path: Path
) -> None:
    """A backend gets one window at a time, or as many as the batch size if it takes batches."""
    single, batched = recording_backend(), recording_backend(0, True)
    predict(make_scene(image()), make_config(), single, tmp_path)
    predict(make_scene(image()), make_config(), batched, tmp_path)
    expected = Box(0, 0, 40, 50).get_windows(16, 16)
    assert [[window] for window in expected] == [call[1] for call in single.named("predict")]
    assert [expected[i : i + 3] for i in range(0, 12, 3)] == [
        call[1] for call in batched.named("predict")
    ]


def test_nothing_is_predicted_without_data(
    make_scene: Make, make_config: Make, recording_backend: Make, tmp_path: Path
) -> None:
    """Pixels without data become 0, and windows without any are not predicted."""
    drawn = image(32, 48, bands=2)
    drawn[:, :, 20:] = 0
    drawn[0, 3, 3] = 0
    drawn[:, 5, 5] = 0
    backend = recording_backend(0, True)
    found = predict(make_scene(drawn), make_config(), backend, tmp_path)
    assert not found[:, 20:].any()
    assert (1, 0) == (found[3, 3], found[5, 5])
    windows = [window for call in backend.named("predict") for window in call[1]]
    assert [0, 16, 0, 16] == [window.xmin for window in windows]


def test_outside_an_area_there_are_no_predictions(
    make_scene: Make, make_config: Make, recording_backend: Make, tmp_path: Path
) -> None:
    """Outside the areas of interest all is 0, and windows there are not predicted."""
    backend = recording_backend()
    scene = make_scene(image(), aoi=[box(2, 3, 10, 14)])
    found = predict(scene, make_config(), backend, tmp_path)
    assert 8 * 11 == np.count_nonzero(found)
    assert (found[3:14, 2:10] == 1).all()
    assert [([(16, 16, 1)], [Box(0, 0, 16, 16)])] == backend.named("predict")


def test_one_window_can_be_asked_for(
    make_scene: Make, make_config: Make, recording_backend: Make
) -> None:
    """Labels of a predicted scene give any of their windows."""
    scene = make_scene(image())
    task = SemanticSegmentation(make_config(), recording_backend())
    with scene.activate():
        labels = task.predict_scene(scene, "")
        window = labels.get_windows()[-1]
        assert 2 == labels.get_label_arr(window)[0, 0]


def test_prediction_tells_its_progress(
    make_scene: Make, make_config: Make, recording_backend: Make, tmp_path: Path
) -> None:
    """Predicting counts its windows."""
    events: list[ProgressEvent] = []
    with use_sink(events.append):
        predict(make_scene(image()), make_config(), recording_backend(), tmp_path)
    assert ("predicting scene", 12, 12) == (
        events[-1].description,
        events[-1].done,
        events[-1].total,
    )


def test_a_scene_without_a_store_cannot_be_predicted(
    make_scene: Make, make_config: Make, recording_backend: Make
) -> None:
    """Without a label store the scene is named."""
    scene = make_scene(image())
    scene.prediction_label_store = None
    with pytest.raises(ConfigError, match="scene 'scene' has no label store"):
        SemanticSegmentation(make_config(), recording_backend()).predict([scene], "")


def test_predictions_can_be_drawn(
    make_scene: Make, make_config: Make, recording_backend: Make, tmp_path: Path
) -> None:
    """With a debug URI, imagery and classes are drawn side by side, thinned out."""
    drawn = image(40, 3000, bands=3)
    config = make_config(
        predict_debug_uri=str(tmp_path / "debug"),
        class_map=ClassMap.construct_from({"dark": (1, "red"), "bright": 2}),
        predict_chip_size=1000,
    )
    predict(make_scene(drawn), config, recording_backend(), tmp_path)
    shown = png_to_numpy((tmp_path / "debug/scene.png").read_bytes())
    assert (14, 2000, 3) == shown.shape
    assert ([0, 0, 0], [255, 255, 255]) == (shown[3, 10].tolist(), shown[3, 990].tolist())
    assert [255, 0, 0] == shown[3, 1010].tolist()
    assert [0, 0, 0] != shown[3, 1990].tolist()


def test_an_empty_scene_can_be_drawn(
    make_scene: Make, make_config: Make, recording_backend: Make, tmp_path: Path
) -> None:
    """A scene without data is drawn black."""
    config = make_config(predict_debug_uri=str(tmp_path / "debug"))
    scene = make_scene(np.zeros((1, 9, 9), np.uint16))
    predict(scene, config, recording_backend(), tmp_path)
    assert not png_to_numpy((tmp_path / "debug/scene.png").read_bytes()).any()


@pytest.mark.parametrize("bands", [1, 2, 4])
def test_chips_can_be_drawn(
    make_scene: Make, make_config: Make, recording_backend: Make, tmp_path: Path, bands: int
) -> None:
    """Where the backend has a debug URI, chips are drawn beside their labels, 24 at most."""
    drawn = image(160, 160, bands)
    config = make_config(
        debug_chip_probability=1.0,
        stride=16,
        class_map=ClassMap.construct_from({"dark": (1, "red"), "bright": (2, "lime")}),
    )
    backend = recording_backend(debug_uri=str(tmp_path / "debug"))
    scene = make_scene(drawn, labels_of(drawn))
    SemanticSegmentation(config, backend).make_chips([scene], [], [], "")
    sheet = png_to_numpy((tmp_path / "debug/scene.png").read_bytes())
    assert (6 * 18, 4 * 34, 3) == sheet.shape
    assert [255, 0, 0] == sheet[3, 20].tolist()


@pytest.mark.parametrize(
    "changed", [{"debug": False}, {"debug_chip_probability": 0.0}, {"debug_chip_probability": 1e-9}]
)
def test_no_chips_are_drawn_unless_wanted(
    make_scene: Make, make_config: Make, recording_backend: Make, tmp_path: Path, changed: Any
) -> None:
    """Without debug, or with a probability of next to nothing, no sheet is written."""
    config = make_config(**{"debug_chip_probability": 1.0, **changed})
    backend = recording_backend(debug_uri=str(tmp_path / "debug"))
    scene = make_scene(image(), labels_of(image()))
    SemanticSegmentation(config, backend).make_chips([scene], [], [], "")
    assert not (tmp_path / "debug").exists()


def test_large_chips_are_thinned_out(
    make_scene: Make, make_config: Make, recording_backend: Make, tmp_path: Path
) -> None:
    """A chip takes 150 pixels of a sheet at most."""
    config = make_config(chip_size=400, stride=400, debug_chip_probability=1.0)
    backend = recording_backend(debug_uri=str(tmp_path / "debug"))
    scene = make_scene(image(), labels_of(image()))
    SemanticSegmentation(config, backend).make_chips([scene], [], [], "")
    sheet = png_to_numpy((tmp_path / "debug/scene.png").read_bytes())
    assert (134 + 2, 268 + 2, 3) == sheet.shape
