"""The same call for many items, a few at a time: for what waits for other machines."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextvars import copy_context
from typing import TypeVar

THREADS = 16

T = TypeVar("T")
R = TypeVar("R")


def in_threads(call: Callable[[T], R], items: Iterable[T], most: int = THREADS) -> list[R]:
    """Call with each item in a few threads, each in a copy of this context.

    Args:
        call: may be called several times at once.
        items: one for each call.
        most: how many calls there are at once.

    Returns:
        What the calls return, in the order of the items. The first error, in this order, ends
        those that have not started.
    """
    wanted = list(items)
    if len(wanted) < 2:
        return [call(item) for item in wanted]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(min(most, len(wanted)), thread_name_prefix="rv") as pool:
        # The settings and the registry in force are those of the context.
        futures = [pool.submit(copy_context().run, call, item) for item in wanted]
        try:
            return [future.result() for future in futures]
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
