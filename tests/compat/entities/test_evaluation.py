"""Evaluation of old code: figures by class, averages, files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rvcli.core.box import Box
from rvcli.core.class_map import ClassItem, ClassMap
from rvcli.data.label.chip_classification_labels import ChipClassificationLabels
from rvcli.data.label.object_detection_labels import ObjectDetectionLabels
from rvcli.data.label_source.semantic_segmentation_label_source import (
    SemanticSegmentationLabelSource,
)
from rvcli.data.scene import Scene
from rvcli.evaluation.chip_classification_evaluation import ChipClassificationEvaluation
from rvcli.evaluation.chip_classification_evaluator import ChipClassificationEvaluator
from rvcli.evaluation.class_evaluation_item import ClassEvaluationItem
from rvcli.evaluation.classification_evaluation import ClassificationEvaluation
from rvcli.evaluation.evaluator import Evaluator
from rvcli.evaluation.object_detection_evaluation import (
    ObjectDetectionEvaluation,
    compute_metrics,
)
from rvcli.evaluation.semantic_segmentation_evaluation import (
    SemanticSegmentationEvaluation,
    get_class_eval_item,
    is_geojson,
)
from rvcli.evaluation.semantic_segmentation_evaluator import (
    SemanticSegmentationEvaluator,
    filter_geojson_by_aoi,
)
from rvcli.utils.files import file_to_json

CLASSES = ClassMap([ClassItem(id=1, name="car"), ClassItem(id=2, name="house")])


def figures(item: Any) -> tuple[Any, ...]:
    """Return what most tests look at."""
    return item.precision, item.recall, item.f1, item.gt_count


class TestObjectDetectionEvaluation:
    """Boxes of 100 pixels, predicted ten pixels too low, one of four not at all."""

    @staticmethod
    def boxes(*corners: tuple[int, int, int]) -> ObjectDetectionLabels:
        """Make labels of (row, column, class)."""
        squares = [Box.make_square(y, x, 100) for y, x, _ in corners]
        return ObjectDetectionLabels(Box.to_npboxes(squares), np.array([c for *_, c in corners]))

    def truth(self) -> ObjectDetectionLabels:
        """Make what is there."""
        return self.boxes((0, 0, 1), (0, 200, 1), (200, 200, 2), (200, 0, 2))

    def predicted(self) -> ObjectDetectionLabels:
        """Make what was predicted."""
        return self.boxes((10, 0, 1), (10, 200, 1), (210, 200, 2))

    def test_compute(self) -> None:
        """Figures of each class, and their average by gt_count."""
        evaluation = ObjectDetectionEvaluation(CLASSES)
        evaluation.compute(self.truth(), self.predicted())
        assert (1.0, 1.0, 1.0, 2) == figures(evaluation.get_by_id(1))
        assert (1.0, 0.5, 2 / 3, 2) == figures(evaluation.get_by_id(2))
        assert evaluation.avg_item is not None
        assert (1.0, 0.75, pytest.approx(0.83, abs=0.01), 4) == figures(evaluation.avg_item)

    def test_nothing_predicted(self) -> None:
        """Of a class that was never predicted the recall alone is known."""
        evaluation = ObjectDetectionEvaluation(CLASSES)
        evaluation.compute(self.truth(), ObjectDetectionLabels.make_empty())
        assert (None, 0.0, None, 2) == figures(evaluation.get_by_id(1))
        assert (0.0, 0.0, 0.0, 4) == figures(evaluation.avg_item)

    def test_nothing_there(self) -> None:
        """Of a class that is not there nothing is known; the average is 0."""
        evaluation = ObjectDetectionEvaluation(CLASSES)
        evaluation.compute(ObjectDetectionLabels.make_empty(), self.predicted())
        assert (None, None, None, 0) == figures(evaluation.get_by_id(1))
        assert (0.0, 0.0, 0.0, 0) == figures(evaluation.avg_item)
        assert 0.0 == (evaluation.avg_item or evaluation.get_by_id(1)).count_error

    def test_metrics(self) -> None:
        """Hits, false alarms and misses, in arrays by class."""
        hits, false_alarms, misses = compute_metrics(self.truth(), self.predicted(), 2)
        assert ([2, 1], [0, 0], [0, 1]) == (
            hits.tolist(),
            false_alarms.tolist(),
            misses.tolist(),
        )
        items = ObjectDetectionEvaluation.compute_eval_items(
            self.truth(), self.predicted(), CLASSES
        )
        assert [1, 2] == list(items)


class TestChipClassificationEvaluation:
    """Four cells."""

    @staticmethod
    def cells(*class_ids: int | None) -> ChipClassificationLabels:
        """Make labels of four cells; class ids may be numbers of numpy."""
        labels = ChipClassificationLabels()
        for cell, class_id in zip(
            Box(0, 0, 400, 400).get_windows(200, 200), class_ids, strict=True
        ):
            labels.set_cell(cell, None if class_id is None else np.int64(class_id))
        return labels

    def test_compute(self) -> None:
        """Figures of each class, and their average by gt_count."""
        evaluation = ChipClassificationEvaluation(CLASSES)
        evaluation.compute(self.cells(1, 2, 1, 2), self.cells(1, 1, 1, 2))
        assert (2 / 3, 1.0, pytest.approx(0.8), 2) == figures(evaluation.get_by_id(1))
        assert (1.0, 0.5, pytest.approx(2 / 3), 2) == figures(evaluation.get_by_id(2))
        assert 4 == (evaluation.avg_item or evaluation.get_by_id(1)).gt_count
        items = ChipClassificationEvaluation.compute_eval_items(
            self.cells(1, 2, 1, 2), self.cells(1, 1, 1, 2), CLASSES
        )
        assert figures(evaluation.get_by_id(1)) == figures(items[1])

    def test_cells_without_class(self) -> None:
        """Cells whose class is not known are not counted."""
        evaluation = ChipClassificationEvaluation(CLASSES)
        evaluation.compute(self.cells(1, None, None, None), self.cells(1, 1, 2, 2))
        assert (1.0, 1.0, 1.0, 1) == figures(evaluation.get_by_id(1))

    def test_evaluator(self, tmp_path: Path) -> None:
        """A label source and a label store of any class are read."""

        class Source:
            def get_labels(self, window: Any = None) -> Any:
                return TestChipClassificationEvaluation.cells(1, 2, 1, 2)

        uri = str(tmp_path / "eval.json")
        scene = Scene("a", None, Source(), Source())
        evaluator = ChipClassificationEvaluator(CLASSES, uri)
        assert isinstance(evaluator, Evaluator)
        evaluator.process([scene], str(tmp_path))
        overall = file_to_json(uri)["overall"]
        assert [1.0, 1.0, 1.0] == [item["f1"] for item in overall]
        assert ["car", "house", "average"] == [item["class_name"] for item in overall]


class TestSemanticSegmentationEvaluation:
    """Label rasters that are mocks, not activated."""

    @pytest.fixture
    def labels_of(self, mocked_source: Any) -> Any:
        """Give a function that makes a label source of an array."""

        def make(array: Any) -> SemanticSegmentationLabelSource:
            source = mocked_source([0], 1)
            source.set_raster(array)
            return SemanticSegmentationLabelSource(source=source)

        return make

    def test_compute(self, labels_of: Any) -> None:
        """Confusion matrix, true classes by row, class 0 first; average of the recall."""
        truth, predicted = np.ones((4, 4, 1), np.uint8), np.ones((4, 4, 1), np.uint8)
        truth[0, 0, 0] = predicted[1, 1, 0] = 2
        evaluation = SemanticSegmentationEvaluation(CLASSES)
        evaluation.compute(labels_of(truth).get_labels(), labels_of(predicted).get_labels())
        share = 14 / 15
        assert (share, share, pytest.approx(share), 15) == figures(evaluation.get_by_id(1))
        assert (0.0, 0.0, 0.0, 1) == figures(evaluation.get_by_id(2))
        assert evaluation.avg_item is not None
        assert [[0.0, 0, 0], [0.0, 14, 1], [0, 1, 0]] == evaluation.avg_item.conf_mat
        assert 15 / 16 * share == evaluation.avg_item.recall

    def test_class_0_is_ignored(self, labels_of: Any) -> None:
        """What is not labelled is not counted."""
        truth, predicted = np.zeros((4, 4, 1), np.uint8), np.ones((4, 4, 1), np.uint8)
        truth[0] = 1
        evaluation = SemanticSegmentationEvaluation(CLASSES)
        evaluation.compute(labels_of(truth).get_labels(), labels_of(predicted).get_labels())
        assert (1.0, 1.0, 1.0, 4) == figures(evaluation.get_by_id(1))

    def test_evaluator(self, labels_of: Any, mocked_source: Any, tmp_path: Path) -> None:
        """A label source may stand in for the label store; merged figures go into the file."""
        predicted = np.ones((10, 10, 1))
        predicted[5:] = 2
        scenes = [
            Scene(
                str(class_id),
                mocked_source([0, 1, 2], 3),
                labels_of(np.full((10, 10, 1), class_id)),
                labels_of(predicted),
            )
            for class_id in (1, 2)
        ]
        uri = str(tmp_path / "out.json")
        SemanticSegmentationEvaluator(CLASSES, uri, None).process(scenes, str(tmp_path))
        written = file_to_json(uri)
        keys = ("precision", "recall", "f1", "count_error", "gt_count", "class_id", "class_name")
        assert [
            (0.5, 0.5, 0.5, 0.0, 100, 1, "car"),
            (0.5, 0.5, 0.5, 0.0, 100, 2, "house"),
            (0.5, 0.5, 0.5, 0.0, 200, None, "average"),
        ] == [tuple(item[key] for key in keys) for item in written["overall"]]
        assert [[0, 50, 50], [0, 50, 50]] == [i["conf_mat"] for i in written["overall"][:2]]
        assert {"1", "2"} == set(written["per_scene"])

    def test_item_of_a_matrix(self) -> None:
        """One class of a confusion matrix."""
        item = get_class_eval_item(np.array([[0, 0, 0], [0, 14, 1], [0, 1, 0]]), 1, CLASSES)
        assert (14 / 15, 14 / 15, 15) == (item.precision, item.recall, item.gt_count)

    def test_vectors(self) -> None:
        """GeoJSON is told from labels, filtered by areas, and compared."""

        def square(at: int, size: int = 10) -> dict[str, Any]:
            ring = Box.make_square(at, at, size).geojson_coordinates()
            geometry = {"type": "Polygon", "coordinates": [ring]}
            return {"type": "Feature", "geometry": geometry, "properties": {}}

        truth = {"type": "FeatureCollection", "features": [square(0), square(50)]}
        assert (True, False, False) == (is_geojson(truth), is_geojson("a"), is_geojson({"a": 1}))
        near = filter_geojson_by_aoi(truth, [Box.make_square(-1, -1, 20).to_shapely()])
        assert truth["features"][:1] == near["features"]
        evaluation = SemanticSegmentationEvaluation(CLASSES)
        evaluation.compute_vector(gt=truth, pred=truth, mode="polygons", class_id=1)
        assert (1.0, 1.0, 1.0, 2) == figures(evaluation.get_by_id(1))


class TestItems:
    """ClassEvaluationItem, and evaluations that plugins define."""

    def test_merge(self) -> None:
        """Weighted by gt_count; None is 0; an item without truth changes nothing."""
        item = ClassEvaluationItem(0.1, 0.5, 0.3, 1, 3, 1, "one")
        item.merge(ClassEvaluationItem(0.9, None, 0.9, 5, 0, 1, "one"))
        assert (0.1, 0.5, 0.3, 3) == figures(item)
        item.merge(ClassEvaluationItem(None, 1.0, 0.3, 1, 1, 1, "one"))
        assert (pytest.approx(0.075), pytest.approx(0.625), pytest.approx(0.3), 4) == figures(item)

    def test_json(self) -> None:
        """The keys are the attributes; not a number is null."""
        item = ClassEvaluationItem(
            precision=float("nan"), recall=0.5, gt_count=2, class_id=1, class_name="one"
        )
        expected = {"precision": None, "recall": 0.5, "f1": None, "count_error": None}
        expected |= {"gt_count": 2, "class_id": 1, "class_name": "one"}
        assert expected.items() <= item.to_json().items()
        assert "conf_mat" not in item.to_json()
        item.conf_mat = [[1, 2]]
        assert [[1, 2]] == item.to_json()["conf_mat"]

    def test_own_evaluation(self, tmp_path: Path) -> None:
        """A subclass defines `compute` alone, and fills the figures as it likes."""

        class Evaluation(ClassificationEvaluation):
            def compute(self, ground_truth_labels: Any, prediction_labels: Any) -> None:
                self.clear()
                self.set_class_to_eval_item({1: ClassEvaluationItem(1, 1, 1, 0, 4, 1, "car")})
                self.compute_avg()

        one, whole, uri = Evaluation(), Evaluation(), str(tmp_path / "eval.json")
        assert whole.is_empty()
        one.compute(None, None)
        assert ["car", "average"] == [item["class_name"] for item in one.to_json()]
        assert (True, False) == (one.has_id(1), one.has_id(2))
        whole.merge(one, scene_id="a")
        assert not whole.is_empty()
        whole.merge(one, scene_id="b")
        assert 8 == whole.get_by_id(1).gt_count
        whole.save(uri)
        assert one.to_json() == file_to_json(uri)["per_scene"]["b"]
        whole.clear()
        assert whole.is_empty()
