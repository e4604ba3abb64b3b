"""Plugins of the era of `rastervision`, loaded as its profiles loaded them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from rvcli.compat import serving
from rvcli.plugins import PluginSpec, load_plugins
from rvcli.testing import temporary_registry

PLUGINS = Path(__file__).parent / "plugins"


@pytest.fixture
def old() -> Iterator[Any]:
    """Give a function that loads a plugin of this directory and returns its module."""
    with serving(), temporary_registry() as registry:

        def load(name: str) -> ModuleType:
            path = PLUGINS / f"{name}.py"
            load_plugins([PluginSpec("file", str(path))], registry, strict=True, cache_dir="unused")
            found = (m for m in sys.modules.values() if getattr(m, "__file__", None) == str(path))
            return next(found)

        yield load
