"""`rv predict`: apply a predict package to an image."""

from __future__ import annotations

import click

from rvcli.cli.options import shared_options
from rvcli.cli.state import State

CHANNEL_ORDER = "--channel-order"


class PredictCommand(click.Command):
    """Takes `--channel-order 2 1 0` as well as `--channel-order 2,1,0`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Join the numbers that follow --channel-order."""
        return super().parse_args(ctx, join_numbers(args))


def join_numbers(args: list[str]) -> list[str]:
    """Make one word, with commas, of the numbers that follow --channel-order."""
    joined: list[str] = []
    rest = list(args)
    while rest:
        word = rest.pop(0)
        joined.append(word)
        if word == CHANNEL_ORDER:
            numbers = []
            while rest and rest[0].isdecimal():
                numbers.append(rest.pop(0))
            if numbers:
                joined.append(",".join(numbers))
    return joined


def _numbers(ctx: click.Context, param: click.Parameter, value: str | None) -> list[int] | None:
    if value is None:
        return None
    try:
        return [int(word) for word in value.replace(" ", ",").split(",") if word]
    except ValueError:
        raise click.BadParameter(f"{value!r} is no list of bands, such as 2 1 0") from None


@click.command("predict", cls=PredictCommand)
@click.argument("package")
@click.argument("image")
@click.argument("output")
@click.option(
    "-a",
    "--update-stats",
    is_flag=True,
    help="Measure the statistics of this image, instead of using those of training.",
)
@click.option(
    CHANNEL_ORDER,
    metavar="BAND...",
    callback=_numbers,
    help="Bands to read, counted from 0, where this image differs: 2 1 0.",
)
@click.option("--export-config", metavar="FILE", help="Where to write the message of the scene.")
@click.option("--tempdir", metavar="DIR", help="Where temporary files go.")
@shared_options()
@click.pass_obj
def command(
    state: State,
    package: str,
    image: str,
    output: str,
    update_stats: bool,
    channel_order: list[int] | None,
    export_config: str | None,
    tempdir: str | None,
) -> None:
    """Apply the predict PACKAGE of an experiment to IMAGE and write the result to OUTPUT.

    Where the model reads a stack of images, IMAGE names one for each, with commas between them.
    """
    from rvcli.cli.interrupts import terminations_interrupt
    from rvcli.cli.logs import log_to_stderr
    from rvcli.cli.render.progress import work_view
    from rvcli.profile.rv_config import RVConfig

    with state.session() as session, terminations_interrupt():
        from rvcli.predictor import Predictor

        log_to_stderr(session.settings, state.verbosity)
        if tempdir is not None:
            RVConfig.set_tmp_dir(tempdir)
        with RVConfig.get_tmp_dir() as tmp_dir, work_view(quiet=state.is_quiet):
            predictor = Predictor(package, tmp_dir, update_stats, channel_order)
            predictor.predict(image, output, export_config)
    if not state.is_quiet:
        print(f"predictions: {output}")
