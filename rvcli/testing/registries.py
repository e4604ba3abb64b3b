"""Registries that last for one test."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from rvcli.plugins import FILE, LoadedPlugin, PluginSpec, load_plugins
from rvcli.registry import Registry, default, use


@contextmanager
def temporary_registry() -> Iterator[Registry]:
    """Put a registry in force that holds the built-ins and forgets all else afterwards.

    Register components with `Registrar(registry)`, as `register_plugin` does.
    """
    with use(Registry(parent=default())) as registry:
        yield registry


@contextmanager
def plugin_loaded(location: str | os.PathLike[str], kind: str = FILE) -> Iterator[LoadedPlugin]:
    """Put a registry in force that holds the built-ins and one plugin.

    Args:
        location: path or URI of the plugin, or the name of a module.
        kind: "file" or "module".

    Raises:
        PluginError: it does not load.
    """
    spec = PluginSpec(kind, os.fspath(location), "a test")
    with temporary_registry() as registry, tempfile.TemporaryDirectory() as cache_dir:
        yield load_plugins([spec], registry, strict=True, cache_dir=cache_dir)[0]
