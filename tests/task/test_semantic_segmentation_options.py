"""What every option of semantic segmentation does, from the builder to chips and predictions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rvcli import keys
from rvcli.config import InvalidConfigError
from rvcli.core.box import Box
from rvcli.task.semantic_segmentation import SemanticSegmentation
from rvcli.task.task_config import TaskConfig

Make = Callable[..., Any]
SIDE = 120


def config(chip_options: dict[str, Any] | None = None, **values: Any) -> Any:
    """Build a config, send it as a message, and read it."""
    builder = (
        TaskConfig.builder(keys.SEMANTIC_SEGMENTATION)
        .with_classes(["land", "water", "roof"])
        .with_chip_size(20)
        .with_predict_chip_size(50)
        .with_chip_options(**{"chips_per_scene": 200, **(chip_options or {})})
    )
    for name, value in values.items():
        builder = getattr(builder, f"with_{name}")(value)
    return TaskConfig.from_proto(builder.build().to_proto())


def labels() -> Any:
    """Draw land with water on the right third and a roof of 6 x 6 pixels; nothing at the top."""
    ids = np.ones((SIDE, SIDE), np.uint8)
    ids[:, 80:] = 2
    ids[30:36, 30:36] = 3
    ids[:20] = 0
    return ids


@pytest.fixture
def scene(make_scene: Make) -> Any:
    """Make a scene with those labels."""
    return make_scene(np.full((1, SIDE, SIDE), 9, np.uint8), labels())


def windows_of(scene: Any, config: Any, backend: Any = None) -> list[Box]:
    """Choose training windows."""
    with scene.activate():
        found: list[Box] = SemanticSegmentation(config, backend).get_train_windows(scene)
    return found


def count(window: Box, *class_ids: int) -> int:
    """Count the pixels of classes in a window."""
    part = labels()[window.ymin : window.ymax, window.xmin : window.xmax]
    return int(np.isin(part, class_ids).sum())


def test_window_method_chooses_places(scene: Any) -> None:
    """Sliding windows lie on a grid, random ones do not, and there are as many as asked for."""
    sliding = windows_of(scene, config({"window_method": "sliding"}))
    drawn = windows_of(scene, config())
    assert Box(0, 0, SIDE, SIDE).get_windows(20, 10) == sliding
    assert 200 == len(drawn)
    assert any(window.ymin % 10 or window.xmin % 10 for window in drawn)


def test_an_unknown_window_method_is_refused() -> None:
    """The error names the methods that there are."""
    with pytest.raises(InvalidConfigError, match=r"random_sample.*sliding"):
        config({"window_method": "everywhere"})


@pytest.mark.parametrize(("stride", "expected"), [(None, 144), (20, 36), (7, 324)])
def test_stride_is_the_step_of_sliding_windows(
    scene: Any, stride: int | None, expected: int
) -> None:
    """Half a chip if not set."""
    options = {"window_method": "sliding", "stride": stride}
    assert expected == len(windows_of(scene, config(options)))


@pytest.mark.parametrize("wanted", [1, 30])
def test_chips_per_scene_is_the_number_of_random_windows(scene: Any, wanted: int) -> None:
    """Where all windows are kept there are that many."""
    assert wanted == len(windows_of(scene, config({"chips_per_scene": wanted})))


def test_chip_size_is_the_side_of_chips(scene: Any, recording_backend: Make) -> None:
    """Imagery and labels are of that size."""
    backend = recording_backend()
    made = config({"chips_per_scene": 3}, chip_size=33)
    SemanticSegmentation(made, backend).make_chips([scene], [], [], "")
    [(_, chips)] = backend.named("chips")
    assert {((33, 33, 1), (33, 33))} == {(chip.shape, ids.shape) for chip, _, ids in chips}


@pytest.mark.parametrize(("targets", "shown"), [(None, (1, 2, 3)), ([2], (2,)), ([2, 3], (2, 3))])
def test_target_classes_are_those_that_chips_show(
    scene: Any, targets: list[int] | None, shown: tuple[int, ...]
) -> None:
    """Without survival every chip shows enough of the target classes: of any if none is set."""
    options = {
        "target_classes": targets,
        "target_count_threshold": 30,
        "negative_survival_probability": 0.0,
    }
    windows = windows_of(scene, config(options))
    assert 0 < len(windows) < 200
    assert all(count(window, *shown) >= 30 for window in windows)


def test_target_classes_have_to_be_classes() -> None:
    """An id that no class has is named."""
    with pytest.raises(InvalidConfigError, match=r"target_classes.*has 9"):
        config({"target_classes": [9]})


@pytest.mark.parametrize(("threshold", "kept"), [(0, 1500), (1, 80), (36, 30), (37, 1)])
def test_target_count_threshold_is_the_least_number_of_pixels(
    scene: Any, threshold: int, kept: int
) -> None:
    """A chip with as many target pixels is kept, one with fewer is not; but one chip always is."""
    options = {
        "target_classes": [3],
        "target_count_threshold": threshold,
        "negative_survival_probability": 0.0,
        "chips_per_scene": 1500,
    }
    windows = windows_of(scene, config(options))
    assert kept <= len(windows) <= (kept if kept in (1, 1500) else 3 * kept)
    if threshold <= 36:
        assert all(count(window, 3) >= threshold for window in windows)


@pytest.mark.parametrize("survival", [0.0, 0.3, 1.0])
def test_negative_survival_probability_is_the_share_of_others_kept(
    scene: Any, survival: float
) -> None:
    """Chips with too few target pixels survive with this probability; all others are kept."""
    options = {
        "target_classes": [2],
        "target_count_threshold": 1,
        "negative_survival_probability": survival,
        "chips_per_scene": 1000,
    }
    windows = windows_of(scene, config(options))
    positives = sum(1 for window in windows if count(window, 2))
    # Of 101 places along x, 40 reach over the water, which begins at 80.
    assert 400 == pytest.approx(positives, abs=60)
    assert survival * 600 == pytest.approx(len(windows) - positives, abs=60)


def test_the_seed_decides_what_is_drawn(scene: Any) -> None:
    """The same seed gives the same windows and survivors, another one others."""
    options = {
        "target_classes": [2],
        "target_count_threshold": 1,
        "negative_survival_probability": 0.5,
    }
    first = windows_of(scene, config(options))
    assert first == windows_of(scene, config(options))
    assert first != windows_of(scene, config(options, seed=1))


@pytest.mark.parametrize(("probability", "debug"), [(1.0, True), (0.0, True), (1.0, False)])
def test_debug_chip_probability_is_the_share_of_chips_drawn(
    scene: Any, recording_backend: Make, tmp_path: Path, probability: float, debug: bool
) -> None:
    """Chips are drawn with this probability, and not without debug."""
    made = config({"debug_chip_probability": probability}, debug=debug)
    backend = recording_backend(debug_uri=str(tmp_path / "debug"))
    SemanticSegmentation(made, backend).make_chips([scene], [], [], "")
    assert (debug and probability > 0) == (tmp_path / "debug/scene.png").exists()


@pytest.mark.parametrize(("size", "windows"), [(50, 9), (120, 1), (200, 1)])
def test_predict_chip_size_is_the_side_of_prediction_windows(
    scene: Any, recording_backend: Make, tmp_path: Path, size: int, windows: int
) -> None:
    """Windows of that size cover the scene, whatever the size of training chips."""
    backend = recording_backend()
    SemanticSegmentation(config(predict_chip_size=size), backend).predict([scene], str(tmp_path))
    shapes = [shape for shapes, _ in backend.named("predict") for shape in shapes]
    assert [(size, size, 1)] * windows == shapes


@pytest.mark.parametrize("batch_size", [1, 4, 100])
def test_predict_batch_size_is_the_number_of_windows_at_once(
    scene: Any, recording_backend: Make, tmp_path: Path, batch_size: int
) -> None:
    """A backend that takes batches gets as many windows; the last batch has the rest."""
    backend = recording_backend(predicts_batches=True)
    made = config(predict_batch_size=batch_size)
    SemanticSegmentation(made, backend).predict([scene], str(tmp_path))
    sizes = [len(windows) for _, windows in backend.named("predict")]
    assert 9 == sum(sizes)
    assert min(batch_size, 9) == max(sizes)
    assert {batch_size} >= set(sizes[:-1])


@pytest.mark.parametrize(("debug", "drawn"), [(True, True), (False, False)])
def test_predict_debug_uri_is_where_predictions_are_drawn(
    scene: Any, recording_backend: Make, tmp_path: Path, debug: bool, drawn: bool
) -> None:
    """Predictions are drawn where debug is set."""
    made = config(predict_debug_uri=str(tmp_path / "drawn"), debug=debug)
    SemanticSegmentation(made, recording_backend()).predict([scene], str(tmp_path))
    assert drawn == (tmp_path / "drawn/scene.png").exists()


def test_predictions_are_drawn_nowhere_by_default(
    scene: Any, recording_backend: Make, tmp_path: Path
) -> None:
    """Debug is on by default, but drawing reads the whole scene: it waits for a place."""
    made = config()
    assert made.debug
    SemanticSegmentation(made, recording_backend()).predict([scene], str(tmp_path))
    assert not list(tmp_path.rglob("*.png"))


@pytest.mark.parametrize(("stride", "windows"), [(None, 9), (50, 9), (35, 9), (25, 16)])
def test_predict_stride_is_the_step_between_prediction_windows(
    stride: int | None, windows: int
) -> None:
    """The windows cover the scene; they are side by side if it is not set."""
    task = SemanticSegmentation(config(predict_stride=stride), None)  # type: ignore[arg-type]
    assert windows == len(task.get_predict_windows(Box(0, 0, SIDE, SIDE)))


def test_prediction_windows_leave_no_gaps() -> None:
    """A stride above the size of windows is refused."""
    with pytest.raises(InvalidConfigError, match=r"predict_stride.*51.*gaps"):
        config(predict_stride=51)
