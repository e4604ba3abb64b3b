"""One small experiment that has run, and a package that was applied."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
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
from rvcli.data.scene_config import SceneConfig
from rvcli.experiment.experiment_config import ExperimentConfig
from rvcli.predictor import Predictor
from rvcli.runner.experiment_runner import ExperimentRunner
from rvcli.task.task_config import TaskConfig


def _write_tiff(path: Path, array: Any) -> None:
    bands, height, width = array.shape
    options = {"count": bands, "height": height, "width": width, "dtype": array.dtype}
    transform = from_origin(500_000, 4_000_000, 1, 1)
    with rasterio.open(path, "w", "GTiff", crs="EPSG:32633", transform=transform, **options) as out:
        out.write(array)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run an experiment, in two parts where it can be split; leave what it wrote alone."""
    folder = tmp_path_factory.mktemp("finished")
    rng = np.random.default_rng(0)
    labels = np.ones((1, 48, 48), np.uint8)
    labels[0, 10:30, 15:40] = 2
    for name in ("a", "b"):
        image = rng.normal(800, 60, (3, 48, 48)) + 900 * (labels == 2)
        _write_tiff(folder / f"{name}.tif", image.astype(np.uint16))
    _write_tiff(folder / "labels.tif", labels)
    task = (
        TaskConfig.builder(keys.SEMANTIC_SEGMENTATION)
        .with_classes({"a": 1, "b": 2})
        .with_chip_size(24)
        .with_predict_chip_size(48)
        .with_chip_options(chips_per_scene=4)
        .build()
    )
    backend = BackendConfig.builder(keys.SKLEARN_SEMANTIC_SEGMENTATION).with_task(task)
    scenes = []
    for name in ("a", "b"):
        source = RasterSourceConfig.builder(keys.RASTERIO_SOURCE)
        source = source.with_uri(str(folder / f"{name}.tif")).with_stats_transformer()
        scene = SceneConfig.builder().with_task(task).with_id(name)
        scene = scene.with_raster_source(source.build())
        scenes.append(scene.with_label_source(str(folder / "labels.tif")).build())
    dataset = DatasetConfig.builder().with_train_scenes(scenes).with_validation_scene(scenes[1])
    experiment = (
        ExperimentConfig.builder()
        .with_id("e")
        .with_task(task)
        .with_backend(backend.with_train_options(iterations=5, max_pixels=500).build())
        .with_dataset(dataset.build())
        .with_root_uri(str(folder / "root"))
        .with_stats_analyzer()
        .build()
    )
    with profile.use(profile.load_settings(overrides=[f"RV.cache_dir={folder}/cache"])):
        runner = ExperimentRunner.get_runner(keys.INPROCESS)
        runner.run([experiment], splits=2)
        package = str(folder / "root/bundle/e/predict_package.zip")
        predictor = Predictor(package, str(folder / "tmp"))
        predictor.predict(str(folder / "a.tif"), str(folder / "own/predicted.tif"))
    return folder


@pytest.fixture(autouse=True)
def settings(tmp_path: Path) -> Iterator[None]:
    """Keep digests in a cache of the test's own."""
    with profile.use(profile.load_settings(overrides=[f"RV.cache_dir={tmp_path}/cache"])):
        yield


@pytest.fixture
def copied(finished: Path, tmp_path: Path) -> Path:
    """Give a copy of the experiment's folder, at another place, to do with as one likes."""
    shutil.copytree(finished, tmp_path / "copy", ignore=shutil.ignore_patterns("tmp", "cache"))
    return tmp_path / "copy"
