"""Windows, labels and predictions of object detection."""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin

import rvcli as rv
from rvcli.core.box import Box
from rvcli.data.label.object_detection_labels import ObjectDetectionLabels
from rvcli.data.label_source.object_detection_label_source import ObjectDetectionLabelSource
from rvcli.data.label_store.object_detection_geojson_store import ObjectDetectionGeoJSONStore
from rvcli.data.raster_source.rasterio_source import RasterioSource
from rvcli.data.scene import Scene
from rvcli.data.vector_source.geojson_vector_source import GeoJSONVectorSource
from rvcli.task.object_detection import ObjectDetection, make_neg_windows, make_pos_windows
from rvcli.utils.misc import png_to_numpy

CLASSES = rv.ClassMap.construct_from({"car": (1, "red"), "tree": (2, "lime")})
# An image of 120 x 160 pixels without data below row 100, and boxes on it.
BOXES = [[10, 10, 20, 30], [40, 60, 52, 72], [70, 100, 95, 110]]
MakeScene = Callable[..., Scene]


def make_image() -> Any:
    """Make a bright image with dark boxes."""
    image = np.full((1, 120, 160), 200, np.uint8)
    image[:, 100:] = 0
    for ymin, xmin, ymax, xmax in BOXES:
        image[:, ymin:ymax, xmin:xmax] = 50
    return image


@pytest.fixture
def make_scene(tmp_path: Path) -> MakeScene:
    """Write an image, boxes in its CRS and a label store, and make a scene of them."""

    def make(
        boxes: Any = BOXES, aoi: Any = (), scene_id: str = "scene", image: Any = None
    ) -> Scene:
        path = tmp_path / f"{scene_id}.tif"
        image = make_image() if image is None else image
        transform = from_origin(500_000, 1_000_000, 0.5, 0.5)
        profile = {"driver": "GTiff", "crs": "EPSG:32637", "transform": transform}
        count, height, width = image.shape
        with rasterio.open(
            path, "w", count=count, height=height, width=width, dtype="uint8", **profile
        ) as dataset:
            dataset.write(image)
        features = [
            {
                "type": "Feature",
                "properties": {"class_id": number % 2 + 1},
                "geometry": shapely.geometry.mapping(
                    shapely.box(
                        *(transform * (xmin, ymax)),
                        *(transform * (xmax, ymin)),
                    )
                ),
            }
            for number, (ymin, xmin, ymax, xmax) in enumerate(boxes)
        ]
        crs = {"type": "name", "properties": {"name": "EPSG:32637"}}
        labels = tmp_path / f"{scene_id}.geojson"
        labels.write_text(
            json.dumps({"type": "FeatureCollection", "crs": crs, "features": features})
        )
        source = RasterioSource([str(path)], [], str(tmp_path))
        with source.activate():
            grid, extent = source.get_crs_transformer(), source.get_extent()
        vectors = GeoJSONVectorSource(str(labels), grid)
        truth = ObjectDetectionLabelSource(vectors, grid, CLASSES, extent)
        store = ObjectDetectionGeoJSONStore(str(tmp_path / f"out/{scene_id}.json"), grid, CLASSES)
        return Scene(scene_id, source, truth, store, aoi)

    return make


class FixedBackend:
    """Predicts the part of known boxes that lies in each window, and keeps its windows."""

    def __init__(self, rows: Any = BOXES, scores: Any = None, class_ids: Any = None) -> None:
        boxes = np.array(rows, np.float64)
        ids = np.ones(len(boxes), np.int64) if class_ids is None else np.array(class_ids)
        self.known = ObjectDetectionLabels(boxes, ids, scores)
        self.windows: list[Box] = []

    def predict(self, chips: Sequence[Any], windows: Sequence[Box], tmp_dir: str) -> Any:
        """Clip what is known."""
        self.windows += windows
        return ObjectDetectionLabels.join(
            ObjectDetectionLabels.get_overlapping(self.known, window, clip=True)
            for window in windows
        )


def make_task(backend: Any = None, **options: Any) -> ObjectDetection:
    """Make a task with chips of 40 pixels; options are those of chips and of predictions."""
    chip = ("neg_ratio", "ioa_thresh", "window_method", "label_buffer")
    builder = (
        rv.TaskConfig.builder(rv.OBJECT_DETECTION)
        .with_classes(CLASSES)
        .with_chip_size(options.pop("chip_size", 40))
        .with_seed(options.pop("seed", 0))
        .with_chip_options(**{name: options.pop(name) for name in chip if name in options})
        .with_predict_options(**options)
    )
    task = builder.build().create_task(backend)
    assert isinstance(task, ObjectDetection)
    return task


