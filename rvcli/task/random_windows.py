"""Windows at random places."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from rvcli.core.box import Box

# Windows drawn for each one that is wanted, before those that pass the filter are given up on.
_MAX_DRAWS_PER_WINDOW = 100
_DRAWS_AT_ONCE = 1000


def draw_windows(
    extent: Box,
    chip_size: int,
    wanted: int,
    filter_windows: Callable[[list[Box]], list[Box]],
    rng: random.Random,
    max_draws: int | None = None,
) -> Iterator[Box]:
    """Yield different windows that pass a filter, as many as wanted if there are so many.

    Args:
        extent: where windows lie, in pixels. Where it is smaller than a window, windows start at
            its upper left and reach beyond it.
        chip_size: width and height of a window in pixels.
        wanted: how many windows.
        filter_windows: gives those of a list that may be used.
        rng: source of randomness.
        max_draws: draws after which no more windows are looked for; by default 100 for each that
            is wanted.
    """
    room_y = max(0, extent.get_height() - chip_size)
    room_x = max(0, extent.get_width() - chip_size)
    seen: set[Box] = set()
    left = min(wanted, (room_y + 1) * (room_x + 1))
    draws_left = wanted * _MAX_DRAWS_PER_WINDOW if max_draws is None else max_draws
    while left > 0 and draws_left > 0:
        batch: list[Box] = []
        draws = min(wanted, _DRAWS_AT_ONCE)
        for _ in range(draws):
            y = extent.ymin + rng.randint(0, room_y)
            x = extent.xmin + rng.randint(0, room_x)
            window = Box.make_square(y, x, chip_size)
            if window not in seen:
                seen.add(window)
                batch.append(window)
        draws_left -= draws
        for window in filter_windows(batch)[:left]:
            left -= 1
            yield window
