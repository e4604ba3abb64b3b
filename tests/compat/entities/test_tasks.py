"""Functions of the task modules, as old code calls them, and what measures and augments chips."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock, Mock

import numpy as np
import pytest

from rvcli.analyzer.stats_analyzer import StatsAnalyzer
from rvcli.augmentor.nodata_augmentor import NodataAugmentor
from rvcli.core.box import Box
from rvcli.core.class_map import ClassItem, ClassMap
from rvcli.core.raster_stats import RasterStats
from rvcli.core.training_data import TrainingData
from rvcli.data.label.chip_classification_labels import ChipClassificationLabels
from rvcli.data.label.object_detection_labels import ObjectDetectionLabels
from rvcli.data.label_source.semantic_segmentation_label_source import (
    SemanticSegmentationLabelSource,
)
from rvcli.data.scene import Scene
from rvcli.task.chip_classification import ChipClassification, draw_debug_predict_image
from rvcli.task.object_detection import ObjectDetection, make_neg_windows, make_pos_windows
from rvcli.task.semantic_segmentation import (
    SemanticSegmentation,
    get_random_sample_train_windows,
)

CLASSES = ClassMap([ClassItem(1, "car", "red"), ClassItem(2, "house", "blue")])
EXTENT = Box(0, 0, 100, 100)
OBJECTS = ObjectDetectionLabels(np.array([[10.0, 10, 20, 20], [60, 60, 70, 75]]), np.array([1, 2]))


def known(labels: Any) -> Any:
    """Make a label source that is a mock."""
    source = Mock()
    source.get_labels.return_value = labels
    return source


class TestObjectDetection:
    """Windows to train on."""

    def test_positive_windows(self) -> None:
        """Around each box, the box with a buffer, or the whole image."""
        source = known(OBJECTS)
        for window, box in zip(
            make_pos_windows(EXTENT, source, 30, "chip", 0.0), OBJECTS.get_boxes(), strict=True
        ):
            assert (30, 30) == (window.get_height(), window.get_width())
            assert box == box.intersection(window)
        buffered = make_pos_windows(EXTENT, source, 30, "label", 5)
        assert [Box(5, 5, 25, 25), Box(55, 55, 75, 80)] == buffered
        assert [EXTENT] == make_pos_windows(EXTENT, source, 30, "image", 0.0)

    def test_negative_windows(self, mocked_source: Any) -> None:
        """Windows that show data and no box; those that a filter leaves out do not count."""
        source = mocked_source([0, 1, 2], 3)
        image = np.ones((100, 100, 3))
        image[:, 50:] = 0
        source.set_raster(image)

        def upper(windows: Any) -> Any:
            return [window for window in windows if window.ymin < 40]

        windows = make_neg_windows(source, known(OBJECTS), 10, 5, 1000, upper)
        assert 5 == len(windows)
        assert all(window.ymin < 40 and window.xmin < 50 for window in windows)
        for window in windows:
            assert 0 == len(ObjectDetectionLabels.get_overlapping(OBJECTS, window, 0.2))
        assert [] == make_neg_windows(source, known(OBJECTS), 10, 5, 20, lambda windows: [])

    def test_train_labels(self) -> None:
        """Boxes of which enough lies in the window, clipped to it."""
        config = SimpleNamespace(chip_options=SimpleNamespace(ioa_thresh=0.5))
        scene = MagicMock()
        scene.ground_truth_label_source = known(OBJECTS)
        task = ObjectDetection(config, Mock())
        labels = task.get_train_labels(Box(0, 0, 16, 50), scene)
        assert [Box(10, 10, 16, 20)] == labels.get_boxes()


class TestSemanticSegmentation:
    """Windows to train on."""

    def test_random_windows(self, mocked_source: Any) -> None:
        """Only windows that show enough of the target classes survive."""
        source = mocked_source([0], 1)
        data = np.zeros((100, 100, 1), np.uint8)
        data[:50] = 1
        source.set_raster(data)
        options = SimpleNamespace(
            window_method="random_sample",
            target_classes=[1],
            negative_survival_probability=0.0,
            chips_per_scene=200,
            target_count_threshold=100,
        )
        windows = get_random_sample_train_windows(
            SemanticSegmentationLabelSource(source=source),
            20,
            CLASSES,
            EXTENT,
            options,
            lambda windows: windows,
        )
        assert 30 < len(windows) < 200
        assert all(window.ymin <= 45 for window in windows)
        assert all(window == window.intersection(EXTENT) for window in windows)

    def test_mocked_labels(self) -> None:
        """A label source that is a mock is asked for enough pixels."""
        source, options = MagicMock(), MagicMock()
        source.enough_target_pixels.return_value = False
        options.chips_per_scene, options.negative_survival_probability = 3, 0.0
        options.target_classes = None
        arguments = (20, CLASSES, EXTENT, options, lambda windows: windows)
        assert 1 == len(get_random_sample_train_windows(source, *arguments))
        source.enough_target_pixels.return_value = True
        assert 3 == len(get_random_sample_train_windows(source, *arguments))

    def test_mocked_scene(self, mocked_source: Any) -> None:
        """Sliding windows over the extent of a mock, one for each stride."""
        options = SimpleNamespace(window_method="sliding", stride=None)
        config = SimpleNamespace(chip_size=20, chip_options=options, class_map=CLASSES)
        scene = MagicMock()
        scene.raster_source.get_extent.return_value = EXTENT
        scene.aoi_polygons = []
        windows = SemanticSegmentation(config, Mock()).get_train_windows(scene)
        assert EXTENT.get_windows(20, 10) == windows


def test_debug_image(mocked_source: Any) -> None:
    """The cells of predictions are framed in the colours of their classes."""
    labels = ChipClassificationLabels()
    labels.set_cell(Box(0, 0, 20, 20), 1)
    source = mocked_source([0, 1, 2], 3)
    source.set_raster(np.full((40, 40, 3), 7, np.uint8))
    scene = Scene("a", source, None, known(labels))
    image = draw_debug_predict_image(scene, CLASSES)
    assert (40, 40, 3) == image.shape
    assert [255, 0, 0] == image[0, 0].tolist()
    assert image[10, 10].tolist() == image[30, 30].tolist()


def test_chip_classification(mocked_source: Any) -> None:
    """Cells with a class are trained on, those within the areas of interest if there are some."""
    labels = ChipClassificationLabels()
    for cell, class_id in zip(EXTENT.get_windows(50, 50), (1, None, 2, 1), strict=True):
        labels.set_cell(cell, class_id)
    scene = Scene("a", mocked_source([0], 1), known(labels))
    task = ChipClassification(SimpleNamespace(chip_size=50, class_map=CLASSES), Mock())
    windows = EXTENT.get_windows(50, 50)
    assert [windows[0], windows[2], windows[3]] == task.get_train_windows(scene)
    scene.aoi_polygons = [Box(0, 0, 60, 100).to_shapely()]
    assert windows[:1] == task.get_train_windows(scene)
    assert windows == task.get_predict_windows(EXTENT)
    assert labels is task.post_process_predictions(labels, scene)


@pytest.mark.parametrize("sample_prob", [None, 0.9])
def test_stats_analyzer(mocked_source: Any, tmp_path: Path, sample_prob: Any) -> None:
    """Scenes over mocked imagery, half of it nodata, are measured together."""
    scenes = []
    for value in (1.0, 3.0):
        source = mocked_source([0, 1, 2], 3)
        raster = np.zeros((600, 600, 3))
        raster[:, ::2] = [value, value + 1, value + 2]
        source.set_raster(raster)
        scenes.append(Scene(str(value), source))
    uri = str(tmp_path / "stats.json")
    StatsAnalyzer(uri, sample_prob).process(scenes, str(tmp_path))
    stats = RasterStats.load(uri)
    np.testing.assert_array_almost_equal([2, 3, 4], stats.means, decimal=1)
    np.testing.assert_array_almost_equal([1, 1, 1], stats.stds, decimal=1)


@pytest.mark.parametrize("labels", [ObjectDetectionLabels.make_empty(), None, MagicMock()])
def test_nodata_augmentor(labels: Any, tmp_path: Path) -> None:
    """Chips without objects get a square of zeros; those with objects stay."""
    data = TrainingData()
    for i in range(5):
        data.append(np.ones((20, 20, 3)), Box.make_square(0, 20 * i, 20), labels)
    data.append(np.ones((20, 20, 3)), Box.make_square(0, 100, 20), OBJECTS)
    result = NodataAugmentor(aug_prob=1.0).process(data, str(tmp_path))
    assert 6 == len(result)
    *empty, full = (chip for chip, _, _ in result)
    assert all((chip == 0).any() for chip in empty)
    assert (full == 1).all()
    assert all((chip == 1).all() for chip, *_ in NodataAugmentor(0.0).process(data, ""))
