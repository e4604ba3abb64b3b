"""Time, memory and size of a report of 20 scenes of 10,000 x 10,000 pixels.

    python benchmarks/report.py [--folder DIR] [--scenes 20] [--size 10000]

Scenes have three bands of uint8, tiled and deflated, without overviews; half of them have 1,000
polygons as labels, half a raster. A run with a backend that learns nothing writes predictions and
records. Its files are made once, in DIR (default: a folder of the system's temporary directory):
each scene has another image, as smooth and as rough as land is, so that the page is as large as of
real ones. They take some gigabytes.

Each measurement runs in a process of its own: the previews of scenes alone, and the whole report;
first without what earlier reports kept, then with it.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.transform import from_origin
from rasterio.windows import Window
from rasters import make_image

HERE = Path(__file__).parent
AIM_S, AIM_MB = 60.0, 500.0
AIMS_SIZE_MB = {"scenes": 6.0, "report": 10.0}  # of pictures, and of the page
POLYGONS = 1000
LAND_SIZE, PARCELS = 2048, 24
TRAIN_SIZE = 1024


def main() -> int:
    """Make the files, measure, print a table, and return 1 if an aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--folder", type=Path, default=Path(tempfile.gettempdir()) / "rv-benchmarks"
    )
    parser.add_argument("--scenes", type=int, default=20)
    parser.add_argument("--size", type=int, default=10_000)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    folder = arguments.folder / f"report-{arguments.scenes}-{arguments.size}"
    if arguments.measure:
        print(json.dumps(MEASURED[arguments.measure](folder)))
        return 0
    make_run(arguments.folder, folder, arguments.scenes, arguments.size)
    is_missed = False
    print(f"{'':18}{'seconds':>9}{'CPU s':>8}{'peak MB':>9}{'size MB':>9}{'aim':>6}")
    for what, aim_mb in AIMS_SIZE_MB.items():
        with tempfile.TemporaryDirectory(dir=folder) as cache_dir:
            for name in (what, f"{what} again"):
                figure = in_process(what, arguments, cache_dir)
                print(
                    f"{name:18}{figure['seconds']:9.1f}{figure['cpu_s']:8.1f}"
                    f"{figure['peak_mb']:9.0f}{figure['size_mb']:9.2f}{aim_mb:6.0f}",
                    flush=True,
                )
                is_missed |= (
                    figure["seconds"] > AIM_S
                    or figure["peak_mb"] > AIM_MB
                    or figure["size_mb"] > aim_mb
                )
    print(f"{'aim':18}{AIM_S:9.1f}{'':8}{AIM_MB:9.0f}")
    return int(is_missed)


