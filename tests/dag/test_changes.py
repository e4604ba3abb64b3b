"""Differences between a plan and a record, in words."""

from __future__ import annotations

from typing import Any

import pytest

from rvcli.dag.changes import Change, content_changes, in_words, input_changes, shown
from rvcli.dag.content import Content, Input


def content(**changes: Any) -> Content:
    """Return what a command does."""
    values: dict[str, Any] = {
        "command_type": "CHIP",
        "config": {"task": {"chip_size": 256}, "scenes": [{"id": "a"}]},
        "plugins": [{"uri": "/p/x.py", "sha256": "1"}],
        "components": {"rvcli StatsTransformer": 2},
        "digest": "",
        **changes,
    }
    return Content(**values)


BEFORE: dict[str, Any] = {
    "command_type": "CHIP",
    "config": {"task": {"chip_size": 256}, "scenes": [{"id": "a"}]},
    "plugins": [{"uri": "/p/x.py", "sha256": "1"}],
    "components": {"rvcli StatsTransformer": 2},
}


def texts(before: dict[str, Any], now: Content) -> list[str]:
    """Return the changes in words."""
    return [change.text for change in content_changes({**BEFORE, **before}, now)]


def test_nothing_changed() -> None:
    """The same content has no changes."""
    assert [] == texts({}, content())


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (
            {"task": {"chip_size": 300}, "scenes": [{"id": "a"}]},
            ["config.task.chip_size: 300 -> 256"],
        ),
        (
            {"task": {"chip_size": 256.0}, "scenes": [{"id": "a"}]},
            ["config.task.chip_size: 256.0 -> 256"],
        ),
        (
            {"task": {"chip_size": 256, "name": "x"}, "scenes": [{"id": "b"}, 3]},
            [
                'config.task.name: "x" -> not set',
                'config.scenes[0].id: "b" -> "a"',
                "config.scenes[1]: 3 -> not set",
            ],
        ),
        ({"task": None, "scenes": []}, None),
    ],
)
def test_fields(config: dict[str, Any], expected: list[str] | None) -> None:
    """Each field that differs is named by its path, with both values."""
    found = texts({"config": config}, content())
    if expected is None:
        expected = [
            'config.task: not set -> {"chip_size": 256}',
            'config.scenes[0]: not set -> {"id": "a"}',
        ]
    assert expected == found


def test_nan_is_no_change() -> None:
    """NaN in both is no change."""
    nan = {"x": float("nan")}
    assert [] == texts({"config": dict(nan)}, content(config={"x": float("nan")}))


def test_command_type() -> None:
    """Another command in the same place is a change."""
    assert ['command_type: "TRAIN" -> "CHIP"'] == texts({"command_type": "TRAIN"}, content())


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ([{"uri": "/p/x.py", "sha256": "0"}], None, ["plugin x.py: its content changed"]),
        ([{"uri": "/moved/x.py", "sha256": "1"}], None, []),
        ([{"uri": "/moved/y.py", "sha256": "1"}], None, []),
        ([], None, ["plugin x.py is new"]),
        (
            [{"uri": "/p/x.py", "sha256": "1"}, {"module": "m", "sha256": "2"}],
            None,
            ["plugin m is no longer used"],
        ),
        (
            [{"distribution": "d", "version": "1"}],
            [{"distribution": "d", "version": "2"}],
            ["plugin d: d==1 -> d==2"],
        ),
    ],
)
def test_plugins(
    before: list[dict[str, str]], now: list[dict[str, str]] | None, expected: list[str]
) -> None:
    """A plugin counts by its digest or version, not by where it lies."""
    after = content() if now is None else content(plugins=now)
    assert expected == texts({"plugins": before}, after)


def test_components() -> None:
    """Components are named with both versions; those that come and go are told too."""
    before = {"components": {"rvcli StatsTransformer": 1, "Mine": 1}}
    now = content(components={"rvcli StatsTransformer": 2, "Other": 1})
    expected = [
        "rvcli StatsTransformer version 1 -> 2",
        "Mine no longer takes part",
        "Other takes part",
    ]
    assert expected == texts(before, now)


def old(uri: str, identity: str) -> dict[str, str]:
    """Return an input as a record has it."""
    return {"uri": uri, "identity": identity}


def test_inputs() -> None:
    """Inputs that changed, came, went or were made anew are told apart."""
    before = [old("/a", "1"), old("/b", "1"), old("/c", "1"), old("/d", "1"), old("/e", "1")]
    now = [
        Input("/a", "1"),
        Input("/b", "2"),
        Input("/d", "2", "exp/CHIP"),
        Input("/e", "2", "exp/TRAIN"),
        Input("/f", "1"),
    ]
    expected = [
        "input /b: its content changed",
        "input /d: exp/CHIP made it anew",
        "consumes outputs of exp/TRAIN, which runs",
        "input /f is new",
        "input /c is no longer read",
    ]
    changes = input_changes(before, now, {"exp/TRAIN"})
    assert expected == [change.text for change in changes]
    assert Change("inputs./b", "1", "2", expected[0]) == changes[0]


def test_inputs_of_several_splits() -> None:
    """An input that several splits make is one input."""
    before = [old("/chips", "1"), old("/chips", "2")]
    now = [Input("/chips", "3", "exp/CHIP/1"), Input("/chips", "1", "exp/CHIP/0")]
    words = [c.text for c in input_changes(before, now, {"exp/CHIP/1", "exp/CHIP/0"})]
    assert ["consumes outputs of exp/CHIP/0 and 1 more, which run"] == words
    assert [] == input_changes(before, [Input("/chips", "2"), Input("/chips", "1")])


def test_words_are_bounded() -> None:
    """Of many changes the first is said, and how many more there are; long values are cut."""
    changes = [Change(f"config.{n}", n, n + 1) for n in range(12)]
    assert "config.0: 0 -> 1 and 11 more" == in_words(changes)
    assert "config.0: 0 -> 1" == in_words(changes[:1] * 2)
    assert 60 == len(shown("x" * 1000))


def test_to_dict() -> None:
    """A change is plain values for JSON."""
    expected = {"path": "config.x", "old": 1, "new": None, "text": "config.x: 1 -> not set"}
    assert expected == Change("config.x", 1, None).to_dict()
