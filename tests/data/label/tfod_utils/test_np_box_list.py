"""Boxes with further values of each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rvcli.data.label.tfod_utils.np_box_list import BoxList
from rvcli.errors import DataError

BOXES = np.array([[0.0, 1, 2, 3], [4, 5, 6, 7]])


def test_boxes_and_coordinates() -> None:
    """Boxes come back as they were given, and column by column."""
    boxlist = BoxList(BOXES)
    assert boxlist.num_boxes() == 2
    assert boxlist.get().tolist() == BOXES.tolist()
    assert [column.tolist() for column in boxlist.get_coordinates()] == [
        [0, 4],
        [1, 5],
        [2, 6],
        [3, 7],
    ]


def test_fields() -> None:
    """Fields are added and listed; the boxes are a field, but no extra one."""
    boxlist = BoxList(BOXES)
    boxlist.add_field("scores", np.array([0.1, 0.2]))
    assert boxlist.get_extra_fields() == ["scores"]
    assert boxlist.has_field("boxes")
    assert boxlist.has_field("scores")
    assert not boxlist.has_field("classes")
    assert boxlist.get_field("scores").tolist() == [0.1, 0.2]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([[0, 0, 1, 1]], "not list"),
        (np.zeros((2, 5)), r"not \(2, 5\)"),
        (np.zeros((1, 4), np.int64), "not int64"),
        (np.array([[2.0, 0, 1, 1]]), r"\[2.0, 0.0, 1.0, 1.0\] ends before it begins"),
        (np.array([[0.0, 2, 1, 1]]), "ends before it begins"),
        (np.array([[0.0, np.nan, 1, 1]]), "ends before it begins"),
    ],
)
def test_what_are_no_boxes(data: Any, message: str) -> None:
    """What is no array of boxes is refused."""
    with pytest.raises(DataError, match=message):
        BoxList(data)


@pytest.mark.parametrize("values", [np.array([1.0]), np.array(1.0)])
def test_a_field_has_a_value_for_each_box(values: Any) -> None:
    """A field of another length is refused."""
    with pytest.raises(DataError, match="there are 2 boxes"):
        BoxList(BOXES).add_field("scores", values)


def test_a_field_is_added_once() -> None:
    """A field cannot be added a second time, nor the boxes."""
    with pytest.raises(DataError, match="'boxes' already"):
        BoxList(BOXES).add_field("boxes", BOXES)


def test_an_unknown_field() -> None:
    """A field that is not there is named, with those that are."""
    with pytest.raises(DataError, match=r"no field 'x'; there are \['boxes'\]"):
        BoxList(BOXES).get_field("x")
