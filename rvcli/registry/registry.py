"""The registry: (group, key) -> component, for built-ins and plugins alike."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from rvcli.errors import MissingDependencyError, RegistryError, nearest
from rvcli.registry.lookups import Lookups, builder_of


@dataclass(frozen=True)
class Origin:
    """Where a component comes from.

    Attributes:
        kind: "builtin", "file", "module", "distribution" or "code".
        location: the plugin's URI, module or distribution name; "rvcli" for built-ins.
    """

    kind: str
    location: str

    def __str__(self) -> str:
        return "rvcli" if self.kind == "builtin" else self.location


BUILTIN = Origin("builtin", "rvcli")
CODE = Origin("code", "registered by code")


@dataclass(frozen=True)
class Entry:
    """One registered component: a class, or a lazy `"package.module:Name"`."""

    group: str
    key: str
    component: Any
    origin: Origin
    extra: str | None = None

    def load(self) -> Any:
        """Return the component, imported if it was given as a string.

        Raises:
            MissingDependencyError: a package that the component needs is not installed.
        """
        if not isinstance(self.component, str):
            return self.component
        module_name, _, attribute = self.component.partition(":")
        try:
            module = importlib.import_module(module_name)
        except ImportError as e:
            if self.extra is None or (e.name or "").partition(".")[0] == "rvcli":
                raise
            raise MissingDependencyError(
                f"{self.group} {self.key!r} needs the package {e.name!r}, which is not installed",
                hint=f"pip install 'rvcli[{self.extra}]'",
            ) from e
        return getattr(module, attribute)


_recorders: ContextVar[tuple[set[Entry], ...]] = ContextVar("rvcli_recorders", default=())


@contextmanager
def recording() -> Iterator[set[Entry]]:
    """Collect every entry that is looked up inside the block, in any registry."""
    used: set[Entry] = set()
    token = _recorders.set((*_recorders.get(), used))
    try:
        yield used
    finally:
        _recorders.reset(token)


class Registry(Lookups):
    """Components by group and key; looks in its parent for what it lacks itself."""

    def __init__(self, parent: Registry | None = None) -> None:
        self.parent = parent
        self._entries: dict[tuple[str, str], Entry] = {}

    def add(
        self,
        group: str,
        key: str,
        component: Any,
        *,
        origin: Origin = CODE,
        extra: str | None = None,
    ) -> Entry:
        """Register a component.

        Args:
            component: a class, or `"package.module:Name"`, resolved on first use.
            origin: who registers it; named in messages.
            extra: the pip extra to install when importing the component fails.

        Raises:
            RegistryError: the key is no string, or is taken.
        """
        if not key or not isinstance(key, str):
            raise RegistryError(f"a {group} needs a non-empty string as its key, not {key!r}")
        taken = self.find(group, key)
        if taken is not None:
            raise RegistryError(
                f"{group} {key!r} is registered twice: by {taken.origin} and by {origin}",
                hint="give one of them another key, or load only one of the two plugins",
            )
        entry = Entry(group, key, component, origin, extra)
        self._entries[group, key] = entry
        return entry

    def take_over(self, other: Registry) -> None:
        """Hold what another registry holds, and nothing else."""
        self.parent = other.parent
        self._entries = dict(other._entries)

    def find(self, group: str, key: str) -> Entry | None:
        """Return the entry of a key, or None; does not count as a use."""
        found = self._entries.get((group, key))
        if found is None and self.parent is not None:
            return self.parent.find(group, key)
        return found

    def entry(self, group: str, key: str) -> Entry:
        """Return the entry of a key and record that it was looked up.

        Raises:
            RegistryError: there is none; the hint names the nearest key.
        """
        found = self.find(group, key)
        if found is None:
            raise RegistryError(f"no {group} named {key!r}", hint=self._unknown_hint(group, key))
        for used in _recorders.get():
            used.add(found)
        return found

    def get(self, group: str, key: str) -> Any:
        """Return the component of a key, imported if need be."""
        return self.entry(group, key).load()

    def get_config_builder(self, group: str, key: str) -> Callable[..., Any]:
        """Return the builder class of a key; call it with nothing, or with a config to copy."""
        builder: Callable[..., Any] = builder_of(self.get(group, key))
        return builder

    def entries(self, group: str | None = None) -> list[Entry]:
        """List entries, this registry's own first and the latest registered first."""
        own = [e for e in reversed(self._entries.values()) if group in (None, e.group)]
        return own + (self.parent.entries(group) if self.parent is not None else [])

    def keys(self, group: str) -> list[str]:
        """List the keys of a group, sorted."""
        return sorted({e.key for e in self.entries(group)})

    def _unknown_hint(self, group: str, key: str) -> str:
        keys = self.keys(group)
        near = nearest(str(key).upper(), keys)
        if near:
            text = f"did you mean {near!r}?"
        elif keys:
            text = f"there are: {', '.join(keys[:10])}" + (
                f" and {len(keys) - 10} more" if len(keys) > 10 else ""
            )
        else:
            text = f"no {group} is registered"
        plugins = sorted({str(e.origin) for e in self.entries() if e.origin.kind != "builtin"})
        loaded = ", ".join(plugins[:10]) if plugins else "none"
        return f"{text}; loaded plugins: {loaded}"


_current: ContextVar[Registry | None] = ContextVar("rvcli_registry", default=None)
_default: Registry | None = None


def default() -> Registry:
    """Return the registry that holds the built-ins, made on first use."""
    global _default
    if _default is None:
        from rvcli.builtins import register_plugin
        from rvcli.registry.registrar import Registrar

        registry = Registry()
        register_plugin(Registrar(registry, BUILTIN))
        _default = registry
    return _default


def current() -> Registry:
    """Return the registry in force in this context."""
    return _current.get() or default()


def put_in_force(registry: Registry) -> None:
    """Put a registry in force in this context, until another one is."""
    _current.set(registry)


@contextmanager
def use(registry: Registry) -> Iterator[Registry]:
    """Put a registry in force inside the block, in this context only."""
    token = _current.set(registry)
    try:
        yield registry
    finally:
        _current.reset(token)
