"""Figures of predicted pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from rvcli.core.box import Box
from rvcli.core.class_map import ClassMap
from rvcli.data.label.semantic_segmentation_labels import SemanticSegmentationLabels
from rvcli.errors import DataError
from rvcli.evaluation.semantic_segmentation_evaluation import (
    SemanticSegmentationEvaluation,
    get_class_eval_item,
    is_geojson,
)

CLASSES = ClassMap.construct_from(["car", "tree", "sea"])


def labels_of(array: Any, size: int = 3) -> SemanticSegmentationLabels:
    """Give an array as labels in squares that reach beyond it."""
    array = np.asarray(array)
    padded = np.pad(array, ((0, size), (0, size)))
    windows = Box(0, 0, *array.shape).get_windows(size, size)
    return SemanticSegmentationLabels(
        windows, lambda window: padded[window.ymin : window.ymax, window.xmin : window.xmax]
    )


def evaluate(truth: Any, predicted: Any, classes: ClassMap = CLASSES) -> Any:
    """Compute the figures of one pair of arrays."""
    evaluation = SemanticSegmentationEvaluation(classes)
    evaluation.compute(labels_of(truth), labels_of(predicted))
    return evaluation


_labels = arrays(np.uint8, (5, 7), elements={"min_value": 0, "max_value": 3})


@given(_labels, _labels)
def test_figures_agree_with_scikit_learn(truth: Any, predicted: Any) -> None:
    """Matrix, precision, recall, F1 and their weighted average are those of scikit-learn."""
    evaluation = evaluate(truth, predicted)
    counted = truth > 0
    y_true, y_pred = truth[counted], predicted[counted]
    if not counted.any():
        assert not evaluation.conf_mat.any()
        return
    matrix = confusion_matrix(y_true, y_pred, labels=[0, 1, 2, 3])
    assert matrix.tolist() == evaluation.conf_mat.tolist()
    precision, recall, f1, support = precision_recall_fscore_support(
        y_true, y_pred, labels=[1, 2, 3], zero_division=0
    )
    for i, class_id in enumerate([1, 2, 3]):
        item = evaluation.get_by_id(class_id)
        assert np.isclose(precision[i], item.precision or 0)
        assert np.isclose(recall[i], item.recall or 0)
        assert np.isclose(f1[i], item.f1 or 0)
        assert support[i] == item.gt_count
        assert item.conf_mat == matrix[class_id].tolist()
    averages = precision_recall_fscore_support(
        y_true, y_pred, labels=[1, 2, 3], average="weighted", zero_division=0
    )
    average = evaluation.avg_item
    assert np.allclose(averages[:3], [average.precision, average.recall, average.f1])
    assert average.gt_count == counted.sum()


@given(_labels, _labels, _labels, _labels)
def test_merged_scenes_are_one_large_scene(a: Any, b: Any, c: Any, d: Any) -> None:
    """The figures of two scenes merged are those of their pixels together."""
    merged = SemanticSegmentationEvaluation(CLASSES)
    merged.merge(evaluate(a, b), "one")
    merged.merge(evaluate(c, d), "two")
    together = evaluate(np.concatenate([a, c]), np.concatenate([b, d]))
    assert merged.to_json()["overall"] == together.to_json()


def test_class_that_never_occurs_is_null() -> None:
    """A class that neither occurs nor is predicted has null figures and gt_count 0."""
    item = evaluate([[1, 2]], [[1, 1]]).get_by_id(3).to_json()
    assert item == {
        "class_id": 3,
        "class_name": "sea",
        "precision": None,
        "recall": None,
        "f1": None,
        "iou": None,
        "count_error": None,
        "gt_count": 0,
        "conf_mat": [0, 0, 0, 0],
    }


def test_class_that_is_only_predicted() -> None:
    """A class that is predicted where it is not has precision and F1 0, but no recall."""
    item = evaluate([[1, 1]], [[1, 2]]).get_by_id(2)
    assert (item.precision, item.recall, item.f1, item.count_error) == (0, None, 0, 1)
    assert item.gt_count == 0


def test_class_that_is_never_predicted() -> None:
    """A class that is there but never predicted has recall and F1 0, but no precision."""
    item = evaluate([[1, 2]], [[1, 0]]).get_by_id(2)
    assert (item.precision, item.recall, item.f1, item.count_error) == (None, 0, 0, 1)


def test_true_class_0_is_ignored() -> None:
    """Pixels without a true class do not count, whatever is predicted there."""
    item = evaluate([[0, 0, 1]], [[1, 2, 1]]).get_by_id(1)
    assert (item.precision, item.recall, item.gt_count) == (1, 1, 1)


def test_ids_need_not_follow_each_other() -> None:
    """Any ids are counted; those that the class map lacks are ignored or no prediction."""
    classes = ClassMap.construct_from({"far": 40000, "near": 2, "nodata": 0})
    truth = np.array([[2, 2, 40000, 7, 40000]], dtype=np.uint16)
    predicted = np.array([[2, 7, 40000, 2, 2]], dtype=np.int64)
    evaluation = evaluate(truth, predicted, classes)
    assert evaluation.conf_mat.tolist() == [[0, 0, 0], [1, 1, 0], [0, 1, 1]]
    assert list(evaluation.class_to_eval_item) == [2, 40000]
    assert evaluation.get_by_id(40000).class_name == "far"


def test_ids_out_of_range_are_none() -> None:
    """Negative ids and ids over 65535 are no class."""
    evaluation = evaluate(np.array([[1, -1, 70000, 1]]), np.array([[-5, 1, 1, 65537]]))
    assert evaluation.conf_mat[1].tolist() == [2, 0, 0, 0]


def test_many_classes() -> None:
    """Hundreds of classes are counted without mixing them up."""
    classes = ClassMap.construct_from([f"c{i}" for i in range(1, 301)])
    truth = np.arange(1, 301, dtype=np.uint16).reshape(15, 20)
    evaluation = evaluate(truth, truth, classes)
    assert evaluation.conf_mat.tolist() == np.diag([0] + [1] * 300).tolist()


def test_item_of_a_matrix() -> None:
    """get_class_eval_item leaves row 0, pixels without a true class, out."""
    matrix = np.array([[9, 9, 9, 9], [1, 6, 1, 0], [0, 2, 8, 0], [0, 0, 0, 0]])
    item = get_class_eval_item(matrix, 1, CLASSES)
    assert (item.precision, item.recall, item.gt_count, item.count_error) == (0.75, 0.75, 8, 0)


def test_labels_of_different_size_are_refused() -> None:
    """Truth and predictions of one window must be of one size."""
    evaluation = SemanticSegmentationEvaluation(CLASSES)
    truth = SemanticSegmentationLabels([], lambda _: np.ones((2, 3)))
    predicted = SemanticSegmentationLabels([Box(0, 0, 2, 2)], lambda _: np.ones((2, 2)))
    with pytest.raises(DataError, match=r"\(2, 3\).*\(2, 2\)"):
        evaluation.compute(truth, predicted)


def test_clear_forgets() -> None:
    """Clearing forgets all figures."""
    evaluation = evaluate([[1]], [[1]])
    assert not evaluation.is_empty()
    assert evaluation.has_id(1)
    evaluation.clear()
    assert evaluation.is_empty()
    assert not evaluation.has_id(1)


def test_is_geojson() -> None:
    """GeoJSON is told from a raster of labels."""
    assert is_geojson({"type": "FeatureCollection", "features": []})
    assert not is_geojson(labels_of([[1]]))


@given(st.lists(st.integers(1, 3), min_size=1, max_size=20))
def test_perfect_predictions_have_figures_of_1(ids: list[int]) -> None:
    """What is predicted as it is has precision, recall and F1 1 and no count error."""
    average = evaluate([ids], [ids]).avg_item
    assert np.allclose([average.precision, average.recall, average.f1], 1)
    assert average.count_error == 0
    assert np.array(average.conf_mat).sum() == len(ids)
