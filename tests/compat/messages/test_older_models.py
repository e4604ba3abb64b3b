"""Networks of release 0.11 give what they gave."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rvcli.backend.places import Places
from rvcli.backend.pytorch.train_options import TrainOptions
from rvcli.backend.pytorch_object_detection import PyTorchObjectDetection
from rvcli.backend.pytorch_semantic_segmentation import PyTorchSemanticSegmentation
from rvcli.core.box import Box
from rvcli.core.class_map import ClassMap
from rvcli.errors import DataError

torch = pytest.importorskip("torch")
pytest.importorskip("torchvision")

SIZE = 64
CLASSES = ClassMap.construct_from({"a": 1, "b": 2})


def backend_of(kind: Any, arch: str, folder: Path, state: dict[str, Any]) -> Any:
    """Save weights as a model, and make a backend that predicts with them."""
    torch.save(state, folder / "model")
    return kind(CLASSES, Places(model_uri=str(folder / "model")), TrainOptions(arch))


@pytest.fixture
def image() -> Any:
    """Give an image of one byte."""
    return np.random.default_rng(0).integers(1, 255, (SIZE, SIZE, 3)).astype(np.uint8)


def test_segmentation(tmp_path: Path, image: Any) -> None:
    """A DeepLab whose first output, for "no data", is left out."""
    from torchvision.models.segmentation import deeplabv3_resnet50

    torch.manual_seed(0)
    network = deeplabv3_resnet50(weights=None, weights_backbone=None, num_classes=3).eval()
    backend = backend_of(PyTorchSemanticSegmentation, "resnet50", tmp_path, network.state_dict())
    window = Box(0, 0, SIZE, SIZE)
    labels = backend.predict([image], [window], str(tmp_path)).get_label_arr(window)
    with torch.inference_mode():
        scores = network(torch.from_numpy(image).permute(2, 0, 1)[None] / 255)["out"][0, -2:]
    expected = scores.argmax(0).numpy() + 1
    assert 0.999 < (expected == labels).mean()


def test_detection(tmp_path: Path) -> None:
    """A Faster R-CNN over a ResNet, in the names of the library of then."""
    from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
    from torchvision.models.detection.faster_rcnn import FasterRCNN

    network = FasterRCNN(resnet_fpn_backbone(backbone_name="resnet18", weights=None), 3)
    older = {
        "model."
        + name.replace("rpn.head.conv.0.0.", "rpn.head.conv.")
        .replace("inner_blocks.0.0.", "inner_blocks.0.")
        .replace("layer_blocks.0.0.", "layer_blocks.0."): value
        for name, value in network.state_dict().items()
    }
    backend = backend_of(PyTorchObjectDetection, "resnet18", tmp_path, older)
    backend.load_model(str(tmp_path))
    loaded = backend._runtime._module.state_dict()
    name = "rpn.head.conv.0.0.weight"
    (mine,) = [value for key, value in loaded.items() if key.endswith(name)]
    assert torch.equal(network.state_dict()[name], mine)


def test_other_classes_are_told(tmp_path: Path) -> None:
    """A model with more outputs than the task has classes is refused."""
    from torchvision.models.segmentation import deeplabv3_resnet50

    network = deeplabv3_resnet50(weights=None, weights_backbone=None, num_classes=7)
    backend = backend_of(PyTorchSemanticSegmentation, "resnet50", tmp_path, network.state_dict())
    with pytest.raises(DataError, match="has 7 outputs, and the task 2 classes"):
        backend.load_model(str(tmp_path))
