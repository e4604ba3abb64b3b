"""SklearnPixelsToBoxes: patches of classified pixels become boxes."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import rvcli as rv
from rvcli.backend.chip_files import ChipFile, write_chips
from rvcli.backend.chip_kind import ChipKind
from rvcli.backend.places import Places, chips_uri
from rvcli.backend.sklearn.drawn_boxes import DrawnBoxes
from rvcli.backend.sklearn.options import PixelOptions
from rvcli.backend.sklearn_pixels_to_boxes import SklearnPixelsToBoxes
from rvcli.core.box import Box
from rvcli.core.class_map import ClassItem, ClassMap
from rvcli.core.training_data import TrainingData
from rvcli.data.label.object_detection_labels import ObjectDetectionLabels
from rvcli.errors import ConfigError

CLASSES = ClassMap([ClassItem(1, "dark"), ClassItem(2, "bright")])
SMALL = PixelOptions(max_pixels=4000, scales=(1, 2), iterations=20, learning_rate=0.3)
BOXES = np.array([[8.0, 10.0, 20.0, 26.0], [30.0, 34.0, 44.0, 46.0]])


def image(seed: int = 0) -> Any:
    """Draw a dark and a bright object on gray."""
    chip = np.random.default_rng(seed).normal(500, 20, (56, 56, 3))
    chip[8:20, 10:26] -= 250
    chip[30:44, 34:46] += 250
    return chip.astype(np.uint16)


def backend_of(root: Path, **more: Any) -> SklearnPixelsToBoxes:
    """Make a backend with its files below a root."""
    places = Places(
        chip_uri=str(root),
        train_chip_uris=(chips_uri(str(root), "a"),),
        train_uri=str(root),
    )
    return SklearnPixelsToBoxes(CLASSES, places, SMALL, **more)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train on two chips, and give the root."""
    root = tmp_path_factory.mktemp("boxes")
    backend, data = backend_of(root), TrainingData()
    labels = ObjectDetectionLabels(BOXES, np.array([1, 2]))
    for seed in range(2):
        data.append(image(seed), Box(0, 0, 56, 56), labels)
    result = backend.process_scene_data(SimpleNamespace(id="a"), data, str(root / "tmp"))
    backend.process_sceneset_results([result], [], str(root / "tmp"))
    backend.train(str(root / "tmp"))
    return root


def test_patches_become_boxes(trained: Path) -> None:
    """Both objects are found within two pixels, in pixels of the scene, with their classes."""
    window = Box(100, 200, 156, 256)
    labels = backend_of(trained, denoise=2).predict([image(5)], [window], str(trained))
    order = np.argsort(labels.get_class_ids())
    assert [1, 2] == labels.get_class_ids()[order].tolist()
    expected = BOXES + np.array([100, 200, 100, 200])
    assert np.abs(expected - labels.get_npboxes()[order]).max() <= 2
    assert (labels.get_scores() > 0.7).all()


def test_small_patches_are_left_out(trained: Path) -> None:
    """`min_pixels` is the smallest patch that counts."""
    window = Box(0, 0, 56, 56)
    found = backend_of(trained, min_pixels=180).predict([image(5)], [window], str(trained))
    assert [1] == found.get_class_ids().tolist()
    none = backend_of(trained, min_pixels=10_000).predict([image(5)], [window], str(trained))
    assert 0 == len(none)


def test_bridges_are_removed(trained: Path) -> None:
    """Without `denoise` a thin bridge makes one box of two objects."""
    chip = image(5)
    chip[12:14, 26:40] = chip[8:20, 40:50] = 250
    window = Box(0, 0, 56, 56)
    found = [
        backend_of(trained, denoise=radius).predict([chip], [window], str(trained))
        for radius in (0, 2)
    ]
    dark = [int((labels.get_class_ids() == 1).sum()) for labels in found]
    assert dark[0] < dark[1]


def test_no_data_is_no_object(trained: Path) -> None:
    """Where there is no imagery there is no box."""
    found = backend_of(trained).predict(
        [np.zeros((20, 20, 3), np.uint16)], [Box(0, 0, 20, 20)], str(trained)
    )
    assert 0 == len(found)


def test_boxes_are_drawn(tmp_path: Path) -> None:
    """The smaller of overlapping boxes is on top; boxes end at the chip, no data is 0."""
    chip = np.ones((6, 6, 1), np.uint8)
    chip[5] = 0
    boxes = np.array([[1.0, 1, 3, 3, 2], [0, 0, 4, 4, 1], [-3, 4, 1, 9, 2]])
    write_chips(tmp_path / "c", [(chip, Box(0, 0, 6, 6), boxes)], "s", [1, 2], ChipKind.BOXES)
    with ChipFile(tmp_path / "c", "u") as file:
        drawn = DrawnBoxes(file, 3)
        assert [
            [1, 1, 1, 1, 2, 2],
            [1, 2, 2, 1, 3, 3],
            [1, 2, 2, 1, 3, 3],
            [1, 1, 1, 1, 3, 3],
            [3, 3, 3, 3, 3, 3],
            [0, 0, 0, 0, 0, 0],
        ] == drawn.read(0)[1].tolist()
        assert ([0, 1, 2, 3], [[6, 12, 6, 12]], 1) == (
            drawn.class_ids,
            drawn.counts.tolist(),
            len(drawn),
        )


def test_the_config_travels() -> None:
    """Its options reach the backend, and it is for boxes alone."""
    task = rv.TaskConfig.builder(rv.OBJECT_DETECTION).with_classes(["a"]).build()
    builder = rv.BackendConfig.builder(rv.SKLEARN_PIXELS_TO_BOXES).with_task(task)
    config = builder.with_denoise(3).with_min_pixels(5).with_train_options(iterations=7).build()
    again = rv.BackendConfig.from_proto(config.to_proto())
    backend = again.create_backend(task)
    assert (3, 5, 7) == (backend.denoise, backend.min_pixels, backend.options.iterations)
    other = rv.TaskConfig.builder(rv.SEMANTIC_SEGMENTATION).with_classes(["a"]).build()
    with pytest.raises(ConfigError, match="cannot do SEMANTIC_SEGMENTATION"):
        builder.with_task(other)
