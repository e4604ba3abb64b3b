"""TrainingData: chips with their windows and labels, held or read on demand."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from rvcli.core.box import Box

# Takes a window and returns its chip and labels.
_Read: TypeAlias = Callable[[Box], "tuple[Any, Any]"]


class TrainingData:
    """A sequence of (chip, window, labels).

    Items that were appended are held in memory. Those of `TrainingData.lazy` are read each
    time they are reached, so that a scene's chips are never in memory together; what is changed
    in such a chip is lost, unless the data was held before.
    """

    def __init__(self) -> None:
        self._chips: list[Any] = []
        self._windows: list[Box] = []
        self._labels: list[Any] = []
        # Of lazy data; the lists are empty then.
        self._unread: list[tuple[Box, _Read]] | None = None

    @classmethod
    def lazy(cls, windows: Iterable[Box], read: _Read) -> TrainingData:
        """Make training data that reads each item when it is reached.

        Args:
            windows: pixel coordinates, half-open.
            read: takes a window and returns (chip, labels): chip has shape (height, width,
                channels), labels are a Labels object.
        """
        data = cls()
        data._unread = [(window, read) for window in windows]
        return data

    def map(self, change: Callable[[Any, Box, Any], tuple[Any, Box, Any]]) -> TrainingData:
        """Return training data whose items go through `change` each time they are reached.

        Args:
            change: takes and returns (chip, window, labels); the window stays.
        """

        def changed(read: _Read) -> _Read:
            def read_changed(window: Box) -> tuple[Any, Any]:
                chip, labels = read(window)
                chip, _, labels = change(chip, window, labels)
                return chip, labels

            return read_changed

        data = TrainingData()
        data._unread = [(window, changed(read)) for window, read in self._reads()]
        return data

    def hold(self) -> None:
        """Read all items and keep them in memory together, to be changed in place."""
        if self._unread is None:
            return
        for chip, window, labels in self:
            self._chips.append(chip)
            self._windows.append(window)
            self._labels.append(labels)
        self._unread = None

    def append(self, chip: Any, window: Box, labels: Any) -> None:
        """Add an item and hold it in memory.

        Args:
            chip: array of shape (height, width, channels).
            window: pixel coordinates of the chip in its scene, half-open.
            labels: Labels of the window.
        """
        if self._unread is not None:
            self._unread.append((window, _giving(chip, labels)))
            return
        self._chips.append(chip)
        self._windows.append(window)
        self._labels.append(labels)

    def shuffle(self, *, rng: random.Random | None = None) -> None:
        """Put the items in random order; `rng` is the source of randomness, if given."""
        draw = rng or random
        if self._unread is not None:
            draw.shuffle(self._unread)
            return
        order = list(range(len(self)))
        draw.shuffle(order)
        for column in (self._chips, self._windows, self._labels):
            column[:] = [column[i] for i in order]

    def __iter__(self) -> Iterator[tuple[Any, Box, Any]]:
        if self._unread is None:
            yield from zip(self._chips, self._windows, self._labels, strict=True)
            return
        for window, read in self._unread:
            chip, labels = read(window)
            yield chip, window, labels

    def __len__(self) -> int:
        return len(self._windows if self._unread is None else self._unread)

    @property
    def windows(self) -> list[Box]:
        """The windows of all items; nothing is read."""
        if self._unread is None:
            return self._windows
        return [window for window, _ in self._unread]

    @windows.setter
    def windows(self, windows: list[Box]) -> None:
        self.hold()
        self._windows = windows

    @property
    def chips(self) -> list[Any]:
        """The chips of all items, which are held in memory together from then on."""
        self.hold()
        return self._chips

    @chips.setter
    def chips(self, chips: list[Any]) -> None:
        self.hold()
        self._chips = chips

    @property
    def labels(self) -> list[Any]:
        """The labels of all items, which are held in memory together from then on."""
        self.hold()
        return self._labels

    @labels.setter
    def labels(self, labels: list[Any]) -> None:
        self.hold()
        self._labels = labels

    def _reads(self) -> list[tuple[Box, _Read]]:
        if self._unread is not None:
            return self._unread
        return [(window, _giving(chip, labels)) for chip, window, labels in self]


def _giving(chip: Any, labels: Any) -> _Read:
    return lambda _: (chip, labels)
