"""Pins: the plugins that a command uses, as its message names and proves them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rvcli.errors import PluginError
from rvcli.filesystem import absolute_uri, is_local, shown
from rvcli.plugins.archive import missing_requirements
from rvcli.plugins.find import Found, can_be_read, find, found_content
from rvcli.plugins.load import found_in_order, load_found, loaded_in
from rvcli.plugins.plugin import LoadedPlugin, PluginPin, PluginSpec
from rvcli.plugins.ship import cache_root, keep, place, restore
from rvcli.profile import Settings
from rvcli.registry import Entry, Registry, use


def pins_for(entries: Iterable[Entry] | None, loaded: Iterable[LoadedPlugin]) -> list[PluginPin]:
    """Pin the plugins that brought `entries` with those that they need, or all that are loaded.

    Args:
        entries: what was looked up, see `registry.recording`; None pins every plugin.
        loaded: see `loaded_in`.

    Returns:
        One pin for each plugin, in the order of loading.
    """
    healthy = [plugin for plugin in loaded if plugin.error is None]
    if entries is None:
        return [PluginPin.of(plugin) for plugin in healthy]
    origins = {entry.origin for entry in entries}
    for plugin in reversed(healthy):  # each after those that it needs
        if plugin.origin in origins:
            origins |= plugin.needs
    return [PluginPin.of(plugin) for plugin in healthy if plugin.origin in origins]


def to_message(pins: Iterable[PluginPin]) -> Any:
    """Return the PluginConfig message that holds the pins."""
    from rvcli.protos.plugin_pb2 import PluginConfig
    from rvcli.protos.plugin_pb2 import PluginPin as Message

    return PluginConfig(pins=[Message(**pin.to_dict()) for pin in pins])


def from_message(message: Any) -> list[PluginPin]:
    """Read the pins of a PluginConfig message; what old releases list has no digest."""
    pins = []
    for item in message.pins:
        values = {f.name: value for f, value in item.ListFields()}
        pins.append(PluginPin(**values))
    uris = {pin.uri for pin in pins}
    modules = {pin.module for pin in pins}
    pins += [PluginPin(uri=uri) for uri in message.plugin_uris if uri not in uris]
    pins += [PluginPin(module=name) for name in message.plugin_modules if name not in modules]
    return pins


def load_pins(
    pins: Iterable[PluginPin],
    settings: Settings,
    registry: Registry,
    *,
    cache_dir: str | None = None,
) -> list[LoadedPlugin]:
    """Verify all plugins of a command, then load them.

    Raises:
        PluginError: one is not what the command was planned with, or says not what it must
            be and the present profile does not name it; or one does not load.
    """
    cache = cache_dir if cache_dir is not None else cache_root()

    def verify(pin: PluginPin) -> LoadedPlugin | Found:
        return verify_pin(pin, settings, registry, cache)

    def is_readable(pin: PluginPin) -> bool:
        return can_be_read((pin.uri, pin.shipped_uri), registry)

    return [
        load_found(item, registry) if isinstance(item, Found) else item
        for item in found_in_order(list(pins), is_readable, verify)
    ]


def verify_pin(
    pin: PluginPin, settings: Settings, registry: Registry, cache_dir: str
) -> LoadedPlugin | Found:
    """Return a plugin that is what its pin says: loaded already, or found and not imported yet.

    Args:
        pin: of a command.
        settings: what they name may be loaded without a digest.
        registry: where loaded plugins count, and whose file systems read.
        cache_dir: where copies are kept.

    Raises:
        PluginError: it is not, or something that it needs is not installed here.
    """
    spec = pin.spec
    if not pin.is_verifiable:
        _check_named(pin, settings)
    found: LoadedPlugin | Found | None = _present(pin, spec, registry)
    if found is None:
        try:
            with use(registry):
                found = find_pinned(pin, cache_dir)
        except PluginError as e:
            if pin.distribution is None or pin.version is None:
                raise
            raise PluginError(
                f"{e.message}; the command was planned with version {pin.version}",
                hint=_install(pin) + " where commands run",
            ) from e
    _check(pin, spec, found.digest, found.version)
    missing = missing_requirements(found.content) if found.content is not None else []
    if missing:
        raise PluginError(
            f"plugin {spec} needs {' and '.join(missing)}, not installed here",
            hint="pip install "
            + " ".join(f"'{item}'" for item in missing)
            + ", where commands run",
        )
    return found


def _present(pin: PluginPin, spec: PluginSpec, registry: Registry) -> LoadedPlugin | None:
    """Return the plugin if it is loaded; a pin's URI may lack what is secret."""
    for plugin in loaded_in(registry):
        if plugin.origin == spec.registry_origin:
            return plugin
        if plugin.uri is not None and shown(plugin.uri) == pin.uri and plugin.digest == pin.sha256:
            return plugin
    return None


def find_pinned(pin: PluginPin, cache_dir: str) -> Found:
    """Find a pinned plugin: the copy in the cache, the shipped one, else the original.

    What is found in the end may be another content than the pin names, for the error to say so.

    Raises:
        PluginError: it is nowhere.
    """
    spec = pin.spec
    is_here = pin.uri is None or is_local(spec.location)
    if pin.sha256 is None or (pin.shipped_uri is None and is_here):
        return find(spec, cache_dir)
    try:
        content = restore(place(cache_dir, pin.sha256))
        if content.digest == pin.sha256:
            return found_content(spec, content)
    except PluginError:
        pass  # not in the cache yet
    if pin.shipped_uri is None:
        return find(spec, cache_dir)
    try:
        content = restore(pin.shipped_uri)
    except PluginError as e:
        try:
            original = find(spec, cache_dir)
        except PluginError:
            raise e from None
        if original.digest != pin.sha256:
            raise
        return original
    if content.digest == pin.sha256:
        content = keep(content, cache_dir)
    return found_content(spec, content)


def _check(pin: PluginPin, spec: PluginSpec, digest: str | None, version: str | None) -> None:
    if pin.sha256 is not None and digest is not None and digest != pin.sha256:
        raise PluginError(
            f"plugin {spec} is not the one that the command was planned with: its SHA-256 is"
            f" {digest}, the command says {pin.sha256}",
            hint="plan the command again with rv run, or put the plugin back as it was",
        )
    if pin.sha256 is not None and digest is None:
        raise PluginError(
            f"plugin {spec} was pinned by the digest of its files, {pin.sha256}, but is"
            f" installed here as version {version}",
            hint="plan the command again with rv run, in this environment",
        )
    if pin.sha256 is None and pin.version is not None and (version != pin.version or digest):
        here = f"version {version}" if not digest else f"an editable copy of SHA-256 {digest}"
        raise PluginError(
            f"plugin {spec} is not the one that the command was planned with: here it is"
            f" {here}, the command says version {pin.version}",
            hint=f"{_install(pin)}, or plan the command again",
        )


def _install(pin: PluginPin) -> str:
    return f"pip install '{pin.distribution}=={pin.version}'"


def _check_named(pin: PluginPin, settings: Settings) -> None:
    """Let a plugin without a digest in only if the present profile names it."""
    if pin.uri is not None:
        named = {absolute_uri(uri) for uri, _ in settings.plugin_files()}
        known = absolute_uri(pin.uri) in named
    else:
        known = pin.module in {name for name, _ in settings.plugin_modules()}
    if not known:
        raise PluginError(
            f"the command names the plugin {pin.spec} without a digest to verify it by",
            hint="name it in the profile, under [PLUGINS] files or modules, if you trust it",
        )
