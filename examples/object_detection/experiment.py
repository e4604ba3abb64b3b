"""Find buildings in drone imagery of Zanzibar, and tree crowns in plots of Californian forest.

    rv run local experiment.py -m exp_buildings -a data_dir /path/to/zanzibar_buildings
    rv run local experiment.py -m exp_trees -a data_dir /path/to/neon_trees

Each folder holds `train` and `val` with `images/<scene>.tif` (three bands of uint8). What is to be
found is in `boxes/<scene>.geojson` or `labels/<scene>.geojson`: polygons, whose bounds are boxes.

Three backends can be chosen from with `-a backend KEY`: SKLEARN_OBJECT_DETECTION slides windows
over the image, SKLEARN_PIXELS_TO_BOXES classifies pixels and draws boxes around patches, and
PYTORCH_OBJECT_DETECTION trains a network that finds boxes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import rvcli as rv

Backend = Literal["SKLEARN_OBJECT_DETECTION", "SKLEARN_PIXELS_TO_BOXES", "PYTORCH_OBJECT_DETECTION"]


class ObjectDetection(rv.ExperimentSet):
    """Objects of one class, from boxes around them."""

    def exp_buildings(
        self,
        data_dir: str,
        root_uri: str = "out",
        backend: Backend = "SKLEARN_OBJECT_DETECTION",
        chip_size: int = 256,
        epochs: int = 30,
    ) -> rv.ExperimentConfig:
        """Describe the experiment with buildings.

        Args:
            data_dir: folder of the imagery and boxes.
            root_uri: where everything is written.
            backend: what learns.
            chip_size: width and height of chips and of prediction windows, in pixels.
            epochs: of a network.
        """
        task = describe_task({"building": (1, "#d7301f")}, chip_size)
        return describe(
            "zanzibar-boxes",
            task,
            describe_backend(task, backend, epochs),
            data_dir,
            "boxes",
            root_uri,
        )

    def exp_trees(
        self,
        data_dir: str,
        root_uri: str = "out",
        backend: Backend = "SKLEARN_OBJECT_DETECTION",
        chip_size: int = 200,
        epochs: int = 30,
    ) -> rv.ExperimentConfig:
        """Describe the experiment with tree crowns; for the arguments see exp_buildings."""
        task = describe_task({"tree": (1, "#31a354")}, chip_size)
        return describe(
            "neon-trees",
            task,
            describe_backend(task, backend, epochs),
            data_dir,
            "labels",
            root_uri,
        )


def describe_task(classes: dict[str, Any], chip_size: int) -> rv.TaskConfig:
    """Describe what is to be found, and in what windows."""
    return (
        rv.TaskConfig.builder(rv.OBJECT_DETECTION)
        .with_classes(classes)
        .with_chip_size(chip_size)
        # A chip around each box, and half as many without any.
        .with_chip_options(neg_ratio=0.5, ioa_thresh=0.5)
        # Also boxes that are not sure: average precision looks at all of them.
        .with_predict_options(score_thresh=0.05, merge_thresh=0.4)
        .build()
    )


def describe_backend(task: rv.TaskConfig, key: Backend, epochs: int) -> rv.BackendConfig:
    """Describe what learns."""
    builder = rv.BackendConfig.builder(key).with_task(task)
    if key == "PYTORCH_OBJECT_DETECTION":
        # A network that a processor trains from random weights in some minutes: two levels of the
        # pyramid, which leave out the last layers of the backbone, and a quarter of the width.
        builder = builder.with_train_options(
            batch_size=8,
            lr=1e-3,
            num_epochs=epochs,
            model_arch="resnet18",
            model_options={"strides": [8, 16], "width": 64},
            pretrained=False,
            keep="last",
        )
    return builder.build()


def describe(
    experiment_id: str,
    task: rv.TaskConfig,
    backend: rv.BackendConfig,
    data_dir: str,
    labels: str,
    root_uri: str,
) -> rv.ExperimentConfig:
    """Put an experiment together; its id tells the backend too."""
    dataset = (
        rv.DatasetConfig.builder()
        .with_train_scenes(scenes(task, Path(data_dir, "train"), labels))
        .with_validation_scenes(scenes(task, Path(data_dir, "val"), labels))
        .build()
    )
    return (
        rv.ExperimentConfig.builder()
        .with_id(f"{experiment_id}-{backend.key.lower().replace('_', '-')}")
        .with_root_uri(root_uri)
        .with_task(task)
        .with_backend(backend)
        .with_dataset(dataset)
        .build()
    )


def scenes(task: rv.TaskConfig, folder: Path, labels: str) -> list[rv.SceneConfig]:
    """Describe all scenes of a folder."""
    images = sorted(folder.glob("images/*.tif"))
    if not images:
        raise ValueError(f"there is no images/*.tif in {folder}")
    return [scene(task, image, folder / labels / f"{image.stem}.geojson") for image in images]


def scene(task: rv.TaskConfig, image: Path, boxes: Path) -> rv.SceneConfig:
    """Describe a scene: an image, and polygons whose bounds are the boxes."""
    return (
        rv.SceneConfig.builder()
        .with_task(task)
        .with_id(image.stem)
        .with_raster_source(str(image))
        .with_label_source(str(boxes))
        .build()
    )
