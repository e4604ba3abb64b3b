"""Every public name of the interface of old is there, and can be used as it was."""

from __future__ import annotations

import pytest

from rvcli.compat.interface import items, modules
from rvcli.compat.names import ABSENT, DIFFERENT
from rvcli.compat.presence import lost_calls, presence


@pytest.mark.parametrize("module", modules())
def test_every_name_is_there(module: str) -> None:
    """Names are there with bases, parameters, defaults and values, or say why they are not."""
    found = {item.path: presence(item) for item in items() if item.module == module}
    changed = {path: f.differences for path, f in found.items() if not f.home or f.differences}
    assert {} == {path: why for path, why in changed.items() if not found[path].note}
    noted = {path for path in found if path in {*ABSENT, *DIFFERENT}}
    assert noted <= set(changed), "what is the same again needs no note"


def test_only_internals_of_tensorflow_are_absent() -> None:
    """No name of the interface is absent."""
    assert [] == [item.path for item in items() if not presence(item).home]


def called(one: int, two: int = 2, *, three: int = 3) -> None:
    """Take parameters."""


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
    found = list(lost_calls(parameters, called))
    assert len(lost) == len(found)
    assert all(text.startswith(start) for text, start in zip(found, lost, strict=True))
