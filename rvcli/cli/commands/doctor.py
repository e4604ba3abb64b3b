"""`rv doctor`: say what is installed, what works, and what does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rvcli.cli.options import shared_options
from rvcli.cli.program import Program
from rvcli.cli.say import style
from rvcli.cli.state import State
from rvcli.errors import EXIT_DONE, EXIT_FAILURE, RvError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rvcli.doctor import Finding

# Long enough for a plugin that imports PyTorch from a cold disk.
_PATIENCE_S = 15.0
_COLOURS = {"ok": "green", "warning": "yellow", "problem": "red"}


@click.command("doctor", cls=Program)
@click.option("--network", is_flag=True, help="Also ask AWS whose the credentials are.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@shared_options()
@click.pass_obj
def command(state: State, /, network: bool, as_json: bool) -> int:
    """Say what is installed, which settings are in force, and what works.

    It looks at packages, the profile, plugins, GDAL, GPUs, credentials, endpoints, processors,
    memory and disk space, and says what to do about each problem. Exits with 1 if there is one.
    With -q only warnings and problems are shown.
    """
    from rvcli.cli.render.table import print_json

    found = []
    for finding in _findings(state, network):
        found.append(finding)
        if not as_json and not (state.is_quiet and finding.status == "ok"):
            _print(finding)
    problems = sum(finding.status == "problem" for finding in found)
    warnings = sum(finding.status == "warning" for finding in found)
    if as_json:
        print_json([finding.to_dict() for finding in found])
    elif not state.is_quiet:
        print(f"{_count(problems, 'problem')}, {_count(warnings, 'warning')}")
    return EXIT_FAILURE if problems else EXIT_DONE


def _findings(state: State, network: bool) -> Iterator[Finding]:
    """Yield all findings; a profile that cannot be read is one, and defaults count then."""
    from rvcli import profile
    from rvcli.doctor import PROBLEM, Finding, examine

    try:
        with state.session(strict=False, quiet=True, patience_s=_PATIENCE_S) as session:
            yield from examine(session.settings, session.plugins, network=network)
    except RvError as e:
        advice = e.hint or "rv config show --origin prints where settings come from"
        yield Finding("profile", PROBLEM, e.message, advice)
        yield from examine(profile.Settings(), network=network)


def _print(finding: Finding) -> None:
    from rvcli.profile.secrets import mask_uris

    mark = style(f"{finding.status:<8}", fg=_COLOURS[finding.status])
    click.echo(f"{mark} {finding.topic + ':':<13}{mask_uris(finding.text)}")
    if finding.advice:
        click.echo(f"{'':<22}{style('TIP: ', fg='cyan')}{mask_uris(finding.advice)}")


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