def windows_of(task: ObjectDetection, scene: Scene) -> list[Box]:
    """Choose the training windows of a scene."""
    with scene.activate():
        return task.get_train_windows(scene)


def holds(window: Box, row: Any) -> bool:
    """Tell whether a window holds a box."""
    return window.intersection(Box(*row)) == Box(*row)


def shows_an_object(window: Box) -> bool:
    """Tell whether a window shows at least 0.2 of a box."""
    return any(
        window.intersection(Box(*row)).get_area() >= 0.2 * Box(*row).get_area() for row in BOXES
    )


def test_chips_are_drawn_around_boxes(make_scene: MakeScene) -> None:
    """With the method chip each box has a square that holds it, on the image."""
    windows = windows_of(make_task(neg_ratio=0), make_scene())
    assert len(windows) == 3
    for window, row in zip(windows, BOXES, strict=True):
        assert holds(window, row)
        assert (window.get_height(), window.get_width()) == (40, 40)
        assert holds(Box(0, 0, 120, 160), window.tuple_format())


def test_neg_ratio_adds_chips_without_objects(make_scene: MakeScene) -> None:
    """neg_ratio is the number of chips without objects for each one with; they show data."""
    for neg_ratio, expected in ((0, 0), (1, 3), (1.5, 4), (4, 12)):
        windows = windows_of(make_task(neg_ratio=neg_ratio), make_scene())
        negative = [window for window in windows if not shows_an_object(window)]
        assert len(negative) == expected
        assert all(window.ymin < 100 for window in negative)


def test_too_few_chips_without_objects(
    make_scene: MakeScene, caplog: pytest.LogCaptureFixture
) -> None:
    """Where there is no room for chips without objects, that is told."""
    scene = make_scene(boxes=[[0, 0, 40, 40]], aoi=[shapely.box(0, 0, 41, 41)])
    with caplog.at_level(logging.WARNING):
        assert windows_of(make_task(neg_ratio=2), scene) == [Box(0, 0, 40, 40)]
    assert "the scene scene gives 0 of 2 chips without objects" in caplog.text


def test_of_many_full_scenes_a_few_are_named(
    make_scene: MakeScene, caplog: pytest.LogCaptureFixture
) -> None:
    """A thousand plots that are full of trees are not a thousand warnings."""
    scene = make_scene(boxes=[[0, 0, 40, 40]], aoi=[shapely.box(0, 0, 41, 41)])
    task = make_task(neg_ratio=2)
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            windows_of(task, scene)
    assert 3 == caplog.text.count("chips without objects")
    assert "if more scenes are as full" in caplog.messages[-1]


def test_a_scene_without_objects_gives_chips_too(make_scene: MakeScene) -> None:
    """Where nothing is to be found, there are 100 chips without objects for each neg_ratio."""
    assert len(windows_of(make_task(neg_ratio=0.5), make_scene(boxes=[]))) == 50


def test_windows_are_seeded(make_scene: MakeScene) -> None:
    """The same seed gives the same windows, another seed and another scene give others."""
    scene = make_scene()
    first = windows_of(make_task(), scene)
    assert windows_of(make_task(), scene) == first
    assert windows_of(make_task(seed=1), scene) != first
    assert windows_of(make_task(), make_scene(scene_id="other")) != first


def test_boxes_larger_than_a_chip(make_scene: MakeScene, caplog: pytest.LogCaptureFixture) -> None:
    """A box that no chip can hold has none, which is told."""
    with caplog.at_level(logging.WARNING):
        windows = windows_of(make_task(neg_ratio=0, chip_size=20), make_scene())
    assert len(windows) == 2
    assert "1 of 3 boxes are larger than a chip of 20 pixels" in caplog.text


def test_a_chip_larger_than_the_image(make_scene: MakeScene) -> None:
    """On an image that is smaller than a chip, the chip begins at its upper left."""
    windows = windows_of(make_task(neg_ratio=1, chip_size=200), make_scene())
    assert windows == [Box(0, 0, 200, 200)] * 3


