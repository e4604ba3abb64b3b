"""Chip classification: cells of a scene, and images of what was predicted."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import shapely
from PIL import Image

from rvcli import keys
from rvcli.core.box import Box
from rvcli.core.class_map import ClassMap
from rvcli.data.label.chip_classification_labels import ChipClassificationLabels
from rvcli.data.label_store.chip_classification_geojson_store import (
    ChipClassificationGeoJSONStore,
)
from rvcli.data.scene import Scene
from rvcli.errors import DataError
from rvcli.protos.task_pb2 import TaskConfig as Message
from rvcli.task.chip_classification import ChipClassification, draw_debug_predict_image
from rvcli.task.task_config import TaskConfig

CLASSES = ClassMap.construct_from({"dark": (1, "red"), "bright": (2, "blue")})
MakeScene = Callable[..., Scene]
SIZE = 16


class Given:
    """A label source of given labels."""

    def __init__(self, labels: ChipClassificationLabels) -> None:
        self.labels = labels

    def get_labels(self, window: Box | None = None) -> ChipClassificationLabels:
        """Give all of them, or those of one cell."""
        return self.labels if window is None else self.labels.get_singleton_labels(window)


class Means:
    """A backend that tells dark from bright cells, and keeps what it was asked."""

    def __init__(self) -> None:
        self.batches: list[list[Box]] = []
        self.chips: dict[str, list[Any]] = {}

    def load_model(self, tmp_dir: str) -> None:
        """Nothing is loaded."""

    def predict(self, chips: Sequence[Any], windows: Sequence[Box], tmp_dir: str) -> Any:
        """Compare means with 100."""
        self.batches.append(list(windows))
        scores = [[1.0, 0.0] if chip[chip > 0].mean() < 100 else [0.0, 1.0] for chip in chips]
        return ChipClassificationLabels.from_scores(windows, scores, [1, 2])

    def process_scene_data(self, scene: Any, data: Any, tmp_dir: str) -> Any:
        """Keep windows and classes."""
        self.chips[scene.id] = [
            (chip.shape, window, labels.get_cell_class_id(window)) for chip, window, labels in data
        ]

    def process_sceneset_results(self, training: Any, validation: Any, tmp_dir: str) -> None:
        """Nothing is left to do."""


def labels_of(*pairs: tuple[Box, int | None]) -> ChipClassificationLabels:
    """Make labels of cells."""
    labels = ChipClassificationLabels()
    for cell, class_id in pairs:
        labels.set_cell(cell, class_id)
    return labels


def square(row: int, column: int) -> Box:
    """Name a cell by its place in the grid."""
    return Box.make_square(row * SIZE, column * SIZE, SIZE)


def make_task(backend: Any = None, **changed: Any) -> ChipClassification:
    """Make a task with cells of 16 pixels."""
    builder = TaskConfig.builder(keys.CHIP_CLASSIFICATION).with_classes(CLASSES)
    builder = builder.with_chip_size(SIZE).with_predict_batch_size(3)
    for name, value in changed.items():
        builder = getattr(builder, f"with_{name}")(value)
    return builder.build().create_task(backend or Means())


@pytest.fixture
def cells_scene(make_scene: MakeScene, tmp_path: Path) -> MakeScene:
    """Give a function that makes a scene of an image and labels of cells."""

    def make(image: Any, labels: ChipClassificationLabels | None = None, aoi: Any = ()) -> Scene:
        scene = make_scene(image, scene_id="town", aoi=aoi)
        with scene.raster_source.activate():
            grid = scene.raster_source.get_crs_transformer()
        scene.ground_truth_label_source = Given(labels or labels_of())
        uri = str(tmp_path / "out/town.json")
        scene.prediction_label_store = ChipClassificationGeoJSONStore(uri, grid, CLASSES)
        return scene

    return make


def halves(height: int = 2 * SIZE, width: int = 4 * SIZE) -> Any:
    """Draw an image that is dark on the left and bright on the right, (1, height, width)."""
    image = np.full((1, height, width), 50, np.uint8)
    image[:, :, width // 2 :] = 200
    return image


# Training.


def test_chips_are_labelled_cells(cells_scene: MakeScene, tmp_path: Path) -> None:
    """Chips are made of the cells that have a class, with their class."""
    labels = labels_of((square(0, 0), 1), (square(0, 1), None), (square(1, 3), 2))
    backend, scene = Means(), cells_scene(halves(), labels)
    make_task(backend).make_chips([scene], [], [], str(tmp_path))
    shape = (SIZE, SIZE, 1)
    assert [(shape, square(0, 0), 1), (shape, square(1, 3), 2)] == backend.chips["town"]


def test_cells_of_no_class_of_the_task_are_no_chips(cells_scene: MakeScene) -> None:
    """Cells of class 0, or of one that the task lacks, are not trained on."""
    labels = labels_of((square(0, 0), 0), (square(0, 1), 9), (square(1, 3), 2))
    assert [square(1, 3)] == make_task().get_train_windows(cells_scene(halves(), labels))


def test_areas_limit_the_chips(cells_scene: MakeScene) -> None:
    """With areas of interest, cells are trained on that lie within one."""
    labels = labels_of(*((square(0, x), 1) for x in range(4)))
    scene = cells_scene(halves(), labels, [shapely.box(0, 0, 40, 16)])
    assert [square(0, 0), square(0, 1)] == make_task().get_train_windows(scene)


def test_cells_need_not_lie_on_the_grid(cells_scene: MakeScene) -> None:
    """A labelled cell of the chip size is a chip wherever it lies."""
    cell = Box(3, 5, 3 + SIZE, 5 + SIZE)
    scene = cells_scene(halves(), labels_of((cell, 2)))
    assert [cell] == make_task().get_train_windows(scene)


def test_cells_of_another_size_are_left_out(
    cells_scene: MakeScene, caplog: pytest.LogCaptureFixture
) -> None:
    """Cells that are not of the chip size are counted, and left out."""
    scene = cells_scene(halves(), labels_of((Box(0, 0, 9, 9), 1), (square(0, 1), 1)))
    caplog.set_level(logging.WARNING)
    assert [square(0, 1)] == make_task().get_train_windows(scene)
    assert "1 of 2 labelled cells of the scene town are not of the chip size" in caplog.text


def test_cells_of_another_size_alone_are_an_error(cells_scene: MakeScene) -> None:
    """Where no cell is of the chip size, the error tells the size that they have."""
    scene = cells_scene(halves(), labels_of((Box(0, 0, 8, 9), 1)))
    with pytest.raises(DataError, match="16 x 16 pixels: they are 8 x 9") as caught:
        make_task().get_train_windows(scene)
    assert "with_infer_cells(True)" in str(caught.value.hint)


def test_scenes_without_labels_are_told(
    cells_scene: MakeScene, caplog: pytest.LogCaptureFixture
) -> None:
    """A scene without a labelled cell has no chips, and the log names it."""
    caplog.set_level(logging.WARNING)
    assert [] == make_task().get_train_windows(cells_scene(halves()))
    assert "the scene town has no labelled cells" in caplog.text


# Prediction.


def test_cells_are_predicted(cells_scene: MakeScene, tmp_path: Path) -> None:
    """Cells of the grid are predicted in batches, and saved with class and scores."""
    backend, scene = Means(), cells_scene(halves())
    make_task(backend).predict([scene], str(tmp_path))
    assert [3, 3, 2] == [len(batch) for batch in backend.batches]
    labels = scene.prediction_label_store.get_labels()
    assert [square(y, x) for y in range(2) for x in range(4)] == labels.get_cells()
    assert [1, 1, 2, 2] * 2 == labels.get_class_ids()
    assert [0.0, 1.0] == labels.get_cell_scores(square(0, 3))


def test_cells_at_the_edge_reach_beyond(cells_scene: MakeScene, tmp_path: Path) -> None:
    """Cells that begin in the scene are predicted whole, with no data beyond it."""
    scene = cells_scene(halves(SIZE + 1, 3 * SIZE - 1))
    make_task().predict([scene], str(tmp_path))
    labels = scene.prediction_label_store.get_labels()
    assert [square(y, x) for y in range(2) for x in range(3)] == labels.get_cells()


def test_a_small_scene_is_one_cell(cells_scene: MakeScene, tmp_path: Path) -> None:
    """A scene smaller than a cell is one cell."""
    scene = cells_scene(halves(5, 9))
    make_task().predict([scene], str(tmp_path))
    assert [square(0, 0)] == scene.prediction_label_store.get_labels().get_cells()


def test_cells_without_data_are_not_predicted(cells_scene: MakeScene, tmp_path: Path) -> None:
    """A cell that is wholly without data has no prediction; one with some data has."""
    image = halves()
    image[:, :, : SIZE + 3] = 0
    scene = cells_scene(image)
    make_task().predict([scene], str(tmp_path))
    expected = [square(y, x) for y in range(2) for x in range(1, 4)]
    assert expected == scene.prediction_label_store.get_labels().get_cells()


def test_areas_limit_the_predictions(cells_scene: MakeScene, tmp_path: Path) -> None:
    """Cells within an area of interest are predicted, and none is that lies far from it."""
    backend = Means()
    scene = cells_scene(halves(), aoi=[shapely.box(0, 0, SIZE + 8, 2 * SIZE)])
    make_task(backend).predict([scene], str(tmp_path))
    predicted = scene.prediction_label_store.get_labels().get_cells()
    assert [square(0, 0), square(1, 0)] == predicted
    assert 4 == sum(map(len, backend.batches))


# Images.


def test_frames_show_the_classes(cells_scene: MakeScene) -> None:
    """Each cell is framed in the colour of its class, and the imagery shows inside."""
    scene = cells_scene(halves())
    scene.prediction_label_store.save(labels_of((square(0, 0), 1), (square(1, 3), 2)))
    with scene.activate():
        image = draw_debug_predict_image(scene, CLASSES)
    assert (2 * SIZE, 4 * SIZE, 3) == image.shape
    assert [255, 0, 0] == image[0, 0].tolist() == image[SIZE - 1, 5].tolist()
    assert [0, 0, 255] == image[-1, -1].tolist()
    inside, beside = image[8, 8].tolist(), image[SIZE + 8, 8].tolist()
    assert inside == beside != image[8, -1].tolist()


def test_large_scenes_are_thinned_out(cells_scene: MakeScene) -> None:
    """The image of a large scene has at most 1024 pixels a side, frames in their places."""
    scene = cells_scene(halves(64, 3000))
    cell = Box(0, 1500, 1500, 3000)
    scene.prediction_label_store.save(labels_of((cell, 2)))
    with scene.activate():
        image = draw_debug_predict_image(scene, CLASSES)
    assert (22, 1000, 3) == image.shape
    assert [0, 0, 255] == image[0, 500].tolist()
    assert [0, 0, 255] != image[0, 499].tolist()


@pytest.mark.parametrize("debug", [True, False])
def test_debug_draws_predictions(cells_scene: MakeScene, tmp_path: Path, debug: bool) -> None:
    """With debug, and a place for it, the predictions of a scene are drawn as PNG."""
    scene = cells_scene(halves())
    task = make_task(debug=debug, predict_debug_uri=str(tmp_path / "debug"))
    task.predict([scene], str(tmp_path))
    path = tmp_path / "debug/town.png"
    assert debug == path.exists()
    if debug:
        with Image.open(path) as image:
            assert (4 * SIZE, 2 * SIZE) == image.size


# The config.


def test_defaults_of_the_config() -> None:
    """Debugging is off, chips have 300 pixels, and batches ten chips."""
    config = TaskConfig.builder(keys.CHIP_CLASSIFICATION).with_classes(["a"]).build()
    assert (False, 300, 10) == (config.debug, config.chip_size, config.predict_batch_size)


@pytest.mark.parametrize("debug", [True, False])
def test_message_round_trip(debug: bool) -> None:
    """A config comes back from its message, in which the fields have their old places."""
    builder = TaskConfig.builder(keys.CHIP_CLASSIFICATION).with_classes(CLASSES)
    config = builder.with_chip_size(200).with_debug(debug).build()
    message = config.to_proto()
    assert (debug, 200) == (message.debug, message.chip_classification_config.chip_size)
    assert ["dark", "bright"] == [c.name for c in message.chip_classification_config.class_items]
    assert config.to_plain() == TaskConfig.from_proto(message).to_plain()


def test_old_messages_have_their_defaults() -> None:
    """A message that does not tell of debugging means what it meant: on."""
    message = Message(task_type=keys.CHIP_CLASSIFICATION)
    message.chip_classification_config.class_items.add(id=1, name="a")
    message.chip_classification_config.chip_size = 100
    config = TaskConfig.from_proto(message)
    assert (True, 100) == (config.debug, config.chip_size)


def test_the_task_knows_its_backend() -> None:
    """A task is made with its config and a backend."""
    backend: Any = SimpleNamespace()
    task = make_task(backend)
    assert (backend, SIZE) == (task.backend, task.config.chip_size)
