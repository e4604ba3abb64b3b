"""`rv report`: what experiments did, and how well, as one HTML file."""

from __future__ import annotations

import click

from rvcli.cli import completion
from rvcli.cli.options import shared_options
from rvcli.cli.program import Program
from rvcli.cli.state import State


@click.command("report", cls=Program)
@click.argument("root_uri", metavar="ROOT_URI", shell_complete=completion.files)
@click.argument(
    "experiments",
    metavar="[EXPERIMENT]...",
    nargs=-1,
    shell_complete=completion.experiment_ids,
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Where to write it, also a URI; ROOT_URI/report.html by default.",
)
@click.option("--open", "opens", is_flag=True, help="Open it in the browser.")
@click.option("--tempdir", metavar="DIR", help="Where temporary files go.")
@shared_options()
@click.pass_obj
def command(
    state: State,
    root_uri: str,
    experiments: tuple[str, ...],
    output: str | None,
    opens: bool,
    tempdir: str | None,
) -> None:
    """Write a report of experiments: maps, figures, curves, times and provenance, in one file.

    ROOT_URI is the root that the experiments have run below, EXPERIMENT the id of one of them:
    all of them by default. Two or more are compared. The file needs no network and no server.
    """
    from rvcli.cli.interrupts import terminations_interrupt
    from rvcli.cli.render.progress import work_view
    from rvcli.errors import NotWritableError
    from rvcli.filesystem import absolute_uri, is_local, join_uri, to_path
    from rvcli.profile.rv_config import RVConfig, use_tmp_dir

    with state.session(), terminations_interrupt():
        from rvcli.report.report import NAME, write_report

        if tempdir is not None:
            use_tmp_dir(tempdir)
        root = absolute_uri(root_uri)
        output_uri = absolute_uri(output) if output else join_uri(root, NAME)
        with RVConfig.get_tmp_dir() as tmp_dir, work_view(quiet=state.is_quiet):
            try:
                written = write_report(root, experiments, output_uri, tmp_dir)
            except NotWritableError as e:
                hint = "write the report elsewhere: -o FILE"
                raise NotWritableError(e.message, hint=hint) from e
    if not state.is_quiet:
        print(f"report: {written}")
    if opens:
        import webbrowser

        address = to_path(written).as_uri() if is_local(written) else written
        if not (address.startswith(("file:", "http")) and webbrowser.open(address)):
            from rvcli.cli.state import warn

            warn([f"no browser was found that opens {written}: open it by hand"])
