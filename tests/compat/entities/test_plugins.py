"""Entities of plugins that define what the old bases asked for and no more, in all commands."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from rvcli.analyzer.analyzer import Analyzer
from rvcli.analyzer.stats_analyzer import StatsAnalyzer
from rvcli.augmentor.augmentor import Augmentor
from rvcli.augmentor.nodata_augmentor import NodataAugmentor
from rvcli.backend.backend import Backend
from rvcli.command.analyze_command import AnalyzeCommand
from rvcli.command.chip_command import ChipCommand
from rvcli.command.command import Command, NoOpCommand
from rvcli.command.eval_command import EvalCommand
from rvcli.command.predict_command import PredictCommand
from rvcli.command.train_command import TrainCommand
from rvcli.core.box import Box
from rvcli.core.class_map import ClassMap
from rvcli.core.raster_stats import RasterStats
from rvcli.core.training_data import TrainingData
from rvcli.data.activate_mixin import ActivateMixin
from rvcli.data.crs_transformer.identity_crs_transformer import IdentityCRSTransformer
from rvcli.data.label.chip_classification_labels import ChipClassificationLabels
from rvcli.data.label.labels import Labels
from rvcli.data.label.object_detection_labels import ObjectDetectionLabels
from rvcli.data.label.semantic_segmentation_labels import SemanticSegmentationLabels
from rvcli.data.label_source.label_source import LabelSource
from rvcli.data.label_store.label_store import LabelStore
from rvcli.data.label_store.semantic_segmentation_raster_store import (
    SemanticSegmentationRasterStore,
)
from rvcli.data.raster_source.raster_source import RasterSource
from rvcli.data.raster_transformer.raster_transformer import RasterTransformer
from rvcli.data.scene import Scene
from rvcli.data.vector_source.vector_source import VectorSource
from rvcli.evaluation.chip_classification_evaluator import ChipClassificationEvaluator
from rvcli.evaluation.evaluator import Evaluator
from rvcli.evaluation.object_detection_evaluator import ObjectDetectionEvaluator
from rvcli.evaluation.semantic_segmentation_evaluator import SemanticSegmentationEvaluator
from rvcli.task.chip_classification import ChipClassification
from rvcli.task.object_detection import ObjectDetection
from rvcli.task.semantic_segmentation import SemanticSegmentation
from rvcli.task.task import Task
from rvcli.utils.files import file_to_json, json_to_file

SIDE, CHIP = 25, 10
CLASSES = ClassMap.construct_from({"car": (1, "red"), "house": (2, "blue")})


class Source(RasterSource):
    """An image in memory; chips at its edge are smaller than their windows."""

    def __init__(self, raster_transformers: Any) -> None:
        super().__init__([0, 1], 3, raster_transformers)

    def get_extent(self) -> Any:
        """See RasterSource."""
        return Box(0, 0, SIDE, SIDE)

    def get_dtype(self) -> Any:
        """See RasterSource."""
        return np.float32

    def get_crs_transformer(self) -> Any:
        """See RasterSource."""
        return IdentityCRSTransformer()

    def _get_chip(self, window: Any) -> Any:
        image = np.ones((SIDE, SIDE, 3), np.float32)
        image[:, CHIP:] = 2
        return image[window.ymin : window.ymax, window.xmin : window.xmax]


class Opened(ActivateMixin, Source):
    """The same, which is read while it is open."""

    is_open = False

    def _activate(self) -> None:
        self.is_open = True

    def _deactivate(self) -> None:
        self.is_open = False

    def _get_chip(self, window: Any) -> Any:
        assert self.is_open
        return super()._get_chip(window)


class Doubler(RasterTransformer):
    """A transformer."""

    def transform(self, chip: Any, channel_order: Any = None) -> Any:
        """Double."""
        assert [0, 1] == list(channel_order)
        return chip * 2


class Known(LabelSource):
    """A label source."""

    def __init__(self, labels_of: Any) -> None:
        self.labels_of = labels_of

    def get_labels(self, window: Any = None) -> Any:
        """Return what a function makes of windows."""
        windows = Box(0, 0, SIDE, SIDE).get_windows(CHIP, CHIP) if window is None else [window]
        return self.labels_of(windows)

    def enough_target_pixels(self, window: Any, count: Any, classes: Any) -> Any:
        """See SemanticSegmentationLabelSource."""
        return True


class Store(LabelStore):
    """A label store, without methods of activation."""

    def __init__(self, empty: Any) -> None:
        self.empty = empty
        self.labels: Any = None

    def save(self, labels: Any) -> None:
        """See LabelStore."""
        self.labels = labels

    def get_labels(self) -> Any:
        """See LabelStore."""
        return self.labels

    def empty_labels(self) -> Any:
        """See LabelStore."""
        return self.empty()


class Brighter(Augmentor):
    """An augmentor that changes chips in place and returns what it got."""

    def process(self, training_data: Any, tmp_dir: Any) -> Any:
        """Add 100."""
        for chip, _, _ in training_data:
            chip += 100
        return training_data


class Twice(Augmentor):
    """An augmentor that makes new training data."""

    def process(self, training_data: Any, tmp_dir: Any) -> Any:
        """Repeat each chip."""
        result = TrainingData()
        for _ in range(2):
            for chip, window, labels in training_data:
                result.append(chip, window, labels)
        result.shuffle()
        return result


class Learner(Backend):
    """A backend that predicts what a function makes of a window."""

    def __init__(self, labels_of: Any) -> None:
        self.labels_of = labels_of
        self.seen: list[Any] = []

    def process_scene_data(self, scene: Any, data: Any, tmp_dir: Any) -> Any:
        """Keep the chips in memory."""
        assert len(data) == len(data.windows)
        return [(float(chip.max()), window, labels) for chip, window, labels in data]

    def process_sceneset_results(self, training: Any, validation: Any, tmp_dir: Any) -> None:
        """Keep the results."""
        self.seen += [training, validation]

    def train(self, tmp_dir: Any) -> None:
        """Say so."""
        self.seen.append("trained")

    def load_model(self, tmp_dir: Any) -> None:
        """Say so."""
        self.seen.append("loaded")

    def predict(self, chips: Any, windows: Any, tmp_dir: Any) -> Any:
        """Predict windows; a chip at the edge of the image is smaller than its window."""
        if len({chip.shape for chip in chips}) == 1:
            chips = np.asarray(chips) / 255
        assert all(chip.any() for chip in chips)
        return self.labels_of(windows, chips)


def config_of(entity: Any, name: str) -> Any:
    """Make a config that gives one entity."""
    return SimpleNamespace(**{f"create_{name}": lambda *_: entity})


def run_all(tmp_path: Path, task: Any, scene: Any, evaluators: Any, **parts: Any) -> None:
    """Run the five commands over one scene."""
    config = SimpleNamespace(
        task=config_of(task, "task"),
        backend=config_of(task.backend, "backend"),
        scenes=[config_of(scene, "scene")],
        train_scenes=[config_of(scene, "scene")],
        val_scenes=[config_of(scene, "scene")],
        augmentors=[config_of(a, "augmentor") for a in parts.get("augmentors", ())],
        analyzers=[config_of(a, "analyzer") for a in parts.get("analyzers", ())],
        evaluators=[config_of(e, "evaluator") for e in evaluators],
    )
    for command in (AnalyzeCommand, ChipCommand, TrainCommand, PredictCommand, EvalCommand):
        command(config).run(str(tmp_path))


def options(**more: Any) -> Any:
    """Make what a task reads of its config."""
    return SimpleNamespace(
        class_map=CLASSES, chip_size=CHIP, predict_chip_size=CHIP, predict_batch_size=2,
        debug=True, predict_debug_uri=None, **more,
    )  # fmt: skip


def class_at(window: Box) -> int:
    """Return the class of a window: 1 in the first column, 2 beyond."""
    return 1 if window.xmin < CHIP else 2


def cells(windows: Any, chips: Any = None) -> ChipClassificationLabels:
    """Make labels of cells."""
    labels = ChipClassificationLabels()
    for window in windows:
        labels.set_cell(window, class_at(window))
    return labels


def boxes(windows: Any, chips: Any = None) -> ObjectDetectionLabels:
    """Make a box in the middle of each cell that a window holds."""
    grid = Box(0, 0, SIDE, SIDE).get_windows(CHIP, CHIP)[:5]
    inner = {
        cell.make_eroded(3)
        for window in windows
        for cell in grid
        if cell.intersection(window) == cell
    }
    found = sorted(inner, key=Box.tuple_format)
    return ObjectDetectionLabels(Box.to_npboxes(found), np.array([class_at(b) for b in found]))


def pixels(windows: Any, chips: Any = None) -> SemanticSegmentationLabels:
    """Make labels of the size of the chips; without chips they are 0 beyond the image."""
    sizes = {w: c.shape[:2] for w, c in zip(windows, () if chips is None else chips, strict=False)}

    def label_fn(window: Box) -> Any:
        size = sizes.get(window, (window.get_height(), window.get_width()))
        y, x = window.ymin + np.arange(size[0])[:, None], window.xmin + np.arange(size[1])
        array = np.where(x < CHIP, 1, 2) * (y < SIDE) * (x < SIDE)
        return array.astype(np.uint8)

    return SemanticSegmentationLabels(windows, label_fn)


class TestBuiltInTasks:
    """Tasks that ship, with everything else from plugins."""

    def test_chip_classification(self, tmp_path: Path) -> None:
        """Statistics, chips that augmentors changed, predictions and figures."""
        backend = Learner(cells)
        task = ChipClassification(options(), backend)
        scene = Scene("a", Opened([Doubler()]), Known(cells), Store(ChipClassificationLabels))
        stats, evaluation = str(tmp_path / "stats.json"), str(tmp_path / "eval.json")
        run_all(
            tmp_path,
            task,
            scene,
            [ChipClassificationEvaluator(CLASSES, evaluation)],
            augmentors=[Brighter(), Twice(), NodataAugmentor(0.0)],
            analyzers=[StatsAnalyzer(stats)],
        )
        [[training], [validation]] = backend.seen[:2]
        assert (18, 9) == (len(training), len(validation))
        assert {102.0, 104.0} == {brightest for brightest, _, _ in training}
        assert {2.0, 4.0} == {brightest for brightest, _, _ in validation}
        assert ["trained", "loaded"] == backend.seen[2:]
        assert [1.6] * 3 == pytest.approx(RasterStats.load(stats).means)
        overall = file_to_json(evaluation)["overall"]
        assert [(1.0, 3), (1.0, 6), (1.0, 9)] == [(i["f1"], i["gt_count"]) for i in overall]

    def test_object_detection(self, tmp_path: Path) -> None:
        """Boxes of windows that overlap are found once."""
        backend = Learner(boxes)
        task = ObjectDetection(
            options(
                chip_options=SimpleNamespace(
                    neg_ratio=1.0, ioa_thresh=0.8, window_method="chip", label_buffer=0.0
                ),
                predict_options=SimpleNamespace(merge_thresh=0.5, score_thresh=0.5),
            ),
            backend,
        )
        store = Store(ObjectDetectionLabels.make_empty)
        scene = Scene("a", Source([]), Known(lambda windows: boxes([Box(0, 0, SIDE, SIDE)])), store)
        uri = str(tmp_path / "eval.json")
        run_all(
            tmp_path, task, scene, [ObjectDetectionEvaluator(CLASSES, uri)],
            augmentors=[Brighter(), NodataAugmentor(1.0)],
        )  # fmt: skip
        [[training], _] = backend.seen[:2]
        assert 4 <= len(training)
        assert 4 == len(store.get_labels())
        assert [1.0, 1.0, 1.0] == [item["f1"] for item in file_to_json(uri)["overall"]]

    @pytest.mark.parametrize("method", ["random_sample", "sliding"])
    def test_semantic_segmentation(self, tmp_path: Path, method: str) -> None:
        """Labels of the size of chips at the edge are saved and measured."""
        backend = Learner(pixels)
        task = SemanticSegmentation(
            options(
                chip_options=SimpleNamespace(
                    window_method=method, target_classes=None, debug_chip_probability=0.25,
                    negative_survival_probability=0.5, chips_per_scene=7,
                    target_count_threshold=1, stride=CHIP,
                )
            ),
            backend,
        )  # fmt: skip
        store = SemanticSegmentationRasterStore(
            str(tmp_path / "a.tif"), Box(0, 0, SIDE, SIDE), IdentityCRSTransformer(),
            str(tmp_path), class_map=CLASSES,
        )  # fmt: skip
        uri = str(tmp_path / "eval.json")
        scene = Scene("a", Opened([]), Known(pixels), store)
        run_all(tmp_path, task, scene, [SemanticSegmentationEvaluator(CLASSES, uri, None)])
        [[training], _] = backend.seen[:2]
        assert (7 if method == "random_sample" else 9) == len(training)
        overall = file_to_json(uri)["overall"]
        assert [(1.0, 250), (1.0, 375)] == [(i["f1"], i["gt_count"]) for i in overall[:2]]


class Words(Labels):
    """Labels of a task of a plugin's own: a list."""

    def __init__(self, words: Any) -> None:
        self.words = list(words)

    def __add__(self, other: Any) -> Any:
        """Return both."""
        return Words(self.words + other.words)

    def filter_by_aoi(self, aoi_polygons: Any) -> Any:
        """Return all."""
        return Words([*self.words, f"within {len(aoi_polygons)}"])


