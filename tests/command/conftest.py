"""A small experiment to derive commands from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rvcli import keys
from rvcli.backend.backend_config import BackendConfig
from rvcli.data.dataset_config import DatasetConfig
from rvcli.data.raster_source.raster_source_config import RasterSourceConfig
from rvcli.data.scene_config import SceneConfig
from rvcli.experiment.experiment_config import ExperimentConfig
from rvcli.task.task_config import TaskConfig


@pytest.fixture
def task() -> Any:
    """Give a task with two classes."""
    builder = TaskConfig.builder(keys.SEMANTIC_SEGMENTATION)
    return builder.with_classes({"a": (1, "red"), "b": (2, "blue")}).with_chip_size(64).build()


@pytest.fixture
def scene(task: Any) -> Callable[..., Any]:
    """Give a function that makes scenes with imagery, labels and an area of interest."""

    def make(scene_id: str, image: str | None = None, stats: bool = True) -> Any:
        source = RasterSourceConfig.builder(keys.RASTERIO_SOURCE).with_uri(
            image or f"{scene_id}.tif"
        )
        if stats:
            source = source.with_stats_transformer()
        builder = SceneConfig.builder().with_task(task).with_id(scene_id)
        builder = builder.with_raster_source(source.build()).with_aoi_uri(f"{scene_id}-aoi.json")
        return builder.with_label_source(f"{scene_id}.geojson").build()

    return make


@pytest.fixture
def experiment(task: Any, scene: Callable[..., Any], monkeypatch: Any, tmp_path: Any) -> Any:
    """Give an experiment with two scenes to train on and one of each other kind."""
    monkeypatch.chdir(tmp_path)
    dataset = (
        DatasetConfig.builder()
        .with_train_scenes([scene("t1"), scene("t2")])
        .with_validation_scene(scene("v"))
        .with_test_scene(scene("x"))
        .build()
    )
    backend = BackendConfig.builder(keys.SKLEARN_SEMANTIC_SEGMENTATION).with_task(task).build()
    return (
        ExperimentConfig.builder()
        .with_id("e")
        .with_task(task)
        .with_backend(backend)
        .with_dataset(dataset)
        .with_root_uri("a root")
        .with_stats_analyzer()
        .build()
    )
