"""Who makes what, and the order that follows."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rvcli.dag.graph import Outputs, normal, topological
from rvcli.errors import PlanError


@st.composite
def acyclic(draw: st.DrawFn) -> list[set[int]]:
    """Draw for each command those it depends on, without circles, in shuffled numbers."""
    size = draw(st.integers(0, 12))
    rank = draw(st.permutations(range(size)))
    upstream = []
    for number in range(size):
        earlier = [other for other in range(size) if rank[other] < rank[number]]
        upstream.append(set(draw(st.lists(st.sampled_from(earlier)))) if earlier else set())
    return upstream


@given(acyclic())
def test_order_respects_every_edge(upstream: list[set[int]]) -> None:
    """Every command comes once, after all that it depends on."""
    order = topological(upstream, [str(n) for n in range(len(upstream))])
    assert sorted(order) == list(range(len(upstream)))
    place = {command: index for index, command in enumerate(order)}
    for command, before in enumerate(upstream):
        assert all(place[other] < place[command] for other in before)


@given(acyclic())
def test_order_is_stable(upstream: list[set[int]]) -> None:
    """Of commands that could run, the one that was given first comes first."""
    order = topological(upstream, [str(n) for n in range(len(upstream))])
    done: set[int] = set()
    for command in order:
        ready = [c for c, before in enumerate(upstream) if c not in done and before <= done]
        assert ready[0] == command
        done.add(command)


def test_circle_is_named() -> None:
    """Commands that depend on each other in a circle are named in the order they would run."""
    with pytest.raises(PlanError, match="in a circle: b -> c -> d -> b"):
        topological([set(), {0, 3}, {1}, {2}, {3}], ["a", "b", "c", "d", "e"])


def test_places_have_one_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trailing slashes, dots, file:// and relative paths do not make another place."""
    monkeypatch.chdir(tmp_path)
    names = ["/a/b", "/a/b/", "/a/./b", "/a/c/../b", "//a/b", "file:///a/b"]
    assert {"/a/b"} == {normal(name) for name in names}
    assert f"{tmp_path}/x" == normal("x")
    assert "s3://a/b" == normal("s3://a/b/")


@pytest.fixture
def outputs() -> Outputs:
    """0 writes a file, 1 and 2 a directory, 3 a file in it, 4 an object; 5 is not preferred."""
    return Outputs(
        [["/o/stats.json"], ["/o/chips"], ["/o/chips/"], ["/o/chips/x/a.npy"], ["s3://b/k"],
         ["/o/stats.json", "/o/old"]],
        [True, True, True, True, True, False],
    )  # fmt: skip


def test_producers(outputs: Outputs) -> None:
    """An input is made by who writes it, a directory around it, or parts of it."""
    assert (0,) == outputs.producers("/o/stats.json")
    assert (1, 2) == outputs.producers("/o/chips/train/s.npy")
    assert (1, 2, 3) == outputs.producers("/o/chips")
    assert (3,) == outputs.producers("/o/chips/x/a.npy")
    assert (0, 1, 2, 3, 5) == outputs.producers("/o")
    assert (4,) == outputs.producers("s3://b/k/part")
    assert () == outputs.producers("/o/chips2")
    assert () == outputs.producers("s3://b")[1:]


def test_preferred_commands_win(outputs: Outputs) -> None:
    """A command that is not preferred counts only where no other does."""
    assert (5,) == outputs.producers("/o/old/x")
    assert (0,) == outputs.around("/o/stats.json")


def test_inside_is_strictly_below(outputs: Outputs) -> None:
    """What is inside a place lies below it, and is not just named alike."""
    assert ["/o/chips/x/a.npy"] == outputs.inside("/o/chips")
    assert [] == outputs.inside("/o/chip")
    assert ["/o/chips", "/o/chips/x/a.npy", "/o/old", "/o/stats.json"] == outputs.inside("/")
    assert ["s3://b/k"] == outputs.inside("s3://b")
