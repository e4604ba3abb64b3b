"""`rv predict`: a package, an image, an output; nothing else is needed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

BACKEND = Path(__file__).parents[2] / "plugins_examples" / "nearest_mean_backend.py"

EXPERIMENT = """
from pathlib import Path

import rvcli as rv

HERE = Path(__file__).parent


class Halves(rv.ExperimentSet):
    def exp_halves(self):
        task = (
            rv.TaskConfig.builder(rv.SEMANTIC_SEGMENTATION)
            .with_chip_size(16)
            .with_predict_chip_size(32)
            .with_classes({"left": (1, "red"), "right": (2, "blue")})
            .with_chip_options(chips_per_scene=4, target_count_threshold=1)
            .build()
        )
        backend = rv.BackendConfig.builder("NEAREST_MEAN").with_task(task).build()
        labels = (
            rv.LabelSourceConfig.builder(rv.SEMANTIC_SEGMENTATION)
            .with_raster_source(str(HERE / "labels.tif"))
            .build()
        )
        scene = (
            rv.SceneConfig.builder()
            .with_id("scene")
            .with_task(task)
            .with_raster_source(str(HERE / "image.tif"))
            .with_label_source(labels)
            .build()
        )
        dataset = rv.DatasetConfig.builder().with_train_scene(scene).build()
        return (
            rv.ExperimentConfig.builder()
            .with_id("halves")
            .with_task(task)
            .with_backend(backend)
            .with_dataset(dataset)
            .with_root_uri(str(HERE / "out"))
            .build()
        )
"""


def write_image(path: Path, channels: np.ndarray) -> None:
    """Write an image with a position on earth."""
    count, height, width = channels.shape
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=count,
        height=height,
        width=width,
        dtype=channels.dtype,
        crs="EPSG:32633",
        transform=from_origin(500000, 4000000, 1, 1),
    ) as dataset:
        dataset.write(channels)


@pytest.fixture
def package(project):
    """The predict package of an experiment that tells left from right, its project emptied."""
    left = np.arange(64) < 32
    bright = np.where(left, 10, 200).astype("uint8")
    image = np.stack([np.tile(bright, (64, 1)), np.tile(bright[::-1], (64, 1))])
    write_image(project.root / "image.tif", image)
    labels = np.tile(np.where(left, 1, 2).astype("uint8"), (1, 64, 1))
    write_image(project.root / "labels.tif", labels)
    project.write("exp.py", EXPERIMENT)
    result = project.rv(
        *["run", "inprocess", "exp.py", "chip", "train", "bundle", "-q"],
        *["--set", f"PLUGINS.files={BACKEND}"],
    )
    assert 0 == result.code, result.err
    path = project.root / "package.zip"
    (project.root / "out/bundle/halves/predict_package.zip").rename(path)
    return path


def classes(path: Path) -> list[int]:
    """Return the class left and the class right in a prediction."""
    with rasterio.open(path) as dataset:
        values = dataset.read(1)
    return [int(values[5, 5]), int(values[5, 60])]


def test_a_package_is_applied(project, package):
    """An image is predicted by the package alone, without experiment or profile."""
    result = project.rv("predict", str(package), "image.tif", "predicted ü.tif")

    assert 0 == result.code, result.err
    assert "predictions: predicted ü.tif\n" in result.out
    assert [1, 2] == classes(project.root / "predicted ü.tif")


def test_options_of_predict(project, package):
    """Another order of channels is heeded, and the scene's message is written where asked."""
    result = project.rv(
        *["predict", "--channel-order", "1", "0", str(package), "image.tif", "out.tif"],
        *["--export-config", "scene.json", "--tempdir", "scratch", "-q"],
    )

    assert (0, "", "") == result
    assert [2, 1] == classes(project.root / "out.tif")
    assert "rasterSource" in json.loads((project.root / "scene.json").read_text())
    assert [] == list((project.root / "scratch").iterdir())


def test_a_wrong_channel_order_is_wrong_usage(project):
    """Bands are numbers."""
    result = project.rv("predict", "p.zip", "i.tif", "o.tif", "--channel-order", "red")

    assert 2 == result.code
    assert "'red' is no list of bands" in result.err


def test_what_is_no_package_is_refused(project):
    """A file that is no predict package, or is missing, is an error with its name."""
    project.write("p.zip", "no zip")

    for name in ("p.zip", "missing.zip"):
        result = project.rv("predict", name, "i.tif", "o.tif")
        assert 1 == result.code
        assert name in result.err
        assert "unexpected" not in result.err
