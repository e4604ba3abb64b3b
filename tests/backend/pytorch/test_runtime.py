"""Models predict with PyTorch and, without it, with ONNX; the results are the same."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rvcli.backend.chip_kind import ChipKind
from rvcli.backend.pytorch.runtime import OnnxRuntime, TorchRuntime
from rvcli.backend.pytorch.torch_model_file import ModelFile
from rvcli.core.box import Box
from rvcli.errors import ConfigError, DataError, MissingDependencyError

torch = pytest.importorskip("torch")

Make = Callable[..., Any]

# How far probabilities of PyTorch and ONNX may differ.
TOLERANCE = 1e-5

# Predicts in a process in which PyTorch cannot be imported.
WITHOUT_TORCH = """
import json, sys
for name in ("torch", "torchvision", "timm", "segmentation_models_pytorch", "safetensors"):
    sys.modules[name] = None
import numpy as np
from rvcli import keys
from rvcli.backend.backend_config import BackendConfig
from rvcli.core.box import Box
from rvcli.task.task_config import TaskConfig

kind, model_uri, chip_path, tmp_dir = sys.argv[1:]
task = TaskConfig.builder(kind).with_classes({"ground": 2, "house": 5}).build()
builder = BackendConfig.builder("PYTORCH_" + kind).with_task(task).with_model_uri(model_uri)
backend = builder.build().create_backend(task)
backend.load_model(tmp_dir)
chip = np.load(chip_path)
window = Box(0, 0, *chip.shape[:2])
if kind == keys.CHIP_CLASSIFICATION:
    scores = backend.predict([chip], [window], tmp_dir).get_cell_scores(window)
else:
    scores = backend.predict_scores([chip], [window], tmp_dir)[0].tolist()
print(json.dumps(scores))
"""


@pytest.fixture
def chip() -> Any:
    """Give a chip of an odd size with pixels without data."""
    drawn = np.random.default_rng(5).integers(60, 180, (45, 37, 3), np.uint8)
    drawn[:9, :9] = 0
    return drawn


def train(backend: Any, tmp_path: Path) -> Any:
    """Train a backend with ONNX."""
    backend.options = replace(backend.options, export_onnx=True)
    backend.train(str(tmp_path / "tmp"))
    return backend


def scores_of(backend: Any, how: str, chip: Any, tmp_path: Path) -> Any:
    """Predict with a new backend on the model of another; give the probabilities."""
    window = Box(0, 0, *chip.shape[:2])
    args = (backend.class_map, backend.places, backend.options, how)
    other = type(backend)(*args)
    other.load_model(str(tmp_path / "tmp"))
    expected = TorchRuntime if how == "torch" else OnnxRuntime
    assert expected is type(other._runtime)
    if backend.kind is ChipKind.CLASS:
        labels = other.predict([chip], [window], str(tmp_path / "tmp"))
        return np.array(labels.get_cell_scores(window))
    return other.predict_scores([chip], [window], str(tmp_path / "tmp"))[0]


@pytest.mark.parametrize("kind", [ChipKind.CLASS, ChipKind.PIXELS])
def test_pytorch_onnx_and_a_process_without_torch_agree(
    kind: ChipKind, classification: Make, segmentation: Make, chip: Any, tmp_path: Path
) -> None:
    """Probabilities of an image of another size than the chips are equal to 1e-5."""
    backend = train((classification if kind is ChipKind.CLASS else segmentation)(), tmp_path)
    with_torch = scores_of(backend, "torch", chip, tmp_path)
    np.testing.assert_allclose(with_torch.sum(axis=0), 1, atol=TOLERANCE)
    for how in ("onnx", "auto"):
        np.testing.assert_allclose(
            with_torch, scores_of(backend, how, chip, tmp_path), atol=TOLERANCE
        )
    task = "CHIP_CLASSIFICATION" if kind is ChipKind.CLASS else "SEMANTIC_SEGMENTATION"
    np.save(tmp_path / "chip.npy", chip)
    words = [task, backend.places.model(), str(tmp_path / "chip.npy"), str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, *words], capture_output=True, text=True
    )
    assert (0, "") == (done.returncode, done.stderr)
    np.testing.assert_allclose(with_torch, json.loads(done.stdout), atol=TOLERANCE)


@pytest.mark.slow
def test_a_network_of_a_library_is_exported_too(
    segmentation: Make, chip: Any, tmp_path: Path
) -> None:
    """A U-Net of segmentation-models-pytorch takes any size of image and batch in ONNX."""
    pytest.importorskip("segmentation_models_pytorch")
    options = {"encoder_depth": 3, "decoder_channels": [16, 8, 8]}
    made = segmentation(
        model_arch="unet:resnet18", model_options=options, pretrained=False, num_epochs=1
    )
    backend = train(made, tmp_path)
    with_torch = scores_of(backend, "torch", chip, tmp_path)
    np.testing.assert_allclose(
        with_torch, scores_of(backend, "onnx", chip, tmp_path), atol=TOLERANCE
    )


@pytest.mark.slow
def test_the_same_training_gives_the_same_onnx(
    segmentation: Make, places: Make, tmp_path: Path
) -> None:
    """Without any path of the machine that made it."""
    files = []
    where = places()
    for name in ("a", "b"):
        backend = segmentation(replace(where, train_uri=str(tmp_path / name)), num_epochs=1)
        uri = train(backend, tmp_path).places.model()
        files.append(ModelFile.read(Path(uri), uri, backend.model_format).onnx or b"")
    assert files[0] == files[1]
    assert b".py" not in files[0]


def test_a_model_that_cannot_be_exported_predicts_with_torch(
    segmentation: Make,
    chip: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A warning and the notes say why, and `auto` takes PyTorch."""

    def refuse(*_: Any, **__: Any) -> Any:
        raise RuntimeError("too dynamic\nand more")

    monkeypatch.setattr("torch.onnx.export", refuse)
    backend = train(segmentation(), tmp_path)
    assert "cannot be exported as ONNX" in caplog.text
    uri = backend.places.model()
    file = ModelFile.read(Path(uri), uri, backend.model_format)
    assert file.onnx is None
    assert "not exported: RuntimeError: too dynamic" == file.notes["onnx"]
    assert (2, 45, 37) == scores_of(backend, "torch", chip, tmp_path).shape
    backend.load_model(str(tmp_path))
    assert isinstance(backend._runtime, TorchRuntime)
    with pytest.raises(ConfigError, match="has no ONNX: not exported"):
        scores_of(backend, "onnx", chip, tmp_path)


