"""Load plugins: import each, and register what it brings as a whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar
from weakref import WeakKeyDictionary

from rvcli.errors import PluginError, RvError
from rvcli.plugins.explain import explain
from rvcli.plugins.find import Found, can_be_read, find
from rvcli.plugins.isolate import qualify
from rvcli.plugins.lock import Lock
from rvcli.plugins.plugin import FILE, LoadedPlugin, PluginSpec
from rvcli.plugins.ship import cache_root
from rvcli.registry import BUILTIN, Entry, Origin, Registrar, Registry, recording, use
from rvcli.utils.patience import Overdue, patience

T = TypeVar("T")
F = TypeVar("F")

_loaded: WeakKeyDictionary[Registry, dict[Origin, LoadedPlugin]] = WeakKeyDictionary()


def load_plugins(
    specs: Iterable[PluginSpec],
    registry: Registry,
    *,
    strict: bool = False,
    cache_dir: str | None = None,
    lock: Lock | None = None,
    patience_s: float | None = None,
) -> list[LoadedPlugin]:
    """Load plugins into a registry, in order, each one once.

    Args:
        specs: the plugins, see `plugin_specs`.
        registry: where their components go; it is in force while they load.
        strict: raise when any does not load; otherwise each result says how it went.
        cache_dir: where remote plugins are kept; the setting RV.cache_dir by default.
        lock: what the plugins must be; one that differs is not imported, and where that is
            strict, none is.
        patience_s: how long each may take to be found, and to be imported; None is forever.

    Raises:
        PluginError: strict, and one or more do not load; the first is named.
    """
    cache = cache_dir if cache_dir is not None else cache_root()
    refused: list[RvError] = []

    def find_it(spec: PluginSpec) -> LoadedPlugin | Found:
        found = _find_spec(spec, registry, cache, lock, patience_s)
        if isinstance(found, LoadedPlugin) and found.error is not None:
            refused.append(found.error)
        return found

    def is_readable(spec: PluginSpec) -> bool:
        return lock is not None and can_be_read([_uri(spec)], registry)

    plugins: list[LoadedPlugin] = []
    wanted: dict[Origin, PluginSpec] = {}
    for spec in specs:
        wanted.setdefault(spec.registry_origin, spec)
    for found in found_in_order(list(wanted.values()), is_readable, find_it):
        if strict and lock is not None:
            _raise_first(refused)
        plugins.append(_load(found, registry, patience_s))
    if strict:
        raise_first_error(plugins)
    return plugins


def find_plugins(
    specs: Iterable[PluginSpec],
    registry: Registry,
    before: Iterable[Found] = (),
    *,
    cache_dir: str | None = None,
) -> list[Found]:
    """Find plugins; one is imported only if it brings the file system on which another lies.

    Args:
        specs: the plugins, see `plugin_specs`.
        registry: where the components of those that must be imported go.
        before: plugins that come before them and may bring the file system, too.
        cache_dir: where remote plugins are kept; the setting RV.cache_dir by default.

    Raises:
        PluginError: one is not there, or cannot be read.
    """
    cache = cache_dir if cache_dir is not None else cache_root()
    found: list[Found] = []
    for spec in dict.fromkeys(specs):
        if not can_be_read([_uri(spec)], registry):
            for earlier in (*before, *found):
                if find_loaded(registry, earlier.spec.registry_origin) is None:
                    load_found(earlier, registry)
        with use(registry):
            found.append(find(spec, cache))
    return found


def found_in_order(
    items: Sequence[T], is_readable: Callable[[T], bool], find_it: Callable[[T], F]
) -> Iterator[F]:
    """Find all items before the first is given, and give them in their order.

    What cannot be read yet, since a plugin before it brings the file system, is found as soon as
    its turn comes.
    """
    found: dict[int, F] = {}
    for number in range(len(items)):
        if number not in found:
            for later in range(number, len(items)):
                if later not in found and (later == number or is_readable(items[later])):
                    found[later] = find_it(items[later])
        yield found[number]


def loaded_in(registry: Registry) -> list[LoadedPlugin]:
    """List the plugins that were loaded into a registry or its parents, oldest first."""
    inherited = loaded_in(registry.parent) if registry.parent is not None else []
    return inherited + list(_loaded.get(registry, {}).values())


def replace_plugins(registry: Registry, other: Registry) -> None:
    """Let a registry hold what another one holds, with its plugins, and nothing else."""
    registry.take_over(other)
    _loaded[registry] = dict(_loaded.get(other, {}))


def find_loaded(registry: Registry, origin: Origin) -> LoadedPlugin | None:
    """Return the plugin of an origin if it is loaded in a registry, else None."""
    return next((p for p in loaded_in(registry) if p.origin == origin), None)


def raise_first_error(plugins: Iterable[LoadedPlugin]) -> None:
    """Raise the error of the first plugin that did not load, naming how many more there are."""
    _raise_first([plugin.error for plugin in plugins if plugin.error is not None])


def _raise_first(errors: Sequence[RvError]) -> None:
    if not errors:
        return
    first, more = errors[0], len(errors) - 1
    if not more:
        raise first
    others = "1 more plugin does" if more == 1 else f"{more} more plugins do"
    raise PluginError(
        f"{first.message}; {others} not load either",
        hint=first.hint,
    ) from first


def load_found(found: Found, registry: Registry) -> LoadedPlugin:
    """Import a plugin that was found and register its components, all or none.

    Raises:
        PluginError: it does not import or register; the registry is as it was.
    """
    scratch = Registry(parent=registry)
    try:
        with use(scratch), recording() as used:
            module, register = found.import_register()
            register(Registrar(scratch, found.spec.registry_origin))
            own = [e for e in reversed(scratch.entries()) if registry.find(e.group, e.key) is not e]
    except KeyboardInterrupt:
        raise
    except BaseException as e:  # a plugin may even call sys.exit()
        error = explain(e, found)
        if error is e:
            raise
        raise error from e
    for entry in own:
        _adopt(entry, found, registry)
    version = found.version or getattr(module, "__version__", None)
    plugin = LoadedPlugin(
        found.name,
        found.spec,
        version=version if isinstance(version, str) else None,
        digest=found.digest,
        registers=tuple((entry.group, entry.key) for entry in own),
        needs=(found.needs | {e.origin for e in used}) - {BUILTIN, found.spec.registry_origin},
        distribution=found.distribution,
        content=found.content,
    )
    _loaded.setdefault(registry, {})[found.spec.registry_origin] = plugin
    return plugin


def _adopt(entry: Entry, found: Found, registry: Registry) -> None:
    component = entry.component
    if found.content is not None and found.spec.kind == FILE:
        component = qualify(component, found.content, found.spec.location)
    registry.add(entry.group, entry.key, component, origin=entry.origin, extra=entry.extra)


def _uri(spec: PluginSpec) -> str | None:
    return spec.location if spec.kind == FILE else None


def _find_spec(
    spec: PluginSpec,
    registry: Registry,
    cache_dir: str,
    lock: Lock | None,
    patience_s: float | None,
) -> LoadedPlugin | Found:
    """Find a plugin: one that is loaded already, or that cannot be had, is a LoadedPlugin."""
    present = find_loaded(registry, spec.registry_origin)
    if present is not None:
        return present
    try:
        with patience(patience_s), use(registry):
            found = find(spec, cache_dir)
    except PluginError as e:
        return LoadedPlugin(spec.name, spec, error=e)
    except Overdue as e:
        hint = "does the server on which it lies answer?"
        error = PluginError(f"plugin {spec} is not found: {e}", hint=hint)
        return LoadedPlugin(spec.name, spec, error=error)
    wrong = lock.difference(found) if lock is not None else None
    return found if wrong is None else _failed(found, wrong)


def _load(
    found: LoadedPlugin | Found, registry: Registry, patience_s: float | None
) -> LoadedPlugin:
    if isinstance(found, LoadedPlugin):
        return found
    try:
        with patience(patience_s):
            return load_found(found, registry)
    except PluginError as e:
        return _failed(found, e)


def _failed(found: Found, error: PluginError) -> LoadedPlugin:
    return LoadedPlugin(
        found.name,
        found.spec,
        version=found.version,
        digest=found.digest,
        distribution=found.distribution,
        error=error,
    )
