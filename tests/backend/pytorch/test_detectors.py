"""Detectors: names, losses, and boxes of all places."""

from __future__ import annotations

from typing import Any

import pytest

from rvcli.backend.pytorch.model_spec import ModelSpec
from rvcli.errors import ConfigError

torch = pytest.importorskip("torch")

from rvcli.backend.pytorch.architectures import WeightsUnavailableError  # noqa: E402
from rvcli.backend.pytorch.detector_architectures import detector  # noqa: E402
from rvcli.backend.pytorch.detectors import Detector  # noqa: E402

SMALL = {"strides": [8, 16], "width": 32, "head_layers": 1}


def spec(arch: str, channels: int = 3, **options: Any) -> ModelSpec:
    """Describe a detector of two classes."""
    return ModelSpec(
        arch=arch,
        options=options,
        channels=channels,
        class_ids=(2, 5),
        class_names=("ground", "house"),
        chip_size_hw=(64, 64),
        dtypes=("uint8",),
        mean=(0.0,) * channels,
        std=(1.0,) * channels,
    )


def make(arch: str, channels: int = 3, **options: Any) -> Detector:
    """Make a detector with random weights."""
    torch.manual_seed(0)
    return detector(spec(arch, channels, **options), pretrained=False)


def targets() -> list[dict[str, Any]]:
    """Give an image with a box and one without."""
    return [
        {"boxes": torch.tensor([[8.0, 10.0, 40.0, 50.0]]), "labels": torch.tensor([2])},
        {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.long)},
    ]


BACKBONES = [
    ("resnet18", SMALL),
    ("resnet18", {"strides": [4, 8]}),
    ("torchvision:mobilenet_v3_small", {}),
    ("regnet_y_400mf", SMALL),
    ("timm:mobilenetv3_small_050", SMALL),
]
WHOLE = [
    ("ssdlite320_mobilenet_v3_large", {}),
    ("fasterrcnn_mobilenet_v3_large_320_fpn", {}),
]


@pytest.mark.parametrize(("arch", "options"), [*BACKBONES, *WHOLE])
@pytest.mark.parametrize("channels", [1, 5])
def test_detectors_take_any_number_of_bands(
    arch: str, options: dict[str, Any], channels: int
) -> None:
    """Images with and without objects give a loss that all weights follow, and boxes."""
    if arch.startswith("timm:"):
        pytest.importorskip("timm")
    network = make(arch, channels, **options)
    images = torch.randn(2, channels, 64, 56)
    loss = network.train()(images, targets())
    loss.backward()
    assert loss.dim() == 0
    assert torch.isfinite(loss)
    first = next(m for m in network.modules() if isinstance(m, torch.nn.Conv2d))
    assert first.in_channels == channels
    assert first.weight.grad is not None
    with torch.inference_mode():
        boxes, scores = network.eval()(images)
    assert boxes.shape[:2] == scores.shape[:2]
    assert (2, 4, 2) == (len(boxes), boxes.shape[2], scores.shape[2])
    assert 0 <= scores.min()
    assert scores.max() <= 1
    assert (boxes[..., :2] <= boxes[..., 2:]).all()


@pytest.mark.slow
@pytest.mark.parametrize(
    "arch", ["fcos_resnet50_fpn", "retinanet_resnet50_fpn", "fasterrcnn_resnet50_fpn"]
)
def test_large_detectors_give_boxes(arch: str) -> None:
    """Detectors of torchvision find boxes in an image of any size, without enlarging it."""
    with torch.inference_mode():
        boxes, scores = make(arch).eval()(torch.randn(1, 3, 70, 90))
    assert boxes.shape[1] == scores.shape[1]


@pytest.mark.parametrize("arch", ["resnet18", "ssdlite320_mobilenet_v3_large"])
def test_boxes_are_those_of_torchvision(arch: str) -> None:
    """Decoded here or there, the best boxes and their scores are the same."""
    network = make(arch, **(SMALL if arch == "resnet18" else {})).eval()
    network.model.score_thresh = 0.0
    images = torch.randn(1, 3, 64, 64)
    with torch.inference_mode():
        boxes, scores = network(images)
        (theirs,) = network.model(list(images))
    # Class 0 is the background, of which FCOS gives boxes too.
    found = [i for i in range(len(theirs["labels"])) if theirs["labels"][i] > 0]
    best = max(found, key=lambda i: float(theirs["scores"][i]))
    column = scores[0, :, int(theirs["labels"][best]) - 1]
    torch.testing.assert_close(column.max(), theirs["scores"][best])
    ours = boxes[0, :, [1, 0, 3, 2]].clamp(0, 64)
    differences = (ours - theirs["boxes"][best]).abs().amax(dim=1)
    # Of places with equal scores any may be the one.
    assert differences[column > column.max() - 1e-6].min() < 1e-3


