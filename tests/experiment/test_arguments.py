"""Arguments of experiment methods."""

from __future__ import annotations

import typing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Optional, Union

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvcli.experiment.arguments import ArgumentValueError, parameters_of, parse, takes_any

if TYPE_CHECKING:
    from decimal import Decimal


@pytest.mark.parametrize(
    ("word", "annotation", "expected"),
    [
        ("7", int, 7),
        ("7", float, 7.0),
        ("1e-3", float, 0.001),
        ("7", str, "7"),
        ("7", Any, "7"),
        ("yes", bool, True),
        ("False", bool, False),
        ("a, b", list, ["a", "b"]),
        ("", list[str], []),
        ("1,2", list[int], [1, 2]),
        ("[1, 2.5]", list[float], [1.0, 2.5]),
        ('[["a"], null]', list[Any], [["a"], None]),
        ("[true]", list[bool], [True]),
        ("1,2", typing.List[int], [1, 2]),  # noqa: UP006
        ("1,x", tuple[int, str], (1, "x")),
        ("1,2,3", tuple[int, ...], (1, 2, 3)),
        ("1,2", tuple, ("1", "2")),
        ("1,1", set[int], {1}),
        ('{"a": 1}', dict[str, int], {"a": 1}),
        ('{"a": 1}', dict, {"a": 1}),
        ("none", Optional[int], None),
        ("3", Optional[int], 3),
        ("null", str | None, None),
        ("3", Union[str, int], 3),
        ("x", Union[str, int], "x"),
        ("3", int | float, 3),
        ("3.5", int | float, 3.5),
        ("b", Literal["a", "b"], "b"),
        ("2", Literal[1, 2], 2),
        ("/x", Path, Path("/x")),
        ("7", Annotated[int, "pixels"], 7),
        ("x", complex, "x"),
        (7.5, int, 7.5),
    ],
)
def test_words_become_the_annotated_type(word: Any, annotation: Any, expected: Any) -> None:
    """A word is read as what the annotation says; what is no word is left alone."""
    assert (expected, type(expected)) == ((found := parse(word, annotation)), type(found))


@pytest.mark.parametrize(
    ("word", "annotation", "expected"),
    [
        ("x", int, "a whole number"),
        ("1.5", int, "a whole number"),
        ("x", float, "a number"),
        ("maybe", bool, "true or false"),
        ("x", Optional[int], "none or a whole number"),
        ("c", Literal["a", "b"], "one of a, b"),
        ("[1", list[int], "a list"),
        ("1,x", list[int], "a whole number"),
        ("1", tuple[int, int], "2 values"),
        ("[1]", dict, "a JSON object"),
    ],
)
def test_words_that_do_not_fit_say_what_is_wanted(
    word: str, annotation: Any, expected: str
) -> None:
    """A word of another type is an error that says what it must be."""
    with pytest.raises(ArgumentValueError, match=f"^{expected}$"):
        parse(word, annotation)


@given(st.lists(st.integers()))
def test_lists_of_numbers_come_back(numbers: list[int]) -> None:
    """A list of numbers written with commas or as JSON is read as that list."""
    assert numbers == parse(",".join(map(str, numbers)), list[int])
    assert numbers == parse(str(numbers), list[int])


def test_parameters_have_resolved_annotations() -> None:
    """Annotations written as text are resolved; what only type checkers know counts as any."""

    def method(a: int, *args: int, b: Decimal | None = None, **kwargs: str) -> None:
        """Take some."""

    found = {name: p.annotation for name, p in parameters_of(method).items()}
    assert {"a": int, "b": Any} == found
    assert takes_any(method)
    assert not takes_any(parse)
