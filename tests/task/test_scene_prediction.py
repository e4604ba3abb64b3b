"""Predictions of a scene from overlapping windows, and their scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from shapely.geometry import box

from rvcli.core.box import Box
from rvcli.core.class_map import ClassMap
from rvcli.errors import ConfigError, DataError
from rvcli.task.blend import WindowGrid
from rvcli.task.semantic_segmentation import SemanticSegmentation
from rvcli.utils.progress import ProgressEvent, use_sink

Make = Callable[..., Any]
HEIGHT, WIDTH = 40, 50


class Scoring:
    """Scores that depend on the pixel and its place in the window, so that windows disagree."""

    gives_scores = True

    def __init__(self, margin: int = 0, predicts_batches: bool = False) -> None:
        self.margin = margin
        self.predicts_batches = predicts_batches
        self.windows: list[Box] = []
        self.batches: list[int] = []

    def load_model(self, tmp_dir: str) -> None:
        """Nothing is learned."""

    def predict_scores(
        self, chips: Sequence[Any], windows: Sequence[Box], tmp_dir: str
    ) -> list[Any]:
        """Give scores of two classes."""
        self.windows += windows
        self.batches.append(len(windows))
        m = self.margin
        inner = [chip[m : chip.shape[0] - m, m : chip.shape[1] - m, 0] for chip in chips]
        return [scores_of(chip) for chip in inner]

    def predict(self, chips: Sequence[Any], windows: Sequence[Box], tmp_dir: str) -> Any:
        """Fail: with scores there is no need."""
        raise AssertionError("predict was called")


def scores_of(chip: Any) -> Any:
    """Mix the brightness with the place in the window."""
    y, x = np.mgrid[: chip.shape[0], : chip.shape[1]]
    first = (chip / 255 + np.sin(y / 3) ** 2 + np.cos(x / 5) ** 2) / 3
    return np.stack([first, 1 - first]).astype(np.float32)


def image() -> Any:
    """Draw noise without a zero."""
    return np.random.default_rng(3).integers(1, 256, (1, HEIGHT, WIDTH), dtype=np.uint8)


def plain(drawn: Any, stride: int) -> Any:
    """Blend the whole image with plain numpy."""
    extent = Box(0, 0, HEIGHT, WIDTH)
    padded = np.pad(drawn[0], ((0, 16), (0, 16)))
    grid = WindowGrid(extent, 16, stride)
    along_y, along_x = grid.weights()
    total = np.zeros((2, *padded.shape), np.float32)
    for window in grid.windows():
        rows, columns = slice(window.ymin, window.ymax), slice(window.xmin, window.xmax)
        weights = along_y[window.ymin][:, None] * along_x[window.xmin]
        total[:, rows, columns] += scores_of(padded[rows, columns]) * weights
    return total[:, :HEIGHT, :WIDTH]


def predict(scene: Any, config: Any, backend: Any, tmp_path: Path) -> Any:
    """Predict a scene and read what was saved."""
    SemanticSegmentation(config, backend).predict([scene], str(tmp_path))
    with rasterio.open(tmp_path / "out/scene.tif") as dataset:
        return dataset.read(1)


@pytest.mark.parametrize(("batch_size", "margin"), [(1, 0), (3, 0), (7, 5)])
@pytest.mark.parametrize("stride", [5, 8, 15])
def test_overlapping_windows_are_blended(
    make_scene: Make, make_config: Make, tmp_path: Path, batch_size: int, margin: int, stride: int
) -> None:
    """What is saved is a plain blend of the whole scene; every window is predicted once."""
    drawn = image()
    config = make_config(predict_stride=stride, predict_batch_size=batch_size)
    backend = Scoring(margin, predicts_batches=True)
    found = predict(make_scene(drawn), config, backend, tmp_path)
    np.testing.assert_array_equal(1 + plain(drawn, stride).argmax(axis=0), found)
    assert WindowGrid(Box(0, 0, HEIGHT, WIDTH), 16, stride).windows() == backend.windows
    assert batch_size == max(backend.batches)


def test_a_backend_without_batches_gets_single_windows(
    make_scene: Make, make_config: Make, tmp_path: Path
) -> None:
    """Scores are asked for window by window, if the backend takes no batches."""
    backend = Scoring()
    predict(make_scene(image()), make_config(predict_stride=8), backend, tmp_path)
    assert {1} == set(backend.batches)


def test_windows_stop_where_the_scene_is_covered(make_config: Make) -> None:
    """No window lies where those before it have reached the end of the scene."""
    task = SemanticSegmentation(make_config(predict_stride=8), Scoring())  # type: ignore[arg-type]
    windows = task.get_predict_windows(Box(0, 0, 40, 41))
    assert {0, 8, 16, 24} == {window.ymin for window in windows}
    assert {0, 8, 16, 24, 32} == {window.xmin for window in windows}


def test_overlap_needs_scores(
    make_scene: Make, make_config: Make, recording_backend: Make, tmp_path: Path
) -> None:
    """A backend without scores cannot predict overlapping windows, and is named."""
    with pytest.raises(ConfigError, match="RecordingBackend gives no class scores") as error:
        predict(make_scene(image()), make_config(predict_stride=8), recording_backend(), tmp_path)
    assert "predict_stride" in (error.value.hint or "")


def test_scores_have_a_plane_for_each_class(
    make_scene: Make, make_config: Make, tmp_path: Path
) -> None:
    """Scores of another shape are refused, naming both shapes."""
    config = make_config(predict_stride=8, class_map=ClassMap.construct_from(["a", "b", "c"]))
    with pytest.raises(DataError, match=r"shape \(2, 16, 16\), not \(3, 16, 16\)"):
        predict(make_scene(image()), config, Scoring(), tmp_path)


def test_nothing_is_blended_without_data(
    make_scene: Make, make_config: Make, tmp_path: Path
) -> None:
    """Pixels without data become 0, and windows without any are not predicted."""
    drawn = image()
    drawn[:, :, 20:] = 0
    drawn[:, 5, 5] = 0
    backend = Scoring(predicts_batches=True)
    found = predict(make_scene(drawn), make_config(predict_stride=8), backend, tmp_path)
    expected = np.where(drawn[0] == 0, 0, 1 + plain(drawn, 8).argmax(axis=0))
    np.testing.assert_array_equal(expected, found)
    assert {0, 8, 16} == {window.xmin for window in backend.windows}


def test_an_empty_scene_is_blended(make_scene: Make, make_config: Make, tmp_path: Path) -> None:
    """A scene without data is 0 everywhere."""
    scene = make_scene(np.zeros((1, HEIGHT, WIDTH), np.uint8))
    backend = Scoring()
    assert not predict(scene, make_config(predict_stride=8), backend, tmp_path).any()
    assert not backend.windows


def test_areas_of_interest_limit_what_is_blended(
    make_scene: Make, make_config: Make, tmp_path: Path
) -> None:
    """Outside the areas all is 0; within, it is as without areas; far windows are left out."""
    drawn = image()
    backend = Scoring()
    scene = make_scene(drawn, aoi=[box(2, 3, 10, 14)])
    found = predict(scene, make_config(predict_stride=8), backend, tmp_path)
    expected = np.zeros_like(found)
    expected[3:14, 2:10] = (1 + plain(drawn, 8).argmax(axis=0))[3:14, 2:10]
    np.testing.assert_array_equal(expected, found)
    assert {0, 8} == {window.xmin for window in backend.windows}


def test_any_window_of_a_blend_can_be_asked_for(make_scene: Make, make_config: Make) -> None:
    """Labels of a blended scene give any window, on a block or not."""
    drawn = image()
    scene = make_scene(drawn)
    task = SemanticSegmentation(make_config(predict_stride=8), Scoring())  # type: ignore[arg-type]
    with scene.activate():
        labels = task.predict_scene(scene, "")
        expected = 1 + plain(drawn, 8).argmax(axis=0)
        for window in [*labels.get_windows(), Box(13, 7, 30, 21)]:
            np.testing.assert_array_equal(
                expected[window.ymin : window.ymax, window.xmin : window.xmax],
                labels.get_label_arr(window),
            )


@pytest.mark.parametrize("stride", [None, 8])
def test_classes_and_scores_come_in_one_pass(
    make_scene: Make, make_config: Make, stride: int | None
) -> None:
    """Scores are those of the windows or their blend, and classes those of the highest score."""
    drawn = image()
    scene = make_scene(drawn)
    backend = Scoring()
    extent = Box(0, 0, HEIGHT, WIDTH)
    task = SemanticSegmentation(make_config(predict_stride=stride), backend)  # type: ignore[arg-type]
    found = np.full((2, HEIGHT, WIDTH), np.nan, np.float32)
    with scene.activate():
        labels = task.predict_scene(scene, "")
        assert labels.has_scores
        for window, ids, scores in labels.get_score_arrs(extent):
            np.testing.assert_array_equal(1 + scores.argmax(axis=0), ids)
            found[:, window.ymin : window.ymax, window.xmin : window.xmax] = scores
    np.testing.assert_array_equal(plain(drawn, stride or 16), found)
    assert len(set(backend.windows)) == len(backend.windows)


def test_blending_tells_its_progress(make_scene: Make, make_config: Make, tmp_path: Path) -> None:
    """Predicting counts its windows."""
    events: list[ProgressEvent] = []
    with use_sink(events.append):
        predict(make_scene(image()), make_config(predict_stride=8), Scoring(), tmp_path)
    assert ("predicting scene", 24, 24) == (
        events[-1].description,
        events[-1].done,
        events[-1].total,
    )
