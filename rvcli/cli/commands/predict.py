"""`rv predict`: apply a predict package to an image."""

from __future__ import annotations

from collections.abc import Sequence

import click

from rvcli.cli.eat_all import OptionEatAll
from rvcli.cli.options import shared_options
from rvcli.cli.program import Program
from rvcli.cli.state import State


class ChannelOrder(OptionEatAll):
    """Takes `--channel-order 2 1 0` as well as `--channel-order 2,1,0`."""

    def takes(self, word: str, before: Sequence[str], prefixes: Sequence[str]) -> bool:
        """Take numbers after a number: what else follows is a file."""
        return word.isdecimal() and before[0].isdecimal()


def _numbers(
    ctx: click.Context, param: click.Parameter, value: tuple[str, ...] | None
) -> list[int] | None:
    if value is None:
        return None
    text = " ".join(value)
    try:
        return [int(word) for word in text.replace(",", " ").split()]
    except ValueError:
        raise click.BadParameter(f"{text!r} is no list of bands, such as 2 1 0") from None


@click.command("predict", cls=Program)
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
    "--channel-order",
    cls=ChannelOrder,
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
    from rvcli.cli.render.progress import work_view
    from rvcli.profile.rv_config import RVConfig, use_tmp_dir

    with state.session(), terminations_interrupt():
        from rvcli import Predictor  # what a test has put in its place as well

        if tempdir is not None:
            use_tmp_dir(tempdir)
        with RVConfig.get_tmp_dir() as tmp_dir, work_view(quiet=state.is_quiet):
            predictor = Predictor(package, tmp_dir, update_stats, channel_order)
            predictor.predict(image, output, export_config)
    if not state.is_quiet:
        print(f"predictions: {output}")
