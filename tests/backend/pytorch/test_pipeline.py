"""Whole experiments with the PyTorch backends, from imagery to the predict package."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin
from rasterio.warp import transform_geom

from rvcli import keys, profile
from rvcli.backend.backend_config import BackendConfig
from rvcli.data.dataset_config import DatasetConfig
from rvcli.data.label_source.label_source_config import LabelSourceConfig
from rvcli.data.raster_source.raster_source_config import RasterSourceConfig
from rvcli.data.scene_config import SceneConfig
from rvcli.experiment.experiment_config import ExperimentConfig
from rvcli.predictor import Predictor
from rvcli.runner.experiment_runner import ExperimentRunner
from rvcli.task.task_config import TaskConfig

pytest.importorskip("torch")
pytest.importorskip("torchvision")

CRS = "EPSG:32633"
SIZE = 128
TRANSFORM = from_origin(500_000, 4_000_000, 1, 1)
# (row, column, height, width) of the houses.
HOUSES = [(8, 8, 40, 40), (70, 64, 48, 56), (0, 96, 32, 32)]


def draw(folder: Path) -> None:
    """Write imagery of four bands of uint16, and houses as polygons and as pixels."""
    rng = np.random.default_rng(0)
    labels = np.full((1, SIZE, SIZE), 2, np.uint8)
    features = []
    for y, x, height, width in HOUSES:
        labels[0, y : y + height, x : x + width] = 1
        corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y)]
        ring = {"type": "Polygon", "coordinates": [[TRANSFORM * corner for corner in corners]]}
        geometry = transform_geom(CRS, "EPSG:4326", ring)
        properties = {"class_name": "house"}
        features.append({"type": "Feature", "properties": properties, "geometry": geometry})
    image = rng.normal(800, 60, (4, SIZE, SIZE)) + 900 * (labels == 1)
    for name, array in (("image", image.astype(np.uint16)), ("labels", labels)):
        options = {"count": len(array), "dtype": array.dtype, "crs": CRS, "transform": TRANSFORM}
        with rasterio.open(
            folder / f"{name}.tif", "w", "GTiff", width=SIZE, height=SIZE, **options
        ) as out:
            out.write(array)
    text = json.dumps({"type": "FeatureCollection", "features": features})
    (folder / "houses.geojson").write_text(text)


def run(folder: Path, task: Any, labels: Any, arch: str) -> dict[str, Any]:
    """Run an experiment, and give the metrics by class."""
    backend = (
        BackendConfig.builder(f"PYTORCH_{task.task_type}")
        .with_task(task)
        .with_train_options(
            batch_size=4, lr=0.05, num_epochs=20, model_arch=arch, log_tensorboard=False
        )
        .build()
    )
    source = RasterSourceConfig.builder(keys.RASTERIO_SOURCE).with_uri(str(folder / "image.tif"))
    scene = (
        SceneConfig.builder()
        .with_task(task)
        .with_id("s")
        .with_raster_source(source.build())
        .with_label_source(labels)
        .build()
    )
    dataset = DatasetConfig.builder().with_train_scene(scene).with_validation_scene(scene).build()
    experiment = (
        ExperimentConfig.builder()
        .with_id("e")
        .with_task(task)
        .with_backend(backend)
        .with_dataset(dataset)
        .with_root_uri(str(folder / "root"))
        .build()
    )
    ExperimentRunner.get_runner("inprocess").run(experiment)
    metrics = json.loads((folder / "root/eval/e/eval.json").read_text())
    return {item["class_name"]: item for item in metrics["overall"]}


@pytest.fixture
def folder(tmp_path: Path) -> Any:
    """Give a folder with imagery, and a profile for it."""
    draw(tmp_path)
    with profile.use(profile.load_settings(overrides=(f"RV.cache_dir={tmp_path / 'cache'}",))):
        yield tmp_path


def test_houses_are_segmented(folder: Path, validate_item: Any) -> None:
    """Pixels are classified, and the package predicts what the run predicted."""
    task = (
        TaskConfig.builder(keys.SEMANTIC_SEGMENTATION)
        .with_classes({"house": 1, "ground": 2})
        .with_chip_size(48)
        .with_predict_chip_size(40)
        .with_chip_options(chips_per_scene=8)
        .build()
    )
    found = run(folder, task, str(folder / "labels.tif"), "tiny_nets:segment")
    assert 0.95 < found["house"]["f1"]
    package = str(folder / "root/bundle/e/predict_package.zip")
    Predictor(package, str(folder / "tmp")).predict(
        str(folder / "image.tif"), str(folder / "out.tif")
    )
    with (
        rasterio.open(folder / "root/predict/e/s.tif") as run_,
        rasterio.open(folder / "out.tif") as packaged,
    ):
        np.testing.assert_array_equal(run_.read(1), packaged.read(1))
    with zipfile.ZipFile(package) as file:
        item = json.loads(file.read("stac-mlm.json"))
    validate_item(item)
    model = item["properties"]
    assert ("PyTorch", "tiny_nets:segment") == (model["mlm:framework"], model["mlm:architecture"])
    assert 0 < model["mlm:total_parameters"]
    assert [-1, 4, 48, 48] == model["mlm:input"][0]["input"]["shape"]
    validate_item(json.loads((folder / "root/predict/e/stac/s.tif.json").read_text()))


@pytest.mark.slow
def test_cells_are_classified(folder: Path) -> None:
    """Cells with houses are told from those without."""
    task = (
        TaskConfig.builder(keys.CHIP_CLASSIFICATION)
        .with_classes({"house": 1, "ground": 2})
        .with_chip_size(16)
        .build()
    )
    labels = (
        LabelSourceConfig.builder(keys.CHIP_CLASSIFICATION)
        .with_uri(str(folder / "houses.geojson"))
        .with_ioa_thresh(0.5)
        .with_use_intersection_over_cell(True)
        .with_infer_cells(True)
        .with_background_class_id(2)
        .build()
    )
    found = run(folder, task, labels, "tiny_nets:classify")
    assert 0.9 < found["house"]["f1"]
    assert (folder / "root/predict/e/s.json").exists()


PLUGIN = """
from rvcli.backend.pytorch_semantic_segmentation_config import (
    PyTorchSemanticSegmentationConfig,
    PyTorchSemanticSegmentationConfigBuilder,
)
from rvcli.config import field
from torch import nn


