"""The plan of a run as a graph: SVG in layers, splits of a command as one node."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from rvcli.report.account import PlanStep
from rvcli.report.page.formats import plural, seconds

if TYPE_CHECKING:
    from markupsafe import Markup

MOST_NODES = 24
MOST_LETTERS = 24
NODE_WIDTH, NODE_HEIGHT = 148, 50
GAP_ALONG, GAP_ACROSS, MARGIN = 40, 18, 6

# The first that a node's steps have is the colour of all.
STATUSES = {
    "failed": "failed",
    "cancelled": "cancelled",
    "blocked": "blocked",
    "not_run": "not run",
    "unknown": "not finished",
    "done": "done",
    "up_to_date": "up to date",
    "duplicate": "duplicate",
}


@dataclass(frozen=True)
class Node:
    """Steps that are drawn as one.

    Attributes:
        depends_on: keys of nodes; none that follows from the others.
    """

    key: str
    title: str
    steps: tuple[PlanStep, ...]
    depends_on: frozenset[str] = frozenset()

    @property
    def status(self) -> str:
        """What is most worth knowing of its steps."""
        own = {step.status for step in self.steps}
        return next((status for status in STATUSES if status in own), "unknown")

    @property
    def words(self) -> str:
        """Its status; of more than one step, how many there are of each."""
        if len(self.steps) == 1:
            took = self.steps[0].seconds
            word = STATUSES.get(self.status, self.status)
            return f"{word}, {seconds(took)}" if took and self.status == "done" else word
        counts = {s: sum(step.status == s for step in self.steps) for s in STATUSES}
        return ", ".join(f"{n} {STATUSES[s]}" for s, n in counts.items() if n)


def nodes_of(steps: Iterable[PlanStep]) -> list[Node]:
    """Group steps: the splits of a command; where that is too many nodes, all of one kind."""
    steps = list(steps)
    names = {step.id: _without_split(step) for step in steps}
    if len(set(names.values())) > MOST_NODES:
        names = {step.id: step.command_type or step.id for step in steps}
    own = {step.experiment_id for step in steps if step.experiment_id}
    groups: dict[str, list[PlanStep]] = {}
    for step in steps:
        groups.setdefault(names[step.id], []).append(step)
    direct = {
        key: {names[d] for step in members for d in step.depends_on if d in names} - {key}
        for key, members in groups.items()
    }
    reduced = _reduced(direct)
    return [
        Node(key, _title(key, members, len(own)), tuple(members), frozenset(reduced[key]))
        for key, members in groups.items()
    ]


def plan_graph(steps: Iterable[PlanStep], *, downward: bool = False) -> Markup:
    """Return an SVG of the plan.

    Args:
        steps: of a plan, in any order.
        downward: layers from top to bottom, for narrow windows, and not from left to right.
    """
    from markupsafe import Markup, escape

    layout = _Layout(nodes_of(steps), downward)
    width, height = layout.size
    parts = [
        f'<svg class="plan" width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
        f' role="img" aria-label="{escape(_describe(layout.nodes))}">'
    ]
    for node in layout.nodes:
        parts += [
            f'<path class="edge" d="{layout.edge(key, node.key)}"/>'
            for key in sorted(node.depends_on)
        ]
    for node in layout.nodes:
        x, y = layout.places[node.key]
        parts.append(
            f'<g class="node status-{node.status}" transform="translate({x} {y})">'
            f"<title>{escape(_tooltip(node))}</title>"
            f'<rect width="{NODE_WIDTH}" height="{NODE_HEIGHT}" rx="9"/>'
            f'<circle cx="15" cy="18" r="4"/>'
            f'<text class="node-title" x="26" y="22">{escape(_short(node.title, 15))}</text>'
            f'<text x="15" y="39">{escape(_short(node.words, MOST_LETTERS))}</text></g>'
        )
    return Markup("".join([*parts, "</svg>"]))


class _Layout:
    """Places nodes in layers: each behind all that it depends on."""

    def __init__(self, nodes: list[Node], downward: bool) -> None:
        self.nodes = nodes
        self.downward = downward
        depths = _depths({node.key: node.depends_on for node in nodes})
        self._layers: dict[int, list[str]] = {}
        for node in nodes:
            self._layers.setdefault(depths[node.key], []).append(node.key)

    @cached_property
    def places(self) -> dict[str, tuple[int, int]]:
        """The left upper corner of each node."""
        along, across = self._steps
        most = max(map(len, self._layers.values()), default=1)
        places = {}
        for depth, keys in self._layers.items():
            shift = (most - len(keys)) * across // 2
            for i, key in enumerate(keys):
                place = (MARGIN + depth * along, MARGIN + shift + i * across)
                places[key] = (place[1], place[0]) if self.downward else place
        return places

    @property
    def _steps(self) -> tuple[int, int]:
        width, height = NODE_WIDTH, NODE_HEIGHT
        if self.downward:
            width, height = height, width
        return width + GAP_ALONG - 10 * self.downward, height + GAP_ACROSS

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the drawing."""
        corners = list(self.places.values()) or [(0, 0)]
        width = max(x for x, _ in corners) + NODE_WIDTH + MARGIN
        return width, max(y for _, y in corners) + NODE_HEIGHT + MARGIN

    def edge(self, source: str, target: str) -> str:
        """Return the path of an arrow, its head included."""
        (x0, y0), (x1, y1) = self.places[source], self.places[target]
        if self.downward:
            x0, y0, x1 = x0 + NODE_WIDTH // 2, y0 + NODE_HEIGHT, x1 + NODE_WIDTH // 2
            middle = (y0 + y1) // 2
            head = f"M{x1 - 4} {y1 - 6}L{x1} {y1 - 1}L{x1 + 4} {y1 - 6}"
            return f"M{x0} {y0}C{x0} {middle} {x1} {middle} {x1} {y1 - 1}{head}"
        x0, y0, y1 = x0 + NODE_WIDTH, y0 + NODE_HEIGHT // 2, y1 + NODE_HEIGHT // 2
        middle = (x0 + x1) // 2
        head = f"M{x1 - 6} {y1 - 4}L{x1 - 1} {y1}L{x1 - 6} {y1 + 4}"
        return f"M{x0} {y0}C{middle} {y0} {middle} {y1} {x1 - 1} {y1}{head}"


