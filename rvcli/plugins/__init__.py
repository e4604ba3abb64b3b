"""Plugins: find, verify, load, pin and ship them."""

from rvcli.plugins.content import Content, digest_of
from rvcli.plugins.find import Found, find
from rvcli.plugins.load import (
    find_plugins,
    load_plugins,
    loaded_in,
    raise_first_error,
    replace_plugins,
)
from rvcli.plugins.lock import Lock, lock_in_force, lock_path
from rvcli.plugins.pin import from_message, load_pins, pins_for, to_message
from rvcli.plugins.plugin import (
    DISTRIBUTION,
    FILE,
    MODULE,
    LoadedPlugin,
    PluginPin,
    PluginSpec,
)
from rvcli.plugins.ship import ship
from rvcli.plugins.specs import are_switched_off, plugin_specs

__all__ = [
    "DISTRIBUTION",
    "FILE",
    "MODULE",
    "Content",
    "Found",
    "LoadedPlugin",
    "Lock",
    "PluginPin",
    "PluginSpec",
    "are_switched_off",
    "digest_of",
    "find",
    "find_plugins",
    "from_message",
    "load_pins",
    "load_plugins",
    "loaded_in",
    "lock_in_force",
    "lock_path",
    "pins_for",
    "plugin_specs",
    "raise_first_error",
    "replace_plugins",
    "ship",
    "to_message",
]
