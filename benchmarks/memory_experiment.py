"""The experiments of memory.py: one large scene to train on, one to map."""

from __future__ import annotations

from typing import Any

import rvcli as rv

CLASSES = {"building": (1, "red"), "background": (2, "gray")}


class Memory(rv.ExperimentSet):
    """The whole path on a large image, by task.

    `data_dir` holds train.tif, val.tif and a .geojson of the same name for each.
    """

    def exp_pixels(self, data_dir: str, root_uri: str) -> rv.ExperimentConfig:
        """One class for every pixel, with its probabilities."""
        store = rv.LabelStoreConfig.builder(rv.SEMANTIC_SEGMENTATION_RASTER)
        labels = store.with_probabilities(True).build()
        return experiment("pixels", pixels(), "CONSTANT", data_dir, root_uri, labels)

    def exp_outlines(self, data_dir: str, root_uri: str) -> rv.ExperimentConfig:
        """Bright pixels, and polygons of them."""
        outputs = [
            {"mode": "polygons", "class_id": 1},
            {"mode": "buildings", "class_id": 1, "denoise": 3},
        ]
        store = rv.LabelStoreConfig.builder(rv.SEMANTIC_SEGMENTATION_RASTER)
        labels = store.with_vector_output(outputs).build()
        return experiment("outlines", pixels(), "BRIGHT", data_dir, root_uri, labels)

    def exp_embedded(self, data_dir: str, root_uri: str) -> rv.ExperimentConfig:
        """What the embedded backend finds."""
        key = rv.SKLEARN_SEMANTIC_SEGMENTATION
        return experiment("embedded", pixels(), key, data_dir, root_uri)

    def exp_cells(self, data_dir: str, root_uri: str) -> rv.ExperimentConfig:
        """One class for each of 100,000 cells."""
        builder = rv.TaskConfig.builder(rv.CHIP_CLASSIFICATION)
        task = builder.with_classes(CLASSES).with_chip_size(64).build()
        return experiment("cells", task, "CONSTANT", data_dir, root_uri)

    def exp_boxes(self, data_dir: str, root_uri: str) -> rv.ExperimentConfig:
        """One box for each window."""
        builder = rv.TaskConfig.builder(rv.OBJECT_DETECTION)
        task = builder.with_classes({"building": (1, "red")}).with_chip_size(300).build()
        return experiment("boxes", task, "CONSTANT", data_dir, root_uri)


def pixels() -> Any:
    """Describe the task of pixels."""
    return (
        rv.TaskConfig.builder(rv.SEMANTIC_SEGMENTATION)
        .with_classes(CLASSES)
        .with_chip_size(300)
        .with_chip_options(chips_per_scene=1000)
        .build()
    )


def experiment(
    id: str, task: Any, backend: str, data_dir: str, root_uri: str, label_store: Any = None
) -> rv.ExperimentConfig:
    """Describe an experiment with one scene to train on and one to map."""
    dataset = (
        rv.DatasetConfig.builder()
        .with_train_scene(scene(task, data_dir, "train"))
        .with_validation_scene(scene(task, data_dir, "val", label_store))
        .build()
    )
    return (
        rv.ExperimentConfig.builder()
        .with_id(id)
        .with_root_uri(root_uri)
        .with_task(task)
        .with_backend(rv.BackendConfig.builder(backend).with_task(task).build())
        .with_dataset(dataset)
        .with_stats_analyzer()
        .build()
    )


def scene(task: Any, data_dir: str, name: str, label_store: Any = None) -> rv.SceneConfig:
    """Describe a scene."""
    imagery = (
        rv.RasterSourceConfig.builder(rv.RASTERIO_SOURCE)
        .with_uri(f"{data_dir}/{name}.tif")
        .with_stats_transformer()
        .build()
    )
    labels: Any = f"{data_dir}/{name}.geojson"
    if task.task_type == rv.CHIP_CLASSIFICATION:
        builder = rv.LabelSourceConfig.builder(rv.CHIP_CLASSIFICATION).with_uri(labels)
        labels = builder.with_infer_cells(True).with_ioa_thresh(0.3)
        labels = labels.with_background_class_id(2).build()
    return (
        rv.SceneConfig.builder()
        .with_task(task)
        .with_id(name)
        .with_raster_source(imagery)
        .with_label_source(labels)
        .with_label_store(label_store)
        .build()
    )
