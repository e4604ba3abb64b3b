"""What the experiments of these tests are made of; they import it as a sibling."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rvcli as rv

HERE = Path(__file__).parent
EAST, WEST = "Bild Ost ä", "Bild West ö"


def image(name: str) -> str:
    """Return where an image is."""
    return str(HERE / f"{name}.tif")


def labels(name: str) -> Any:
    """Return the source of labels that are drawn from GeoJSON."""
    vectors = (
        rv.VectorSourceConfig.builder(rv.GEOJSON_SOURCE)
        .with_uri(str(HERE / f"{name}.geojson"))
        .build()
    )
    raster = (
        rv.RasterSourceConfig.builder(rv.RASTERIZED_SOURCE)
        .with_vector_source(vectors)
        .with_rasterizer_options(2)
        .build()
    )
    return labels_from(raster)


def labels_from(raster: Any) -> Any:
    """Return the source of labels that are in a raster source."""
    return rv.LabelSourceConfig.builder(rv.SEMANTIC_SEGMENTATION).with_raster_source(raster).build()


def imagery(*uris: str, transformers: Any = ()) -> Any:
    """Return the source of imagery, scaled by its statistics."""
    builder = rv.RasterSourceConfig.builder(rv.RASTERIO_SOURCE).with_uris(list(uris))
    builder = builder.with_stats_transformer()
    for transformer in transformers:
        builder = builder.with_transformer(transformer)
    return builder.build()


def scene(name: str, id: str | None = None, **changes: Any) -> Any:
    """Return a scene: an image and the labels beside it, unless changed."""
    return (
        rv.SceneConfig.builder()
        .with_id(id or name)
        .with_raster_source(changes.get("imagery") or imagery(image(name)))
        .with_label_source(changes.get("labels") or labels(name))
        .with_aoi_uris(changes.get("aoi_uris", []))
        .build()
    )


def task(**changes: Any) -> Any:
    """Return the task: buildings and all else."""
    return (
        rv.TaskConfig.builder(rv.SEMANTIC_SEGMENTATION)
        .with_chip_size(changes.get("chip_size", 32))
        .with_predict_chip_size(changes.get("predict_chip_size", 48))
        .with_classes(changes.get("classes", {"building": (1, "red"), "other": (2, "gray")}))
        .with_chip_options(window_method="sliding", stride=32, debug_chip_probability=0.0)
        .build()
    )


def backend(of: Any, iterations: int = 10) -> Any:
    """Return the embedded backend, on a small scale."""
    return (
        rv.BackendConfig.builder(rv.SKLEARN_SEMANTIC_SEGMENTATION)
        .with_task(of)
        .with_train_options(iterations=iterations, learning_rate=0.5, max_pixels=2000, scales=[1])
        .build()
    )


def quick_backend(of: Any) -> Any:
    """Return the backend of the plugin, which is quick to start."""
    return rv.BackendConfig.builder("NEAREST_MEAN").with_task(of).build()


def experiment(
    id: str = "Stadt 1",
    root_uri: str = "Ausgabe ü",
    train: Any = None,
    validation: Any = None,
    test: Any = (),
    **changes: Any,
) -> Any:
    """Return an experiment with scenes to train on and to validate."""
    of = changes.get("task") or task()
    dataset = (
        rv.DatasetConfig.builder()
        .with_train_scenes([scene(EAST)] if train is None else train)
        .with_validation_scenes([scene(WEST)] if validation is None else validation)
        .with_test_scenes(test)
        .build()
    )
    builder = (
        rv.ExperimentConfig.builder()
        .with_id(id)
        .with_root_uri(root_uri)
        .with_task(of)
        .with_backend(changes.get("backend") or backend(of))
        .with_dataset(dataset)
        .with_stats_analyzer()
    )
    for evaluator in changes.get("evaluators", ()):
        builder = builder.with_evaluator(evaluator)
    return builder.build()
