"""`rv predict`: apply a predict package to an image."""

from __future__ import annotations

from collections.abc import Sequence

import click

from rvcli.cli import completion
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
@click.argument("package", shell_complete=completion.files)
@click.argument(
    "images", metavar="IMAGE...", nargs=-1, required=True, shell_complete=completion.files
)
@click.argument("output", shell_complete=completion.files)
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
@click.option(
    "--aoi",
    metavar="FILE",
    help="Predict only within the polygons of a vector file: GeoJSON or another, in any CRS.",
)
@click.option(
    "--asset",
    "assets",
    metavar="NAME",
    multiple=True,
    help="Of an IMAGE that is a STAC item, the asset to read; repeat it where several are read.",
)
@click.option(
    "--skip-existing", is_flag=True, help="Leave predictions that are there already as they are."
)
@click.option(
    "--strict",
    is_flag=True,
    help="Refuse an image that differs from those that the model was trained on.",
)
@click.option("--export-config", metavar="FILE", help="Where to write the message of the scene.")
@click.option("--tempdir", metavar="DIR", help="Where temporary files go.")
@shared_options()
@click.pass_obj
def command(
    state: State,
    package: str,
    images: tuple[str, ...],
    output: str,
    update_stats: bool,
    channel_order: list[int] | None,
    aoi: str | None,
    assets: tuple[str, ...],
    skip_existing: bool,
    strict: bool,
    export_config: str | None,
    tempdir: str | None,
) -> None:
    """Apply the predict PACKAGE of an experiment to IMAGE and write the result to OUTPUT.

    Where the model reads a stack of images, IMAGE names one for each, with commas between them. It
    may also be a STAC item, or a pattern such as 'data/*.tif', in quotes.

    Of several images, OUTPUT is a directory, or a pattern such as out/{name}.gpkg, and one that
    fails does not stop the others. The extension of OUTPUT decides on the format: .geojson, .json,
    .gpkg or .fgb, and for pixels .tif, which is a Cloud Optimized GeoTIFF.
    """
    from rvcli.cli.images import expand, is_folder, outputs_for
    from rvcli.cli.interrupts import terminations_interrupt
    from rvcli.cli.predictions import Predictions
    from rvcli.cli.render.progress import work_view
    from rvcli.profile.rv_config import RVConfig, use_tmp_dir
    from rvcli.progress import track

    with state.session(), terminations_interrupt():
        from rvcli import Predictor  # what a test has put in its place as well

        if tempdir is not None:
            use_tmp_dir(tempdir)
        found = expand(images)
        is_many = len(found) > 1 or is_folder(output)
        with RVConfig.get_tmp_dir() as tmp_dir, work_view(quiet=state.is_quiet):
            with track("opening the package", None, ""):
                predictor = Predictor(package, tmp_dir, update_stats, channel_order)
            ending = predictor.ending if is_many else ""
            outputs = outputs_for(found, output, ending) if is_many else [output]
            configs = _config_uris(found, export_config)
            Predictions(predictor, state, assets, aoi, strict, skip_existing, len(found) > 1).run(
                found, outputs, configs
            )


def _config_uris(images: Sequence[str], export_config: str | None) -> Sequence[str | None]:
    from rvcli.cli.images import outputs_for

    if export_config is None or len(images) == 1:
        return [export_config] * len(images)
    return outputs_for(images, export_config, ".json")
