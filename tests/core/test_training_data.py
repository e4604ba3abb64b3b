"""TrainingData: held and lazy items."""

from __future__ import annotations

import random

from rvcli.core import Box, TrainingData

WINDOWS = Box(0, 0, 40, 10).get_windows(10, 10)


def test_appended_items_come_back() -> None:
    """What was appended is iterated in its order."""
    data = TrainingData()
    data.append("chip a", WINDOWS[0], "labels a")
    data.append("chip b", WINDOWS[1], "labels b")
    assert list(data) == [
        ("chip a", WINDOWS[0], "labels a"),
        ("chip b", WINDOWS[1], "labels b"),
    ]
    assert len(data) == 2
    assert (data.chips, data.windows, data.labels) == (
        ["chip a", "chip b"],
        WINDOWS[:2],
        ["labels a", "labels b"],
    )


def test_lazy_items_are_read_when_reached() -> None:
    """Nothing is read for length, windows or shuffling; one item is read at each step."""
    reads: list[Box] = []

    def read(window: Box) -> tuple[str, str]:
        reads.append(window)
        return f"chip {window.ymin}", f"labels {window.ymin}"

    data = TrainingData.lazy(WINDOWS, read)
    data.shuffle(rng=random.Random(1))
    assert (len(data), set(data.windows), reads) == (4, set(WINDOWS), [])
    first = next(iter(data))
    assert reads == [first[1]]
    assert first == (f"chip {first[1].ymin}", first[1], f"labels {first[1].ymin}")


def test_shuffle_keeps_items_together() -> None:
    """Shuffling moves whole items, in the same way for the same seed."""
    orders = []
    for _ in range(2):
        data = TrainingData()
        for i, window in enumerate(WINDOWS):
            data.append(i, window, -i)
        data.shuffle(rng=random.Random(5))
        orders.append(list(data))
    assert orders[0] == orders[1]
    assert sorted(orders[0], key=lambda item: item[0]) == [
        (i, window, -i) for i, window in enumerate(WINDOWS)
    ]


def test_shuffle_without_a_generator() -> None:
    """The global generator serves where none is given."""
    data = TrainingData.lazy(WINDOWS, lambda window: (window, window))
    data.shuffle()
    assert set(data.windows) == set(WINDOWS)


def test_mapped_items_are_changed_when_reached() -> None:
    """Mapping reads nothing; each item is changed whenever it is reached."""
    reads: list[Box] = []

    def read(window: Box) -> tuple[int, str]:
        reads.append(window)
        return window.ymin, "labels"

    data = TrainingData.lazy(WINDOWS, read).map(lambda c, w, x: (c + 1, w, x.upper()))
    assert reads == []
    assert [(w.ymin + 1, w, "LABELS") for w in WINDOWS] == list(data)
