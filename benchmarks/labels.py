"""CPU seconds for labels, predictions and evaluation at 10,000 x 10,000, beside bare rasterio.

    python benchmarks/labels.py [--folder DIR] [--rounds 3]

Files are made once, in DIR (default: a folder of the system's temporary directory). Each
measurement runs in a process of its own, after its imports. The yardstick is that of
rasters.py, measured in the same run; aims are scaled by its time / 2.7 s. Peaks are those of
the process; 300 MB is the aim for evaluating.
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
from typing import Any

import numpy as np
from affine import Affine
from rasters import YARDSTICK_S, make_image, yardstick

SIZE = 10_000
AIMS_S = {
    "load 100,000 polygons": 3.0,
    "labels of 10,000 polygons": 3.0,
    "write 100 megapixels": 0.6,
    "evaluate 100 megapixels": 2.0,
}
NAMES = "abc"


def main() -> None:
    """Make the files, measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--folder", type=Path, default=Path(tempfile.gettempdir()) / "rv-benchmarks"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        measure(arguments.measure, arguments.folder)
        return
    make_files(arguments.folder)
    names = ["yardstick", *AIMS_S]
    # In turns, so that a busy minute of the machine falls on all of them.
    rounds = [
        {name: in_process(name, arguments) for name in names} for _ in range(arguments.rounds)
    ]
    best = {name: min((r[name] for r in rounds), key=lambda f: f["cpu_s"]) for name in names}
    factor = best["yardstick"]["cpu_s"] / YARDSTICK_S
    print(f"{'':28}{'CPU s':>8}{'aim':>8}{'ratio':>8}{'peak MB':>9}")
    for name in names:
        figure, aim = best[name], AIMS_S.get(name, YARDSTICK_S) * factor
        ratio = figure["cpu_s"] / aim
        print(f"{name:28}{figure['cpu_s']:8.2f}{aim:8.2f}{ratio:8.2f}{figure['peak_mb']:9.0f}")


def grid() -> Any:
    """Return the transformer of the image."""
    from rvcli.data.crs_transformer.rasterio_crs_transformer import RasterioCRSTransformer

    return RasterioCRSTransformer(Affine(0.5, 0, 500_000, 0, -0.5, 9_000_000), "EPSG:32637")


def class_map() -> Any:
    """Return the classes."""
    from rvcli.core.class_map import ClassMap

    return ClassMap.construct_from(list(NAMES))


def extent() -> Any:
    """Return the extent of the image."""
    from rvcli.core.box import Box

    return Box(0, 0, SIZE, SIZE)


def make_files(folder: Path) -> None:
    """Draw the image of the yardstick, polygons, and predictions."""
    make_image(folder, SIZE, "uint8")
    for count in (10_000, 100_000):
        path = folder / f"polygons-{count}.geojson"
        if not path.exists():
            path.write_text(json.dumps(polygons_on(SIZE, count)))
    if not (folder / "predictions.tif").exists():
        np.save(folder / "classes.npy", draw_classes())
        write(folder, "predictions.tif")


def polygons_on(size: int, count: int) -> dict[str, Any]:
    """Draw polygons of eight corners, 20 to 120 pixels wide, on an image of a size, in WGS 84."""
    rng = np.random.default_rng(0)
    centres, radii = rng.uniform(0, size, (count, 1, 2)), rng.uniform(10, 60, (count, 1))
    angles = np.sort(rng.uniform(0, 2 * np.pi, (count, 8)), axis=1)
    corners = centres + np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=-1)
    rings = np.concatenate([corners, corners[:, :1]], axis=1)
    on_map = grid().pixel_to_map(rings.reshape(-1, 2)).reshape(rings.shape)
    features = [
        {
            "type": "Feature",
            "properties": {"class_name": NAMES[i % 3], "osm_id": i},
            "geometry": {"type": "Polygon", "coordinates": [ring]},
        }
        for i, ring in enumerate(on_map.tolist())
    ]
    return {"type": "FeatureCollection", "features": features}


def vector_source(folder: Path, count: int) -> Any:
    """Return the source of some polygons."""
    from rvcli.data.vector_source.class_inference import ClassInferenceOptions
    from rvcli.data.vector_source.geojson_vector_source import GeoJSONVectorSource

    uri = str(folder / f"polygons-{count}.geojson")
    return GeoJSONVectorSource(uri, grid(), class_inf_opts=ClassInferenceOptions(class_map()))


class RasterizerOptions:
    """How polygons are drawn."""

    background_class_id = 3
    all_touched = False


