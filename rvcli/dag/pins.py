"""The plugins that a command carries."""

from __future__ import annotations

from typing import Any

from rvcli import registry
from rvcli.plugins import PluginPin, loaded_in, pins_for


def pins_of(config: Any) -> list[PluginPin]:
    """Pin the plugins that a command config uses."""
    loaded = loaded_in(registry.current())
    return pins_for(config.used_entries(), loaded) if loaded else []
