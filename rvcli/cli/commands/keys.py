"""`rv keys`: list what experiments can name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from rvcli.cli import completion
from rvcli.cli.options import shared_options
from rvcli.cli.program import Program
from rvcli.cli.say import say
from rvcli.cli.state import State

if TYPE_CHECKING:
    from rvcli.plugins import LoadedPlugin


@click.command("keys", cls=Program)
@click.argument("group", required=False, shell_complete=completion.groups)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@shared_options()
@click.pass_obj
def command(state: State, /, group: str | None, as_json: bool) -> None:
    """List every key that experiments, profiles and the command line can name.

    GROUP is one of TASK, BACKEND, RASTER_SOURCE, ... in any case: the list has their names. See
    rv describe KEY for what a key takes.
    """
    from rvcli.cli.render.table import print_json, print_table
    from rvcli.config.catalogue import rows

    with state.session(strict=False) as session:
        tell_broken(session.plugins)
        found = rows(group)
    if as_json:
        print_json([row.to_dict() for row in found])
        return
    print_table(
        ["group", "key", "from", "needs", "what it is"],
        [
            [
                row.group,
                row.key.rpartition(":")[2],
                row.origin,
                row.extra if row.installed else f"{row.extra} (missing)",
                row.doc or row.problem,
            ]
            for row in found
        ],
    )


def tell_broken(plugins: Iterable[LoadedPlugin]) -> None:
    """Warn of plugins that do not load: their keys are missing."""
    for plugin in plugins:
        if plugin.error is not None:
            say("WARNING", plugin.error.message)
