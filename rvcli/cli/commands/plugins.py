"""`rv plugins`: list plugins, or prove that they work."""

from __future__ import annotations

from typing import Any

import click

from rvcli.cli.options import shared_options
from rvcli.cli.state import Session, State
from rvcli.errors import EXIT_DONE, EXIT_PLUGIN


@click.group("plugins")
@shared_options()
def command() -> None:
    """List plugins, or prove that they work."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@shared_options()
@click.pass_obj
def list_plugins(state: State, as_json: bool) -> None:
    """List what is built in and every plugin, also those that do not load, and why."""
    from rvcli.cli.render.table import print_json, print_table

    with state.session(strict=False) as session:
        plugins = [_builtins(session), *[plugin.to_dict() for plugin in session.plugins]]
    if as_json:
        print_json(plugins)
        return
    headings = ["name", "kind", "location", "version", "digest", "registers", "status"]
    print_table(headings, [_row(plugin) for plugin in plugins])
    for plugin in plugins:
        if plugin["error"]:
            print(f"\n{plugin['name']}: {plugin['error']['message']}")
            if plugin["error"]["hint"]:
                print(f"TIP: {plugin['error']['hint']}")


@command.command("verify")
@click.argument("names", metavar="[PLUGIN]...", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@shared_options()
@click.pass_obj
def verify(state: State, names: tuple[str, ...], as_json: bool) -> int:
    """Prove each plugin in a fresh process: fetch, import, register, build, round-trip.

    Without PLUGIN, all of the profile's plugins. Exits with 4 unless all is well.
    """
    from rvcli.cli.render import verification

    return EXIT_DONE if verification.verify(state, names, as_json) else EXIT_PLUGIN


def _builtins(session: Session) -> dict[str, Any]:
    """Describe what ships with rv the way that plugins are described."""
    from rvcli.version import __version__

    entries = [e for e in reversed(session.registry.entries()) if e.origin.kind == "builtin"]
    return {
        "name": "rvcli",
        "kind": "builtin",
        "location": "rvcli",
        "uri": None,
        "module": "rvcli",
        "distribution": "rvcli",
        "version": __version__,
        "digest": None,
        "named_by": "built in",
        "registers": [{"group": entry.group, "key": entry.key} for entry in entries],
        "status": "ok",
        "error": None,
    }


def _row(plugin: dict[str, Any]) -> list[str]:
    registers = plugin["registers"]
    shown = ", ".join(f"{item['group']} {item['key']}" for item in registers[:3])
    if plugin["kind"] == "builtin":
        shown = f"{len(registers)} components"
    elif len(registers) > 3:
        shown += f" and {len(registers) - 3} more"
    return [
        plugin["name"],
        plugin["kind"],
        plugin["location"],
        plugin["version"] or "",
        (plugin["digest"] or "")[:12],
        shown,
        plugin["status"],
    ]
