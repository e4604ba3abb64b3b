"""The plan as a graph."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from rvcli.report.page.graph import MOST_NODES, nodes_of, plan_graph


def test_splits_are_one_node(make):
    """A hundred splits are one node that says how many of them failed."""
    splits = [
        make.step("CHIP", "town/ANALYZE", split=i, status="failed" if i < 2 else "done")
        for i in range(100)
    ]
    train = make.step("TRAIN", *(s.id for s in splits), "town/ANALYZE", status="not_run")
    nodes = {node.key: node for node in nodes_of([make.step("ANALYZE"), *splits, train])}

    chip = nodes["town/CHIP"]
    assert ("CHIP x 100", "failed", "2 failed, 98 done") == (chip.title, chip.status, chip.words)
    assert {"town/CHIP"} == nodes["town/TRAIN"].depends_on  # that on ANALYZE follows


def test_one_split_of_a_command_is_not_cut_short(make):
    """Two commands without splits stay two nodes."""
    nodes = nodes_of([make.step("CHIP"), make.step("TRAIN", "town/CHIP")])
    assert [("CHIP", "done, 1.5 s"), ("TRAIN", "done, 1.5 s")] == [
        (node.title, node.words) for node in nodes
    ]


def test_very_many_commands_are_grouped_by_their_kind(make):
    """More commands than can be drawn are a node for each kind."""
    steps = [make.step("COPY", split=None) for _ in range(1)]
    steps += [
        type(steps[0])(f"copy-{i}/COPY", "COPY", "", "done", depends_on=(f"copy-{i - 1}/COPY",))
        for i in range(MOST_NODES + 5)
    ]
    assert 1 == len(nodes_of(steps))


@pytest.mark.parametrize("downward", [False, True])
def test_nothing_is_drawn_over_another(make, downward):
    """Each node has its own place, within the drawing."""
    steps = [make.step("A"), *(make.step(n, "town/A") for n in "BCD"), make.step("E", "town/C")]
    svg = ElementTree.fromstring(str(plan_graph(steps, downward=downward)))

    places = [g.get("transform") for g in svg.iter("g")]
    assert 5 == len(set(places))
    assert 4 == len([p for p in svg.iter("path") if p.get("class") == "edge"])


def test_a_circle_ends():
    """A history that was edited by hand may have a circle: it is drawn all the same."""
    from rvcli.report.account import PlanStep

    steps = [
        PlanStep("a", "A", "", "odd", depends_on=("b",)),
        PlanStep("b", "B", "", "done", depends_on=("a",)),
    ]
    assert "<svg" in str(plan_graph(steps))
    assert "<svg" in str(plan_graph([]))
