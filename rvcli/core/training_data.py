"""TrainingData: chips with their windows and labels, held or read on demand."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from rvcli.core.box import Box


class TrainingData:
    """A sequence of (chip, window, labels).

    Items that were appended are held in memory. Those of `TrainingData.lazy` are read each
    time they are reached, so that a scene's chips are never in memory together.
    """

    def __init__(self) -> None:
        self._items: list[tuple[Box, Callable[[Box], tuple[Any, Any]]]] = []

    @classmethod
    def lazy(cls, windows: Iterable[Box], read: Callable[[Box], tuple[Any, Any]]) -> TrainingData:
        """Make training data that reads each item when it is reached.

        Args:
            windows: pixel coordinates, half-open.
            read: takes a window and returns (chip, labels): chip has shape (height, width,
                channels), labels are a Labels object.
        """
        data = cls()
        data._items.extend((window, read) for window in windows)
        return data

    def map(self, change: Callable[[Any, Box, Any], tuple[Any, Box, Any]]) -> TrainingData:
        """Return training data whose items go through `change` each time they are reached.

        Args:
            change: takes and returns (chip, window, labels); the window stays.
        """

        def changed(read: Callable[[Box], tuple[Any, Any]]) -> Callable[[Box], tuple[Any, Any]]:
            def read_changed(window: Box) -> tuple[Any, Any]:
                chip, labels = read(window)
                chip, _, labels = change(chip, window, labels)
                return chip, labels

            return read_changed

        data = TrainingData()
        data._items.extend((window, changed(read)) for window, read in self._items)
        return data

    def append(self, chip: Any, window: Box, labels: Any) -> None:
        """Add an item and hold it in memory.

        Args:
            chip: array of shape (height, width, channels).
            window: pixel coordinates of the chip in its scene, half-open.
            labels: Labels of the window.
        """
        self._items.append((window, lambda _: (chip, labels)))

    def shuffle(self, *, rng: random.Random | None = None) -> None:
        """Put the items in random order; `rng` is the source of randomness, if given."""
        (rng or random).shuffle(self._items)

    def __iter__(self) -> Iterator[tuple[Any, Box, Any]]:
        for window, read in self._items:
            chip, labels = read(window)
            yield chip, window, labels

    def __len__(self) -> int:
        return len(self._items)

    @property
    def windows(self) -> list[Box]:
        """The windows of all items; nothing is read."""
        return [window for window, _ in self._items]

    @property
    def chips(self) -> list[Any]:
        """The chips of all items, in memory together."""
        return [chip for chip, _, _ in self]

    @property
    def labels(self) -> list[Any]:
        """The labels of all items, in memory together."""
        return [labels for _, _, labels in self]