def in_process(what: str, arguments: argparse.Namespace, cache_dir: str) -> dict[str, Any]:
    """Measure in a process of its own."""
    command = [sys.executable, __file__, "--measure", what, "--folder", arguments.folder]
    command += ["--scenes", str(arguments.scenes), "--size", str(arguments.size)]
    environment = {**os.environ, "XDG_CACHE_HOME": cache_dir}
    output = subprocess.run(
        command, env=environment, check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    figures: dict[str, Any] = json.loads(output.splitlines()[-1])
    return figures


def measure_scenes(folder: Path) -> dict[str, float]:
    """Make previews of all scenes."""
    from rvcli.report.scenes import collect_scenes
    from rvcli.report.sources import read_source

    started, cpu_s = time.monotonic(), time.process_time()
    source = read_source(str(folder / "out"), "report")
    with source.config() as config, tempfile.TemporaryDirectory() as tmp_dir:
        previews = collect_scenes(source, config, tmp_dir)
    problems = [preview.problem for preview in previews if preview.problem]
    if problems:
        raise RuntimeError(f"a scene could not be shown: {problems[0]}")
    pictures = [x.picture for preview in previews for x in preview.layers if x.picture]
    return figures_of(started, cpu_s, sum(len(picture.data) for picture in pictures))


def measure_report(folder: Path) -> dict[str, float]:
    """Write the report."""
    from rvcli.report.report import write_report

    started, cpu_s = time.monotonic(), time.process_time()
    page = folder / "report.html"
    with tempfile.TemporaryDirectory() as tmp_dir:
        write_report(str(folder / "out"), ["report"], str(page), tmp_dir)
    return figures_of(started, cpu_s, page.stat().st_size)


MEASURED = {"scenes": measure_scenes, "report": measure_report}


def figures_of(started_s: float, cpu_s: float, size_bytes: int) -> dict[str, float]:
    """Return what was measured."""
    return {
        "seconds": time.monotonic() - started_s,
        "cpu_s": time.process_time() - cpu_s,
        "peak_mb": peak_mb(),
        "size_mb": size_bytes / 1e6,
    }


def peak_mb() -> float:
    """Return the most memory that this process had, without that of the one that started it."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def make_run(images: Path, folder: Path, scenes: int, size: int) -> None:
    """Make the files of a run, unless they are there."""
    if (folder / "done").exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    data = folder / "data"
    data.mkdir(parents=True)
    for name in ("train", *(f"scene-{i:02}" for i in range(scenes))):
        image = data / f"{name}.tif"
        if name == "train":
            os.link(make_image(images, TRAIN_SIZE, "uint8"), image)
        else:
            make_land(image, size, seed=int(name[-2:]))
        if name.endswith(("0", "2", "4", "6", "8")):
            make_raster(image, data / f"{name}-labels.tif")
        else:
            write_polygons(image, data / f"{name}.geojson")
    arguments = [
        *(sys.executable, "-m", "rvcli", "--set", f"PLUGINS.files={HERE / 'memory_backend.py'}"),
        *("run", "inprocess", str(HERE / "report_experiment.py")),
        *("-a", "data_dir", str(data), "-a", "root_uri", str(folder / "out")),
        *("train", "predict", "eval", "chip"),
    ]
    subprocess.run(arguments, check=True)
    (folder / "done").touch()


def make_land(path: Path, size: int, seed: int) -> None:
    """Draw hills of all sizes, and parcels of one colour each, tiled and deflated."""
    rng = np.random.default_rng(seed)
    side = min(size, LAND_SIZE)
    land = np.zeros((side, side), np.float32)
    for cells in (4, 16, 64, 256, 1024):
        at = np.linspace(0, cells, side, endpoint=False)
        first, share = at.astype(int), (at % 1).astype(np.float32)
        coarse = rng.normal(0, 1, (cells + 1, cells + 1)).astype(np.float32)
        rows = coarse[first].T * (1 - share) + coarse[first + 1].T * share
        land += (rows.T[:, first] * (1 - share) + rows.T[:, first + 1] * share) / cells**0.4
    parcel = np.arange(side) * PARCELS // side
    colors = rng.integers(-30, 30, (3, PARCELS, PARCELS))
    bands = [110 + 30 * land + own[parcel][:, parcel] for own in colors]
    drawn = np.clip(np.stack(bands), 1, 247).astype(np.uint8)
    profile = {
        "driver": "GTiff", "width": size, "height": size, "count": 3, "dtype": "uint8",
        "tiled": True, "blockxsize": 512, "blockysize": 512, "compress": "deflate", "zlevel": 1,
        "crs": "EPSG:32637",
        "transform": from_origin(500_000 + seed * 6000, 5_000_000, 0.5, 0.5),
    }  # fmt: skip
    x = np.arange(size) * side // size
    with rasterio.open(path, "w", **profile) as dataset:
        for top in range(0, size, 512):
            y = np.arange(top, min(top + 512, size)) * side // size
            strip = drawn[:, y][:, :, x] + rng.integers(0, 8, (1, len(y), size), np.uint8)
            dataset.write(strip, window=Window(0, top, size, len(y)))


def boxes(size: int, count: int = POLYGONS) -> np.ndarray:
    """Return the bounds of buildings in pixels: rows (xmin, ymin, xmax, ymax)."""
    rng = np.random.default_rng(0)
    corners = rng.integers(0, size - 80, (count, 2))
    return np.hstack([corners, corners + rng.integers(20, 80, (count, 2))])


def make_raster(image: Path, path: Path) -> None:
    """Draw the buildings as class ids, on the grid of an image."""
    with rasterio.open(image) as source:
        profile = {**source.profile, "count": 1, "nodata": None, "photometric": "minisblack"}
    labels = np.full((profile["height"], profile["width"]), 2, np.uint8)
    for xmin, ymin, xmax, ymax in boxes(profile["width"]):
        labels[ymin:ymax, xmin:xmax] = 1
    with rasterio.open(path, "w", **profile) as dataset:
        dataset.write(labels, 1)


def write_polygons(image: Path, path: Path) -> None:
    """Write the buildings as GeoJSON."""
    from rasterio.warp import transform

    with rasterio.open(image) as source:
        affine, crs, size = source.transform, source.crs, source.width
    features = []
    for xmin, ymin, xmax, ymax in boxes(size).tolist():
        ring = [(xmin, ymin), (xmin, ymax), (xmax, ymax), (xmax, ymin), (xmin, ymin)]
        xs, ys = zip(*(affine * corner for corner in ring), strict=True)
        lons, lats = transform(crs, "EPSG:4326", xs, ys)
        geometry = {"type": "Polygon", "coordinates": [list(zip(lons, lats, strict=True))]}
        properties = {"class_name": "building"}
        features.append({"type": "Feature", "geometry": geometry, "properties": properties})
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))


if __name__ == "__main__":
    sys.exit(main())
