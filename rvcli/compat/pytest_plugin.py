"""Serves old code in the processes of pytest-xdist, as in the process that starts them."""

from __future__ import annotations

from contextlib import ExitStack

from rvcli.cli.state import State
from rvcli.compat.alias import serving

# Before pytest imports a conftest.py; plugins are imported first.
_served = ExitStack()
_served.enter_context(serving())
_served.enter_context(State().session())


def pytest_unconfigure() -> None:
    """Serve no longer."""
    _served.close()
