"""How two values differ."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvcli.verify.compare import differences

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=10,
)


class Holder:
    """An object that says nothing about equality."""

    def __init__(self, value: Any) -> None:
        self.value = value
        self._hidden = object()


@given(PLAIN)
def test_equal_values_do_not_differ(value: Any) -> None:
    """A value does not differ from itself, nor from an equal object that holds it."""
    assert [] == differences(value, value)
    assert [] == differences(Holder([value]), Holder([value]))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (1, 1.0, [("", "type")]),
        (True, 1, [("", "type")]),
        ((1,), [1], [("", "type")]),
        (1, None, [("", "lost")]),
        (None, 1, [("", "value")]),
        (1, 2, [("", "value")]),
        (0.1, 0.10000000149, []),
        (0.1, 0.2, [("", "value")]),
        (math.nan, math.nan, []),
        (math.nan, 1.0, [("", "value")]),
        ([1, 2], [], [("", "lost")]),
        (None, [], []),
        ({}, None, []),
        ([1, 2], [1], [("", "value")]),
        ([1, [2]], [1, [3.0]], [("[1][0]", "type")]),
        ({"a": 1}, {"b": 1}, [("a", "lost"), ("b", "value")]),
        (Holder({"x": 1}), Holder({"x": 2}), [("value.x", "value")]),
        ({1, 2}, {2, 1}, []),
        (len, len, []),
        (np.zeros(2), np.zeros(2), []),
        (np.zeros(2), np.ones(2), [("", "value")]),
    ],
)
def test_differences_are_named(before: Any, after: Any, expected: list[tuple[str, str]]) -> None:
    """Each difference has its path and kind."""
    assert expected == [(d.path, d.kind) for d in differences(before, after)]


def test_difference_knows_its_field() -> None:
    """The first part of the path is the field."""
    (found,) = differences({"sizes": [{"x": 1}]}, {"sizes": [{"x": 2}]})
    assert ("sizes[0].x", "sizes") == (found.path, found.name)


def test_circles_end() -> None:
    """Objects that hold each other are compared to some depth."""
    one, other = Holder(None), Holder(None)
    one.value, other.value = one, other
    assert [] == differences(one, other)
