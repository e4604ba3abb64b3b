"""Small chips, and backends that train small networks on them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rvcli.backend.chip_files import write_chips
from rvcli.backend.chip_kind import ChipKind
from rvcli.backend.places import Places
from rvcli.backend.pytorch.train_options import TrainOptions
from rvcli.core.box import Box
from rvcli.core.class_map import ClassMap

# Before torch is loaded: several threads that spin take long on a busy machine.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

OWN = str(Path(__file__).parent / "own")
CLASS_IDS = (2, 5)
CLASSES = {"ground": 2, "house": 5}
SIZE = 32
BOX_SIZE = 64


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Compute in one thread, and let `tiny_nets` be imported; here and in children."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.syspath_prepend(OWN)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([OWN, os.environ.get("PYTHONPATH", "")]))
    yield
    torch.set_num_threads(before)
    sys.modules.pop("tiny_nets", None)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every download of published weights fail at once."""
    from urllib.error import URLError

    def refuse(*_: Any, **__: Any) -> Any:
        raise URLError("there is no network in tests")

    monkeypatch.setattr("torch.hub.load_state_dict_from_url", refuse)
    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", refuse)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def house(rng: Any, channels: int, dtype: Any, size: int = SIZE) -> tuple[Any, Any]:
    """Draw dark ground of class 2 with a bright house of class 5 on it.

    Returns:
        (size, size, channels), and class ids (size, size).
    """
    labels = np.full((size, size), 2, np.uint8)
    y, x = rng.integers(2, size // 2 - 2, 2)
    labels[y : y + size // 2, x : x + size // 2] = 5
    values = rng.normal(np.where(labels == 5, 150, 90)[:, :, None], 12, (size, size, channels))
    return values.clip(1, 255).astype(dtype), labels


def pixel_chips(count: int, *, seed: int = 0, channels: int = 3, dtype: Any = np.uint8) -> Any:
    """Draw chips with houses."""
    rng = np.random.default_rng(seed)
    for i in range(count):
        chip, labels = house(rng, channels, dtype)
        yield chip, Box(0, i * SIZE, SIZE, (i + 1) * SIZE), labels


def class_chips(count: int, *, seed: int = 0, channels: int = 3, dtype: Any = np.uint8) -> Any:
    """Draw chips of bright pixels (class 5, every other) and of dark ones (class 2)."""
    rng = np.random.default_rng(seed)
    for i in range(count):
        class_id = CLASS_IDS[i % 2]
        chip = rng.normal(150 if class_id == 5 else 90, 12, (SIZE, SIZE, channels))
        window = Box(0, i * SIZE, SIZE, (i + 1) * SIZE)
        yield chip.clip(1, 255).astype(dtype), window, np.array(class_id)


def box_chips(count: int, *, seed: int = 0, channels: int = 3, dtype: Any = np.uint8) -> Any:
    """Draw gray chips; of four two show a dark square of class 2, one a bright one of class 5."""
    rng = np.random.default_rng(seed)
    for i in range(count):
        chip = rng.normal(90, 8, (BOX_SIZE, BOX_SIZE, channels))
        boxes = np.zeros((0, 5))
        if i % 4 != 3:
            class_id = CLASS_IDS[i % 2]
            y, x = rng.integers(1, BOX_SIZE - 15, 2)
            chip[y : y + 14, x : x + 14] += 80 if class_id == 5 else -60
            boxes = np.array([[y, x, y + 14, x + 14, class_id]], float)
        window = Box(0, i * BOX_SIZE, BOX_SIZE, (i + 1) * BOX_SIZE)
        yield chip.clip(1, 255).astype(dtype), window, boxes


DRAW = {
    ChipKind.PIXELS: pixel_chips,
    ChipKind.CLASS: class_chips,
    ChipKind.BOXES: box_chips,
}


@pytest.fixture
def places(tmp_path: Path) -> Callable[..., Places]:
    """Give a function that writes chips and says where they are."""

    def write(
        kind: ChipKind = ChipKind.PIXELS,
        count: int = 8,
        validation: int = 4,
        chips: Sequence[Any] | None = None,
        **options: Any,
    ) -> Places:
        uris = {}
        drawn = {
            "train": DRAW[kind](count, **options) if chips is None else chips,
            "validation": DRAW[kind](validation, **{"seed": 1, **options}),
        }
        for use, made in drawn.items():
            path = tmp_path / "chips" / use / "scene.npz"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_chips(path, made, "scene", CLASS_IDS, kind)
            uris[use] = (str(path),)
        return Places(
            chip_uri=str(tmp_path / "chips"),
            train_chip_uris=uris["train"],
            validation_chip_uris=uris["validation"] if validation else (),
            train_uri=str(tmp_path / "train"),
        )

    return write


SEGMENT = TrainOptions(
    "tiny_nets:segment",
    batch_size=4,
    lr=0.02,
    num_epochs=2,
    log_tensorboard=False,
    export_onnx=False,
)
CLASSIFY = replace(SEGMENT, model_arch="tiny_nets:classify")
DETECT = replace(SEGMENT, model_arch="tiny_nets:detect")


@pytest.fixture
def class_map() -> ClassMap:
    """Give the classes of the chips."""
    return ClassMap.construct_from(CLASSES)


@pytest.fixture
def segmentation(places: Callable[..., Places], class_map: ClassMap) -> Callable[..., Any]:
    """Give a function that makes a backend for pixels: its options change those of SEGMENT."""
    from rvcli.backend.pytorch_semantic_segmentation import PyTorchSemanticSegmentation

    def make(
        where: Places | None = None, *, how: str = "auto", margin: int = 0, **changed: Any
    ) -> PyTorchSemanticSegmentation:
        options = replace(SEGMENT, **changed)
        return PyTorchSemanticSegmentation(
            class_map, where or places(), options, how, margin=margin
        )

    return make


@pytest.fixture
def classification(places: Callable[..., Places], class_map: ClassMap) -> Callable[..., Any]:
    """Give a function that makes a backend for chips: its options change those of CLASSIFY."""
    from rvcli.backend.pytorch_chip_classification import PyTorchChipClassification

    def make(
        where: Places | None = None, *, how: str = "auto", **changed: Any
    ) -> PyTorchChipClassification:
        options = replace(CLASSIFY, **changed)
        return PyTorchChipClassification(class_map, where or places(ChipKind.CLASS), options, how)

    return make


@pytest.fixture
def detection(places: Callable[..., Places], class_map: ClassMap) -> Callable[..., Any]:
    """Give a function that makes a backend for boxes: its options change those of DETECT."""
    from rvcli.backend.pytorch_object_detection import PyTorchObjectDetection

    def make(
        where: Places | None = None, *, how: str = "auto", **changed: Any
    ) -> PyTorchObjectDetection:
        options = replace(DETECT, **changed)
        return PyTorchObjectDetection(class_map, where or places(ChipKind.BOXES), options, how)

    return make
