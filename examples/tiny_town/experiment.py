"""Learn the land cover of a tiny town from two scenes, and map it in a third.

rv run local experiment.py
rv run local experiment.py -a iterations 100
"""

from __future__ import annotations

from pathlib import Path

import rvcli as rv

HERE = Path(__file__).parent
CLASSES = {
    "building": (1, "#d7301f"),
    "road": (2, "#737373"),
    "tree": (3, "#1b7837"),
    "water": (4, "#2166ac"),
    "ground": (5, "#dfc27d"),
}
TRAIN_SCENES = ("west", "middle")
VALIDATION_SCENES = ("east",)


class TinyTown(rv.ExperimentSet):
    """One experiment: analyze, chip, train, predict, eval and bundle."""

    def exp_tiny_town(
        self,
        root_uri: str = "out",
        data_dir: str = str(HERE / "data"),
        chip_size: int = 256,
        iterations: int = 60,
    ) -> rv.ExperimentConfig:
        """Describe the experiment.

        Args:
            root_uri: where everything is written.
            data_dir: where the imagery is, also a URI; on this machine it is drawn if it is not
                there.
            chip_size: width and height of training chips, in pixels.
            iterations: rounds of boosting.
        """
        if "://" not in data_dir:
            draw_imagery(Path(data_dir))
        task = (
            rv.TaskConfig.builder(rv.SEMANTIC_SEGMENTATION)
            .with_classes(CLASSES)
            .with_chip_size(chip_size)
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
            .with_train_scenes(scene(task, data_dir, name) for name in TRAIN_SCENES)
            .with_validation_scenes(
                scene(task, data_dir, name, area=True) for name in VALIDATION_SCENES
            )
            .build()
        )
        figures = (
            rv.EvaluatorConfig.builder(rv.SEMANTIC_SEGMENTATION_EVALUATOR).with_task(task).build()
        )
        # From the plugin that rv.toml names.
        areas = rv.EvaluatorConfig.builder("AREA_EVALUATOR").with_class_map(task.class_map).build()
        return (
            rv.ExperimentConfig.builder()
            .with_id("tiny-town")
            .with_root_uri(root_uri)
            .with_task(task)
            .with_backend(backend)
            .with_dataset(dataset)
            .with_stats_analyzer()
            .with_evaluators([figures, areas])
            .build()
        )


def scene(task: rv.TaskConfig, data_dir: str, name: str, *, area: bool = False) -> rv.SceneConfig:
    """Describe a scene: an image, and polygons that become a class for every pixel.

    Args:
        task: the task.
        data_dir: where the imagery is.
        name: of the scene.
        area: whether only the area counts that has imagery. Without it, every pixel of the collar
            would be ground that was not found.
    """
    imagery = (
        rv.RasterSourceConfig.builder(rv.RASTERIO_SOURCE)
        .with_uri(f"{data_dir}/{name}.tif")
        .with_stats_transformer()
        .build()
    )
    # Polygons have the class that their property class_name says; what no polygon covers is ground.
    polygons = (
        rv.RasterSourceConfig.builder(rv.RASTERIZED_SOURCE)
        .with_vector_source(f"{data_dir}/{name}.geojson")
        .with_rasterizer_options(background_class_id=task.class_map.get_by_name("ground").id)
        .build()
    )
    labels = (
        rv.LabelSourceConfig.builder(rv.SEMANTIC_SEGMENTATION).with_raster_source(polygons).build()
    )
    # How probable each class is, for the curves of the report.
    predictions = (
        rv.LabelStoreConfig.builder(rv.SEMANTIC_SEGMENTATION_RASTER)
        .with_probabilities(True)
        .build()
    )
    builder = (
        rv.SceneConfig.builder()
        .with_task(task)
        .with_id(name)
        .with_raster_source(imagery)
        .with_label_source(labels)
        .with_label_store(predictions)
    )
    if area:
        builder = builder.with_aoi_uris([f"{data_dir}/{name}_area.geojson"])
    return builder.build()


def draw_imagery(data_dir: Path) -> None:
    """Draw the imagery where there is none yet."""
    names = (*TRAIN_SCENES, *VALIDATION_SCENES)
    if all((data_dir / f"{name}.tif").exists() for name in names):
        return
    # Only here: planning needs neither numpy nor rasterio.
    from make_imagery import draw_all

    draw_all(data_dir)
