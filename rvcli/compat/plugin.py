"""`rastervision.plugin`: what a registry holds, as plugins of older releases see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rvcli import profile, registry
from rvcli.compat.initialize import own_registry
from rvcli.errors import PluginError, RegistryError
from rvcli.plugins import (
    FILE,
    MODULE,
    PluginSpec,
    from_message,
    load_pins,
    load_plugins,
    loaded_in,
    pins_for,
    to_message,
)
from rvcli.profile import load_conf_list
from rvcli.registry import CODE, Registrar, Registry

__all__ = ["PluginError", "PluginRegistry", "load_conf_list"]

_ORIGIN = "PluginRegistry"


class _AnyRegistrar(type):
    """What `register_plugin` receives is an instance as well."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, Registrar)


class PluginRegistry(Registrar, metaclass=_AnyRegistrar):
    """The plugins of a registry and what they bring.

    Args:
        plugin_config: the section PLUGINS, as `RVConfig.get_subconfig` returns it; its plugins are
            loaded.
        rv_home: the directory of the user's profiles; of no more use.

    Raises:
        PluginError: a plugin does not load.
    """

    def __init__(self, plugin_config: Callable[..., Any], rv_home: str | None = None) -> None:
        super().__init__(Registry(parent=registry.default()), CODE)
        self.rv_home = rv_home
        self._load(
            load_conf_list(plugin_config("files", default="[]")),
            load_conf_list(plugin_config("modules", default="[]")),
        )

    @staticmethod
    def get_instance() -> PluginRegistry:
        """Return the plugins in force."""
        new = PluginRegistry.__new__(PluginRegistry)
        Registrar.__init__(new, own_registry(), CODE)
        return new

    @property
    def plugin_files(self) -> list[str]:
        """URIs of the plugin files that are loaded."""
        return [p.uri for p in loaded_in(self.registry) if p.uri is not None]

    @property
    def plugin_modules(self) -> list[str]:
        """Names of the plugin modules that are loaded."""
        return [p.module for p in loaded_in(self.registry) if p.module is not None]

    def add_plugins_from_proto(self, plugin_msg: Any) -> None:
        """Load what a PluginConfig message lists and is not loaded.

        What the message pins must be what the pin says.

        Raises:
            PluginError: a plugin does not load, or is another one.
        """
        pins = from_message(plugin_msg)
        pinned = [pin for pin in pins if pin.is_verifiable]
        load_pins(pinned, profile.current(), self.registry)
        others = [pin for pin in pins if not pin.is_verifiable]
        self._load(
            [pin.uri for pin in others if pin.uri is not None],
            [pin.module for pin in others if pin.module is not None],
        )

    def to_proto(self) -> Any:
        """Return the PluginConfig message that lists all that is loaded, pinned as well."""
        message = to_message(pins_for(None, loaded_in(self.registry)))
        message.plugin_uris.extend(self.plugin_files)
        message.plugin_modules.extend(self.plugin_modules)
        return message

    def _load(self, files: list[str], modules: list[str]) -> None:
        specs = [PluginSpec(FILE, uri, _ORIGIN) for uri in files]
        specs += [PluginSpec(MODULE, name, _ORIGIN) for name in modules]
        load_plugins(specs, self.registry, strict=True)

    def _add(self, group: str, key: str, component: Any, extra: str | None) -> None:
        try:
            super()._add(group, key, component, extra)
        except RegistryError as e:
            raise PluginError(e.message, hint=e.hint) from e
