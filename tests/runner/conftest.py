"""The workshop of the suite for runners, for tests of what is beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rvcli.testing.workshop import Workshop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Workshop]:
    """Put settings and a registry with the command WORK in force."""
    workshop = Workshop(str(tmp_path), {})
    yield workshop
    workshop.close()


@pytest.fixture
def folder(shop: Workshop) -> Path:
    """Give the folder of what commands write; its name has a space and a letter beyond ASCII."""
    path = Path(shop.uri())
    path.mkdir()
    return path
