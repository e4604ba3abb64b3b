"""The experiment of report.py: one small scene to train on, many large ones to look at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rvcli as rv

CLASSES = {"building": (1, "#d7301f"), "background": (2, "gray")}


class Report(rv.ExperimentSet):
    """What is bright is a building."""

    def exp_report(self, data_dir: str, root_uri: str) -> rv.ExperimentConfig:
        """Scenes of a folder: NAME.tif, with labels in NAME.geojson or NAME-labels.tif.

        Args:
            data_dir: that folder; train.tif is trained on.
            root_uri: where everything is written.
        """
        task = (
            rv.TaskConfig.builder(rv.SEMANTIC_SEGMENTATION)
            .with_classes(CLASSES)
            .with_chip_size(256)
            .with_predict_chip_size(2048)
            .with_predict_batch_size(1)
            .with_chip_options(chips_per_scene=4)
            .build()
        )
        names = [path.stem for path in sorted(Path(data_dir).glob("scene-??.tif"))]
        dataset = (
            rv.DatasetConfig.builder()
            .with_train_scene(scene(task, data_dir, "train"))
            .with_validation_scenes([scene(task, data_dir, name) for name in names])
            .build()
        )
        return (
            rv.ExperimentConfig.builder()
            .with_id("report")
            .with_root_uri(root_uri)
            .with_task(task)
            .with_backend(rv.BackendConfig.builder("BRIGHT").with_task(task).build())
            .with_dataset(dataset)
            .build()
        )


def scene(task: Any, data_dir: str, name: str) -> rv.SceneConfig:
    """Describe a scene."""
    raster = f"{data_dir}/{name}-labels.tif"
    return (
        rv.SceneConfig.builder()
        .with_task(task)
        .with_id(name)
        .with_raster_source(f"{data_dir}/{name}.tif")
        .with_label_source(raster if Path(raster).exists() else f"{data_dir}/{name}.geojson")
        .build()
    )