def test_the_method_label(make_scene: MakeScene) -> None:
    """With the method label windows are the boxes, with a buffer in pixels or as a share."""

    def rows(label_buffer: float) -> Any:
        task = make_task(neg_ratio=0, window_method="label", label_buffer=label_buffer)
        return [list(window.tuple_format()) for window in windows_of(task, make_scene())]

    assert rows(0) == BOXES
    assert rows(5)[0] == [5, 5, 25, 35]
    assert rows(0.5)[0] == [5, 0, 25, 40]
    assert rows(15)[0] == [0, 0, 35, 45]  # clipped to the image


def test_the_method_image(make_scene: MakeScene) -> None:
    """With the method image the window is the whole image."""
    task = make_task(neg_ratio=0, window_method="image")
    assert windows_of(task, make_scene()) == [Box(0, 0, 120, 160)]


def test_the_method_sliding(make_scene: MakeScene) -> None:
    """With the method sliding windows lie side by side, whatever they show."""
    windows = windows_of(make_task(window_method="sliding"), make_scene())
    assert windows == Box(0, 0, 120, 160).get_windows(40, 40)


@pytest.mark.parametrize("method", ["chip", "label", "sliding"])
def test_windows_lie_in_areas(make_scene: MakeScene, method: str) -> None:
    """With areas of interest all windows lie within one, as far as they are on the image."""
    areas = [shapely.box(0, 0, 80, 80), shapely.box(100, 40, 160, 120)]
    task = make_task(window_method=method, neg_ratio=2)
    windows = windows_of(task, make_scene(aoi=areas))
    assert windows
    for window in windows:
        on_image = window.intersection(Box(0, 0, 120, 160)).make_eroded(0.01).to_shapely()
        assert any(on_image.within(area) for area in areas)


def test_an_area_along_the_border_of_the_image(make_scene: MakeScene) -> None:
    """Windows at the border lie in an area that ends there but for rounding."""
    area = shapely.box(1e-6, 1e-6, 160 - 1e-6, 120 - 1e-6)  # been to the map and back
    windows = windows_of(make_task(window_method="sliding"), make_scene(aoi=[area]))
    assert windows == Box(0, 0, 120, 160).get_windows(40, 40)


def test_no_window_in_an_area(make_scene: MakeScene, caplog: pytest.LogCaptureFixture) -> None:
    """If no window lies within an area, that is told."""
    scene = make_scene(aoi=[shapely.box(0, 0, 5, 5)])
    with caplog.at_level(logging.WARNING):
        assert windows_of(make_task(), scene) == []
    assert "scene gives no chips: no window lies within its areas of interest" in caplog.text


def test_windows_without_task(make_scene: MakeScene) -> None:
    """The functions can be called without areas or source of randomness."""
    scene = make_scene()
    extent, labels = Box(0, 0, 120, 160), scene.ground_truth_label_source
    positive = make_pos_windows(extent, labels, 40, "chip", 0.0)
    assert [holds(window, row) for window, row in zip(positive, BOXES, strict=True)] == [True] * 3
    with scene.activate():
        negative = make_neg_windows(scene.raster_source, labels, 40, 5, 500, lambda drawn: drawn)
    assert [shows_an_object(window) for window in negative] == [False] * 5


def test_drawing_in_vain_comes_to_an_end(make_scene: MakeScene) -> None:
    """Where every window shows an object, there are no chips without."""
    scene = make_scene(boxes=[[0, 0, 120, 160]])
    source, labels = scene.raster_source, scene.ground_truth_label_source
    with scene.activate():
        found = make_neg_windows(
            source, labels, 100, 5, 20, lambda drawn: drawn, rng=random.Random(0)
        )
    assert found == []


def test_labels_of_a_window(make_scene: MakeScene) -> None:
    """A label is a box of which ioa_thresh lies in the window, clipped to it, with its class."""
    scene = make_scene()
    window = Box(0, 20, 50, 70)  # holds half of the first box, 25/36 of the second

    def labels(ioa_thresh: float) -> Any:
        found = make_task(ioa_thresh=ioa_thresh).get_train_labels(window, scene)
        return np.round(found.get_npboxes(), 6).tolist(), found.get_class_ids().tolist()

    first, second = [10, 20, 20, 30], [40, 60, 50, 70]
    assert labels(0.8) == ([], [])
    assert labels(0.6) == ([second], [2])
    assert labels(0.4) == ([first, second], [1, 2])
    assert labels(0.0) == ([first, second], [1, 2])


