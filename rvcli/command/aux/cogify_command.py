"""CogifyCommand: makes Cloud Optimized GeoTIFFs of images."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rvcli import keys
from rvcli.command.aux_command import AuxCommand, AuxCommandOptions
from rvcli.data.companions import raster_companions
from rvcli.errors import CommandError, ConfigError, DataError, nearest
from rvcli.filesystem import shown
from rvcli.utils.files import download_if_needed
from rvcli.utils.place import placed
from rvcli.utils.progress import track

COGIFY = keys.COGIFY
DEFAULT_BLOCK_SIZE = 512
MIN_BLOCK_SIZE = 128  # GDAL's
DEFAULT_RESAMPLE_METHOD = "near"
DEFAULT_COMPRESSION = "deflate"
DEFAULT_OVERVIEWS = [2, 4, 8, 16, 32]

# What gdaladdo calls it: what rasterio calls it.
_RESAMPLING = {
    name: name for name in ("average", "bilinear", "cubic", "gauss", "lanczos", "mode", "rms")
} | {"near": "nearest", "nearest": "nearest", "cubicspline": "cubic_spline"}
_COMPRESSIONS = ("none", "deflate", "lzw", "zstd", "jpeg", "webp", "lzma", "lerc", "jxl")
_OPTIONS = ("block_size", "resample_method", "compression", "overviews")


def gdal_cog_commands(
    input_path: str,
    tmp_dir: str,
    block_size: int = DEFAULT_BLOCK_SIZE,
    resample_method: str = DEFAULT_RESAMPLE_METHOD,
    compression: str = DEFAULT_COMPRESSION,
    overviews: Sequence[int] | None = None,
) -> tuple[list[list[str]], str]:
    """Return what to call where GDAL's programs are installed; `create_cog` needs none of them.

    Args:
        input_path: of the image.
        tmp_dir: local directory for the result and what comes before it.
        block_size, resample_method, compression, overviews: see create_cog.

    Returns:
        arguments of gdal_translate, gdaladdo and gdal_translate, to be called one after the
        other, and the path of the result.
    """
    stem = Path(tmp_dir) / Path(input_path).stem
    tiled, output_path = f"{stem}-translate.tif", f"{stem}-cog.tif"
    options = {"COMPRESS": compression.upper(), "BIGTIFF": "IF_SAFER"}
    tiles = {"TILED": "YES", "BLOCKXSIZE": block_size, "BLOCKYSIZE": block_size, **options}
    translate = ["gdal_translate", *_arguments("-co", tiles), input_path, tiled]
    config = {f"{name}_OVERVIEW": value for name, value in options.items()}
    config |= {"GDAL_TIFF_OVR_BLOCKSIZE": str(block_size)}
    levels = DEFAULT_OVERVIEWS if overviews is None else overviews
    add = ["gdaladdo", "-r", resample_method, *_config_arguments(config), tiled, *map(str, levels)]
    cog = {"BLOCKSIZE": block_size, **options, "OVERVIEWS": "AUTO" if levels else "NONE"}
    finish = ["gdal_translate", "-of", "COG", *_arguments("-co", cog), tiled, output_path]
    return [translate, *([add] if levels else []), finish], output_path


def _arguments(flag: str, options: dict[str, Any]) -> list[str]:
    return [word for name, value in options.items() for word in (flag, f"{name}={value}")]


def _config_arguments(options: dict[str, str]) -> list[str]:
    return [word for name, value in options.items() for word in ("--config", name, value)]


def run_cmd(cmd: Sequence[str]) -> None:
    """Run a program and wait for its end.

    Args:
        cmd: the program and its arguments; no shell is involved.

    Raises:
        CommandError: there is no such program, or it fails; the message has what it said last.
    """
    try:
        subprocess.run(list(cmd), check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except FileNotFoundError as e:
        raise CommandError(
            f"there is no program {cmd[0]!r}", hint="is it installed, and on the PATH?"
        ) from e
    except subprocess.CalledProcessError as e:
        said = e.output.decode(errors="replace").strip().splitlines()[-10:]
        raise CommandError(f"{cmd[0]} ended with {e.returncode}: {' '.join(said)}") from e


def create_cog(
    source_uri: str,
    dest_uri: str,
    local_dir: str,
    block_size: int = DEFAULT_BLOCK_SIZE,
    resample_method: str = DEFAULT_RESAMPLE_METHOD,
    compression: str = DEFAULT_COMPRESSION,
    overviews: Sequence[int] | None = None,
) -> None:
    """Make a Cloud Optimized GeoTIFF of an image.

    Georeference, nodata, masks, colour tables and the descriptions of bands are kept. Memory is
    that of GDAL's cache; `local_dir` has to hold the image without compression.

    Args:
        source_uri: of the image, of any format that GDAL reads; a remote one is downloaded.
        dest_uri: where the result goes, whole or not at all.
        local_dir: local directory for temporary files.
        block_size: width and height of tiles in pixels, a multiple of 16, at least 128.
        resample_method: of the overviews, as gdaladdo calls it: near, average, gauss, bilinear,
            cubic, cubicspline, lanczos, mode or rms.
        compression: none, deflate, lzw, zstd, jpeg, webp, lzma, lerc or jxl.
        overviews: how many times smaller each is; by default 2, 4, 8, 16 and 32, as far as the
            one before is larger than a tile.

    Raises:
        ConfigError: there is no such option.
        DataError: the image cannot be read, or does not fit the compression.
        NotWritableError: the result cannot be written.
    """
    from rvcli.data.gdal import limit_cache, open_raster

    resampling = _known(resample_method, _RESAMPLING, "resample method")
    driver = _known(compression, {name: name.upper() for name in _COMPRESSIONS}, "compression")
    if block_size < MIN_BLOCK_SIZE or block_size % 16:
        raise ConfigError(
            f"block_size is {block_size}", hint=f"it must be 16 x n, and {MIN_BLOCK_SIZE} or more"
        )
    limit_cache()
    path = download_if_needed(source_uri, local_dir)
    Path(local_dir).mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=local_dir, prefix="cogify-") as folder, _gdal(source_uri, dest_uri):
        # The format keeps overviews before the image, which are made of the image: a copy first.
        copied = str(Path(folder) / "copy.tif")
        with open_raster(path, source_uri) as dataset:
            levels = _levels(overviews, max(dataset.height, dataset.width), block_size)
            _copy(dataset, copied, driver="GTiff", tiled="YES", bigtiff="IF_SAFER")
        if levels:
            _add_overviews(copied, levels, resampling)
        with placed(dest_uri, local_dir) as made:
            _copy(
                copied,
                str(made),
                driver="COG",
                blocksize=block_size,
                compress=driver,
                bigtiff="IF_SAFER",
                overviews="FORCE_USE_EXISTING" if levels else "NONE",
            )


class CogifyCommand(AuxCommand):
    """Makes Cloud Optimized GeoTIFFs of images.

    Its config has `uris`, a list of pairs (source, destination), and perhaps block_size,
    resample_method, compression and overviews, see create_cog.
    """

    command_type = COGIFY
    command_options = AuxCommandOptions(
        split_on="uris",
        inputs=lambda config: [
            path for source, _ in _pairs(config) for path in (source, *raster_companions(source))
        ],
        outputs=lambda config: [destination for _, destination in _pairs(config)],
        required_fields=["uris"],
    )

    def run(self, tmp_dir: str | None = None) -> None:
        """Make the files, one after the other."""
        options = {name: value for name, value in self.command_config.items() if name != "uris"}
        for name in options:
            _known(name, dict.fromkeys(_OPTIONS), "option of COGIFY")
        pairs = _pairs(self.command_config)
        local_dir = tmp_dir or self.get_tmp_dir()
        with track("making COGs", len(pairs)) as progress:
            for source, destination in pairs:
                create_cog(source, destination, local_dir, **options)
                progress.advance()


def _pairs(config: dict[str, Any]) -> list[tuple[str, str]]:
    pairs = config.get("uris")
    is_list = isinstance(pairs, (list, tuple))
    found = [tuple(pair) if isinstance(pair, (list, tuple)) else () for pair in pairs or ()]
    if not is_list or any(len(pair) != 2 for pair in found):
        raise ConfigError(
            f"the uris of COGIFY are {pairs!r}", hint='write [["image.jp2", "image.tif"], ...]'
        )
    return [(str(source), str(destination)) for source, destination in found]


def _known(name: str, known: dict[str, Any], what: str) -> Any:
    """Return what a name stands for."""
    key = str(name).lower()
    if key in known:
        return known[key]
    near = nearest(key, known)
    hint = f"did you mean {near!r}?" if near else f"there are: {', '.join(known)}"
    raise ConfigError(f"there is no {what} {name!r}", hint=hint)


def _levels(overviews: Sequence[int] | None, size: int, block_size: int) -> list[int]:
    if overviews is None:
        return [level for level in DEFAULT_OVERVIEWS if size > block_size * level // 2]
    wrong = [level for level in overviews if level < 2]
    if wrong:
        raise ConfigError(
            f"overviews are {list(overviews)}", hint="write how many times smaller each is: [2, 4]"
        )
    return sorted(overviews)


def _add_overviews(path: str, levels: list[int], resampling: str) -> None:
    import rasterio
    from rasterio.enums import Resampling

    with rasterio.Env(BIGTIFF_OVERVIEW="IF_SAFER"), rasterio.open(path, "r+") as dataset:
        dataset.build_overviews(levels, Resampling[resampling])


def _copy(source: Any, path: str, **options: Any) -> None:
    from rasterio.shutil import copy

    copy(source, path, **options)


@contextmanager
def _gdal(source_uri: str, dest_uri: str) -> Iterator[None]:
    """Give a context in which errors of GDAL name the image, which need not be georeferenced."""
    import warnings

    import rasterio
    from rasterio._err import CPLE_BaseError  # copying raises no other
    from rasterio.errors import NotGeoreferencedWarning, RasterioError

    try:
        with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True), warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            yield
    except (RasterioError, CPLE_BaseError) as e:
        raise DataError(
            f"no COG can be made of {shown(source_uri)} at {shown(dest_uri)}: {e.__cause__ or e}",
            hint="is the image whole, does it fit the compression, and is there room on the disk?",
        ) from e
