"""Parts for the tests of records."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rvcli.records.digests import DigestCache
from rvcli.records.identity import Identities


@pytest.fixture
def digests(tmp_path: Path) -> DigestCache:
    """A digest cache of its own."""
    return DigestCache(tmp_path / "cache" / "digests.sqlite")


@pytest.fixture
def identities(digests: DigestCache) -> Identities:
    """Identities with a cache of their own."""
    return Identities(digests)


@pytest.fixture
def settle() -> Callable[[], None]:
    """Wait until files just written are old enough to be remembered."""
    return lambda: time.sleep(0.07)
