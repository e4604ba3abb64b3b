"""Networks by name, for any number of channels and classes.

A name is one of

- `NAME`: what the task makes of a bare name, see `classifier` and `segmenter`;
- `FAMILY:NAME`: a model of one family, as `timm:mobilenetv3_small_050` or `unet:resnet18`;
- `module:function`: the user's own. It is called as
  `function(num_classes=..., in_channels=..., **model_options)` and returns a torch.nn.Module. In
  segmentation, images are filled up to sides that its attribute `side_multiple` divides.

Published weights are kept where the imagery has another number of channels than three: the first
layer starts from what it learned of red, green and blue.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from rvcli.backend.pytorch.model_spec import ModelSpec
from rvcli.backend.pytorch.own_model import load_function
from rvcli.errors import ConfigError, MissingDependencyError, RvError, nearest

TORCHVISION, TIMM, FASTER_RCNN = "torchvision", "timm", "fasterrcnn"
# Of segmentation-models-pytorch; the name is that of the encoder.
DECODERS = (
    *("unet", "unetplusplus", "manet", "linknet", "fpn", "pspnet", "pan", "upernet"),
    *("deeplabv3", "deeplabv3plus", "segformer", "dpt"),
)
# In training these would give scores of layers in between as well.
_WITHOUT_AUXILIARY: Mapping[str, Mapping[str, Any]] = {
    "googlenet": {"aux_logits": False, "init_weights": True},
    "inception_v3": {"aux_logits": False, "init_weights": True},
}
_FAMILIES = frozenset({TORCHVISION, TIMM, FASTER_RCNN, *DECODERS})


class WeightsUnavailableError(RvError):
    """The published weights of an architecture cannot be had."""


def is_own(arch: str) -> bool:
    """Tell whether a name is `module:function`, which runs code of the user's."""
    family, colon, _ = arch.partition(":")
    return bool(colon) and family not in _FAMILIES


def classifier(spec: ModelSpec, *, pretrained: bool) -> nn.Module:
    """Make a network that gives a score for each class, (n, classes), unbounded.

    A bare name is of torchvision, or else of timm.

    Raises:
        ConfigError: there is no such architecture.
        WeightsUnavailableError: the published weights cannot be had.
    """
    if is_own(spec.arch):
        return own(spec)
    family, _, name = spec.arch.rpartition(":")
    in_torchvision = name in torchvision_names("models")
    if family == TORCHVISION or (not family and in_torchvision):
        if not in_torchvision:
            raise unknown(spec.arch, torchvision_names("models"))
        return _torchvision_classifier(spec, name, pretrained)
    if family not in ("", TIMM):
        task = "object detection" if family == FASTER_RCNN else "segmentation"
        raise ConfigError(f"model_arch {spec.arch!r} is for {task}", hint="for example 'resnet18'")
    return _timm_classifier(spec, name, pretrained)


def segmenter(spec: ModelSpec, *, pretrained: bool) -> nn.Module:
    """Make a network that gives a score for each class and pixel, (n, classes, h, w), unbounded.

    A bare name is that of a whole model of torchvision, as `deeplabv3_resnet50`, or else that of
    the encoder of a U-Net. Images of any size will do.

    Raises:
        ConfigError: there is no such architecture.
        WeightsUnavailableError: the published weights cannot be had.
    """
    if is_own(spec.arch):
        network = own(spec)
        return Padded(network, int(getattr(network, "side_multiple", 1)))
    family, _, name = spec.arch.rpartition(":")
    whole = torchvision_names("models.segmentation")
    if family == TORCHVISION or (not family and name in whole):
        if name not in whole:
            raise unknown(spec.arch, whole)
        return _torchvision_segmenter(spec, name, pretrained)
    if family == TIMM:
        raise ConfigError(
            f"model_arch {spec.arch!r} is for chip classification",
            hint=f"'unet:tu-{name}' is a U-Net with that encoder",
        )
    if family == FASTER_RCNN:
        raise ConfigError(
            f"model_arch {spec.arch!r} is for object detection", hint="for example 'unet:resnet18'"
        )
    return _smp_segmenter(spec, family or "unet", name, pretrained)


def own(spec: ModelSpec, *, classes: int | None = None) -> nn.Module:
    """Make a network by the user's function.

    Args:
        classes: how many it is told; those of the spec by default.
    """
    count = len(spec.class_ids) if classes is None else classes
    made = load_function(spec.arch)(num_classes=count, in_channels=spec.channels, **spec.options)
    if not isinstance(made, nn.Module):
        raise ConfigError(
            f"{spec.arch} returned {type(made).__name__}",
            hint="it must return a torch.nn.Module",
        )
    return made


class Padded(nn.Module):
    """A network whose images have sides that its stride divides: pads them, and crops the scores.

    What is added at the right and lower edges is 0, the mean of all imagery.
    """

    def __init__(self, network: nn.Module, stride: int) -> None:
        super().__init__()
        self.network = network
        self.stride = stride

    def forward(self, images: Tensor) -> Tensor:
        """Return scores of the size of the images."""
        height, width = images.shape[-2:]
        if self.stride > 1:
            down, right = -height % self.stride, -width % self.stride
            images = nn.functional.pad(images, (0, right, 0, down))
        scores: Tensor = self.network(images)
        return scores[..., :height, :width]


