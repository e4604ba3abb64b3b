"""Which plugins the settings ask for."""

from __future__ import annotations

import os
from collections.abc import Mapping

from rvcli import keys
from rvcli.plugins.plugin import DISTRIBUTION, FILE, MODULE, PluginSpec
from rvcli.profile import Settings

SWITCH = "RV_LOAD_PLUGINS"
_NONE = ("", "0", "no", "none", "false", "off")
_ALL = ("1", "yes", "all", "true", "on")


def plugin_specs(settings: Settings, environ: Mapping[str, str] | None = None) -> list[PluginSpec]:
    """List the plugins that the settings name and the installed distributions that are plugins.

    The variable RV_LOAD_PLUGINS, empty or "none", switches all of them off. Otherwise it, or else
    the setting PLUGINS.entry_points, says which distributions: all (the default), none, or those
    of a comma-separated list. The environment's entry points are only read here, since that
    takes a while.
    """
    if are_switched_off(environ):
        return []
    specs = [PluginSpec(FILE, uri, str(origin)) for uri, origin in settings.plugin_files()]
    specs += [PluginSpec(MODULE, name, str(origin)) for name, origin in settings.plugin_modules()]
    wanted: object = (os.environ if environ is None else environ).get(SWITCH)
    if wanted is None:
        wanted = settings.get("PLUGINS", "entry_points", default="all")
    return specs if _is_none(wanted) else specs + _distribution_specs(_words(wanted))


def are_switched_off(environ: Mapping[str, str] | None = None) -> bool:
    """Tell whether the variable RV_LOAD_PLUGINS asks for no plugins at all."""
    wanted = (os.environ if environ is None else environ).get(SWITCH)
    return wanted is not None and _is_none(wanted)


def _is_none(wanted: object) -> bool:
    return all(word in _NONE for word in _words(wanted))


def _words(wanted: object) -> list[str]:
    if isinstance(wanted, (list, tuple)):
        return [str(word).strip().lower() for word in wanted]
    return [word.strip().lower() for word in str(wanted).split(",")]


def _distribution_specs(words: list[str]) -> list[PluginSpec]:
    from importlib import metadata

    specs = []
    for point in metadata.entry_points(group=keys.PLUGIN_ENTRY_POINTS):
        name = point.dist.metadata["Name"] if point.dist is not None else point.name
        if any(word in _ALL or _same_name(word, name) for word in words):
            specs.append(PluginSpec(DISTRIBUTION, name, "installed here", point.name))
    return sorted(set(specs), key=str)


def _same_name(one: str, other: str) -> bool:
    return one.replace("_", "-").lower() == other.replace("_", "-").lower()
