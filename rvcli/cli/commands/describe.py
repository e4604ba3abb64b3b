"""`rv describe`: what a key is, what it takes, and how it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rvcli.cli import completion
from rvcli.cli.commands.keys import tell_broken
from rvcli.cli.options import shared_options
from rvcli.cli.program import Program
from rvcli.cli.state import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rvcli.config.catalogue import Page
    from rvcli.config.describe import FieldRow


@click.command("describe", cls=Program)
@click.argument("key", shell_complete=completion.keys_of_all)
@click.option(
    "--group", metavar="GROUP", shell_complete=completion.groups, help="Where to look for the key."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@shared_options()
@click.pass_obj
def command(state: State, /, key: str, group: str | None, as_json: bool) -> None:
    """Say what a key is: its fields with types, defaults and units, and an example.

    KEY is one of those that rv keys lists, in any case, of plugins as well. A key of several
    groups is described in each, unless --group names one.
    """
    from rvcli.cli.render.table import print_json
    from rvcli.config.catalogue import find, page

    with state.session(strict=False) as session:
        tell_broken(session.plugins)
        pages = [page(entry) for entry in find(key, group)]
    if as_json:
        print_json([one.to_dict() for one in pages])
        return
    for number, one in enumerate(pages):
        if number:
            print()
        _print(one)


def _print(page: Page) -> None:
    row = page.row
    print(f"{row.key} ({row.group}) from {row.origin}")
    if page.component and page.component != row.key:
        print(f"{page.component}")
    for paragraph in page.doc:
        print(f"\n{paragraph}")
    if row.extra:
        missing = "" if row.installed else ", which is not installed"
        print(f"\nneeds: pip install 'rvcli[{row.extra}]'{missing}")
    if page.note:
        print(f"\n{page.note}")
    if page.fields:
        print("\nFields; each is set by with_<field>(...) on the builder:\n")
        _print_fields(page.fields)
    for options in page.options:
        print(f"\n{options.name}: {options.doc}\n")
        _print_fields(options.fields)
    if page.methods:
        print("\nThe builder also has:\n" if page.declared else "\nMethods:\n")
        for method in page.methods:
            print(f"  {method.signature}")
            if method.doc:
                print(f"      {method.doc}")
    if page.example:
        print("\nExample:\n")
        print("\n".join(f"  {line}".rstrip() for line in page.example.splitlines()))


def _print_fields(fields: Sequence[FieldRow]) -> None:
    from rvcli.cli.render.table import print_table

    print_table(
        ["field", "type", "default", "unit", "meaning"],
        [
            [field.name, field.type, field.default or "required", field.unit, _meaning(field)]
            for field in fields
        ],
    )


def _meaning(field: FieldRow) -> str:
    used_by = f" Needed by {', '.join(field.used_by).lower()}." if field.used_by else ""
    check = f" It {field.check}." if field.check else ""
    return f"{field.doc}{check}{used_by}"