def test_prediction_windows_overlap_by_half() -> None:
    """Prediction windows are half a chip apart if nothing else is said, and cover the image."""
    extent = Box(0, 0, 120, 160)
    assert make_task().get_predict_windows(extent) == [
        Box.make_square(y, x, 40) for y in range(0, 81, 20) for x in range(0, 121, 20)
    ]
    assert make_task(stride=40).get_predict_windows(extent) == extent.get_windows(40, 40)
    assert make_task(chip_size=1).get_predict_windows(Box(0, 0, 1, 2))[1] == Box(0, 1, 1, 2)


def predict(task: ObjectDetection, scene: Scene) -> Any:
    """Predict a scene."""
    with scene.activate():
        return task.predict_scene(scene, "")


def test_objects_are_found_once(make_scene: MakeScene) -> None:
    """Of the whole boxes and the halves that windows show, the whole ones are left."""
    backend = FixedBackend(scores=[0.9, 0.8, 0.7])
    labels = predict(make_task(backend), make_scene())
    assert labels.get_npboxes().tolist() == BOXES
    assert labels.get_scores().tolist() == [0.9, 0.8, 0.7]


def test_a_backend_that_finds_whole_objects(make_scene: MakeScene) -> None:
    """Windows lie side by side, with the margin, and a box that ends at a border is not cut."""

    class Wide(FixedBackend):
        margin = 20
        finds_whole_objects = True

        def predict(self, chips: Any, windows: Any, tmp_dir: str) -> Any:
            assert {chip.shape[:2] for chip in chips} == {(80, 80)}
            self.windows += windows
            return self.known if windows[0] == Box(0, 0, 40, 40) else self.known.choose([])

    backend = Wide([[10, 10, 40, 30], [10, 10, 60, 30]], scores=[0.9, 0.8])
    labels = predict(make_task(backend, merge_thresh=0.4), make_scene())
    assert backend.windows == Box(0, 0, 120, 160).get_windows(40, 40)
    assert labels.get_npboxes().tolist() == [[10, 10, 40, 30]]


def test_windows_without_data_are_not_predicted(make_scene: MakeScene) -> None:
    """Windows that show only nodata do not reach the backend."""
    backend = FixedBackend()
    predict(make_task(backend, stride=20), make_scene())
    assert max(window.ymin for window in backend.windows) == 80
    blank = make_image()
    blank[:, 50:] = 0
    backend = FixedBackend()
    predict(make_task(backend, stride=20), make_scene(image=blank))
    assert max(window.ymin for window in backend.windows) == 40


def test_boxes_are_clipped_to_the_image(make_scene: MakeScene) -> None:
    """Boxes end where the image does; those outside it go."""

    class Far(FixedBackend):
        def predict(self, chips: Any, windows: Any, tmp_dir: str) -> Any:
            return self.known

    backend = Far([[-5, -5, 15, 15], [150, 0, 160, 10], [60, 150, 80, 170]])
    labels = predict(make_task(backend), make_scene())
    assert sorted(labels.get_npboxes().tolist()) == [[0, 0, 15, 15], [60, 150, 80, 160]]


def test_thresholds(make_scene: MakeScene) -> None:
    """Boxes up to score_thresh go, and so do those that overlap a better one by merge_thresh."""
    rows = [[10, 10, 20, 30], [10, 12, 20, 32], [40, 60, 52, 72]]
    backend = FixedBackend(rows, scores=[0.9, 0.8, 0.5])

    def found(**options: float) -> Any:
        return predict(make_task(backend, **options), make_scene()).get_scores().tolist()

    assert found() == [0.9]
    assert found(score_thresh=0.4) == [0.9, 0.5]
    assert found(score_thresh=0.4, merge_thresh=0.85) == [0.9, 0.8, 0.5]


def test_classes_are_merged_by_themselves(make_scene: MakeScene) -> None:
    """Boxes of two classes on one place both stay."""
    backend = FixedBackend([BOXES[0], BOXES[0]], class_ids=[1, 2])
    assert len(predict(make_task(backend), make_scene())) == 2