def pixelwise(num_classes, in_channels):
    return nn.Conv2d(in_channels, num_classes, 1)


class PixelwiseConfig(PyTorchSemanticSegmentationConfig):
    key = "PIXELWISE"
    model_arch: str = field(default=f"{__name__}:pixelwise", doc="The network.")


class PixelwiseConfigBuilder(PyTorchSemanticSegmentationConfigBuilder):
    config_class = PixelwiseConfig


def register_plugin(plugin_registry):
    plugin_registry.register_config_builder("BACKEND", "PIXELWISE", PixelwiseConfigBuilder)
"""

EXPERIMENT = """
import rvcli as rv


class Houses(rv.ExperimentSet):
    def exp_houses(self, num_epochs: int = 1):
        task = (
            rv.TaskConfig.builder(rv.SEMANTIC_SEGMENTATION)
            .with_classes({"house": 1, "ground": 2})
            .with_chip_size(48)
            .with_chip_options(chips_per_scene=4)
            .build()
        )
        scene = (
            rv.SceneConfig.builder()
            .with_task(task)
            .with_id("s")
            .with_raster_source("image.tif")
            .with_label_source("labels.tif")
            .build()
        )
        backend = rv.BackendConfig.builder("PIXELWISE").with_task(task)
        backend = backend.with_num_epochs(num_epochs).with_log_tensorboard(False).build()
        dataset = rv.DatasetConfig.builder().with_train_scene(scene).with_validation_scene(scene)
        experiment = rv.ExperimentConfig.builder().with_id("e").with_task(task)
        experiment = experiment.with_backend(backend).with_dataset(dataset.build())
        return experiment.with_root_uri("root").build()
"""


@pytest.fixture
def project(folder: Path) -> Path:
    """Give the folder with an experiment, and a plugin that brings its network."""
    (folder / "pixelwise.py").write_text(PLUGIN)
    (folder / "experiment.py").write_text(EXPERIMENT)
    (folder / "rv.toml").write_text('[PLUGINS]\nfiles = ["pixelwise.py"]\n')
    return folder


def rv(project: Path, *words: str) -> subprocess.Popen[str]:
    """Start `rv run` in the folder of an experiment."""
    return subprocess.Popen(
        [sys.executable, "-m", "rvcli", "run", *words],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def history_of(project: Path) -> Any:
    """Read the history of the training."""
    return json.loads((project / "root/train/e/history.json").read_text())


@pytest.mark.slow
def test_a_plugin_brings_a_network(project: Path) -> None:
    """Its function is found by name where the commands run, each in its own process."""
    started = rv(project, "local", "experiment.py", "chip", "train", "predict")
    output, _ = started.communicate()
    assert 0 == started.returncode, output
    assert 1 == len(history_of(project)["epochs"])
    assert (project / "root/predict/e/s.tif").exists()


@pytest.mark.slow
def test_a_killed_command_goes_on_when_it_is_run_again(project: Path) -> None:
    """After kill -9 the same `rv run` trains the epochs that are missing, and says so."""
    words = ("inprocess", "experiment.py", "chip", "train", "-a", "num_epochs", "80")
    checkpoint = project / "root/train/e/checkpoint.pt"
    with rv(project, *words) as killed:
        while killed.poll() is None and not checkpoint.exists():
            time.sleep(0.01)
        killed.kill()
        killed.communicate()
    assert checkpoint.exists()
    again = rv(project, *words)
    output, _ = again.communicate()
    assert 0 == again.returncode, output
    history = history_of(project)
    assert 80 == len(history["epochs"])
    (done,) = history["resumed_from"]
    assert 1 <= done < 80
    assert not checkpoint.exists()
