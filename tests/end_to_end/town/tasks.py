"""One experiment for each task, of which little more than the URIs is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rvcli as rv

HERE = Path(__file__).parent
TRAIN, VALIDATION, EMPTY = "Nord ä", "Süd ö", "leer"
OBJECTS = {"house": (1, "red"), "pond": (2, "blue"), "tower": (4, "yellow")}
CLASSES = {**OBJECTS, "background": (3, "gray")}


class Tasks(rv.ExperimentSet):
    """Houses and ponds as cells, boxes and pixels; no tower ever occurs."""

    def exp_cells(self, root_uri: str = "Ausgabe ü", trees: int = 20, place: str = ""):
        """Give each cell a class; the cells of the labels are in files."""
        task = (
            rv.TaskConfig.builder(rv.CHIP_CLASSIFICATION)
            .with_classes(CLASSES)
            .with_chip_size(16)
            .build()
        )
        backend = rv.BackendConfig.builder(rv.SKLEARN_CHIP_CLASSIFICATION).with_task(task)
        backend = backend.with_train_options(trees=trees, copies=1).build()
        return experiment("cells", root_uri, task, backend, " Zellen", place)

    def exp_inferred(self, root_uri: str = "Ausgabe ü", ioa_thresh: float = 0.3):
        """Give each cell a class that is inferred from houses and ponds."""
        task = (
            rv.TaskConfig.builder(rv.CHIP_CLASSIFICATION)
            .with_classes(CLASSES)
            .with_chip_size(16)
            .build()
        )
        backend = rv.BackendConfig.builder(rv.SKLEARN_CHIP_CLASSIFICATION).with_task(task)
        backend = backend.with_train_options(trees=20, copies=0).build()

        def labels(uri: str) -> Any:
            return (
                rv.LabelSourceConfig.builder(rv.CHIP_CLASSIFICATION)
                .with_uri(uri)
                .with_infer_cells(True)
                .with_ioa_thresh(ioa_thresh)
                .with_use_intersection_over_cell(True)
                .with_background_class_id(3)
                .build()
            )

        scenes = [
            scene(task, TRAIN, f"{HERE}/{TRAIN}.tif", labels(f"{HERE}/{TRAIN}.geojson")),
            scene(
                task, VALIDATION, f"{HERE}/{VALIDATION}.tif", labels(f"{HERE}/{VALIDATION}.gpkg")
            ),
        ]
        return assemble("inferred", root_uri, task, backend, scenes[:1], scenes[1:])

    def exp_boxes(
        self,
        root_uri: str = "Ausgabe ü",
        merge_thresh: float = 0.3,
        score_thresh: float = 0.5,
        neg_ratio: float = 1.0,
        iterations: int = 30,
        backend: str = rv.SKLEARN_OBJECT_DETECTION,
        place: str = "",
    ):
        """Find houses and ponds."""
        task = (
            rv.TaskConfig.builder(rv.OBJECT_DETECTION)
            .with_classes(OBJECTS)
            .with_chip_size(64)
            .with_chip_options(neg_ratio=neg_ratio)
            .with_predict_options(merge_thresh=merge_thresh, score_thresh=score_thresh)
            .build()
        )
        builder = rv.BackendConfig.builder(backend).with_task(task)
        options = {"max_windows": 1000, "learning_rate": 0.3, "sizes": 1}
        if backend == rv.SKLEARN_PIXELS_TO_BOXES:
            options = {"max_pixels": 4000, "learning_rate": 0.5, "scales": [1]}
        learning = builder.with_train_options(iterations=iterations, **options).build()
        return experiment("boxes", root_uri, task, learning, "", place)

    def exp_pixels(
        self, root_uri: str = "Ausgabe ü", predict_stride: int | None = None, place: str = ""
    ):
        """Give each pixel a class."""
        builder = (
            rv.TaskConfig.builder(rv.SEMANTIC_SEGMENTATION)
            .with_classes(CLASSES)
            .with_chip_size(32)
            .with_predict_chip_size(64)
            .with_chip_options(window_method="sliding", stride=32)
        )
        if predict_stride is not None:
            builder = builder.with_predict_stride(predict_stride)
        task = builder.build()
        backend = rv.BackendConfig.builder(rv.SKLEARN_SEMANTIC_SEGMENTATION).with_task(task)
        backend = backend.with_train_options(
            iterations=10, learning_rate=0.5, max_pixels=4000, scales=[1]
        ).build()
        return experiment("pixels", root_uri, task, backend, "", place)


def scene(task: Any, id: str, image: str, labels: Any = None, aoi_uri: str = "") -> Any:
    """Return a scene, of URIs alone where its labels are a URI."""
    builder = rv.SceneConfig.builder().with_task(task).with_id(id).with_raster_source(image)
    if labels is not None:
        builder = builder.with_label_source(labels)
    return (builder.with_aoi_uris([aoi_uri]) if aoi_uri else builder).build()


def experiment(
    id: str, root_uri: str, task: Any, backend: Any, kind: str = "", place: str = ""
) -> Any:
    """Return an experiment over all scenes.

    Args:
        kind: what the names of label files end with.
        place: directory of imagery and labels; this one by default.
    """
    place = place or str(HERE)
    train = scene(task, TRAIN, f"{place}/{TRAIN}.tif", f"{place}/{TRAIN}{kind}.geojson")
    image, labels = f"{place}/{VALIDATION}.tif", f"{place}/{VALIDATION}{kind}.gpkg"
    validation = [
        scene(task, VALIDATION, image, labels),
        scene(task, EMPTY, f"{place}/{EMPTY}.tif", f"{place}/{EMPTY}{kind}.geojson"),
        scene(task, "Gebiet", image, labels, f"{place}/Gebiet.geojson"),
    ]
    test = [scene(task, "unbekannt", f"{place}/{TRAIN}.tif")]
    return assemble(id, root_uri, task, backend, [train], validation, test)


def assemble(
    id: str, root_uri: str, task: Any, backend: Any, train: Any, validation: Any, test: Any = ()
) -> Any:
    """Return an experiment."""
    dataset = (
        rv.DatasetConfig.builder()
        .with_train_scenes(train)
        .with_validation_scenes(validation)
        .with_test_scenes(test)
        .build()
    )
    return (
        rv.ExperimentConfig.builder()
        .with_id(id)
        .with_root_uri(root_uri)
        .with_task(task)
        .with_backend(backend)
        .with_dataset(dataset)
        .with_stats_analyzer()
        .build()
    )
