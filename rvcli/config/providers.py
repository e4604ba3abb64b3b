"""Default providers: what a plain URI, or a task alone, turns into."""

from __future__ import annotations

from typing import Any

from rvcli import registry


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
    entry, provider = registry.current().find_provider(group, using, *question)
    config = provider.construct(*arguments)
    # The command carries the plugin whose provider chose this config.
    config.__dict__["_provided_by"] = entry
    return config
