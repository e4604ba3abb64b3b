"""Who makes what: edges from outputs to inputs, and an order in which to run."""

from __future__ import annotations

import heapq
import os
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import lru_cache

from rvcli.errors import PlanError
from rvcli.filesystem import absolute_uri, is_local


def normal(uri: str) -> str:
    """Return the form of a URI by which two names of one place are equal."""
    if uri.startswith("/"):
        return _normal_path(uri)
    return absolute_uri(uri) if is_local(uri) else uri.rstrip("/")


@lru_cache(maxsize=100_000)
def _normal_path(path: str) -> str:
    # POSIX keeps two leading slashes; nobody means them.
    return os.path.normpath(path).replace("//", "/", 1)


class Outputs:
    """The outputs of all commands, by place; a directory holds what lies below it.

    Commands are numbers. Where both do, a preferred command is the producer rather than
    another one.
    """

    def __init__(self, outputs: Sequence[Iterable[str]], preferred: Sequence[bool]) -> None:
        self._writers: dict[str, list[int]] = {}
        for command, uris in enumerate(outputs):
            for uri in uris:
                self._writers.setdefault(normal(uri), []).append(command)
        self._preferred = preferred
        self._sorted = sorted(self._writers)
        self._producers: dict[str, tuple[int, ...]] = {}
        self._around: dict[str, tuple[int, ...]] = {}

    def producers(self, uri: str) -> tuple[int, ...]:
        """Return the commands that make an input: it, a directory around it, or parts of it."""
        found = self._producers.get(uri)
        if found is None:
            commands = list(self.around(uri))
            for inner in self.inside(uri):
                commands += self._best(self._writers[inner])
            found = self._producers[uri] = tuple(sorted(set(commands)))
        return found

    def around(self, uri: str) -> tuple[int, ...]:
        """Return the commands that make a place, or else the nearest directory around it."""
        found = self._around.get(uri)
        if found is None:
            place = normal(uri)
            while place and place not in self._writers and not place.endswith("/"):
                place = place.rpartition("/")[0]
            found = self._around[uri] = tuple(self._best(self._writers.get(place, [])))
        return found

    def inside(self, uri: str) -> list[str]:
        """List the outputs that lie strictly below a place."""
        prefix = normal(uri).rstrip("/") + "/"
        start = bisect_left(self._sorted, prefix)
        # "0" follows "/" in the order of characters.
        end = bisect_left(self._sorted, prefix[:-1] + "0")
        return self._sorted[start:end]

    def writers(self) -> list[tuple[str, list[int]]]:
        """List each output with the commands that write this very place."""
        return list(self._writers.items())

    def _best(self, commands: list[int]) -> list[int]:
        return [c for c in commands if self._preferred[c]] or list(commands)


def topological(upstream: Sequence[Iterable[int]], names: Sequence[str]) -> list[int]:
    """Order commands so that each follows what it depends on, else as they were given.

    Args:
        upstream: for each command, those that it depends on.
        names: of the commands, for the message.

    Raises:
        PlanError: commands depend on each other in a circle; it is named.
    """
    waiting = [set(commands) for commands in upstream]
    downstream: list[list[int]] = [[] for _ in waiting]
    for command, before in enumerate(waiting):
        for other in before:
            downstream[other].append(command)
    ready = [command for command, before in enumerate(waiting) if not before]
    order: list[int] = []
    while ready:
        command = heapq.heappop(ready)
        order.append(command)
        for other in downstream[command]:
            waiting[other].discard(command)
            if not waiting[other]:
                heapq.heappush(ready, other)
    if len(order) < len(waiting):
        circle = " -> ".join(names[command] for command in _circle(waiting))
        raise PlanError(
            f"commands depend on each other in a circle: {circle}",
            hint="one of them reads what it can only get from itself; give it another input",
        )
    return order


def _circle(waiting: Sequence[set[int]]) -> list[int]:
    """Return one circle, in the order in which commands run, its first command repeated."""
    command = next(c for c, before in enumerate(waiting) if before)
    path: list[int] = []
    while command not in path:
        path.append(command)
        command = min(waiting[command])
    circle = path[path.index(command) :][::-1]
    return [circle[-1], *circle]
