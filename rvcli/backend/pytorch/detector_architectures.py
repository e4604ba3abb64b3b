"""Detectors by name, for any number of channels and classes.

A name is one of

- a backbone of torchvision, as `resnet18` or `mobilenet_v3_large`, or `timm:NAME`: it becomes the
  backbone of an FCOS (Tian et al. 2019, "FCOS: Fully Convolutional One-Stage Object Detection")
  whose feature pyramid and heads are fit for a processor. One stage learns from few chips, needs
  no anchors of the right sizes, and can be exported as ONNX.
- a detector of torchvision, as `fcos_resnet50_fpn`, `retinanet_resnet50_fpn_v2`,
  `ssdlite320_mobilenet_v3_large` or `fasterrcnn_resnet50_fpn`. The last kind has two stages and
  cannot be exported.
- `fasterrcnn:resnet101` and the like: a Faster R-CNN (Ren et al. 2015), in two stages, over the
  feature pyramid of a ResNet.
- `module:function`: the user's own detector, called as torchvision's are. The number of classes
  that the function is told counts the background, which is class 0.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models import get_model, get_model_weights
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.fcos import FCOS, FCOSHead
from torchvision.ops import FeaturePyramidNetwork

from rvcli.backend.pytorch.architectures import (
    FASTER_RCNN,
    TIMM,
    TORCHVISION,
    adapt_first_layer,
    downloading,
    is_own,
    options_of,
    own,
    package,
    torchvision_names,
    unknown,
)
from rvcli.backend.pytorch.detections import MOST_BOXES, SCORE_THRESH
from rvcli.backend.pytorch.detectors import Detector
from rvcli.backend.pytorch.model_spec import ModelSpec
from rvcli.errors import ConfigError

# These want masks or key points to learn from.
_OTHER_TASKS = ("maskrcnn_", "keypointrcnn_")
# The second stage of a detector leaves out boxes by itself.
_TWO_STAGES = "fasterrcnn_"
_TWO_STAGE_OPTIONS = {"box_score_thresh": SCORE_THRESH, "box_detections_per_img": MOST_BOXES}
# Side of the image with which the strides of a backbone are measured.
_PROBE = 64


def detector(spec: ModelSpec, *, pretrained: bool) -> Detector:
    """Make a detector.

    Args:
        spec: its options are those of the maker of the detector, or for a backbone those of
            `_pyramid_detector`; and `upscale`: enlarge images by this whole number first, for
            objects of a few pixels.
        pretrained: start from published weights: of the detector, or of the backbone.

    Raises:
        ConfigError: there is no such architecture, or an option has no meaning.
        WeightsUnavailableError: the published weights cannot be had.
    """
    options = dict(spec.options)
    upscale = options.pop("upscale", 1)
    if not isinstance(upscale, (int, float)) or upscale < 1 or upscale != int(upscale):
        raise ConfigError(f"upscale is {upscale!r}, not a whole number from 1")
    spec = replace(spec, options=options)
    classes = len(spec.class_ids) + 1
    if is_own(spec.arch):
        network = own(spec, classes=classes)
    elif spec.arch.startswith(f"{FASTER_RCNN}:"):
        network = _two_stage_detector(spec, classes, pretrained)
    elif _name(spec) in _detector_names():
        network = _whole_detector(spec, classes, pretrained)
    else:
        with options_of(spec):
            network = _pyramid_detector(spec, classes, pretrained, **options)
    return Detector(network, len(spec.class_ids), int(upscale))


def _name(spec: ModelSpec) -> str:
    family, _, name = spec.arch.rpartition(":")
    return spec.arch if family == TIMM else name


def _detector_names() -> list[str]:
    names = torchvision_names("models.detection")
    return [name for name in names if not name.startswith(_OTHER_TASKS)]


def _backbone_names() -> list[str]:
    return torchvision_names("models")


def _whole_detector(spec: ModelSpec, classes: int, pretrained: bool) -> nn.Module:
    """Make a detector of torchvision."""
    name = _name(spec)
    options = dict(spec.options)
    if name.startswith(_TWO_STAGES):
        options = {**_TWO_STAGE_OPTIONS, **options}
    with options_of(spec):
        network: nn.Module = get_model(
            name, weights=None, weights_backbone=None, num_classes=classes, **options
        )
    if pretrained:
        with downloading(spec.arch):
            state = get_model_weights(name).DEFAULT.get_state_dict(check_hash=True, progress=False)
        have = network.state_dict()
        fitting = {k: v for k, v in state.items() if k in have and v.shape == have[k].shape}
        network.load_state_dict({**have, **fitting})
    return adapt_first_layer(network, spec.channels)


def _two_stage_detector(spec: ModelSpec, classes: int, pretrained: bool) -> nn.Module:
    """Make a Faster R-CNN around a ResNet."""
    from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
    from torchvision.models.detection.faster_rcnn import FasterRCNN

    name = spec.arch.rpartition(":")[2]
    names = [known for known in _backbone_names() if "resne" in known]
    if name not in names:
        raise unknown(spec.arch, names)
    with options_of(spec), downloading(spec.arch):
        body = resnet_fpn_backbone(backbone_name=name, weights="DEFAULT" if pretrained else None)
        network = FasterRCNN(body, classes, **{**_TWO_STAGE_OPTIONS, **spec.options})
    return adapt_first_layer(network, spec.channels)


def _pyramid_detector(
    spec: ModelSpec,
    classes: int,
    pretrained: bool,
    *,
    strides: Sequence[int] = (8, 16, 32),
    width: int = 128,
    head_layers: int = 2,
) -> FCOS:
    """Make an FCOS around a backbone.

    Args:
        classes: how many there are, the background included.
        strides: distances in pixels between the places at which each level of the pyramid looks
            for objects. The first finds objects up to about twelve times its stride, each
            further one larger ones.
        width: channels of pyramid and heads, a multiple of 32. The 256 of torchvision take a
            processor more than twice as long.
        head_layers: convolutions before the scores, and before the boxes.
    """
    family, _, name = spec.arch.rpartition(":")
    strides = [int(stride) for stride in strides]
    make = {TIMM: _timm_body, "": _torchvision_body, TORCHVISION: _torchvision_body}.get(family)
    if make is None:
        raise unknown(spec.arch, _backbone_names())
    body, channels = make(spec, name, strides, pretrained)
    anchors = AnchorGenerator(tuple((stride,) for stride in strides), ((1.0,),) * len(strides))
    return FCOS(
        _Pyramid(body, channels, width),
        classes,
        anchor_generator=anchors,
        head=FCOSHead(width, 1, classes, num_convs=head_layers),
    )


class _Pyramid(nn.Module):
    """A feature pyramid (Lin et al. 2017) over the maps that a backbone gives, finest first."""

    def __init__(self, body: nn.Module, channels: Sequence[int], width: int) -> None:
        super().__init__()
        self.body = body
        self.fpn = FeaturePyramidNetwork(list(channels), width)
        self.out_channels = width

    def forward(self, images: Tensor) -> OrderedDict[str, Tensor]:
        maps = self.body(images)
        found: OrderedDict[str, Tensor] = self.fpn(
            OrderedDict((str(level), one) for level, one in enumerate(maps))
        )
        return found


class _Steps(nn.Module):
    """The first steps of a classifier; gives what some of them make of an image."""

    def __init__(self, steps: Sequence[nn.Module], taken: Sequence[int]) -> None:
        super().__init__()
        self.steps = nn.ModuleList(steps[: max(taken) + 1])
        self._taken = frozenset(taken)

    def forward(self, images: Tensor) -> list[Tensor]:
        maps = []
        for place, step in enumerate(self.steps):
            images = step(images)
            if place in self._taken:
                maps.append(images)
        return maps


def _torchvision_body(
    spec: ModelSpec, name: str, strides: Sequence[int], pretrained: bool
) -> tuple[nn.Module, list[int]]:
    """Make a backbone, and say how many channels its maps of some strides have."""
    if name not in _backbone_names():
        raise unknown(spec.arch, [*_detector_names(), *_backbone_names()])
    with downloading(spec.arch):
        network = get_model(name, weights="DEFAULT" if pretrained else None, progress=False)
    steps = list(_steps(adapt_first_layer(network, spec.channels)))
    last = _last_steps(spec, steps)
    _check_strides(spec, strides, last)
    taken = [last[stride] for stride in strides]
    return _Steps(steps, [place for place, _ in taken]), [channels for _, channels in taken]


def _last_steps(spec: ModelSpec, steps: Sequence[nn.Module]) -> dict[int, tuple[int, int]]:
    """Return, by stride, the last step whose map has it, and its number of channels."""
    last: dict[int, tuple[int, int]] = {}
    image = torch.zeros(1, spec.channels, _PROBE, _PROBE)
    try:
        with torch.no_grad():
            for place, step in enumerate(steps):
                image = step.eval()(image)
                _, channels, height, width = image.shape
                if height != width:
                    raise ValueError(f"a map of {height} x {width} from a square")
                last[_PROBE // height] = place, channels
    except (RuntimeError, AssertionError, ValueError) as error:
        raise ConfigError(
            f"{spec.arch} cannot be the backbone of a detector: {error}",
            hint="'resnet18' and 'mobilenet_v3_large' can, and most names with 'timm:' before",
        ) from error
    return last


def _steps(network: nn.Module) -> Iterator[nn.Module]:
    """Yield what a classifier of torchvision does one after the other, up to its pooling."""
    for child in getattr(network, "features", network).children():
        if isinstance(child, (nn.AdaptiveAvgPool2d, nn.Linear, nn.Dropout, nn.Flatten)):
            return
        if type(child) is nn.Sequential:
            yield from child
        else:
            yield child


def _timm_body(
    spec: ModelSpec, name: str, strides: Sequence[int], pretrained: bool
) -> tuple[nn.Module, list[int]]:
    """Make a backbone, and say how many channels its maps of some strides have."""
    timm = package("timm", spec.arch)
    if not timm.is_model(name):
        raise unknown(spec.arch, timm.list_models())
    with downloading(spec.arch):
        body: Any = timm.create_model(
            name, pretrained=pretrained, features_only=True, in_chans=spec.channels
        )
    last = {stride: place for place, stride in enumerate(body.feature_info.reduction())}
    _check_strides(spec, strides, last)
    taken = [last[stride] for stride in strides]
    channels = body.feature_info.channels()
    return _Chosen(body, taken), [channels[place] for place in taken]


class _Chosen(nn.Module):
    """Some of the maps of a backbone of timm."""

    def __init__(self, body: nn.Module, taken: Sequence[int]) -> None:
        super().__init__()
        self.body = body
        self._taken = tuple(taken)

    def forward(self, images: Tensor) -> list[Tensor]:
        maps = self.body(images)
        return [maps[place] for place in self._taken]


def _check_strides(spec: ModelSpec, strides: Sequence[int], known: Iterable[int]) -> None:
    """Check that a backbone has maps of some strides, which rise."""
    known = sorted(known)
    if not strides or strides != sorted(set(strides)) or not set(strides) <= set(known):
        raise ConfigError(
            f"{spec.arch} has maps of strides {known}; strides is {list(strides)}",
            hint="choose some of these, from the smallest to the largest",
        )