class Naming(Task):
    """A task with the five abstract methods."""

    def get_train_windows(self, scene: Any) -> Any:
        """See Task."""
        return [Box.make_square(0, 0, CHIP)]

    def get_train_labels(self, window: Any, scene: Any) -> Any:
        """See Task."""
        return scene.ground_truth_label_source.get_labels(window=window)

    def post_process_predictions(self, labels: Any, scene: Any) -> Any:
        """See Task."""
        return Words([*labels.words, "processed"])

    def get_predict_windows(self, extent: Any) -> Any:
        """See Task."""
        return extent.get_windows(CHIP, CHIP)

    def save_debug_predict_image(self, scene: Any, debug_dir_uri: Any) -> None:
        """See Task."""
        json_to_file(scene.prediction_label_store.get_labels().words, f"{debug_dir_uri}/a.json")


class Counting(Analyzer):
    """An analyzer."""

    def process(self, scenes: Any, tmp_dir: Any) -> None:
        """Count scenes."""
        json_to_file(len(scenes), f"{tmp_dir}/count.json")


class Comparing(Evaluator):
    """An evaluator."""

    def process(self, scenes: Any, tmp_dir: Any) -> None:
        """Write predictions."""
        for scene in scenes:
            with scene.activate():
                words = scene.prediction_label_store.get_labels().words
            json_to_file(words, f"{tmp_dir}/{scene.id}-eval.json")


