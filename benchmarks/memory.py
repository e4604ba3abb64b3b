"""Peak memory of the whole path: all processes of `rv run local` together.

    python benchmarks/memory.py [--folder DIR] [constant] [embedded]

`constant` runs a backend that predicts one class on scenes of 20,000 x 20,000 x 3 uint16;
`embedded` the embedded backend on scenes of 4,000 x 4,000 x 3. Images are made once, in DIR
(default: a folder of the system's temporary directory).

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
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from rasterio.transform import from_origin
from rasterio.warp import transform
from rasterio.windows import Window

HERE = Path(__file__).parent
LIMIT_MB = 1024
INTERVAL_S = 0.05
BLOCK = 512
CRS = "EPSG:32637"
PIXEL_M = 0.5
TRANSFORM = from_origin(500_000, 9_000_000, PIXEL_M, PIXEL_M)
POLYGONS_PER_MEGAPIXEL = 25


@dataclass(frozen=True)
class Case:
    """What is run: a backend on scenes of a size."""

    backend: str
    size: int


CASES = {
    "constant": Case("CONSTANT", 20_000),
    "embedded": Case("SKLEARN_SEMANTIC_SEGMENTATION", 4_000),
}


@dataclass
class Peak:
    """The most memory seen at one time, in MB."""

    rss_mb: float = 0.0
    pss_mb: float = 0.0
    processes: int = 0
    seconds: float = 0.0


def main() -> None:
    """Run the cases and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help="all if none is named")
    parser.add_argument(
        "--folder", type=Path, default=Path(tempfile.gettempdir()) / "rv-benchmarks"
    )
    arguments = parser.parse_args()
    print(f"{'':12}{'size':>8}{'RSS MB':>9}{'PSS MB':>9}{'processes':>11}{'seconds':>9}")
    for name in arguments.cases or CASES:
        case = CASES[name]
        peak = measure(case, arguments.folder)
        print(
            f"{name:12}{case.size:8}{peak.rss_mb:9.0f}{peak.pss_mb:9.0f}{peak.processes:11}"
            f"{peak.seconds:9.0f}{'  MORE THAN 1 GiB' if peak.rss_mb > LIMIT_MB else ''}"
        )


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
        *("-a", "data_dir", str(data), "-a", "root_uri", str(root), "-a", "backend", case.backend),
    ]
    started = time.monotonic()
    try:
        with tempfile.TemporaryFile("w+") as output:
            process = subprocess.Popen(arguments, stdout=output, stderr=subprocess.STDOUT)
            peak = watch(process)
            if process.returncode:
                output.seek(0)
                raise RuntimeError(f"rv ended with {process.returncode}:\n{output.read()}")
        if not (root / "eval/memory/eval.json").exists():
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
            found = [memory_of(pid) for pid in tree(process.pid)]
            peak.rss_mb = max(peak.rss_mb, sum(rss for rss, _ in found))
            peak.pss_mb = max(peak.pss_mb, sum(pss for _, pss in found))
            peak.processes = max(peak.processes, len(found))
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
    main()