def load(folder: Path) -> None:
    """Read 100,000 polygons into arrays in pixel coordinates."""
    assert len(vector_source(folder, 100_000).get_polygons()) == 100_000


def labels(folder: Path) -> None:
    """Read 10,000 polygons and draw them into 1,600 windows of 256 pixels."""
    from rvcli.data.label_source.semantic_segmentation_label_source import (
        SemanticSegmentationLabelSource,
    )
    from rvcli.data.raster_source.rasterized_source import RasterizedSource

    vectors = vector_source(folder, 10_000)
    source = SemanticSegmentationLabelSource(
        RasterizedSource(vectors, RasterizerOptions(), extent(), grid())
    )
    with source.activate():
        for window in extent().get_windows(256, 256):
            source.get_labels(window).get_label_arr(window)


def store(folder: Path, name: str) -> Any:
    """Return the store of predictions."""
    from rvcli.data.label_store.semantic_segmentation_raster_store import (
        SemanticSegmentationRasterStore,
    )

    return SemanticSegmentationRasterStore(
        str(folder / name), extent(), grid(), str(folder), class_map=class_map()
    )


def draw_classes() -> Any:
    """Draw blobs of three classes with some noise, 2,560 x 2,560 pixels."""
    y, x = np.mgrid[0:2560, 0:2560]
    waves = np.sin(x / 37) + np.cos(y / 23) + np.sin((x + y) / 11)
    classes = (1 + (waves > -0.5) + (waves > 0.7)).astype(np.uint8)
    classes[np.random.default_rng(1).random(waves.shape) < 0.002] = 1
    return classes


def write(folder: Path, name: str = "written.tif") -> None:
    """Write classes in windows of 256 pixels that are cheap to make."""
    from rvcli.data.label.semantic_segmentation_labels import SemanticSegmentationLabels

    classes = np.load(folder / "classes.npy")

    def cut(window: Any) -> Any:
        y, x = window.ymin % 2560, window.xmin % 2560
        return classes[y : y + 256, x : x + 256]

    labels = SemanticSegmentationLabels(extent().get_windows(256, 256), cut)
    store(folder, name).save(labels)


def evaluate(folder: Path) -> None:
    """Compare 100 megapixels of predictions with a label image of another shift."""
    from rvcli.data.label_source.semantic_segmentation_label_source import (
        SemanticSegmentationLabelSource,
    )
    from rvcli.data.raster_source.rasterio_source import RasterioSource
    from rvcli.data.scene import Scene
    from rvcli.evaluation.semantic_segmentation_evaluator import SemanticSegmentationEvaluator

    path = str(folder / "predictions.tif")
    truth = SemanticSegmentationLabelSource(
        RasterioSource([path], [], str(folder), x_shift_meters=3.0)
    )
    scene = Scene("scene", None, truth, store(folder, "predictions.tif"))  # type: ignore[arg-type]
    evaluator = SemanticSegmentationEvaluator(class_map(), str(folder / "eval.json"))
    evaluator.process([scene], str(folder))


MEASURED = {
    "yardstick": lambda folder: yardstick(make_image(folder, SIZE, "uint8")),
    "load 100,000 polygons": load,
    "labels of 10,000 polygons": labels,
    "write 100 megapixels": write,
    "evaluate 100 megapixels": evaluate,
}


def measure(name: str, folder: Path) -> None:
    """Run one measurement after its imports, and print its figures as JSON."""
    import pyproj  # noqa: F401
    import rasterio.features  # noqa: F401
    import shapely  # noqa: F401

    import rvcli.data.label_source.semantic_segmentation_label_source
    import rvcli.data.label_store.class_raster
    import rvcli.data.label_store.semantic_segmentation_raster_store
    import rvcli.data.raster_source.rasterio_source
    import rvcli.data.raster_source.rasterized_source
    import rvcli.data.vector_source.geojson_vector_source
    import rvcli.data.vector_source.polygon_builder
    import rvcli.evaluation.semantic_segmentation_evaluator  # noqa: F401

    start = time.process_time()
    MEASURED[name](folder)
    cpu_s = time.process_time() - start
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"cpu_s": cpu_s, "peak_mb": peak_mb}))


def in_process(name: str, arguments: argparse.Namespace) -> dict[str, float]:
    """Take one measurement in a process of its own."""
    command = [sys.executable, __file__, "--measure", name, "--folder", str(arguments.folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


if __name__ == "__main__":
    main()
