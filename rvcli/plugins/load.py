"""Load plugins: import each, and register what it brings as a whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from weakref import WeakKeyDictionary

from rvcli import profile
from rvcli.errors import PluginError
from rvcli.plugins.explain import explain
from rvcli.plugins.find import Found, find
from rvcli.plugins.isolate import qualify
from rvcli.plugins.plugin import FILE, LoadedPlugin, PluginSpec
from rvcli.registry import BUILTIN, Entry, Origin, Registrar, Registry, recording, use

ImportContext = Callable[[], AbstractContextManager[object]]

_loaded: WeakKeyDictionary[Registry, dict[Origin, LoadedPlugin]] = WeakKeyDictionary()


def load_plugins(
    specs: Iterable[PluginSpec],
    registry: Registry,
    *,
    strict: bool = False,
    cache_dir: str | None = None,
    import_context: ImportContext = nullcontext,
) -> list[LoadedPlugin]:
    """Load plugins into a registry, in order, each one once.

    Args:
        specs: the plugins, see `plugin_specs`.
        registry: where their components go; it is in force while they load.
        strict: raise when any does not load; otherwise each result says how it went.
        cache_dir: where remote plugins are kept; the setting RV.cache_dir by default.
        import_context: entered while a plugin is imported and registers.

    Raises:
        PluginError: strict, and one or more do not load; the first is named.
    """
    cache = cache_dir if cache_dir is not None else str(profile.cache_dir())
    plugins: dict[Origin, LoadedPlugin] = {}
    for spec in specs:
        if spec.registry_origin not in plugins:
            plugins[spec.registry_origin] = _load_spec(spec, registry, cache, import_context)
    if strict:
        raise_first_error(plugins.values())
    return list(plugins.values())


def loaded_in(registry: Registry) -> list[LoadedPlugin]:
    """List the plugins that were loaded into a registry or its parents, oldest first."""
    inherited = loaded_in(registry.parent) if registry.parent is not None else []
    return inherited + list(_loaded.get(registry, {}).values())


def find_loaded(registry: Registry, origin: Origin) -> LoadedPlugin | None:
    """Return the plugin of an origin if it is loaded in a registry, else None."""
    return next((p for p in loaded_in(registry) if p.origin == origin), None)


def raise_first_error(plugins: Iterable[LoadedPlugin]) -> None:
    """Raise the error of the first plugin that did not load, naming how many more there are."""
    errors = [plugin.error for plugin in plugins if plugin.error is not None]
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


def load_found(
    found: Found, registry: Registry, import_context: ImportContext = nullcontext
) -> LoadedPlugin:
    """Import a plugin that was found and register its components, all or none.

    Raises:
        PluginError: it does not import or register; the registry is as it was.
    """
    scratch = Registry(parent=registry)
    try:
        with use(scratch), recording() as used, import_context():
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
        needs=frozenset(entry.origin for entry in used) - {BUILTIN, found.spec.registry_origin},
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


def _load_spec(
    spec: PluginSpec, registry: Registry, cache_dir: str, import_context: ImportContext
) -> LoadedPlugin:
    present = find_loaded(registry, spec.registry_origin)
    if present is not None:
        return present
    found: Found | None = None
    try:
        with use(registry):
            found = find(spec, cache_dir)
        return load_found(found, registry, import_context)
    except PluginError as e:
        error = e
    if found is None:
        return LoadedPlugin(spec.name, spec, error=error)
    return LoadedPlugin(
        found.name,
        spec,
        version=found.version,
        digest=found.digest,
        distribution=found.distribution,
        error=error,
    )