def test_predictions_lie_in_areas(make_scene: MakeScene) -> None:
    """Boxes that are not wholly in an area go, with their parts; windows elsewhere are skipped."""
    backend = FixedBackend()
    scene = make_scene(aoi=[shapely.box(0, 0, 65, 58)])
    assert predict(make_task(backend), scene).get_npboxes().tolist() == BOXES[:1]
    assert max(window.xmin for window in backend.windows) == 60


def test_predictions_are_saved_and_drawn(make_scene: MakeScene, tmp_path: Path) -> None:
    """Predicting saves boxes in the label store, and draws them in the colour of their class."""

    class Loaded(FixedBackend):
        def load_model(self, tmp_dir: str) -> None:
            """Load nothing."""

    scene = make_scene()
    task = make_task(Loaded(class_ids=[1, 2, 1]))
    task.config.predict_debug_uri = str(tmp_path / "debug")
    task.predict([scene], "")
    with scene.activate():
        saved = scene.prediction_label_store.get_labels()
    assert sorted(np.round(saved.get_npboxes(), 2).tolist()) == BOXES
    image = png_to_numpy((tmp_path / "debug/scene.png").read_bytes())
    assert image.shape == (120, 160, 3)
    assert image[10, 10].tolist() == [255, 0, 0]
    assert image[40, 60].tolist() == [0, 255, 0]
    assert len(set(image[15, 20].tolist())) == 1  # imagery within a frame


def test_some_chips_are_drawn_with_their_boxes(make_scene: MakeScene, tmp_path: Path) -> None:
    """Chipping draws some chips beside the same with boxes, where the backend has a place."""

    class Taking:
        debug_uri = str(tmp_path / "debug")

        def process_scene_data(self, scene: Any, data: Any, tmp_dir: str) -> None:
            """Read all chips."""
            self.chips = list(data)

        def process_sceneset_results(self, train: Any, validation: Any, tmp_dir: str) -> None:
            """Keep nothing."""

    backend = Taking()
    make_task(backend, window_method="image", neg_ratio=100).make_chips([make_scene()], [], [], "")
    assert len(backend.chips) > 50
    sheet = png_to_numpy((tmp_path / "debug/scene.png").read_bytes())
    assert sheet.shape[2] == 3
    quiet = Taking()
    quiet.debug_uri = str(tmp_path / "other")
    task = make_task(quiet, window_method="image")
    task.config.debug = False
    task.make_chips([make_scene()], [], [], "")
    assert not (tmp_path / "other").exists()


class TestConfig:
    """The config of the task."""

    def test_options_survive_a_message(self) -> None:
        """All options come back from a message."""
        config = (
            rv.TaskConfig.builder(rv.OBJECT_DETECTION)
            .with_classes(CLASSES)
            .with_chip_size(64)
            .with_seed(5)
            .with_chip_options(neg_ratio=2, ioa_thresh=0.5, window_method="label", label_buffer=3)
            .with_predict_options(merge_thresh=0.25, score_thresh=0.125, stride=16)
            .build()
        )
        read = rv.TaskConfig.from_proto(config.to_proto())
        assert read.to_proto() == config.to_proto()
        assert (read.chip_options.neg_ratio, read.chip_options.label_buffer) == (2, 3)
        assert (read.predict_options.stride, read.seed) == (16, 5)

    def test_defaults(self) -> None:
        """Defaults are those that experiments were written to."""
        config = rv.TaskConfig.builder(rv.OBJECT_DETECTION).with_classes(["car"]).build()
        assert config.chip_size == 300
        options = config.chip_options
        assert (options.neg_ratio, options.window_method) == (1, "chip")
        assert (options.ioa_thresh, options.label_buffer) == (0.8, 0)
        assert config.predict_options.stride is None
        assert (config.predict_options.merge_thresh, config.predict_options.score_thresh) == (
            0.5,
            0.5,
        )

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"window_method": "tiles"}, "must be one of 'chip', 'label', 'image', 'sliding'"),
            ({"neg_ratio": -1}, "must not be negative"),
            ({"ioa_thresh": 2}, "must be between 0 and 1"),
            ({"stride": 41}, "leaves gaps between windows of 40 pixels"),
        ],
    )
    def test_options_that_make_no_sense(self, options: Any, message: str) -> None:
        """Options out of range are refused, with their place."""
        with pytest.raises(rv.ConfigError, match=message):
            make_task(**options)
