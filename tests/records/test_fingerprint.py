"""Fingerprints of plain values."""

from __future__ import annotations

import enum
import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvcli.errors import ConfigError
from rvcli.records.fingerprint import fingerprint, semantic

LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
PLAIN = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=12,
)


def shuffled(value: object, seed: int) -> object:
    """Return the value with the keys of all mappings in another order."""
    if isinstance(value, dict):
        items = [(k, shuffled(v, seed)) for k, v in value.items()]
        random.Random(seed).shuffle(items)
        return dict(items)
    if isinstance(value, list):
        return [shuffled(v, seed) for v in value]
    return value


@given(PLAIN, st.integers())
def test_order_of_keys_does_not_count(value: object, seed: int) -> None:
    """The same values in another order of keys have the same fingerprint."""
    assert fingerprint(value) == fingerprint(shuffled(value, seed))


@given(st.lists(LEAVES, unique_by=repr, min_size=2, max_size=2))
def test_different_leaves_differ(pair: list[object]) -> None:
    """Two values that differ in kind or content differ in fingerprint."""
    assert fingerprint(pair[0]) != fingerprint(pair[1])


def test_kinds_are_told_apart() -> None:
    """Values that Python holds for equal, or that look alike in text, differ."""
    values = [1, 1.0, True, "1", None, "None", "True", [], {}, [1], {"1": 1}, [["1", 1]], "", b"1"]
    for one, other in itertools.combinations(values, 2):
        assert fingerprint(one) != fingerprint(other), (one, other)


def test_nan_equals_nan() -> None:
    """NaN has one fingerprint, other than that of the text."""
    assert fingerprint({"a": float("nan")}) == fingerprint({"a": float("nan")})
    assert fingerprint(float("nan")) != fingerprint("nan")


def test_is_stable() -> None:
    """The fingerprint of a value stays what it is, or every record would be void."""
    value = {"b": [1, 2.5, None, True, "é\u0378"], "a": {"x": float("inf"), "y": ""}}
    expected = "f1347f7b2c5aba0011a1e5350d4437e744dab3c2b9ad97ab639a72efa21abbc3"
    assert expected == fingerprint(value)


def test_subclasses_count_as_their_base() -> None:
    """An enumeration, a tuple or a numpy-like float counts as the plain value that it is."""

    class Color(str, enum.Enum):
        RED = "red"

    class Level(enum.IntEnum):
        HIGH = 3

    class Real(float):
        pass

    given_values = {"a": Color.RED, "b": Level.HIGH, "c": Real(0.5), "d": (1, 2)}
    assert fingerprint({"a": "red", "b": 3, "c": 0.5, "d": [1, 2]}) == fingerprint(given_values)


@pytest.mark.parametrize("value", [{"a": object()}, {1: "a"}, [{2.0: 1}], {1, 2}])
def test_refuses_what_is_not_plain(value: object) -> None:
    """A value or key of another kind is an error that names it."""
    with pytest.raises(ConfigError, match="it is a"):
        fingerprint(value)


def test_semantic_drops_places_and_temporary_paths() -> None:
    """Where a command keeps its files does not count, nor a temporary path at any depth."""
    config = {
        "root_uri": "/out",
        "plugins": [1],
        "fingerprint": "x",
        "schema_version": 1,
        "tmp_dir": "/tmp/a",
        "task": {"chip_size": 300, "tmp_dir": "/tmp/b"},
        "scenes": [{"id": "a", "temp_dir": None}, 3],
        "names": ("a",),
    }
    expected = {"task": {"chip_size": 300}, "scenes": [{"id": "a"}, 3], "names": ["a"]}
    assert expected == semantic(config)
