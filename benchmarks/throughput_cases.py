"""What throughput.py measures: each step of the pipeline, and the plainest correct way to do it.

Both ways of a case get what `prepare` returns: files, and loaded models and arrays that are not
part of the measurement.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import rasterio
from labels import polygons_on
from rasterio.features import rasterize
from rasterio.windows import Window
from rasters import make_image

import rvcli as rv

CHIP = 256
NAMES = ("a", "b", "c")
CLASS_IDS = (1, 2, 3)
BACKGROUND = 3
POLYGONS_PER_MEGAPIXEL = 250


@dataclass(frozen=True)
class Case:
    """One step.

    Attributes:
        prepare: takes the folder and the size of the image in pixels; imports and loads.
        ours: does the step with rv.
        plain: does it without.
        side: of its image, as a share of the size asked for.
    """

    prepare: Callable[[Path, int], Any]
    ours: Callable[[Any], Any]
    plain: Callable[[Any], Any]
    side: float = 1.0


def image_of(folder: Path, size: int, dtype: str = "uint8") -> Path:
    """Give the image that a step reads."""
    return make_image(folder, size, dtype)


def outlines_of(folder: Path, size: int) -> Path:
    """Give polygons on the image, as GeoJSON in WGS 84."""
    path = folder / f"outlines-{size}.geojson"
    if not path.exists():
        count = max(20, POLYGONS_PER_MEGAPIXEL * size * size // 1_000_000)
        path.write_text(json.dumps(polygons_on(size, count)))
    return path


def classes_of(folder: Path, size: int, shift: int) -> Path:
    """Give the classes of the polygons as a raster, moved by some pixels."""
    path = folder / f"classes-{size}-{shift}.tif"
    if not path.exists():
        with rasterio.open(image_of(folder, size)) as image:
            profile = {**image.profile, "count": 1}
            drawn = np.roll(draw(outlines_of(folder, size), image), shift, axis=1)
        with rasterio.open(path, "w", **profile) as dataset:
            dataset.write(drawn, 1)
    return path


def prepared(folder: Path, size: int, dtype: str = "uint8") -> SimpleNamespace:
    """Describe one scene of the image, with a task and a place for what is written."""
    task = (
        rv.TaskConfig.builder(rv.SEMANTIC_SEGMENTATION)
        .with_classes(list(NAMES))
        .with_chip_size(CHIP)
        .with_chip_options(window_method="sliding", stride=CHIP)
        .with_debug(False)
        .build()
    )
    out = folder / "out"
    out.mkdir(exist_ok=True)
    image, outlines = image_of(folder, size, dtype), outlines_of(folder, size)
    return SimpleNamespace(
        folder=folder, size=size, task=task, out=out, image=image, outlines=outlines
    )


def scene_of(given: Any, labels: Any = None, store: Path | None = None) -> Any:
    """Make the scene."""
    builder = rv.SceneConfig.builder().with_task(given.task).with_id("scene")
    builder = builder.with_raster_source(str(given.image))
    if labels is not None:
        builder = builder.with_label_source(labels)
    builder = builder.with_label_store(str(store or given.out / "predicted.tif"))
    return builder.build().create_scene(given.task, str(given.out))


def windows_of(dataset: Any) -> list[Window]:
    """List windows side by side over an image."""
    return [
        Window(x, y, min(CHIP, dataset.width - x), min(CHIP, dataset.height - y))
        for y in range(0, dataset.height, CHIP)
        for x in range(0, dataset.width, CHIP)
    ]


# Statistics: of every band, without zeros, which are nodata.


def analyze(given: Any) -> None:
    """Measure the scene."""
    from rvcli.analyzer.stats_analyzer import StatsAnalyzer

    StatsAnalyzer(str(given.out / "stats.json")).process([scene_of(given)], str(given.out))


def analyze_plainly(given: Any) -> list[Any]:
    """Sum values and their squares, window by window."""
    with rasterio.open(given.image) as dataset:
        count, total, squares = (np.zeros(dataset.count) for _ in range(3))
        for window in windows_of(dataset):
            values = dataset.read(window=window).astype(np.float64)
            count += (values != 0).sum(axis=(1, 2))
            total += values.sum(axis=(1, 2))
            squares += (values**2).sum(axis=(1, 2))
        mean = total / count
        return [mean, np.sqrt(squares / count - mean**2)]


# Windows, scaled to uint8 by mean and standard deviation.


def scale(given: Any) -> None:
    """Read all windows through the statistics transformer."""
    from rvcli.core.raster_stats import RasterStats
    from rvcli.data.raster_source.rasterio_source import RasterioSource
    from rvcli.data.raster_transformer.stats_transformer import StatsTransformer

    stats = RasterStats()
    stats.means, stats.stds = [4000.0] * 3, [1200.0] * 3
    source = RasterioSource(str(given.image), [StatsTransformer(stats)], str(given.out))
    with source.activate():
        for window in source.get_extent().get_windows(CHIP, CHIP):
            source.get_chip(window)


def scale_plainly(given: Any) -> None:
    """Scale every window with numpy."""
    with rasterio.open(given.image) as dataset:
        for window in windows_of(dataset):
            values = dataset.read(window=window).astype(np.float32)
            scaled = np.clip((values - 4000) / (6 * 1200) * 254 + 128, 1, 255).astype(np.uint8)
            scaled[values == 0] = 0


# Labels: outlines as class ids.


def vector_labels(given: Any) -> Any:
    """Describe labels that are drawn from the outlines."""
    drawn = (
        rv.RasterSourceConfig.builder(rv.RASTERIZED_SOURCE)
        .with_vector_source(str(given.outlines))
        .with_rasterizer_options(background_class_id=BACKGROUND)
        .build()
    )
    return rv.LabelSourceConfig.builder(rv.SEMANTIC_SEGMENTATION).with_raster_source(drawn).build()


def rasterize_windows(given: Any) -> None:
    """Draw the labels of every window."""
    scene = scene_of(given, vector_labels(given))
    with scene.activate():
        for window in scene.raster_source.get_extent().get_windows(CHIP, CHIP):
            scene.ground_truth_label_source.get_labels(window).get_label_arr(window)


def rasterize_plainly(given: Any) -> Any:
    """Draw the labels of the whole scene at once."""
    with rasterio.open(given.image) as dataset:
        return draw(given.outlines, dataset)


def draw(outlines: Path, dataset: Any) -> Any:
    """Transform outlines to the CRS of an image, and draw them."""
    from pyproj import Transformer

    features = json.loads(outlines.read_text())["features"]
    rings = [ring for f in features for ring in f["geometry"]["coordinates"]]
    ends = np.cumsum([len(ring) for ring in rings])[:-1]
    corners = np.concatenate([np.asarray(ring) for ring in rings])
    transformer = Transformer.from_crs("EPSG:4326", dataset.crs, always_xy=True)
    parts = np.split(np.column_stack(transformer.transform(*corners.T)), ends)
    shapes = [
        ({"type": "Polygon", "coordinates": [part]}, 1 + NAMES.index(f["properties"]["class_name"]))
        for part, f in zip(parts, features, strict=True)
    ]
    return rasterize(shapes, dataset.shape, BACKGROUND, transform=dataset.transform, dtype="uint8")


# Chips: imagery and labels of every window, in a file.


def chip(given: Any) -> None:
    """Make the chips of the scene."""
    from rvcli.backend.places import Places
    from rvcli.backend.sklearn.options import PixelOptions
    from rvcli.backend.sklearn_semantic_segmentation import SklearnSemanticSegmentation
    from rvcli.task.semantic_segmentation import SemanticSegmentation

    places = Places(chip_uri=str(given.out / "chip"))
    backend = SklearnSemanticSegmentation(given.task.class_map, places, PixelOptions())
    scene = scene_of(given, vector_labels(given))
    SemanticSegmentation(given.task, backend).make_chips([scene], [], [], str(given.out))


def chip_plainly(given: Any) -> None:
    """Read window by window, and store each with its part of the drawn labels."""
    with rasterio.open(given.image) as dataset:
        drawn = draw(given.outlines, dataset)
        for number, window in enumerate(windows_of(dataset)):
            pixels = np.moveaxis(dataset.read(window=window), 0, -1)
            rows, columns = window.toslices()
            np.savez(given.out / f"chip-{number}.npz", chip=pixels, labels=drawn[rows, columns])


# Predictions: the model on all windows; plainly on arrays in memory, and writing nothing.


def with_embedded(folder: Path, size: int) -> Any:
    """Train the embedded backend, and read all windows."""
    from rvcli.backend.sklearn.options import PixelOptions
    from rvcli.backend.sklearn_semantic_segmentation import SklearnSemanticSegmentation

    given = prepared(folder, size)
    root = folder / f"embedded-{size}"
    given.backend = SklearnSemanticSegmentation(
        given.task.class_map, places_in(root), PixelOptions()
    )
    return trained(given, root)


def with_network(folder: Path, size: int) -> Any:
    """Train a network for a moment, and read all windows in batches as the network takes them."""
    from rvcli.backend.pytorch.runtime import ONNX
    from rvcli.backend.pytorch.train_options import TrainOptions
    from rvcli.backend.pytorch_semantic_segmentation import PyTorchSemanticSegmentation

    given = prepared(folder, size)
    root = folder / "network"
    options = TrainOptions("unet:mobilenet_v2", pretrained=False, log_tensorboard=False)
    given.backend = PyTorchSemanticSegmentation(
        given.task.class_map, places_in(root), options, ONNX
    )
    given = trained(given, root)
    at_once = given.task.predict_batch_size
    given.batches = [
        np.stack(given.chips[i : i + at_once]).transpose(0, 3, 1, 2).astype(np.float32)
        for i in range(0, len(given.chips), at_once)
    ]
    return given


def places_in(root: Path) -> Any:
    """Name the files of a backend."""
    from rvcli.backend.places import Places

    chips = str(root / "train/scene.npz")
    return Places(chip_uri=str(root), train_chip_uris=(chips,), train_uri=str(root))


def trained(given: Any, root: Path) -> Any:
    """Train the backend unless it has a model, load it, and read all windows."""
    from rvcli.task.semantic_segmentation import SemanticSegmentation

    given.segmentation = SemanticSegmentation(given.task, given.backend)
    if not (root / "model.zip").exists():
        scene = scene_of(given, vector_labels(given))
        given.segmentation.make_chips([scene], [], [], str(given.out))
        given.backend.train(str(given.out))
    given.backend.load_model(str(given.out))
    scene = scene_of(given)
    with scene.activate():
        windows = given.segmentation.get_predict_windows(scene.raster_source.get_extent())
        given.chips = [given.segmentation.read_predict_chip(scene, window) for window in windows]
    return given


def predict(given: Any) -> None:
    """Read, predict and write the scene; the model is loaded, here as plainly."""
    scene = scene_of(given)
    with scene.activate():
        labels = given.segmentation.predict_scene(scene, str(given.out))
        scene.prediction_label_store.save(labels)


def embedded_plainly(given: Any) -> None:
    """Compute features and run the trees, chip by chip."""
    for pixels in given.chips:
        given.backend._classifier.predict(pixels, has_margin=True)


def network_plainly(given: Any) -> None:
    """Run the session of onnxruntime, batch by batch."""
    session = given.backend._runtime._session
    name = session.get_inputs()[0].name
    for batch in given.batches:
        session.run(None, {name: batch})


# Evaluation: a confusion matrix of two rasters.


def with_predictions(folder: Path, size: int) -> Any:
    """Draw labels and predictions."""
    given = prepared(folder, size)
    given.truth, given.predicted = (classes_of(folder, size, shift) for shift in (0, 7))
    return given


def evaluate(given: Any) -> None:
    """Evaluate the scene."""
    from rvcli.evaluation.semantic_segmentation_evaluator import SemanticSegmentationEvaluator

    evaluator = SemanticSegmentationEvaluator(given.task.class_map, str(given.out / "eval.json"))
    evaluator.process([scene_of(given, str(given.truth), given.predicted)], str(given.out))


def evaluate_plainly(given: Any) -> Any:
    """Read both rasters, and compare them with scikit-learn."""
    from sklearn.metrics import confusion_matrix

    arrays = []
    for path in (given.truth, given.predicted):
        with rasterio.open(path) as dataset:
            arrays.append(dataset.read(1).ravel())
    return confusion_matrix(*arrays, labels=list(CLASS_IDS))


CASES = {
    "analyze": Case(prepared, analyze, analyze_plainly),
    "analyze, float": Case(partial(prepared, dtype="float32"), analyze, analyze_plainly),
    "scale": Case(partial(prepared, dtype="uint16"), scale, scale_plainly),
    "rasterize": Case(prepared, rasterize_windows, rasterize_plainly),
    "chip": Case(prepared, chip, chip_plainly),
    "predict, embedded": Case(with_embedded, predict, embedded_plainly, side=0.3),
    "predict, network": Case(with_network, predict, network_plainly, side=0.2),
    "eval": Case(with_predictions, evaluate, evaluate_plainly),
}
