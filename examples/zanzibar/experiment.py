"""Map buildings in drone imagery of Zanzibar, from outlines as GeoJSON.

    rv run local experiment.py -a data_dir /path/to/zanzibar_buildings

The folder holds `train` and `val`, each with `images/<scene>.tif` (three bands of uint8) and
`labels/<scene>.geojson` (polygons of buildings in WGS 84).
"""

from __future__ import annotations

from pathlib import Path

import rvcli as rv


class Zanzibar(rv.ExperimentSet):
    """Buildings and what is around them."""

    def exp_buildings(
        self,
        data_dir: str,
        root_uri: str = "out",
        chip_size: int = 300,
        iterations: int = 60,
    ) -> rv.ExperimentConfig:
        """Describe the experiment.

        Args:
            data_dir: folder of the imagery and labels.
            root_uri: where everything is written.
            chip_size: width and height of training chips, in pixels.
            iterations: rounds of boosting.
        """
        task = (
            rv.TaskConfig.builder(rv.SEMANTIC_SEGMENTATION)
            .with_classes({"building": (1, "#d7301f"), "background": (2, "#bdbdbd")})
            .with_chip_size(chip_size)
            # Every pixel of the scene once.
            .with_chip_options(window_method="sliding", stride=chip_size)
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
            .with_id("zanzibar-buildings")
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
