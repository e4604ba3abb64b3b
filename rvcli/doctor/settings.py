"""Which settings are in force, and whether plugins load."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rvcli.doctor.finding import OK, PROBLEM, WARNING, Finding
from rvcli.profile.settings import DEFAULT_ORIGIN

if TYPE_CHECKING:
    from rvcli.plugins import LoadedPlugin
    from rvcli.profile import Settings

_MOST = 12


def look(settings: Settings) -> Iterator[Finding]:
    """Yield the files of the profile, what they and the environment set, and what is odd."""
    files = ", ".join(str(path) for path in settings.files)
    yield Finding(
        "profile",
        OK,
        f"files: {files}" if files else "no profile file: no rv.toml here or above, and no default",
        "" if files else "rv init makes one; rv.toml.example has every option",
    )
    changed = [
        f"{section}.{key} = {found.shown} ({found.origin})"
        for section, key, found in settings.items()
        if found.origin != DEFAULT_ORIGIN and found.value is not None
    ]
    shown = "; ".join(changed[:_MOST])
    more = f"; and {len(changed) - _MOST} more" if len(changed) > _MOST else ""
    yield Finding("profile", OK, f"set: {shown}{more}" if changed else "every option is at default")
    for text in settings.warnings[:_MOST]:
        yield Finding("profile", WARNING, text, "rv config show --origin prints all settings")


def look_at_plugins(plugins: Sequence[LoadedPlugin]) -> Iterator[Finding]:
    """Yield each plugin, and why it does not load."""
    if not plugins:
        yield Finding("plugins", OK, "none")
    for plugin in plugins:
        if plugin.error is None:
            brings = ", ".join(f"{group} {key}" for group, key in plugin.registers[:_MOST])
            text = f"{plugin.name} ({plugin.spec}) brings {brings or 'nothing'}"
            yield Finding("plugins", OK, text)
        else:
            advice = plugin.error.hint or f"rv plugins verify {plugin.name} says more"
            yield Finding("plugins", PROBLEM, plugin.error.message, advice)
