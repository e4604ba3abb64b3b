"""A stack from the experiment to the package: every command reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from rvcli import keys, profile
from rvcli.backend.backend_config import BackendConfig
from rvcli.data.dataset_config import DatasetConfig
from rvcli.data.raster_source.raster_source_config import RasterSourceConfig
from rvcli.data.raster_transformer.raster_transformer_config import RasterTransformerConfig
from rvcli.data.scene_config import SceneConfig
from rvcli.errors import DataError
from rvcli.experiment.experiment_config import ExperimentConfig
from rvcli.predictor import Predictor
from rvcli.runner.experiment_runner import ExperimentRunner
from rvcli.task.task_config import TaskConfig


def write(path: Path, bands: Any, pixel_m: float) -> str:
    """Write bands with a georeference."""
    size = {"count": bands.shape[0], "height": bands.shape[1], "width": bands.shape[2]}
    place = {"crs": "EPSG:32633", "transform": from_origin(500_000, 4_000_000, pixel_m, pixel_m)}
    with rasterio.open(path, "w", "GTiff", dtype=bands.dtype, **size, **place) as out:
        out.write(bands)
    return str(path)


def test_stack_of_two_resolutions_is_learned_and_predicted(tmp_path: Path) -> None:
    """Classes that only bands of both files together tell are found, by the package as well."""
    rng = np.random.default_rng(0)
    in_fine, in_coarse = np.zeros((2, 96, 96), bool)
    in_fine[:, 40:] = True
    in_coarse[32:] = True
    fine = np.where(in_fine, 900, 300) + rng.normal(0, 20, (2, 96, 96))
    coarse = np.where(in_coarse, 5000, 2000)[::2, ::2] + rng.normal(0, 50, (1, 48, 48))
    uris = [
        write(tmp_path / "fine.tif", fine.astype(np.uint16), 1),
        write(tmp_path / "coarse.tif", coarse.astype(np.float32), 2),
    ]
    labels = np.where(in_fine & in_coarse, 2, 1).astype(np.uint8)
    task = (
        TaskConfig.builder(keys.SEMANTIC_SEGMENTATION)
        .with_classes({"a": 1, "b": 2})
        .with_chip_size(32)
        .with_chip_options(chips_per_scene=8)
        .build()
    )
    ratio = RasterTransformerConfig.builder(keys.BAND_MATH_TRANSFORMER)
    source = (
        RasterSourceConfig.builder(keys.MULTI_RASTER_SOURCE)
        .with_raster_sources(uris)
        .with_channel_order([2, 0, 1])
        .with_transformer(ratio.with_expression("b1 / b2").with_scale((0, 20)).build())
        .with_stats_transformer(channels=[0, 1, 2])
        .build()
    )
    scene = (
        SceneConfig.builder()
        .with_task(task)
        .with_id("s")
        .with_raster_source(source)
        .with_label_source(write(tmp_path / "labels.tif", labels[np.newaxis], 1))
        .build()
    )
    backend = BackendConfig.builder(keys.SKLEARN_SEMANTIC_SEGMENTATION).with_task(task)
    experiment = (
        ExperimentConfig.builder()
        .with_id("e")
        .with_task(task)
        .with_backend(backend.with_train_options(iterations=10, max_pixels=3000).build())
        .with_dataset(
            DatasetConfig.builder().with_train_scene(scene).with_validation_scene(scene).build()
        )
        .with_root_uri(str(tmp_path / "root"))
        .with_stats_analyzer()
        .build()
    )
    out = tmp_path / "out.tif"
    with profile.use(profile.load_settings(overrides=(f"RV.cache_dir={tmp_path / 'cache'}",))):
        ExperimentRunner.get_runner("inprocess").run(experiment)
        package = str(tmp_path / "root/bundle/e/predict_package.zip")
        predictor = Predictor(package, str(tmp_path / "tmp"))
        predictor.predict(",".join(uris), str(out))
        with pytest.raises(DataError, match="the model reads 2 images"):
            predictor.predict(uris[0], str(out))
        with pytest.raises(DataError, match="would be written over what is read"):
            predictor.predict(",".join(uris), uris[1])
    with rasterio.open(tmp_path / "root/predict/e/s.tif") as run, rasterio.open(out) as again:
        predicted = run.read(1)
        np.testing.assert_array_equal(predicted, again.read(1))
    assert (predicted == labels).mean() > 0.97
