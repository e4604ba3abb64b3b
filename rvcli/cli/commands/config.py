"""`rv config`: show the settings."""

from __future__ import annotations

import click

from rvcli.cli.options import shared_options
from rvcli.cli.state import State, warn


@click.group("config")
@shared_options()
def command() -> None:
    """Show the settings and where they come from."""


@command.command("show")
@click.option("--origin", is_flag=True, help="Also print where each value comes from.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@shared_options()
@click.pass_obj
def show(state: State, origin: bool, as_json: bool) -> None:
    """Print every option with its value; secrets are masked.

    Options that a plugin keeps in a section of its own are shown where a file or --set has them.
    """
    from rvcli.cli.render.table import print_json, print_table

    settings = state.settings()
    if settings.unknown_sections() and (settings.plugin_files() or settings.plugin_modules()):
        with state.session(strict=False, quiet=True) as session:
            settings = session.settings
    rows = [
        {
            "section": section,
            "key": key,
            "value": found.shown,
            **({"origin": found.origin} if origin else {}),
        }
        for section, key, found in settings.items()
    ]
    if as_json:
        print_json(rows)
    else:
        cells = [[f"{row['section']}.{row['key']}", _text(row["value"])] for row in rows]
        headings = ["option", "value"]
        if origin:
            headings.append("origin")
            cells = [[*cell, str(row["origin"])] for cell, row in zip(cells, rows, strict=True)]
        print_table(headings, cells)
    if not state.is_quiet:
        warn(settings.warnings)


def _text(value: object) -> str:
    from rvcli.profile.convert import as_text

    return "" if value is None else as_text(value)
