"""`rv lineage`: what an artifact was made from, by which commands, and whether that still holds."""

from __future__ import annotations

import click

from rvcli.cli import completion
from rvcli.cli.options import shared_options
from rvcli.cli.program import Program
from rvcli.cli.state import State


@click.command("lineage", cls=Program)
@click.argument("uri", shell_complete=completion.files)
@click.option(
    "--root",
    "roots",
    multiple=True,
    metavar="ROOT_URI",
    help="The root_uri of experiments in which to look for records as well. Repeatable.",
)
@click.option(
    "--depth",
    type=click.IntRange(min=1),
    metavar="N",
    help="Follow N commands and no more; all the way to imagery and labels by default.",
)
@click.option(
    "--no-check", is_flag=True, help="Do not look whether files are still what records say."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, nothing left out.")
@shared_options()
@click.pass_obj
def command(
    state: State,
    uri: str,
    roots: tuple[str, ...],
    depth: int | None,
    no_check: bool,
    as_json: bool,
) -> None:
    """Say what the artifact at URI was made from.

    URI names a prediction, a model, a predict package, an evaluation, statistics, chips, a
    directory of them or a STAC item. The records beside what commands wrote tell which command
    of which experiment made it, when, where and with which versions, from which files, and what
    made those. Each file is compared with what its record says of it.
    """
    from rvcli.cli.render.lineage import print_lineage
    from rvcli.cli.render.progress import work_view
    from rvcli.cli.render.table import print_json
    from rvcli.lineage import Finder, trace
    from rvcli.lineage.states import Checker

    with state.session(strict=False), work_view(quiet=state.is_quiet):
        lineage = trace(uri, Finder(roots), depth=depth, checker=Checker(not no_check))
    if as_json:
        print_json(lineage.to_dict())
    else:
        print_lineage(lineage, everything=state.verbosity > 0)
