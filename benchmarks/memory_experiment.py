"""The experiment of memory.py: one large scene to train on, one to map."""

from __future__ import annotations

import rvcli as rv


class Memory(rv.ExperimentSet):
    """The whole path on a large image."""

    def exp_memory(self, data_dir: str, root_uri: str, backend: str) -> rv.ExperimentConfig:
        """Describe the experiment.

        Args:
            data_dir: holds train.tif, val.tif and a .geojson of the same name for each.
            root_uri: where everything is written.
            backend: its key.
        """
        task = (
            rv.TaskConfig.builder(rv.SEMANTIC_SEGMENTATION)
            .with_classes({"building": (1, "red"), "background": (2, "gray")})
            .with_chip_size(300)
            .with_chip_options(chips_per_scene=1000)
            .build()
        )
        dataset = (
            rv.DatasetConfig.builder()
            .with_train_scene(scene(task, data_dir, "train"))
            .with_validation_scene(scene(task, data_dir, "val"))
            .build()
        )
        return (
            rv.ExperimentConfig.builder()
            .with_id("memory")
            .with_root_uri(root_uri)
            .with_task(task)
            .with_backend(rv.BackendConfig.builder(backend).with_task(task).build())
            .with_dataset(dataset)
            .with_stats_analyzer()
            .build()
        )


def scene(task: rv.TaskConfig, data_dir: str, name: str) -> rv.SceneConfig:
    """Describe a scene."""
    imagery = (
        rv.RasterSourceConfig.builder(rv.RASTERIO_SOURCE)
        .with_uri(f"{data_dir}/{name}.tif")
        .with_stats_transformer()
        .build()
    )
    return (
        rv.SceneConfig.builder()
        .with_task(task)
        .with_id(name)
        .with_raster_source(imagery)
        .with_label_source(f"{data_dir}/{name}.geojson")
        .build()
    )
