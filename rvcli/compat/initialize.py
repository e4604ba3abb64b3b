"""`rv._registry.initialize_config(...)`: a profile with its plugins, put in force for good."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rvcli import profile as profiles
from rvcli import registry as registries
from rvcli.plugins import load_plugins, lock_in_force, plugin_specs, replace_plugins
from rvcli.profile.rv_config import load_anew
from rvcli.profile.verbosity import Verbosity
from rvcli.registry import Registry


def initialize(
    registry: Any,
    profile: str | None,
    rv_home: str | None,
    config_overrides: Mapping[str, Any] | None,
    verbosity: int,
) -> None:
    """Do what `Registry.initialize_config` says.

    A registry that is held somewhere has the new plugins as well; the one with the built-ins
    stays as it is.
    """
    settings = load_anew(profile, rv_home, config_overrides)
    made = Registry(parent=registries.default())
    with profiles.use(settings), registries.use(made):
        lock = lock_in_force(settings)
        load_plugins(plugin_specs(settings), made, strict=True, lock=lock)
    if registry is registries.default():
        registry = made
    else:
        replace_plugins(registry, made)
    profiles.put_in_force(settings)
    registries.put_in_force(registry)
    Verbosity.level = verbosity


def own_registry() -> Registry:
    """Return the registry in force, or a new one in force in place of that of the built-ins."""
    found = registries.current()
    if found is registries.default():
        found = Registry(parent=found)
        registries.put_in_force(found)
    return found
