"""Peak memory of the whole path, and of each of its commands.

    python benchmarks/memory.py [--folder DIR] [CASE ...]

`pixels`, `cells` and `boxes` run the three tasks with a backend that predicts one class
everywhere, on scenes of 20,000 x 20,000 x 3 uint16 with 100,000 polygons; `outlines` predicts
what is bright instead, and turns 100,000 buildings into polygons; `embedded` runs the embedded
backend on scenes of 4,000 x 4,000 x 3. Images are made once, in DIR (default: a folder of the
system's temporary directory).

RSS counts what processes share once for each of them, PSS divides it among them.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import rasterio
from rasterio.transform import from_origin
from rasterio.warp import transform
from rasterio.windows import Window

HERE = Path(__file__).parent
LIMIT_MB = 1536
INTERVAL_S = 0.05
BLOCK = 512
CRS = "EPSG:32637"
PIXEL_M = 0.5
TRANSFORM = from_origin(500_000, 9_000_000, PIXEL_M, PIXEL_M)
POLYGONS_PER_MEGAPIXEL = 250


@dataclass(frozen=True)
class Case:
    """What is run: an experiment of memory_experiment.py on scenes of a size."""

    experiment: str
    size: int


CASES = {
    "pixels": Case("pixels", 20_000),
    "cells": Case("cells", 20_000),
    "boxes": Case("boxes", 20_000),
    "outlines": Case("outlines", 20_000),
    "embedded": Case("embedded", 4_000),
}


@dataclass
class Peak:
    """The most memory seen at one time, in MB.

    Attributes:
        commands: RSS of the processes of one command, by its name.
    """

    rss_mb: float = 0.0
    pss_mb: float = 0.0
    processes: int = 0
    seconds: float = 0.0
    commands: dict[str, float] = field(default_factory=dict)


def main() -> int:
    """Run the cases, print a table, and return 1 if one takes too much."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help="all if none is named")
    parser.add_argument(
        "--folder", type=Path, default=Path(tempfile.gettempdir()) / "rv-benchmarks"
    )
    arguments = parser.parse_args()
    most = 0.0
    print(f"{'':10}{'size':>7}{'RSS MB':>8}{'PSS MB':>8}{'seconds':>9}  RSS MB of commands")
    for name in arguments.cases or CASES:
        case = CASES[name]
        peak = measure(case, arguments.folder)
        most = max(most, peak.rss_mb)
        commands = ", ".join(f"{command} {mb:.0f}" for command, mb in peak.commands.items())
        print(
            f"{name:10}{case.size:7}{peak.rss_mb:8.0f}{peak.pss_mb:8.0f}{peak.seconds:9.0f}"
            f"  {commands}{'  MORE THAN 1.5 GiB' if peak.rss_mb > LIMIT_MB else ''}",
            flush=True,
        )
    return int(most > LIMIT_MB)


def measure(case: Case, folder: Path) -> Peak:
    """Run a case and give its peak.

    Raises:
        RuntimeError: `rv` failed.
    """
    data = make_scenes(folder / f"memory-{case.size}", case.size)
    root = Path(tempfile.mkdtemp(prefix="rv-memory-", dir=folder))
    arguments = [
        *(sys.executable, "-m", "rvcli", "--set", f"PLUGINS.files={HERE / 'memory_backend.py'}"),
        *("run", "local", str(HERE / "memory_experiment.py")),
        *("-m", f"exp_{case.experiment}", "-a", "data_dir", str(data), "-a", "root_uri", str(root)),
    ]
    started = time.monotonic()
    try:
        with tempfile.TemporaryFile("w+") as output:
            process = subprocess.Popen(arguments, stdout=output, stderr=subprocess.STDOUT)
            peak = watch(process)
            if process.returncode:
                output.seek(0)
                raise RuntimeError(f"rv ended with {process.returncode}:\n{output.read()}")
        if not (root / f"eval/{case.experiment}/eval.json").exists():
            raise RuntimeError("rv did not evaluate")
    finally:
        shutil.rmtree(root)
    peak.seconds = time.monotonic() - started
    return peak


