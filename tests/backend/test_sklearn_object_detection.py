"""The embedded detector as a backend: chips, training, prediction, package."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rvcli import keys
from rvcli.backend.backend_config import BackendConfig
from rvcli.core.box import Box
from rvcli.core.class_map import ClassMap
from rvcli.core.training_data import TrainingData
from rvcli.data.label.object_detection_labels import ObjectDetectionLabels
from rvcli.data.label.tfod_utils.np_box_ops import iou
from rvcli.errors import ConfigError, DataError
from rvcli.task.task_config import TaskConfig

SIZE = 64


class Scene:
    """A scene as far as a backend knows it."""

    id = "town"


def town(seed: int) -> tuple[Any, Any]:
    """Draw a bright roof on gray ground; give the image and the box."""
    rng = np.random.default_rng(seed)
    image = rng.normal(100, 6, (SIZE, SIZE, 3))
    y, x = rng.integers(4, 40, 2)
    image[y : y + 16, x : x + 18] += 90
    return image.clip(1, 255).astype(np.uint8), np.array([[y, x, y + 16, x + 18]], float)


def task_config() -> Any:
    """Describe a task of one class, 3."""
    builder = TaskConfig.builder(keys.OBJECT_DETECTION).with_classes({"roof": 3})
    return builder.with_chip_size(SIZE).build()


def config_of(tmp_path: Path, **options: Any) -> Any:
    """Describe the backend."""
    options = {"max_windows": 1200, "iterations": 12, "learning_rate": 0.3, "sizes": 2, **options}
    config = (
        BackendConfig.builder(keys.SKLEARN_OBJECT_DETECTION)
        .with_task(task_config())
        .with_train_options(**options)
        .build()
    )
    config.chip_uri, config.train_uri = str(tmp_path / "chips"), str(tmp_path / "train")
    config.train_chip_uris = [str(tmp_path / "chips" / "train" / "town.npz")]
    return config


@pytest.fixture
def trained(tmp_path: Path) -> Any:
    """Give a config whose model is trained on chips at different places of a scene."""
    config = config_of(tmp_path)
    backend = config.create_backend(task_config())
    data = TrainingData()
    for i in range(8):
        image, boxes = town(i)
        window = Box(0, i * SIZE, SIZE, (i + 1) * SIZE)
        labels = ObjectDetectionLabels(boxes + [0, i * SIZE] * 2, np.array([3]))
        if i == 7:
            image, labels = np.full_like(image, 100), ObjectDetectionLabels.make_empty()
        data.append(image, window, labels)
    done = backend.process_scene_data(Scene(), data, str(tmp_path / "tmp"))
    backend.process_sceneset_results([done], [], str(tmp_path / "tmp"))
    backend.train(str(tmp_path / "tmp"))
    return config


def test_objects_are_found_in_pixels_of_the_scene(trained: Any, tmp_path: Path) -> None:
    """A window with its margin, or without, gives the box where it lies in the scene."""
    backend = trained.create_backend(task_config())
    backend.load_model(str(tmp_path))
    image, truth = town(50)
    window = Box(1000, 2000, 1000 + SIZE, 2000 + SIZE)
    margin = backend.margin
    assert margin > 16
    for chip in (image, np.pad(image, ((margin, margin), (margin, margin), (0, 0)))):
        labels = backend.predict([chip], [window], str(tmp_path))
        best = labels.get_npboxes()[:1]
        assert iou(best, truth + np.tile([1000, 2000], 2)).item() > 0.6
        assert {3} == set(labels.get_class_ids().tolist())
        assert labels.get_scores()[0] > 0.5


def test_windows_come_one_after_the_other(trained: Any, tmp_path: Path) -> None:
    """The boxes of two windows are those of each; the model loads itself when it is needed."""
    backend = trained.create_backend(task_config())
    windows = [Box(0, 0, SIZE, SIZE), Box(0, 500, SIZE, 500 + SIZE)]
    chips = [town(60)[0], town(61)[0]]
    both = backend.predict(chips, windows, str(tmp_path))
    one, other = (
        backend.predict([chip], [window], str(tmp_path))
        for chip, window in zip(chips, windows, strict=True)
    )
    assert one + other == both


def test_imagery_of_another_type_is_warned_of(
    trained: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The model remembers the data type of its chips."""
    backend = trained.create_backend(task_config())
    backend.load_model(str(tmp_path))
    with caplog.at_level(logging.WARNING):
        backend.predict([town(1)[0].astype(np.uint16)], [Box(0, 0, SIZE, SIZE)], str(tmp_path))
    assert "the imagery is uint16" in caplog.text


def test_a_model_of_unknown_classes_is_refused(trained: Any, tmp_path: Path) -> None:
    """Predicting class 3 in a task without it is an error."""
    backend = trained.create_backend(task_config())
    backend.class_map = ClassMap.construct_from({"tree": 1})
    with pytest.raises(DataError, match=r"has classes \[3\]"):
        backend.load_model(str(tmp_path))


def test_training_needs_chips(tmp_path: Path) -> None:
    """Without training scenes there is nothing to learn from."""
    config = config_of(tmp_path)
    config.train_chip_uris = []
    with pytest.raises(ConfigError, match="no chip files"):
        config.create_backend(task_config()).train(str(tmp_path))


def test_options_survive_the_message(tmp_path: Path) -> None:
    """What goes to another process comes back the same."""
    config = config_of(tmp_path, seed=7)
    again = BackendConfig.from_proto(config.to_proto())
    for name in ("max_windows", "iterations", "learning_rate", "sizes", "seed"):
        assert getattr(config, name) == getattr(again, name)
    assert 7 == again.create_backend(task_config()).options.seed


def test_only_detection_is_its_task() -> None:
    """It refuses a task of another kind."""
    task = TaskConfig.builder(keys.SEMANTIC_SEGMENTATION).with_classes(["a"]).build()
    with pytest.raises(ConfigError):
        BackendConfig.builder(keys.SKLEARN_OBJECT_DETECTION).with_task(task).build()