def _without_split(step: PlanStep) -> str:
    head, _, last = step.id.rpartition("/")
    return head if last.isdecimal() and "/" in head else step.id


def _title(key: str, steps: list[PlanStep], experiments: int) -> str:
    """Name a node by its command; by its whole id where that does not tell it apart."""
    first = steps[0]
    name = first.command_type or key
    if experiments > 1 or not first.experiment_id:
        name = key
    return f"{name} x {len(steps)}" if len(steps) > 1 else name


def _reduced(direct: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Return dependencies without those that follow from others."""
    reach: dict[str, set[str]] = {}

    def reached(key: str) -> set[str]:
        if key not in reach:
            reach[key] = set()  # also ends a circle, which no plan has
            reach[key] = set(direct[key]).union(*(reached(k) for k in direct[key]))
        return reach[key]

    return {
        key: {k for k in keys if not any(k in reached(other) for other in keys - {k})}
        for key, keys in direct.items()
    }


def _depths(depends_on: Mapping[str, Iterable[str]]) -> dict[str, int]:
    depths: dict[str, int] = {}

    def depth(key: str) -> int:
        if key not in depths:
            depths[key] = 0
            depths[key] = max((depth(k) + 1 for k in depends_on[key]), default=0)
        return depths[key]

    for key in depends_on:
        depth(key)
    return depths


def _describe(nodes: list[Node]) -> str:
    if not nodes:
        return "an empty plan"
    return f"plan of {plural(len(nodes), 'step')}: " + "; ".join(
        f"{node.title} {node.words}" for node in nodes
    )


def _tooltip(node: Node) -> str:
    reasons = dict.fromkeys(s.detail or s.reason for s in node.steps if s.detail or s.reason)
    return "\n".join([f"{node.title}: {node.words}", *list(reasons)[:5]])


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
