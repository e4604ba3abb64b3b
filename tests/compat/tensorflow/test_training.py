"""Experiments of the time of TensorFlow 1 train and predict, from imagery to the package."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin
from rasterio.warp import transform_geom

from rvcli.cli.main import call

pytest.importorskip("torch")
pytest.importorskip("torchvision")

CRS = "EPSG:32633"
TRANSFORM = from_origin(500_000, 4_000_000, 1, 1)
SIZE = 96

HEAD = """
import rastervision as rv

class Old(rv.ExperimentSet):
    def exp_main(self, root_uri, data):
"""
TAIL = """
        source = rv.RasterSourceConfig.builder(rv.RASTERIO_SOURCE).with_uri(data + "/image.tif")
        scene = (rv.SceneConfig.builder().with_task(task).with_id("s")
                 .with_raster_source(source.build()).with_label_source(labels).build())
        dataset = (rv.DatasetConfig.builder().with_train_scenes([scene])
                   .with_validation_scenes([scene]).build())
        return (rv.ExperimentConfig.builder().with_id("e").with_root_uri(root_uri).with_task(task)
                .with_backend(backend).with_dataset(dataset).build())
"""
SEGMENT = """
        task = (rv.TaskConfig.builder(rv.SEMANTIC_SEGMENTATION).with_chip_size(32)
                .with_classes({"house": (1, "red"), "ground": (2, "black")})
                .with_chip_options(window_method="sliding", stride=32).build())
        backend = (rv.BackendConfig.builder(rv.TF_DEEPLAB).with_task(task)
                   .with_model_defaults(rv.MOBILENET_V2)
                   .with_train_options(do_monitoring=False)
                   .with_num_steps(7).with_batch_size(3).with_debug(False).build())
        labels = data + "/labels.tif"
"""
DETECT = """
        task = (rv.TaskConfig.builder(rv.OBJECT_DETECTION).with_chip_size(64)
                .with_classes({"house": (1, "red")}).with_chip_options(neg_ratio=0.5).build())
        template = {"model": {"ssd": {"num_classes": 1,
                                      "feature_extractor": {"type": "ssd_mobilenet_v2"}}},
                    "train_config": {"batch_size": 24, "num_steps": 200000}}
        backend = (rv.BackendConfig.builder(rv.TF_OBJECT_DETECTION).with_task(task)
                   .with_template(template).with_batch_size(2).with_num_steps(3)
                   .with_train_options(do_monitoring=False).build())
        labels = data + "/houses.json"
"""


# Before torch is loaded: several threads that spin take long on a busy machine.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Train in one thread, without weights from the network and without the export to ONNX."""
    from urllib.error import URLError

    import torch

    def refuse(*_: Any, **__: Any) -> Any:
        raise URLError("there is no network in tests")

    monkeypatch.setattr("torch.hub.load_state_dict_from_url", refuse)
    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", refuse)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("rvcli.backend.pytorch.training.export", lambda *_: (None, "left out"))
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def draw(folder: Path) -> None:
    """Draw an image with houses, and these as polygons and as pixels."""
    rng = np.random.default_rng(0)
    labels = np.full((1, SIZE, SIZE), 2, np.uint8)
    features = []
    for y, x in ((8, 8), (60, 50), (20, 60)):
        labels[0, y : y + 24, x : x + 24] = 1
        corners = [(x, y), (x + 24, y), (x + 24, y + 24), (x, y + 24), (x, y)]
        ring = {"type": "Polygon", "coordinates": [[TRANSFORM * corner for corner in corners]]}
        geometry = transform_geom(CRS, "EPSG:4326", ring)
        features.append({"type": "Feature", "properties": {}, "geometry": geometry})
    image = (rng.normal(90, 12, (3, SIZE, SIZE)) + 60 * (labels == 1)).clip(1, 255)
    for name, array in (("image", image.astype(np.uint8)), ("labels", labels)):
        shape = {"count": len(array), "width": SIZE, "height": SIZE}
        with rasterio.open(
            folder / f"{name}.tif",
            "w",
            "GTiff",
            dtype="uint8",
            crs=CRS,
            transform=TRANSFORM,
            **shape,
        ) as out:
            out.write(array)
    text = json.dumps({"type": "FeatureCollection", "features": features})
    (folder / "houses.json").write_text(text)


def run(folder: Path, body: str) -> dict[str, Any]:
    """Run an old experiment in this process; return the header of its model."""
    draw(folder)
    path = folder / "experiment.py"
    path.write_text(HEAD + body + TAIL)
    arguments = ["-a", "root_uri", str(folder / "out"), "-a", "data", str(folder)]
    assert 0 == call(["run", "inprocess", "-p", str(path), *arguments])
    with zipfile.ZipFile(folder / "out/train/e/model.zip") as file:
        header: dict[str, Any] = json.loads(file.read("header.json"))
    return header


def count_steps(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Note how many chips each step of training has."""
    from rvcli.backend.pytorch import trainer

    sizes: list[int] = []
    step = trainer._Run._step

    def counted(run: Any, images: Any, targets: Any) -> Any:
        sizes.append(len(images))
        return step(run, images, targets)

    monkeypatch.setattr(trainer._Run, "_step", counted)
    return sizes


def test_deeplab(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It trains for so many steps on so many chips, and its package predicts."""
    sizes = count_steps(monkeypatch)
    header = run(tmp_path, SEGMENT)
    assert [3] * 7 == sizes
    assert "deeplabv3plus:mobilenet_v2" == header["model"]["arch"]
    told = capsys.readouterr().err
    assert 1 == told.count("warning: TF_DEEPLAB runs as PYTORCH_SEMANTIC_SEGMENTATION")
    package = tmp_path / "out/bundle/e/predict_package.zip"
    assert 0 == call(
        ["predict", str(package), str(tmp_path / "image.tif"), str(tmp_path / "p.tif")]
    )
    with rasterio.open(tmp_path / "p.tif") as predicted:
        assert {1, 2} >= set(np.unique(predicted.read(1)).tolist())


def test_object_detection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It trains for so many steps on so many chips, and writes boxes and their evaluation."""
    sizes = count_steps(monkeypatch)
    header = run(tmp_path, DETECT)
    assert [2] * 3 == sizes
    assert "mobilenet_v2" == header["model"]["arch"]
    boxes = json.loads((tmp_path / "out/predict/e/s.json").read_text())
    assert "FeatureCollection" == boxes["type"]
    assert "overall" in json.loads((tmp_path / "out/eval/e/eval.json").read_text())