def test_a_task_of_its_own(tmp_path: Path) -> None:
    """Task, labels, analyzer and evaluator of a plugin run through all commands."""
    backend = Learner(lambda windows, chips: Words([f"of {len(windows)}"]))
    config = options()
    config.predict_debug_uri = str(tmp_path)
    area = Box(0, 0, SIDE, SIDE).to_shapely()
    scene = Scene("a", Source([]), Known(lambda w: Words(["x"])), Store(lambda: Words([])), [area])
    parts = {"analyzers": [Counting()], "augmentors": [Twice()]}
    run_all(tmp_path, Naming(config, backend), scene, [Comparing()], **parts)
    words = ["of 2", "of 2", "of 2", "of 2", "of 1", "within 1", "processed"]
    assert words == file_to_json(str(tmp_path / "a.json"))
    assert words == file_to_json(str(tmp_path / "a-eval.json"))
    assert 1 == file_to_json(str(tmp_path / "count.json"))


ABSTRACT = {
    Analyzer: {"process"},
    Augmentor: {"process"},
    Backend: {
        *("process_scene_data", "process_sceneset_results", "train", "load_model", "predict"),
    },
    Command: {"run"},
    Evaluator: {"process"},
    LabelSource: {"get_labels"},
    LabelStore: {"save", "get_labels", "empty_labels"},
    Labels: {"filter_by_aoi"},
    RasterSource: {"get_extent", "get_dtype", "get_crs_transformer", "_get_chip"},
    RasterTransformer: {"transform"},
    Task: {
        *("get_train_windows", "get_train_labels", "post_process_predictions"),
        *("get_predict_windows", "save_debug_predict_image"),
    },
    VectorSource: {"_get_geojson"},
}