def test_without_torch_and_onnx_the_extra_is_named(
    segmentation: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model without ONNX needs PyTorch, and the message says how to get it."""
    backend = segmentation()
    backend.train(str(tmp_path / "tmp"))
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "rvcli.backend.pytorch.models")
    with pytest.raises(MissingDependencyError, match="needs the package torch") as caught:
        backend.load_model(str(tmp_path / "tmp"))
    assert "rvcli[torch]" in str(caught.value.hint)


def test_training_without_torch_names_the_extra(
    segmentation: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same for training."""
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "rvcli.backend.pytorch.training", raising=False)
    with pytest.raises(MissingDependencyError, match="training needs the package torch"):
        segmentation().train(str(tmp_path / "tmp"))


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("operator torchvision::nms does not exist", MissingDependencyError),
        ("something else", RuntimeError),
    ],
)
def test_a_torchvision_that_does_not_fit_is_told(
    segmentation: Make,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    message: str,
    error: type[Exception],
) -> None:
    """As when it was made for another torch; other errors stay what they are."""

    def refuse(*_: Any, **__: Any) -> Any:
        raise RuntimeError(message)

    monkeypatch.setattr("rvcli.backend.pytorch.training.train_model", refuse)
    with pytest.raises(error, match=message):
        segmentation().train(str(tmp_path / "tmp"))


def test_imagery_of_other_bands_is_refused(segmentation: Make, tmp_path: Path) -> None:
    """The message has both numbers."""
    backend = segmentation()
    backend.train(str(tmp_path / "tmp"))
    with pytest.raises(DataError, match="the imagery has 4 bands, but the model was trained on 3"):
        backend.predict([np.ones((8, 8, 4), np.uint8)], [Box(0, 0, 8, 8)], str(tmp_path))


def test_an_onnx_model_for_one_image_is_run_one_by_one() -> None:
    """Where the recipe says that batches are fixed, results are joined."""
    from onnx import TensorProto, helper

    from rvcli.backend.pytorch.model_spec import ModelSpec

    spec = ModelSpec("x", {}, 1, (1,), ("a",), (4, 4), ("uint8",), (0.0,), (1.0,))
    shape = [1, 1, 4, 4]
    graph = helper.make_graph(
        [helper.make_node("Identity", ["images"], ["scores"])],
        "same",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, shape)],
    )
    opset = helper.make_opsetid("", 20)
    onnx = helper.make_model(graph, opset_imports=[opset], ir_version=9).SerializeToString()
    file = ModelFile(spec, ("scores",), False, b"", onnx, {})
    images = np.random.default_rng(0).random((3, 1, 4, 4), np.float32)
    (given,) = OnnxRuntime(file, onnx, "x").run(images)
    np.testing.assert_array_equal(images, given)


@pytest.mark.parametrize("missing", ["model", "outputs", "notes"])
def test_a_header_that_is_not_whole_is_an_error(tmp_path: Path, missing: str) -> None:
    """A file of the right format with half a header."""
    from rvcli.backend.model_file import pack_model

    header = {"model": {"arch": "x"}, "outputs": [], "dynamic_batch": True, "notes": {}}
    del header[missing]
    path = tmp_path / "model.zip"
    path.write_bytes(pack_model("f", 1, header, {"weights.safetensors": b""}))
    with pytest.raises(DataError, match=r"not whole"):
        ModelFile.read(path, "model.zip", "f")


@pytest.mark.parametrize("damage", ["cut", "other"])
def test_a_damaged_model_is_an_error(segmentation: Make, tmp_path: Path, damage: str) -> None:
    """Half a file, or another kind of model."""
    backend = segmentation()
    backend.train(str(tmp_path / "tmp"))
    path = Path(backend.places.model())
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:1000])
    else:
        backend.model_format = "something else"
    with pytest.raises(DataError, match="model"):
        backend.load_model(str(tmp_path / "tmp"))
