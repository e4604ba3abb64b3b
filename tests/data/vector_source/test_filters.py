"""Filter expressions over features."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvcli.data.vector_source.filters import compile_filter, property_names
from rvcli.errors import ConfigError

BUILDING = {
    "type": "Feature",
    "id": 7,
    "properties": {"building": "yes", "levels": 3, "ruin": False, "height": None},
    "geometry": {"type": "MultiPolygon", "coordinates": []},
}


@pytest.mark.parametrize(
    ("expression", "passes"),
    [
        (["==", "building", "yes"], True),
        (["==", "building", "no"], False),
        (["==", "roof", "flat"], False),
        (["==", "ruin", 0], False),
        (["==", "height", None], True),
        (["!=", "building", "no"], True),
        (["!=", "roof", "flat"], True),
        ([">", "levels", 2], True),
        ([">=", "levels", 3], True),
        (["<", "levels", 3], False),
        (["<=", "levels", 3.0], True),
        (["<", "building", "z"], True),
        ([">", "building", 2], False),
        ([">", "roof", 2], False),
        (["<", "ruin", 2], False),
        (["in", "building", "yes", "house"], True),
        (["in", "building", "house"], False),
        (["in", "building"], False),
        (["!in", "building", "house"], True),
        (["!in", "roof", "flat"], True),
        (["has", "building"], True),
        (["has", "roof"], False),
        (["!has", "roof"], True),
        (["!has", "building"], False),
        (["all", ["has", "building"], [">", "levels", 2]], True),
        (["all"], True),
        (["any", ["has", "roof"], [">", "levels", 2]], True),
        (["any"], False),
        (["none", ["has", "roof"], [">", "levels", 2]], False),
        (["none"], True),
        (["!", ["has", "roof"]], True),
        (["==", "$type", "Polygon"], True),
        (["==", "$id", 7], True),
        (["==", ["get", "building"], "yes"], True),
        (["==", ["geometry-type"], "Polygon"], True),
        (["==", ["id"], 7], True),
        (["in", ["get", "building"], ["literal", ["yes", "house"]]], True),
        (["in", "building", ["yes"]], True),
        ([], True),
        (None, True),
        (True, True),
        (False, False),
    ],
)
def test_filter_passes_what_it_says(expression: Any, passes: bool) -> None:
    """A filter passes exactly the features that it describes."""
    assert passes == compile_filter(expression)(BUILDING)


@pytest.mark.parametrize(
    "expression",
    [
        "building",
        ["is", "building", "yes"],
        [["=="], "building", "yes"],
        ["==", "building"],
        ["==", 1, "yes"],
        ["==", ["lookup", "building"], "yes"],
        ["<", "levels"],
        ["<", "levels", None],
        ["<", "levels", True],
        ["in"],
        ["has"],
        ["!"],
        ["all", ["==", "building"]],
        [1, 2],
    ],
)
def test_wrong_filter_is_refused(expression: Any) -> None:
    """What is no filter is refused with the part that is wrong."""
    with pytest.raises(ConfigError, match="cannot be used"):
        compile_filter(expression)


def test_feature_without_properties_and_geometry() -> None:
    """A feature with null properties and geometry has no property and no type."""
    feature = {"type": "Feature", "properties": None, "geometry": None}
    assert compile_filter(["!has", "building"])(feature)
    assert not compile_filter(["has", "$type"])(feature)


_leaves = st.one_of(
    st.tuples(st.sampled_from(["==", "!="]), st.sampled_from("ab"), st.integers(0, 2)),
    st.tuples(st.sampled_from(["has", "!has"]), st.sampled_from("ab")),
    st.tuples(st.sampled_from(["<", ">="]), st.sampled_from("ab"), st.integers(0, 2)),
).map(list)
_filters = st.recursive(
    _leaves,
    lambda inner: st.tuples(st.sampled_from(["all", "any", "none"]), inner, inner).map(list),
)


@given(_filters, st.dictionaries(st.sampled_from("ab"), st.integers(0, 2)))
def test_none_is_the_opposite_of_any(expression: Any, properties: dict[str, int]) -> None:
    """`none` and `!` pass what the filter within does not."""
    feature = {"properties": properties}
    passes = compile_filter(expression)(feature)
    assert passes != compile_filter(["none", expression])(feature)
    assert passes != compile_filter(["!", expression])(feature)


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        (None, set()),
        ([], set()),
        (["has", "a"], {"a"}),
        (["==", ["get", "a"], 1], {"a"}),
        (["==", "$type", "Point"], set()),
        (["==", ["geometry-type"], "Point"], set()),
        (["any", ["!", ["in", "a", "x"]], ["all", ["<", "b", 3], ["!has", "c"]]], {"a", "b", "c"}),
    ],
)
def test_properties_that_a_filter_asks_for(expression: Any, names: set[str]) -> None:
    """The names of all properties that an expression looks at are known."""
    compile_filter(expression)
    assert names == property_names(expression)
