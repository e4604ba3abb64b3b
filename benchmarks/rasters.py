"""CPU seconds for statistics, chips and a stack of 10,000 x 10,000 x 3 images, beside rasterio.

    python benchmarks/rasters.py [--size 10000] [--folder DIR]

Images are made once, in DIR (default: a folder of the system's temporary directory). Each
measurement runs in a process of its own. The yardstick, rasterio by strips of blocks with one
bincount per channel, is measured in the same run; aims are scaled by its time / 2.7 s. The aim of
the stack, of an image and one of half its resolution, is 1.2 times rasterio's own reading and
resampling of the same windows.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import rasterio
from rasterio.enums import Resampling
from rasterio.transform import from_origin
from rasterio.windows import Window

BLOCK = 256
# All images cover the same ground.
EDGE_M = 5000
YARDSTICK_S = 2.7
AIMS_S = {
    "statistics uint8": 3.2,
    "statistics uint16": 4.0,
    "chips uint8": 4.0,
    "chips uint16": 4.0,
}
PLAIN, STACK, STACK_AIM = "plain stack uint16", "stack uint16", 1.2
ROUNDS = 3


def main() -> None:
    """Make the images, measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=10_000, help="side of the image in pixels")
    parser.add_argument(
        "--folder", type=Path, default=Path(tempfile.gettempdir()) / "rv-benchmarks"
    )
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    images = {
        dtype: make_image(arguments.folder, arguments.size, dtype) for dtype in ("uint8", "uint16")
    }
    make_image(arguments.folder, arguments.size // 2, "uint16")
    if arguments.measure:
        what, _, dtype = arguments.measure.rpartition(" ")
        measure(MEASURED[what], images[dtype])
        return
    names = ["yardstick uint8", *AIMS_S, PLAIN, STACK]
    # In turns, so that a busy minute of the machine falls on all of them.
    rounds = [{name: in_process(name, arguments) for name in names} for _ in range(ROUNDS)]
    best = {
        name: min((r[name] for r in rounds), key=lambda figure: figure["cpu_s"]) for name in names
    }
    factor = best["yardstick uint8"]["cpu_s"] / YARDSTICK_S
    aims = {name: seconds * factor for name, seconds in AIMS_S.items()}
    aims[STACK] = best[PLAIN]["cpu_s"] * STACK_AIM
    print(f"{'':22}{'CPU s':>8}{'aim':>8}{'ratio':>8}{'peak MB':>9}")
    for name in names:
        figure = best[name]
        aim = aims.get(name, figure["cpu_s"])
        ratio = figure["cpu_s"] / aim
        print(f"{name:22}{figure['cpu_s']:8.2f}{aim:8.2f}{ratio:8.2f}{figure['peak_mb']:9.0f}")


def make_image(folder: Path, size: int, dtype: str) -> Path:
    """Draw a tiled, deflated image with texture and noise, unless it is there."""
    path = image_path(folder, size, dtype)
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    scale = 1 if dtype == "uint8" else 40
    profile = {
        "driver": "GTiff", "width": size, "height": size, "count": 3, "dtype": dtype,
        "tiled": True, "blockxsize": BLOCK, "blockysize": BLOCK, "compress": "deflate",
        "crs": "EPSG:32637", "transform": from_origin(500_000, 9_000_000, *[EDGE_M / size] * 2),
    }  # fmt: skip
    temporary = path.with_suffix(".part.tif")
    x = np.arange(size)
    with rasterio.open(temporary, "w", **profile) as dataset:
        for top in range(0, size, BLOCK):
            y = np.arange(top, min(top + BLOCK, size))[:, None]
            waves = 100 + 40 * np.sin(x / 97) + 40 * np.cos(y / 61)
            bands = [waves + 10 * b + rng.integers(0, 8, waves.shape) for b in range(3)]
            strip = np.clip(np.stack(bands), 1, 255) * scale
            dataset.write(strip.astype(dtype), window=Window(0, top, size, y.shape[0]))
    return temporary.replace(path)


def image_path(folder: Path, size: int, dtype: str) -> Path:
    """Name the image of some size."""
    return folder / f"placed-{dtype}-{size}.tif"


def yardstick(path: Path) -> None:
    """Count the values of each channel by strips of blocks, with nothing but rasterio."""
    with rasterio.open(path) as dataset:
        counts = np.zeros((dataset.count, 256), dtype=np.int64)
        for top in range(0, dataset.height, BLOCK):
            height = min(BLOCK, dataset.height - top)
            strip = dataset.read(window=Window(0, top, dataset.width, height))
            for band in range(dataset.count):
                counts[band] += np.bincount(strip[band].ravel(), minlength=256)


def statistics(path: Path) -> None:
    """Compute the statistics of an image."""
    from rvcli.core.raster_stats import RasterStats
    from rvcli.data.raster_source.rasterio_source import RasterioSource

    RasterStats().compute([RasterioSource([str(path)], [], tempfile.gettempdir())])


def chips(path: Path) -> None:
    """Read about 1,600 chips in grid order, scaled by statistics."""
    from rvcli.core.raster_stats import RasterStats
    from rvcli.data.raster_source.rasterio_source import RasterioSource
    from rvcli.data.raster_transformer.stats_transformer import StatsTransformer

    stats = RasterStats()
    stats.means, stats.stds = [100.0] * 3, [30.0] * 3
    source = RasterioSource([str(path)], [StatsTransformer(stats)], tempfile.gettempdir())
    with source.activate():
        for window in source.get_extent().get_windows(256, 256):
            source.get_chip(window)


def plain_stack(path: Path) -> None:
    """Read windows of an image, and of one of half its resolution, with nothing but rasterio."""
    with rasterio.open(path) as fine, rasterio.open(half(path)) as coarse:
        for top in range(0, fine.height, BLOCK):
            for left in range(0, fine.width, BLOCK):
                height, width = min(BLOCK, fine.height - top), min(BLOCK, fine.width - left)
                bands = fine.read(window=Window(left, top, width, height))
                others = coarse.read(
                    window=Window(left / 2, top / 2, width / 2, height / 2),
                    out_shape=bands.shape,
                    resampling=Resampling.bilinear,
                )
                np.concatenate([bands, others])


def stack(path: Path) -> None:
    """Read the same windows of both as one image."""
    from rvcli.data.raster_source.multi_raster_source import MultiRasterSource
    from rvcli.data.raster_source.rasterio_source import RasterioSource

    sources = [RasterioSource([str(p)], [], tempfile.gettempdir()) for p in (path, half(path))]
    source = MultiRasterSource(sources)
    with source.activate():
        for window in source.get_extent().get_windows(BLOCK, BLOCK):
            source.get_chip(window.intersection(source.get_extent()))


def half(path: Path) -> Path:
    """Name the image of half the resolution."""
    _, dtype, size = path.stem.split("-")
    return image_path(path.parent, int(size) // 2, dtype)


MEASURED = {
    "yardstick": yardstick,
    "statistics": statistics,
    "chips": chips,
    "plain stack": plain_stack,
    "stack": stack,
}


def measure(function, path: Path) -> None:
    """Run a function after its imports are done, and print its figures as JSON."""
    import rvcli.core.raster_stats
    import rvcli.data.raster_source.multi_raster_source  # noqa: F401

    start = time.process_time()
    function(path)
    cpu_s = time.process_time() - start
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"cpu_s": cpu_s, "peak_mb": peak_mb}))


def in_process(name: str, arguments: argparse.Namespace) -> dict[str, float]:
    """Take one measurement in a process of its own."""
    command = [
        sys.executable, __file__, "--measure", name,
        "--size", str(arguments.size), "--folder", str(arguments.folder),
    ]  # fmt: skip
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


if __name__ == "__main__":
    main()
