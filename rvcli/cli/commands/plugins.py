"""`rv plugins`: list plugins, lock them, or prove that they work."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rvcli.cli import completion
from rvcli.cli.options import shared_options
from rvcli.cli.state import Session, State
from rvcli.errors import EXIT_DONE, EXIT_PLUGIN, UsageError

if TYPE_CHECKING:
    from rvcli.plugins import LoadedPlugin, Lock, PluginSpec


@click.group("plugins")
@shared_options()
def command() -> None:
    """List plugins, lock them, or prove that they work."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@shared_options()
@click.pass_obj
def list_plugins(state: State, as_json: bool) -> None:
    """List what is built in and every plugin, also those that do not load, and why."""
    from rvcli.cli.render.table import print_json, print_table

    with state.session(strict=False) as session:
        lock = _lock_of(session)
        plugins = [_builtins(session)]
        plugins += [{**p.to_dict(), "locked": _is_locked(p, lock)} for p in session.plugins]
    if as_json:
        print_json(plugins)
        return
    headings = ["name", "kind", "location", "version", "digest", "registers", "status"]
    if lock is not None:
        headings.append("locked")
    print_table(headings, [_row(plugin)[: len(headings)] for plugin in plugins])
    if lock is not None and (surplus := lock.surplus([p.spec for p in session.plugins])):
        print(f"\n{lock.path} names plugins that are not loaded: {', '.join(surplus)}")
    for plugin in plugins:
        if plugin["error"]:
            print(f"\n{plugin['name']}: {plugin['error']['message']}")
            if plugin["error"]["hint"]:
                print(f"TIP: {plugin['error']['hint']}")


@command.command("lock")
@click.option("--check", is_flag=True, help="Write nothing; exit with 4 if the lock is stale.")
@click.option("--output", metavar="FILE", help="Where the lock is, instead of beside the profile.")
@shared_options()
@click.pass_obj
def lock(state: State, check: bool, output: str | None) -> None:
    """Write down what each plugin of the profile is, by digest or version.

    A run refuses plugins that are not what rv.lock beside the profile, or the file that
    PLUGINS.lock names, says.
    """
    from rvcli import profile, registry
    from rvcli.cli.state import foreign_prints_aside
    from rvcli.plugins import Lock, find_plugins, lock_path, plugin_specs

    with profile.use(state.settings()) as settings:
        path = Path(output).absolute() if output else lock_path(settings)
        if path is None:
            raise UsageError(
                "there is no place for a lock: PLUGINS.lock is none, or there is no profile file",
                hint="write an rv.toml, or give --output FILE",
            )
        own = registry.Registry(parent=registry.default())
        with registry.use(own), foreign_prints_aside():
            now = Lock.of(find_plugins(plugin_specs(settings, {}), own), path)
    if check:
        Lock.read(path).refuse_other(now)
        return
    from rvcli.filesystem import resolve

    resolve(str(path), "w").write_str(str(path), now.to_toml())
    if not state.is_quiet:
        count = len(now.plugins)
        print(f"{path}: {count} plugin{'' if count == 1 else 's'}")


@command.command("verify")
@click.argument("names", metavar="[PLUGIN]...", nargs=-1, shell_complete=completion.files)
@click.option(
    "--as-remote",
    is_flag=True,
    help="Give them only what another machine would have, and name what is missing there.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@shared_options()
@click.pass_obj
def verify(state: State, names: tuple[str, ...], as_remote: bool, as_json: bool) -> int:
    """Prove each plugin in a fresh process: fetch, import, register, build, round-trip.

    PLUGIN is the name of a plugin of the profile, or any plugin file; without any, all of the
    profile's plugins are verified. Exits with 4 unless all is well.

    With --as-remote, all of them are loaded in one process from what would be shipped: without
    the original files, the environment and the packages that are not installed.
    """
    from rvcli import profile, registry
    from rvcli.cli.render.progress import work_view
    from rvcli.cli.render.table import print_json
    from rvcli.cli.render.verification import print_report
    from rvcli.plugins import plugin_specs
    from rvcli.verify import verify_as_remote, verify_plugins

    with (
        profile.use(state.settings()) as settings,
        registry.use(registry.default()),
        work_view(quiet=state.is_quiet),
    ):
        specs = _chosen(plugin_specs(settings), names)
        if as_remote:
            report = verify_as_remote(specs, deep=True, overrides=state.overrides)
        else:
            report = verify_plugins(
                specs,
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


def _lock_of(session: Session) -> Lock | None:
    if not session.plugins:
        return None  # nothing to hold to it, and the import takes a while
    from rvcli.plugins import lock_in_force

    return lock_in_force(session.settings)


def _is_locked(plugin: LoadedPlugin, lock: Lock | None) -> bool | None:
    """Tell whether a plugin is what the lock says; None if there is no lock."""
    return None if lock is None else lock.holds(plugin)


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
        "locked": None,
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
        {True: "yes", False: "no", None: ""}[plugin["locked"]],
    ]
