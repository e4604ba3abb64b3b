"""Figures of one class."""

from __future__ import annotations

import json
import math

from hypothesis import given
from hypothesis import strategies as st

from rvcli.evaluation.class_evaluation_item import ClassEvaluationItem


def test_merging_weights_by_what_is_there() -> None:
    """Figures are averaged by gt_count; counts and matrices are added up."""
    item = ClassEvaluationItem(0.5, 1.0, 0.6, 2, gt_count=1, class_id=3, conf_mat=[0, 1])
    item.merge(ClassEvaluationItem(1.0, 0.0, 0.2, 6, gt_count=3, class_id=3, conf_mat=[1, 2]))
    assert (item.precision, item.recall, item.count_error) == (0.875, 0.25, 5)
    assert math.isclose(item.f1 or 0, 0.3)
    assert (item.gt_count, item.class_id, item.conf_mat) == (4, 3, [1, 3])


def test_merging_what_never_occurs_changes_nothing() -> None:
    """A class that is not there does not count, from either side."""
    figures = ClassEvaluationItem(0.5, 0.5, 0.5, 1, gt_count=2)
    absent = ClassEvaluationItem(precision=0.0)
    figures.merge(absent)
    absent.merge(figures)
    assert figures.to_json() == absent.to_json()
    assert (figures.precision, figures.gt_count) == (0.5, 2)


def test_precision_of_what_was_never_predicted_counts_as_0() -> None:
    """In an average, a class that occurs but was never predicted has precision 0."""
    item = ClassEvaluationItem(None, 0.0, 0.0, 4, gt_count=4)
    item.merge(ClassEvaluationItem(1.0, 1.0, 1.0, 0, gt_count=4))
    assert item.precision == 0.5


def test_iou_is_merged_where_it_is_known() -> None:
    """IoU is averaged like the rest, and stays unknown where no item has one."""
    item = ClassEvaluationItem(0.5, 0.5, 0.5, 1, gt_count=2)
    item.merge(ClassEvaluationItem(0.5, 0.5, 0.5, 1, gt_count=2))
    assert item.iou is None
    item.merge(ClassEvaluationItem(1, 1, 1, 0, gt_count=4, iou=1))
    assert item.iou == 0.5


def test_nothing_known_is_null() -> None:
    """Unknown figures and nan are null in JSON."""
    item = ClassEvaluationItem(precision=float("nan"), class_id=1, class_name="car")
    assert json.loads(json.dumps(item.to_json(), allow_nan=False)) == {
        "class_id": 1,
        "class_name": "car",
        "precision": None,
        "recall": None,
        "f1": None,
        "iou": None,
        "count_error": None,
        "gt_count": 0,
    }


_items = st.builds(
    lambda figure, count: (figure, count), st.floats(0, 1), st.integers(min_value=0, max_value=99)
)


@given(st.lists(_items, min_size=1, max_size=6))
def test_order_of_merging_does_not_matter(figures: list[tuple[float, int]]) -> None:
    """Items merged in any order give the mean weighted by gt_count."""
    forward, backward = ClassEvaluationItem(), ClassEvaluationItem()
    for figure, count in figures:
        forward.merge(ClassEvaluationItem(recall=figure, gt_count=count))
    for figure, count in reversed(figures):
        backward.merge(ClassEvaluationItem(recall=figure, gt_count=count))
    total = sum(count for _, count in figures)
    assert forward.gt_count == total
    if total:
        expected = sum(figure * count for figure, count in figures) / total
        assert math.isclose(expected, forward.recall or 0, abs_tol=1e-9)
        assert math.isclose(expected, backward.recall or 0, abs_tol=1e-9)
