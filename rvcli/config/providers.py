"""Default providers: what a plain URI, or a task alone, turns into."""

from __future__ import annotations

import inspect
from typing import Any

from rvcli import registry
from rvcli.errors import RegistryError


def construct_default(group: str, *question: Any, using: str, arguments: tuple[Any, ...]) -> Any:
    """Let the first provider that answers yes construct a config.

    Args:
        group: one of the DEFAULT_* groups.
        question: arguments for the provider's question.
        using: the question: "handles" or "is_default_for".
        arguments: arguments for the provider's `construct`.

    Raises:
        RegistryError: no provider answers yes.
    """
    current = registry.current()
    for entry in current.entries(group):
        provider = _ready(entry.load())
        if getattr(provider, using)(*question):
            current.entry(group, entry.key)
            config = provider.construct(*arguments)
            # The command carries the plugin whose provider chose this config.
            config.__dict__["_provided_by"] = entry
            return config
    asked = ", ".join(repr(q) for q in question)
    what = group.removeprefix("DEFAULT_").replace("_", " ").lower()
    raise RegistryError(
        f"no provider makes a {what} from {asked}",
        hint=f"build the {what} yourself, or load a plugin that registers a default for it",
    )


def _ready(provider: Any) -> Any:
    """Return what can be asked: an instance, where `construct` is a method as in its base."""
    construct = inspect.getattr_static(provider, "construct", None)
    return provider() if isinstance(provider, type) and inspect.isfunction(construct) else provider
