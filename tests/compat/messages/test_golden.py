"""Messages and packages that releases 0.8 to 0.11 wrote are run."""

from __future__ import annotations

import json
import os
import string
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from google.protobuf import json_format
from rasterio.transform import from_origin
from rasterio.warp import transform_geom

import rvcli as rv
from rvcli.cli.main import call
from rvcli.cli.render.outcome import average_figures
from rvcli.errors import DataError
from rvcli.protos.experiment_pb2 import ExperimentConfig as ExperimentMessage

GOLDEN = Path(__file__).parent / "golden"
CRS = "EPSG:32633"
TRANSFORM = from_origin(500_000, 4_000_000, 1, 1)
SIZE, CELL = 128, 32

# Before torch is loaded: several threads that spin take long on a busy machine.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def polygon(y: float, x: float, size: float, **properties: Any) -> dict[str, Any]:
    """Return a square in pixels as a feature in longitudes and latitudes."""
    corners = [(x, y), (x + size, y), (x + size, y + size), (x, y + size), (x, y)]
    ring = {"type": "Polygon", "coordinates": [[TRANSFORM * corner for corner in corners]]}
    geometry = transform_geom(CRS, "EPSG:4326", ring)
    return {"type": "Feature", "properties": properties, "geometry": geometry}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Draw an image whose left half is bright, the cells of that half, and an area."""
    folder = tmp_path_factory.mktemp("data")
    level = np.where(np.arange(SIZE) < SIZE // 2, 180, 60)
    image = np.random.default_rng(0).normal(level, 8, (3, SIZE, SIZE)).clip(1, 255)
    shape = {"count": 3, "width": SIZE, "height": SIZE, "crs": CRS, "transform": TRANSFORM}
    with rasterio.open(folder / "image.tif", "w", "GTiff", dtype="uint8", **shape) as out:
        out.write(image.astype(np.uint8))
    bright = [polygon(y, x, CELL, class_id=1) for y in range(0, SIZE, CELL) for x in (0, CELL)]
    for name, features in (("cells", bright), ("aoi", [polygon(-1, -1, SIZE + 2)])):
        text = json.dumps({"type": "FeatureCollection", "features": features})
        (folder / f"{name}.json").write_text(text)
    return folder


def golden(name: str, data: Path, out: Path) -> str:
    """Return the text of a message of old, with places of this test."""
    text = (GOLDEN / f"{name}.json").read_text()
    return string.Template(text).substitute(DATA=data, OUT=out)


def run(name: str, data: Path, out: Path) -> None:
    """Run a command from its message."""
    path = out / f"{name}.json"
    path.write_text(golden(name, data, out))
    assert 0 == call(["run-command", str(path)])


@pytest.fixture
def one_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Train in one thread, without weights from the network and without the export to ONNX."""
    from urllib.error import URLError

    torch = pytest.importorskip("torch")
    pytest.importorskip("torchvision")

    def refuse(*_: Any, **__: Any) -> Any:
        raise URLError("there is no network in tests")

    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", refuse)
    monkeypatch.setattr("rvcli.backend.pytorch.training.export", lambda *_: (None, "left out"))
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("one_thread")
def test_a_pipeline_of_messages(data: Path, tmp_path: Path) -> None:
    """All commands follow each other, and the package that they end with predicts."""
    for name in ("analyze", "chip", "train", "predict", "eval", "bundle"):
        run(name, data, tmp_path)
    assert 3 == len(json.loads((tmp_path / "analyze/e/stats.json").read_text())["means"])
    assert (tmp_path / "chip/e/train/s.npz").exists()
    cells = json.loads((tmp_path / "predict/e/s.json").read_text())["features"]
    assert (SIZE // CELL) ** 2 == len(cells)
    overall = json.loads((tmp_path / "eval/e/eval.json").read_text())["overall"]
    assert ["bright", "dark", "average"] == [item["class_name"] for item in overall]
    package = tmp_path / "bundle/e/predict_package.zip"
    with zipfile.ZipFile(package) as file:
        names = {name for name in file.namelist() if not name.startswith("self_test/")}
    assert {"bundle_config.json", "model", "stac-mlm.json", "stats.json"} == names
    output = tmp_path / "again.json"
    assert 0 == call(["predict", str(package), str(data / "image.tif"), str(output)])
    assert cells == json.loads(output.read_text())["features"]


def test_an_auxiliary_command(data: Path, tmp_path: Path) -> None:
    """Its options are JSON text."""
    run("cogify", data, tmp_path)
    with rasterio.open(tmp_path / "cog.tif") as file:
        assert ([(128, 128)] * 3, [2]) == (file.block_shapes, file.overviews(1))


def test_an_experiment() -> None:
    """All its parts come back, and its message of today says the same."""
    message = json_format.Parse((GOLDEN / "experiment.json").read_text(), ExperimentMessage())
    experiment = rv.ExperimentConfig.from_proto(message)
    assert ("TF_OBJECT_DETECTION", 5000) == (
        experiment.backend.backend_type,
        experiment.backend.translated().num_steps,
    )
    scene = experiment.dataset.train_scenes[0]
    assert (["/data/t.tif"], "/data/t.json", ["/data/aoi.json"]) == (
        scene.raster_source.uris,
        scene.label_source.vector_source.uri,
        scene.aoi_uris,
    )
    again = rv.ExperimentConfig.from_proto(experiment.to_proto())
    assert experiment.to_plain() == again.to_plain()


def pack(path: Path, config: str, **files: bytes) -> str:
    """Write a predict package as it was laid out then; return its path."""
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("bundle_config.json", (GOLDEN / f"{config}.json").read_text())
        for name, content in files.items():
            file.writestr(name, content)
    return str(path)


STATS = json.dumps({"means": [120.0] * 3, "stds": [60.0] * 3}).encode()


@pytest.mark.usefixtures("one_thread")
def test_a_package_of_release_0_11_predicts(data: Path, tmp_path: Path) -> None:
    """Its model is the weights of a network of torchvision; imagery has values from 0 to 1."""
    import torch
    from torchvision.models import resnet18

    torch.manual_seed(0)
    network = resnet18(num_classes=2).eval()
    torch.save(network.state_dict(), tmp_path / "model")
    stats = {"stats.json": STATS, "model": (tmp_path / "model").read_bytes()}
    predictor = rv.Predictor(pack(tmp_path / "p.zip", "package", **stats), str(tmp_path))
    labels = predictor.predict(str(data / "image.tif"))
    source = predictor.scene_config.raster_source.for_prediction(str(data / "image.tif"))
    source = source.create_source(str(tmp_path))
    with source.activate():
        for cell in labels.get_cells():
            chip = torch.from_numpy(source.get_chip(cell)).permute(2, 0, 1)[None] / 255
            scores = network(chip.float()).softmax(1)[0].tolist()
            assert scores == pytest.approx(list(labels.get_cell_scores(cell)), abs=1e-4)


TENSORFLOW_FILES = {
    "graph.pb": (b"\n\x1f\n\x0bImageTensor\x12\x0bPlaceholder", "a frozen graph of TensorFlow"),
    "archive": (b"\x1f\x8b\x08\x00", "an archive as TensorFlow 1 exported it"),
    "keras": (b"\x89HDF\r\n\x1a\n", "one of Keras with TensorFlow 1"),
}


@pytest.mark.parametrize("kind", TENSORFLOW_FILES)
def test_a_package_of_tensorflow_says_so(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    """What its model is, that it cannot be run, and what can be done."""
    content, what = TENSORFLOW_FILES[kind]
    package = pack(tmp_path / "p.zip", "tf_package", e=content)
    assert 1 == call(["predict", package, str(data / "image.tif"), str(tmp_path / "p.tif")])
    error, tip = capsys.readouterr().err.splitlines()[-2:]
    assert f"the model {package}/e is {what}" in error
    assert "cannot be run without TensorFlow 1" in error
    assert "train it again" in tip
    assert "ONNX" in tip


@pytest.mark.usefixtures("one_thread")
def test_weights_of_another_network_say_so(data: Path, tmp_path: Path) -> None:
    """The error names what release 0.11 would have made, and what can be done."""
    import torch
    from torchvision.models import resnet34

    torch.save(resnet34(num_classes=2).state_dict(), tmp_path / "model")
    files = {"stats.json": STATS, "model": (tmp_path / "model").read_bytes()}
    predictor = rv.Predictor(pack(tmp_path / "p.zip", "package", **files), str(tmp_path))
    with pytest.raises(DataError, match=r"none that release 0\.11 made of resnet18") as caught:
        predictor.load_model()
    assert "with_pretrained_uri" in str(caught.value.hint)


def test_figures_of_an_old_evaluation_are_read() -> None:
    """What newer ones have beside that is not asked for."""
    figures = average_figures(str(GOLDEN / "old_eval.json"))
    assert " (averages: precision 0.500, recall 1.000, f1 0.660)" == figures