def test_upscale_enlarges_the_image_and_shrinks_the_boxes() -> None:
    """With twice the size there are four times the places, in pixels of the image."""
    images = torch.randn(1, 3, 64, 64)
    with torch.inference_mode():
        plain, _ = make("resnet18", **SMALL).eval()(images)
        large, _ = make("resnet18", upscale=2, **SMALL).eval()(images)
    assert 4 * plain.shape[1] == large.shape[1]
    centres = (large[0, :, :2] + large[0, :, 2:]) / 2
    assert centres.max() < 64 + 32


@pytest.mark.parametrize("upscale", [0, 1.5, "2", -1])
def test_upscale_is_a_whole_number(upscale: Any) -> None:
    """Enlarging by a half is no option."""
    with pytest.raises(ConfigError, match="upscale is"):
        make("resnet18", upscale=upscale)


@pytest.mark.parametrize(
    ("arch", "options", "words"),
    [
        ("resnet81", {}, "no architecture is named 'resnet81'"),
        ("unet:resnet18", {}, "no architecture is named 'unet:resnet18'"),
        ("maskrcnn_resnet50_fpn", {}, "no architecture is named"),
        ("vit_b_16", {}, "vit_b_16 cannot be the backbone of a detector"),
        ("swin_t", {}, "a map of 16 x 96 from a square"),
        ("resnet18", {"strides": [16, 8]}, r"maps of strides \[2, 4, 8, 16, 32\]"),
        ("resnet18", {"strides": []}, "maps of strides"),
        ("resnet18", {"width": 33}, "cannot be made with the options"),
        ("resnet18", {"depth": 3}, "cannot be made with the options"),
        ("tiny_nets:no_network", {}, "returned str"),
    ],
)
def test_what_cannot_be_made_is_told(arch: str, options: dict[str, Any], words: str) -> None:
    """Names and options that have no meaning are errors that say what has."""
    with pytest.raises(ConfigError, match=words):
        make(arch, **options)


def test_unknown_names_of_timm_are_told() -> None:
    """The nearest name is given."""
    pytest.importorskip("timm")
    with pytest.raises(ConfigError, match="no architecture") as caught:
        make("timm:resnet18dd")
    assert "resnet18" in str(caught.value.hint)


@pytest.mark.parametrize("arch", ["resnet18", "ssdlite320_mobilenet_v3_large"])
def test_published_weights_that_cannot_be_had_are_told(arch: str) -> None:
    """Without a network the caller learns that there are none."""
    with pytest.raises(WeightsUnavailableError):
        detector(spec(arch), pretrained=True)


def test_published_weights_fill_what_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    """All but the layers for the classes start from the weights of torchvision."""
    arch = "ssdlite320_mobilenet_v3_large"
    from torchvision.models import get_model

    published = get_model(arch, weights=None, weights_backbone=None, num_classes=91).state_dict()
    monkeypatch.setattr(
        "torchvision.models._api.load_state_dict_from_url", lambda *_, **__: published
    )
    have = detector(spec(arch), pretrained=True).model.state_dict()
    same = [name for name in have if have[name].equal(published[name])]
    other = [name for name in have if have[name].shape != published[name].shape]
    assert len(have) == len(same) + len(other)
    assert all("classification_head" in name for name in other)


def test_a_detector_of_the_user_is_asked_for_classes_and_background() -> None:
    """It is called as torchvision's are, and what it lists comes in arrays of equal length."""
    network = make("tiny_nets:listing")
    assert 3 == network.model.num_classes
    assert not network.is_dense
    loss = network.train()(torch.zeros(2, 3, 32, 32), targets())
    assert 1 + 2 == loss.item()
    boxes, scores = network.eval()(torch.zeros(2, 3, 32, 32))
    assert [[2.0, 1.0, 22.0, 11.0]] == boxes[0].tolist()
    assert [[0.0, 0.75]] == scores[0].tolist()
    assert not scores[1].any()
