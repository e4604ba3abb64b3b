"""From text to values: lists and declared types."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvcli.profile import load_conf_list
from rvcli.profile.convert import convert
from rvcli.profile.options import Option
from rvcli.profile.paths import absolute


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b", ["a", "b"]),
        ('["a", "b"]', ["a", "b"]),
        ("['a']", ["a"]),
        ("['a', 'b, c']", ["a", "b, c"]),
        ("a", ["a"]),
        ("", []),
        ("[]", []),
        ("a,", ["a"]),
        ("a\nb", ["a", "b"]),
        ("[a, b]", ["a", "b"]),
        ("it's", ["it's"]),
        (["a", 1], ["a", "1"]),
        (None, []),
    ],
)
def test_lists(text, expected):
    """Every form in which profiles of the last years write a list is understood."""
    assert expected == load_conf_list(text)


def test_an_open_list_is_refused():
    """A bracket that is not closed is an error, not a name."""
    with pytest.raises(ValueError, match="not closed"):
        load_conf_list('["a", "b"')


@given(st.lists(st.text()))
def test_json_lists_round_trip(items):
    """A JSON list is read back as it was written."""
    assert items == load_conf_list(json.dumps(items))


def option(kind, **kwargs):
    """Declare an option of some type."""
    return Option("S", "k", kind, kwargs.pop("default", None), "doc", **kwargs)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("int", "3", 3),
        ("int", 3, 3),
        ("int", " 3 ", 3),
        ("int", "", None),
        ("float", "1.5", 1.5),
        ("float", 2, 2.0),
        ("float", "", None),
        ("bool", "Yes", True),
        ("bool", "off", False),
        ("bool", "", False),
        ("bool", True, True),
        ("text", "'quoted'", "quoted"),
        ("text", 5, "5"),
        ("text", "", None),
        ("text", None, None),
        ("path", "a/../b", "/base/b"),
        ("path", "s3://a/b", "s3://a/b"),
        ("path", "", None),
        ("list", "a,b", ["a", "b"]),
    ],
)
def test_types(kind, value, expected):
    """Each declared type takes text and TOML values."""
    assert expected == convert(option(kind), value, "/base")


def test_a_choice_takes_its_values_in_any_case():
    """A choice is one of its values; an empty one is the default."""
    choice = option("choice", default="warn", choices=("warn", "error"))

    assert ["error", "warn"] == [convert(choice, text, "") for text in ("Error", "")]


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        ("int", "many", "is no whole number"),
        ("int", 1.5, "is no whole number"),
        ("float", "x", "is no number"),
        ("float", "nan", "is no finite number"),
        ("bool", "perhaps", "is neither true nor false"),
        ("text", ["a"], "is no text"),
        ("choice", "c", "is none of a, b"),
        ("list", {"a": 1}, "is no list"),
    ],
)
def test_wrong_types(kind, value, message):
    """A value of another type is refused in words."""
    with pytest.raises(ValueError, match=message):
        convert(option(kind, choices=("a", "b")), value, "")


def test_the_minimum_holds():
    """A number below the declared minimum is refused."""
    with pytest.raises(ValueError, match="is less than 1"):
        convert(option("int", minimum=1), "0", "")


def test_a_name_with_a_tilde_is_kept():
    """`~name` without such a user is a file name."""
    assert absolute("/base/~nobody-of-this-name") == absolute("~nobody-of-this-name", "/base")