class _Out(nn.Module):
    """A segmentation model of torchvision, whose scores are in a dict."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        scores: Tensor = self.network(images)["out"]
        return scores


def torchvision_names(module: str) -> list[str]:
    """List the architectures of a module of torchvision, as `models.segmentation`."""
    import torchvision

    return list(torchvision.models.list_models(_submodule(torchvision, module)))


def _submodule(module: Any, dotted: str) -> Any:
    for part in dotted.split("."):
        module = getattr(module, part)
    return module


def _torchvision_classifier(spec: ModelSpec, name: str, pretrained: bool) -> nn.Module:
    from torchvision.models import get_model, get_model_weights

    options = {**_WITHOUT_AUXILIARY.get(name, {}), **spec.options}
    with options_of(spec):
        network: nn.Module = get_model(
            name, weights=None, num_classes=len(spec.class_ids), **options
        )
    if pretrained:
        with downloading(spec.arch):
            state = get_model_weights(name).DEFAULT.get_state_dict(check_hash=True, progress=False)
        have = network.state_dict()
        fitting = {k: v for k, v in state.items() if k in have and v.shape == have[k].shape}
        network.load_state_dict({**have, **fitting})
    return adapt_first_layer(network, spec.channels)


def _torchvision_segmenter(spec: ModelSpec, name: str, pretrained: bool) -> nn.Module:
    from torchvision.models import get_model

    with options_of(spec), downloading(spec.arch):
        network = get_model(
            name,
            weights=None,
            weights_backbone="DEFAULT" if pretrained else None,
            num_classes=len(spec.class_ids),
            progress=False,
            **spec.options,
        )
    return _Out(adapt_first_layer(network, spec.channels))


def _timm_classifier(spec: ModelSpec, name: str, pretrained: bool) -> nn.Module:
    timm = package("timm", spec.arch)
    if not timm.is_model(name):
        raise unknown(spec.arch, [*torchvision_names("models"), *timm.list_models()])
    with options_of(spec), downloading(spec.arch):
        network: nn.Module = timm.create_model(
            name,
            pretrained=pretrained,
            num_classes=len(spec.class_ids),
            in_chans=spec.channels,
            **spec.options,
        )
    return network


def _smp_segmenter(spec: ModelSpec, family: str, name: str, pretrained: bool) -> nn.Module:
    smp = package("segmentation_models_pytorch", spec.arch)
    if not name.startswith("tu-") and name not in smp.encoders.get_encoder_names():
        raise unknown(
            spec.arch,
            [*torchvision_names("models.segmentation"), *smp.encoders.get_encoder_names()],
        )
    with options_of(spec), downloading(spec.arch):
        network = smp.create_model(
            family,
            encoder_name=name,
            encoder_weights="imagenet" if pretrained else None,
            in_channels=spec.channels,
            classes=len(spec.class_ids),
            **spec.options,
        )
    return Padded(network, int(getattr(network.encoder, "output_stride", 32)))


def adapt_first_layer(network: nn.Module, channels: int) -> nn.Module:
    """Let the first convolution of a network take any number of channels.

    Its weights for the first three are kept; those for further ones are their mean. All are
    scaled so that the sum over channels stays what it was.
    """
    name, first = next(
        (name, module) for name, module in network.named_modules() if isinstance(module, nn.Conv2d)
    )
    if first.in_channels == channels:
        return network
    kept = first.weight.detach()
    mean = kept.mean(dim=1, keepdim=True)
    weight = torch.cat([kept, mean.expand(-1, max(0, channels - kept.shape[1]), -1, -1)], dim=1)
    weight = weight[:, :channels] * (kept.shape[1] / channels)
    layer = nn.Conv2d(
        channels,
        first.out_channels,
        first.kernel_size,  # type: ignore[arg-type]
        first.stride,  # type: ignore[arg-type]
        first.padding,  # type: ignore[arg-type]
        first.dilation,  # type: ignore[arg-type]
        bias=first.bias is not None,
    )
    layer.weight = nn.Parameter(weight)
    layer.bias = first.bias
    parent, _, last = name.rpartition(".")
    setattr(network.get_submodule(parent), last, layer)
    return network


def package(name: str, arch: str) -> Any:
    """Import a package that an architecture needs."""
    import importlib

    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            f"model_arch {arch!r} needs the package {error.name}",
            hint="pip install 'rvcli[torch]'",
        ) from error


def unknown(arch: str, names: Iterable[str]) -> ConfigError:
    """Return the error for a name that is none of those that there are."""
    near = nearest(arch.rpartition(":")[2], names)
    return ConfigError(
        f"no architecture is named {arch!r}",
        hint=f"did you mean {near!r}?" if near else "see 'PyTorch' in docs/how-to/backends.md",
    )


@contextmanager
def options_of(spec: ModelSpec) -> Iterator[None]:
    """Say of what the maker of a network refuses that it comes from the options."""
    try:
        yield
    except RvError:
        raise
    except (TypeError, ValueError, KeyError) as error:
        raise ConfigError(
            f"{spec.arch} cannot be made with the options {dict(spec.options)}: {error}",
            hint="see what the library says of this architecture",
        ) from error


@contextmanager
def downloading(arch: str) -> Iterator[None]:
    """Say what is missing where published weights cannot be had."""
    try:
        yield
    except OSError as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise WeightsUnavailableError(
            f"the published weights of {arch} cannot be fetched: {reason[:200]}",
            hint="with_train_options(pretrained=False) does not try",
        ) from error
    except RuntimeError as error:
        if "pretrained weights" not in str(error).lower():
            raise
        raise WeightsUnavailableError(f"there are no published weights of {arch}") from error
