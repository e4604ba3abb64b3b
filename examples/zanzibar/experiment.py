"""Map buildings in drone imagery of Zanzibar, from outlines as GeoJSON.

    rv run local experiment.py -a data_dir /path/to/zanzibar_buildings
    rv run local experiment.py -a data_dir /path/to/zanzibar_buildings -a backend pytorch

The folder holds `train` and `val`, each with `images/<scene>.tif` (three bands of uint8) and
`labels/<scene>.geojson` (polygons of buildings in WGS 84).
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import rvcli as rv


class Zanzibar(rv.ExperimentSet):
    """Buildings and what is around them."""

    def exp_buildings(
        self,
        data_dir: str,
        root_uri: str = "out",
        backend: Literal["embedded", "pytorch"] = "embedded",
        iterations: int = 60,
        num_epochs: int = 60,
    ) -> rv.ExperimentConfig:
        """Describe the experiment.

        Args:
            data_dir: folder of the imagery and labels.
            root_uri: where everything is written.
            backend: `embedded` classifies each pixel by its surroundings; `pytorch` trains a
                small U-Net, see small_unet.py.
            iterations: rounds of boosting, of the embedded backend.
            num_epochs: passes over the chips, of the U-Net.
        """
        if backend == "embedded":
            task = task_of(chip_size=300, stride=300)  # every pixel of the scene once
            learner = embedded(task, iterations)
        else:
            task = task_of(chip_size=256, stride=128)  # most pixels four times
            learner = pytorch(task, num_epochs)
        dataset = (
            rv.DatasetConfig.builder()
            .with_train_scenes(scenes(task, Path(data_dir, "train")))
            .with_validation_scenes(scenes(task, Path(data_dir, "val")))
            .build()
        )
        return (
            rv.ExperimentConfig.builder()
            .with_id(f"zanzibar-buildings-{backend}")
            .with_root_uri(root_uri)
            .with_task(task)
            .with_backend(learner)
            .with_dataset(dataset)
            .build()
        )


def task_of(chip_size: int, stride: int) -> rv.TaskConfig:
    """Describe the task: a class for every pixel."""
    return (
        rv.TaskConfig.builder(rv.SEMANTIC_SEGMENTATION)
        .with_classes({"building": (1, "#d7301f"), "background": (2, "#bdbdbd")})
        .with_chip_size(chip_size)
        .with_chip_options(window_method="sliding", stride=stride)
        .build()
    )


def embedded(task: rv.TaskConfig, iterations: int) -> rv.BackendConfig:
    """Describe boosted trees."""
    return (
        rv.BackendConfig.builder(rv.SKLEARN_SEMANTIC_SEGMENTATION)
        .with_task(task)
        .with_train_options(iterations=iterations)
        .build()
    )


def pytorch(task: rv.TaskConfig, num_epochs: int) -> rv.BackendConfig:
    """Describe the network of small_unet.py, which starts from random weights."""
    return (
        rv.BackendConfig.builder("SMALL_UNET")
        .with_task(task)
        .with_num_epochs(num_epochs)
        .with_lr(3e-3)
        .with_augmentors(
            ["HorizontalFlip", "VerticalFlip", "RandomRotate90", "RGBShift", "GaussNoise"]
        )
        # Few pixels are of buildings, and more of them in the other scene.
        .with_class_weights([3.0, 1.0])
        # The scene that the figures are of has no say in which epoch is taken.
        .with_keep("last")
        .build()
    )


def scenes(task: rv.TaskConfig, folder: Path) -> list[rv.SceneConfig]:
    """Describe all scenes of a folder."""
    images = sorted(folder.glob("images/*.tif"))
    if not images:
        raise ValueError(f"there is no images/*.tif in {folder}")
    return [scene(task, image, folder / "labels" / f"{image.stem}.geojson") for image in images]


def scene(task: rv.TaskConfig, image: Path, outlines: Path) -> rv.SceneConfig:
    """Describe a scene: an image, and outlines that are drawn into pixels."""
    polygons = (
        rv.RasterSourceConfig.builder(rv.RASTERIZED_SOURCE)
        .with_vector_source(str(outlines))
        .with_rasterizer_options(background_class_id=2)
        .build()
    )
    labels = (
        rv.LabelSourceConfig.builder(rv.SEMANTIC_SEGMENTATION).with_raster_source(polygons).build()
    )
    return (
        rv.SceneConfig.builder()
        .with_task(task)
        .with_id(image.stem)
        .with_raster_source(str(image))
        .with_label_source(labels)
        .build()
    )
