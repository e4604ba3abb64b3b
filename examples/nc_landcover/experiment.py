"""Map land cover in six bands of Landsat imagery of North Carolina, from label rasters.

    rv run local experiment.py -a data_dir /path/to/nc_landcover

The folder holds `train` and `val`, each with `images/<scene>.tif` (six bands of uint8, 0 is no
data) and `labels/<scene>.tif` (class ids on the same grid, 0 is not labelled).
"""

from __future__ import annotations

from pathlib import Path

import rvcli as rv

CLASSES = {
    "developed": (1, "#d7301f"),
    "open": (2, "#fee08b"),
    "shrubland": (3, "#a6611a"),
    "forest": (4, "#1b7837"),
    "water": (5, "#2166ac"),
}


class LandCover(rv.ExperimentSet):
    """Five classes of land cover."""

    def exp_land_cover(
        self, data_dir: str, root_uri: str = "out", iterations: int = 60
    ) -> rv.ExperimentConfig:
        """Describe the experiment.

        Args:
            data_dir: folder of the imagery and labels.
            root_uri: where everything is written.
            iterations: rounds of boosting.
        """
        task = (
            rv.TaskConfig.builder(rv.SEMANTIC_SEGMENTATION)
            .with_classes(CLASSES)
            # Larger than a scene: one chip holds it all.
            .with_chip_size(256)
            .with_chip_options(window_method="sliding", stride=256)
            .build()
        )
        backend = (
            rv.BackendConfig.builder(rv.SKLEARN_SEMANTIC_SEGMENTATION)
            .with_task(task)
            .with_train_options(iterations=iterations)
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
            .with_id("nc-landcover")
            .with_root_uri(root_uri)
            .with_task(task)
            .with_backend(backend)
            .with_dataset(dataset)
            .build()
        )


def scenes(task: rv.TaskConfig, folder: Path) -> list[rv.SceneConfig]:
    """Describe all scenes of a folder."""
    images = sorted(folder.glob("images/*.tif"))
    if not images:
        raise ValueError(f"there is no images/*.tif in {folder}")
    return [scene(task, image, folder / "labels" / image.name) for image in images]


def scene(task: rv.TaskConfig, image: Path, classes: Path) -> rv.SceneConfig:
    """Describe a scene: an image, and a raster of class ids on its grid."""
    labels = (
        rv.LabelSourceConfig.builder(rv.SEMANTIC_SEGMENTATION)
        .with_raster_source(str(classes))
        .build()
    )
    return (
        rv.SceneConfig.builder()
        .with_task(task)
        .with_id(image.stem)
        .with_raster_source(str(image))
        .with_label_source(labels)
        .build()
    )
