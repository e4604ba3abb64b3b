"""Classify cells of imagery: buildings in Zanzibar, or land use in ten classes all over Europe.

    rv run local experiment.py -a data_dir /path/to/zanzibar_buildings
    rv run local experiment.py -a data_dir /path/to/eurosat100 -a backend pytorch

The folder holds `classes.json` with the names of the classes and the size of a cell, and `train`
and `val`, each with `images/<scene>.tif` and `chips/<scene>.geojson` (or `labels/<scene>.geojson`):
cells with `class_name` in WGS 84.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import rvcli as rv


class Cells(rv.ExperimentSet):
    """A class for each cell."""

    def exp_cells(
        self,
        data_dir: str,
        root_uri: str = "out",
        backend: Literal["embedded", "pytorch"] = "embedded",
        num_epochs: int = 20,
    ) -> rv.ExperimentConfig:
        """Describe the experiment.

        Args:
            data_dir: folder of the imagery and labels.
            root_uri: where everything is written.
            backend: `embedded` for a forest of scikit-learn, `pytorch` for a small network.
            num_epochs: passes of the network over the training cells.
        """
        kind = json.loads(Path(data_dir, "classes.json").read_text())["chip_classification"]
        task = (
            rv.TaskConfig.builder(rv.CHIP_CLASSIFICATION)
            .with_classes(kind["classes"])
            .with_chip_size(kind["cell_px"])
            .build()
        )
        dataset = (
            rv.DatasetConfig.builder()
            .with_train_scenes(scenes(task, Path(data_dir, "train")))
            .with_validation_scenes(scenes(task, Path(data_dir, "val")))
            .build()
        )
        return (
            rv.ExperimentConfig.builder()
            .with_id(f"cells-{Path(data_dir).name}-{backend}")
            .with_root_uri(root_uri)
            .with_task(task)
            .with_backend(network(task, num_epochs) if backend == "pytorch" else forest(task))
            .with_dataset(dataset)
            .with_stats_analyzer()
            .build()
        )


def forest(task: rv.TaskConfig) -> rv.BackendConfig:
    """Describe a random forest on colours and texture."""
    return rv.BackendConfig.builder(rv.SKLEARN_CHIP_CLASSIFICATION).with_task(task).build()


def network(task: rv.TaskConfig, num_epochs: int) -> rv.BackendConfig:
    """Describe a small network, trained from random weights."""
    return (
        rv.BackendConfig.builder(rv.PYTORCH_CHIP_CLASSIFICATION)
        .with_task(task)
        .with_train_options(
            batch_size=16,
            lr=1e-3,
            num_epochs=num_epochs,
            model_arch="resnet18",
            pretrained=False,
            augmentors=["HorizontalFlip", "VerticalFlip", "RandomRotate90"],
        )
        .build()
    )


def scenes(task: rv.TaskConfig, folder: Path) -> list[rv.SceneConfig]:
    """Describe all scenes of a folder."""
    images = sorted(folder.glob("images/*.tif"))
    if not images:
        raise ValueError(f"there is no images/*.tif in {folder}")
    labels = folder / ("chips" if (folder / "chips").is_dir() else "labels")
    return [scene(task, image, labels / f"{image.stem}.geojson") for image in images]


def scene(task: rv.TaskConfig, image: Path, cells: Path) -> rv.SceneConfig:
    """Describe a scene: an image, and cells with their classes."""
    return (
        rv.SceneConfig.builder()
        .with_task(task)
        .with_id(image.stem)
        .with_raster_source(str(image))
        .with_label_source(str(cells))
        .build()
    )