@pytest.mark.parametrize("base", ABSTRACT, ids=lambda base: base.__name__)
def test_bases_ask_for_no_more(base: Any) -> None:
    """What a subclass has to define is what it had to."""
    assert ABSTRACT[base] == base.__abstractmethods__


class TestTask:
    """Methods of Task that subclasses call or override."""

    def test_make_chips_and_predict(self, tmp_path: Path) -> None:
        """A task may predict scenes in its own way."""

        class Own(Naming):
            def predict_scene(self, scene: Any, tmp_dir: Any) -> Any:
                return Words(["own"])

        backend = Learner(None)
        store = Store(lambda: Words([]))
        scene = Scene("a", Source([]), Known(lambda w: Words(["x"])), store)
        task = Own(options(), backend)
        task.make_chips([scene], [], [], str(tmp_path))
        task.train(str(tmp_path))
        task.predict([scene], str(tmp_path))
        assert ["own"] == store.get_labels().words
        [[[(_, window, labels)]], validation] = backend.seen[:2]
        assert (Box(0, 0, CHIP, CHIP), ["x"], []) == (window, labels.words, validation)
        assert ["trained", "loaded"] == backend.seen[2:]

    def test_constants(self) -> None:
        """Names of the sets of scenes."""
        from rastervision.task import semantic_segmentation, task

        assert ("train", "validation") == (task.TRAIN, task.VALIDATION)
        assert (task.TRAIN, task.VALIDATION) == (
            semantic_segmentation.TRAIN,
            semantic_segmentation.VALIDATION,
        )


class TestCommand:
    """Command, as auxiliary commands and plugins subclass it."""

    def test_temporary_directory(self, tmp_path: Path) -> None:
        """It is what was set, or made on first use."""

        class Own(Command):
            def run(self, tmp_dir: Any = None) -> Any:
                return tmp_dir or self.get_tmp_dir()

        command = Own()
        made = command.run()
        assert Path(made).is_dir()
        assert made == command.run()
        command.set_tmp_dir(str(tmp_path))
        assert str(tmp_path) == command.run()
        assert NoOpCommand().run(str(tmp_path)) is None
