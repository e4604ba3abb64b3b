"""`rv plugins`: list plugins, or prove that they work."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rvcli.cli.options import shared_options
from rvcli.cli.state import Session, State
from rvcli.errors import EXIT_DONE, EXIT_PLUGIN, UsageError

if TYPE_CHECKING:
    from rvcli.plugins import PluginSpec


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

    PLUGIN is the name of a plugin of the profile, or any plugin file; without any, all of the
    profile's plugins are verified. Exits with 4 unless all is well.
    """
    from rvcli import profile
    from rvcli.cli.render.table import print_json
    from rvcli.cli.render.verification import print_report
    from rvcli.plugins import plugin_specs
    from rvcli.verify import verify_plugins

    with profile.use(state.settings()) as settings:
        report = verify_plugins(
            _chosen(plugin_specs(settings), names),
            profile_name=state.profile,
            config_file=state.config_path,
            overrides=state.overrides,
        )
    if as_json:
        print_json(report.to_dict())
    else:
        print_report(report, everything=state.verbosity > 0)
    return EXIT_DONE if report.ok else EXIT_PLUGIN


def _chosen(specs: list[PluginSpec], names: tuple[str, ...]) -> list[PluginSpec]:
    """Return the plugins that are named, of the profile or as files.

    Raises:
        UsageError: a name is neither.
    """
    from rvcli.filesystem import absolute_uri, base_name
    from rvcli.plugins import FILE, PluginSpec

    chosen = []
    for name in names:
        uri = absolute_uri(name)
        own = [
            spec
            for spec in specs
            if name in (spec.location, str(spec), base_name(spec.location).removesuffix(".py"))
            or (spec.kind == FILE and absolute_uri(spec.location) == uri)
        ]
        if not own and not ("://" in uri or Path(uri).exists()):
            raise UsageError(
                f"there is no plugin {name!r}",
                hint="the profile names: " + (", ".join(map(str, specs)) or "none"),
            )
        chosen += own or [PluginSpec(FILE, uri, "the command line")]
    return chosen if names else specs


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
