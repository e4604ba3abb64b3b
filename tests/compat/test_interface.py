"""Every public name of the interface of old is there, and can be used as it was."""

from __future__ import annotations

import pytest

from rvcli.compat.interface import Item, items
from rvcli.compat.names import ABSENT, DIFFERENT
from rvcli.compat.presence import lost_calls, presence


@pytest.mark.parametrize("item", items(), ids=lambda item: item.path)
def test_every_name_is_there(item: Item) -> None:
    """A name is there with its bases, parameters, defaults and value, or is listed with a reason."""
    found = presence(item)
    if found.home and not found.differences:
        assert item.path not in {*ABSENT, *DIFFERENT}
    else:
        assert found.note, found.differences


def test_only_internals_of_tensorflow_are_absent() -> None:
    """No name of the interface is absent."""
    assert [] == [item.path for item in items() if not presence(item).home]


def f(one, two=2, *, three=3): ...


@pytest.mark.parametrize(
    ("parameters", "lost"),
    [
        ("one, two=2", []),
        ("one", []),
        ("one, two=3", ["two is 2 by default, was 3"]),
        ("one, too=2", ["takes other parameters by position: two", "cannot be called by keyword"]),
        ("one, two=2, three=3", ["cannot be called by position"]),
    ],
)
def test_calls_that_do_not_fit_are_found(parameters: str, lost: list[str]) -> None:
    """The comparison can fail: positions, keywords and defaults are looked at."""
    found = list(lost_calls(parameters, f))
    assert len(lost) == len(found)
    assert all(text.startswith(start) for text, start in zip(found, lost, strict=True))
