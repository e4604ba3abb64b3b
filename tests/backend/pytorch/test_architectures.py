"""Networks by name, for any number of channels and classes."""

from __future__ import annotations

from typing import Any

import pytest

from rvcli.backend.pytorch.model_spec import ModelSpec
from rvcli.errors import ConfigError, MissingDependencyError

torch = pytest.importorskip("torch")
pytest.importorskip("torchvision")


def spec_of(arch: str, *, channels: int = 3, classes: int = 2, **options: Any) -> ModelSpec:
    """Describe a model."""
    return ModelSpec(
        arch=arch,
        options=options,
        channels=channels,
        class_ids=tuple(range(1, classes + 1)),
        class_names=tuple(f"class {i}" for i in range(classes)),
        chip_size_hw=(64, 64),
        dtypes=("uint8",),
        mean=(0.0,) * channels,
        std=(1.0,) * channels,
    )


def classify(spec: ModelSpec, size: int = 64) -> Any:
    """Make a classifier and apply it to two images."""
    from rvcli.backend.pytorch.architectures import classifier

    with torch.inference_mode():
        network = classifier(spec, pretrained=False).eval()
        return network(torch.rand(2, spec.channels, size, size))


def segment(spec: ModelSpec, height: int = 50, width: int = 70) -> Any:
    """Make a segmentation network and apply it to an image of an odd size."""
    from rvcli.backend.pytorch.architectures import segmenter

    with torch.inference_mode():
        network = segmenter(spec, pretrained=False).eval()
        return network(torch.rand(1, spec.channels, height, width))


@pytest.mark.parametrize("channels", [1, 3, 13])
@pytest.mark.parametrize("arch", ["mobilenet_v3_small", "torchvision:squeezenet1_1"])
def test_classifiers_of_torchvision_take_any_bands(arch: str, channels: int) -> None:
    """One, three or thirteen bands, and five classes."""
    assert (2, 5) == classify(spec_of(arch, channels=channels, classes=5)).shape


@pytest.mark.parametrize("arch", ["mobilenetv3_small_050", "timm:resnet10t"])
def test_classifiers_of_timm_take_any_bands(arch: str) -> None:
    """A name that torchvision lacks is one of timm."""
    pytest.importorskip("timm")
    assert (2, 5) == classify(spec_of(arch, channels=4, classes=5)).shape


@pytest.mark.parametrize(
    "arch", ["unet:tu-mobilenetv3_small_050", "resnet18", "fpn:mobilenet_v2", "linknet:resnet18"]
)
def test_segmentation_networks_take_images_of_any_size(arch: str) -> None:
    """Scores are those of the pixels of the image, whatever its size; a bare name is a U-Net."""
    pytest.importorskip("segmentation_models_pytorch")
    assert (1, 3, 50, 70) == segment(spec_of(arch, channels=5, classes=3)).shape


def test_segmentation_networks_of_torchvision_take_any_bands() -> None:
    """The whole models of torchvision by their names."""
    spec = spec_of("lraspp_mobilenet_v3_large", channels=6, classes=3)
    assert (1, 3, 50, 70) == segment(spec).shape


@pytest.mark.parametrize(
    "arch", ["resnet50", "deeplabv3plus:resnet50", "deeplabv3_resnet50", "segformer:mit_b0"]
)
def test_large_networks_can_be_made(arch: str) -> None:
    """The default of segmentation, and what else is large."""
    pytest.importorskip("segmentation_models_pytorch")
    assert (1, 2, 64, 64) == segment(spec_of(arch), 64, 64).shape


@pytest.mark.parametrize("arch", ["resnet18", "convnext_tiny", "vit_tiny_patch16_224"])
def test_large_classifiers_can_be_made(arch: str) -> None:
    """The default of chip classification, and what else is large."""
    pytest.importorskip("timm")
    assert (2, 2) == classify(spec_of(arch), 224 if "224" in arch else 64).shape


def test_model_options_reach_the_maker() -> None:
    """A slim decoder has fewer weights."""
    pytest.importorskip("segmentation_models_pytorch")
    from rvcli.backend.pytorch.architectures import segmenter

    counts = []
    for options in ({}, {"decoder_channels": [32, 16, 16, 8, 8]}):
        network = segmenter(spec_of("tu-mobilenetv3_small_050", **options), pretrained=False)
        counts.append(sum(p.numel() for p in network.parameters()))
    assert counts[1] < counts[0] / 2