def watch(process: subprocess.Popen[bytes]) -> Peak:
    """Watch a process and all below it until it ends."""
    peak = Peak()

    def look() -> None:
        while process.poll() is None:
            pids = tree(process.pid)
            found = {pid: memory_of(pid) for pid in pids}
            peak.rss_mb = max(peak.rss_mb, sum(rss for rss, _ in found.values()))
            peak.pss_mb = max(peak.pss_mb, sum(pss for _, pss in found.values()))
            peak.processes = max(peak.processes, len(found))
            for pid in pids:
                command = command_of(pid)
                if command:
                    rss_mb = sum(found[one][0] for one in tree(pid) if one in found)
                    peak.commands[command] = max(peak.commands.get(command, 0.0), rss_mb)
            time.sleep(INTERVAL_S)

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    return peak


def tree(pid: int) -> list[int]:
    """List a process and all below it."""
    pids = [pid]
    for number in pids:
        try:
            for task in Path(f"/proc/{number}/task").iterdir():
                pids += [int(child) for child in (task / "children").read_text().split()]
        except OSError:
            continue
    return pids


def command_of(pid: int) -> str | None:
    """Give the name of the command that a process runs, None if it runs none."""
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return None
    messages = [one for one in arguments if Path(one).name.startswith("command-config-")]
    return Path(messages[0]).parts[-3] if messages else None


def memory_of(pid: int) -> tuple[float, float]:
    """Give RSS and PSS of a process in MB; zero if it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return 0.0, 0.0
    values = {line.split()[0]: int(line.split()[1]) / 1024 for line in lines}
    return values.get("Rss:", 0.0), values.get("Pss:", 0.0)


def make_scenes(folder: Path, size: int) -> Path:
    """Draw an image and labels for training and validation, unless they are there."""
    done = folder / "done"
    if not done.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for seed, name in enumerate(("train", "val")):
            make_scene(folder / name, size, seed)
        done.touch()
    return folder


def make_scene(path: Path, size: int, seed: int) -> None:
    """Draw one image of bright buildings on noise, and their outlines."""
    rng = np.random.default_rng(seed)
    count = max(4, POLYGONS_PER_MEGAPIXEL * size * size // 1_000_000)
    ys, xs = rng.integers(0, size - 40, (2, count))
    heights, widths = rng.integers(12, 40, (2, count))
    noise = rng.normal(8000, 900, (3, 2 * BLOCK, 2 * BLOCK)).astype(np.uint16) & 0xFFC0
    profile = {
        "driver": "GTiff", "width": size, "height": size, "count": 3, "dtype": "uint16",
        "tiled": True, "blockxsize": BLOCK, "blockysize": BLOCK, "compress": "deflate",
        "zlevel": 1, "crs": CRS, "transform": TRANSFORM, "bigtiff": "if_safer",
    }  # fmt: skip
    with rasterio.open(path.with_suffix(".tif"), "w", **profile) as dataset:
        for top in range(0, size, BLOCK):
            height = min(BLOCK, size - top)
            strip = np.tile(noise, (1, 1, size // (2 * BLOCK) + 1))[:, :height, :size]
            strip = np.ascontiguousarray(np.roll(strip, 37 * top, axis=2))
            for i in np.flatnonzero((ys < top + height) & (ys + heights > top)):
                rows = slice(max(0, ys[i] - top), ys[i] + heights[i] - top)
                strip[:, rows, xs[i] : xs[i] + widths[i]] += 6000
            dataset.write(strip, window=Window(0, top, size, height))
    write_outlines(path.with_suffix(".geojson"), ys, xs, ys + heights, xs + widths)


def write_outlines(path: Path, *sides: np.ndarray) -> None:
    """Write rectangles in pixels as polygons in WGS 84."""
    y0, x0, y1, x1 = sides
    corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]
    rings = []
    for x, y in corners:
        east, north = TRANSFORM * (np.asarray(x, float), np.asarray(y, float))
        lon, lat = transform(CRS, "EPSG:4326", east, north)
        rings.append(np.column_stack([lon, lat]).round(8).tolist())
    features = [
        {
            "type": "Feature",
            "properties": {"class_name": "building"},
            "geometry": {"type": "Polygon", "coordinates": [list(ring)]},
        }
        for ring in zip(*rings, strict=True)
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))


if __name__ == "__main__":
    sys.exit(main())
