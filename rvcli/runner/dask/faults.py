"""What goes wrong with a Dask cluster, and how it is said."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from rvcli.errors import RvError

CLOSE_S = 15.0
# In Python 3.10 these were different errors.
LOST = (OSError, TimeoutError, asyncio.TimeoutError)


class DaskError(RvError):
    """A Dask cluster cannot be used."""


def close(part: Any) -> None:
    """Close a client or a cluster, which may have gone already, or never come to be."""
    with suppress(*LOST, RuntimeError, AttributeError):
        part.close(timeout=CLOSE_S)


def worded(error: BaseException) -> str:
    """Say an error in one line."""
    return " ".join(str(error).split()) or type(error).__name__