def test_a_network_of_the_user_s_own_is_made_by_its_function() -> None:
    """`module:function` gets classes, channels and options, and its `side_multiple` is honoured."""
    assert (2, 5) == classify(spec_of("tiny_nets:classify", channels=7, classes=5, width=2)).shape
    assert (1, 5, 51, 71) == segment(spec_of("tiny_nets:segment", classes=5), 51, 71).shape


@pytest.mark.parametrize(
    ("arch", "message", "hint"),
    [
        ("resnet81", "no architecture is named 'resnet81'", "did you mean 'resnet18'"),
        ("torchvision:mobilenetv3_small_050", "no architecture", None),
        ("unet:resnet18", "is for segmentation", "resnet18"),
        ("fasterrcnn:resnet18", "is for object detection", "resnet18"),
        ("xxxxxxxxxxxxxxxx", "no architecture", "docs/how-to/backends.md"),
    ],
)
def test_unknown_classifiers_are_refused(arch: str, message: str, hint: str | None) -> None:
    """The message has the name, the hint the nearest."""
    pytest.importorskip("timm")
    with pytest.raises(ConfigError, match=message) as caught:
        classify(spec_of(arch))
    assert (hint or "") in str(caught.value.hint)


@pytest.mark.parametrize(
    ("arch", "message", "hint"),
    [
        ("unet:resnet81", "no architecture is named 'unet:resnet81'", "did you mean"),
        ("torchvision:resnet18", "no architecture", None),
        ("timm:resnet10t", "is for chip classification", "unet:tu-resnet10t"),
    ],
)
def test_unknown_segmentation_networks_are_refused(
    arch: str, message: str, hint: str | None
) -> None:
    """The message has the name, the hint the nearest."""
    pytest.importorskip("segmentation_models_pytorch")
    with pytest.raises(ConfigError, match=message) as caught:
        segment(spec_of(arch))
    assert (hint or "") in str(caught.value.hint)


def test_options_that_the_maker_does_not_know_are_refused() -> None:
    """The message names the architecture, the options and what the library said."""
    with pytest.raises(ConfigError, match=r"cannot be made with the options.*depth"):
        classify(spec_of("resnet18", depth=3))


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hint says what to install."""
    monkeypatch.setitem(__import__("sys").modules, "segmentation_models_pytorch", None)
    with pytest.raises(MissingDependencyError, match="segmentation_models_pytorch") as caught:
        segment(spec_of("unet:resnet18"))
    assert "rvcli[torch]" in str(caught.value.hint)


@pytest.mark.parametrize("channels", [1, 2, 3, 6])
def test_the_first_layer_keeps_what_it_learned(channels: int) -> None:
    """An image that is the same in all channels gives the same as in three."""
    from rvcli.backend.pytorch.architectures import adapt_first_layer

    network = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3, bias=True))
    with torch.no_grad():  # alike for all three, so that any of them may be left out
        network[0].weight.copy_(network[0].weight[:, :1].expand(-1, 3, -1, -1))
    gray = torch.rand(1, 1, 8, 8)
    before = network(gray.expand(-1, 3, -1, -1))
    after = adapt_first_layer(network, channels)(gray.expand(-1, channels, -1, -1))
    torch.testing.assert_close(before, after)


def test_weights_of_further_channels_are_the_mean_of_the_first_three() -> None:
    """Those of red, green and blue are kept, scaled as all are."""
    from rvcli.backend.pytorch.architectures import adapt_first_layer

    layer = torch.nn.Conv2d(3, 4, 3)
    kept = layer.weight.detach().clone()
    adapted = adapt_first_layer(torch.nn.Sequential(layer), 5)[0].weight
    torch.testing.assert_close(adapted[:, :3], kept * 3 / 5)
    torch.testing.assert_close(adapted[:, 4], kept.mean(dim=1) * 3 / 5)


def test_networks_with_further_outputs_train_with_one() -> None:
    """What such a network says in training of layers in between is left out."""
    from rvcli.backend.pytorch.architectures import classifier

    network = classifier(spec_of("googlenet", channels=4), pretrained=False).train()
    assert (2, 2) == network(torch.zeros(2, 4, 64, 64)).shape
