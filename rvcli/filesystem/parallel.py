"""Transfers side by side."""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor


def in_parallel(tasks: Iterable[Callable[[], None]], threads: int) -> None:
    """Run tasks on a few threads; the first error ends those that have not started."""
    with ThreadPoolExecutor(threads, thread_name_prefix="rv-transfer") as pool:
        # The settings in force are those of the context.
        futures = [pool.submit(contextvars.copy_context().run, task) for task in tasks]
        try:
            for future in futures:
                future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
