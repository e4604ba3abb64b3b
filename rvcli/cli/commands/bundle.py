"""`rv bundle`: look at predict packages and check that they work here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rvcli.cli.options import shared_options
from rvcli.cli.state import State
from rvcli.errors import EXIT_DONE, EXIT_FAILURE

if TYPE_CHECKING:
    from rvcli.package.check import PackageReport


@click.group("bundle")
@shared_options()
def command() -> None:
    """Check a predict package by its self-test."""


@command.command("check")
@click.argument("package")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--strict", is_flag=True, help="Fail as well where there is no self-test to run.")
@shared_options()
@click.pass_obj
def check(state: State, package: str, as_json: bool, strict: bool) -> int:
    """Say what PACKAGE is, and run the self-test that is inside it.

    A small image is predicted in an empty directory, and the result compared with what was
    predicted where the package was made. Exits with 1 where they differ or a file of the package
    was changed; a package of an older release has no self-test, which is said.
    """
    from rvcli.cli.interrupts import terminations_interrupt
    from rvcli.cli.render.package import print_package
    from rvcli.cli.render.progress import work_view
    from rvcli.cli.render.table import print_json
    from rvcli.package.check import ABSENT, check_package
    from rvcli.profile.rv_config import RVConfig

    with (
        state.session(quiet=as_json),
        terminations_interrupt(),
        RVConfig.get_tmp_dir() as tmp_dir,
        work_view(quiet=state.is_quiet),
    ):
        report: PackageReport = check_package(package, tmp_dir)
    if as_json:
        print_json(report.to_dict())
    else:
        print_package(report, only_result=state.is_quiet)
    passes = report.ok and not (strict and report.result == ABSENT)
    return EXIT_DONE if passes else EXIT_FAILURE
