"""Detectors: networks that find boxes, all behind one interface.

Torchvision's detectors take lists of images, resize and normalise them, and return lists. Here a
`Detector` takes a batch as it is. To train it gives the loss; to predict it gives boxes and
scores in arrays, before boxes that overlap a better one are left out, as ONNX can hold them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models.detection.fcos import FCOS
from torchvision.models.detection.generalized_rcnn import GeneralizedRCNN
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.retinanet import RetinaNet
from torchvision.models.detection.ssd import SSD

# The largest stride of all backbones.
_MULTIPLE = 32

Targets = Sequence[Mapping[str, Tensor]]
"""For each image `boxes`, float32 (n, 4) as xmin, ymin, xmax, ymax, and `labels`, from 1."""


class Detector(nn.Module):
    """A torchvision detector, or one that is called alike, for batches of images of one size.

    Attributes:
        model: in training `model(images, targets)` gives a dict of losses, else `model(images)`
            gives `boxes`, `labels` and `scores` of each image; class 0 is the background.
        classes: how many classes there are beside the background.
        upscale: images are enlarged by this factor first, for objects that are small.
    """

    def __init__(self, model: nn.Module, classes: int, upscale: int = 1) -> None:
        super().__init__()
        self.model = model
        self.classes = classes
        self.upscale = upscale
        if isinstance(model, (FCOS, RetinaNet, SSD, GeneralizedRCNN)):
            # Theirs normalises with the statistics of photographs, and resizes to 800 pixels.
            model.transform = AsItIs()

    @property
    def is_dense(self) -> bool:
        """Whether it scores fixed places in one stage, which ONNX can hold."""
        return isinstance(self.model, (FCOS, RetinaNet, SSD))

    def forward(self, images: Tensor, targets: Targets | None = None) -> Any:
        """Return the loss where there are targets, else boxes and scores.

        Args:
            images: normalised, (n, channels, height, width).
            targets: see Targets.

        Returns:
            a scalar; or boxes (n, places, 4) as ymin, xmin, ymax, xmax in pixels of the images,
            and scores (n, places, classes) from 0 to 1. A place without a box has scores of 0.
        """
        images = self._enlarged(_padded(images))
        if targets is not None:
            return self._loss(images, targets)
        boxes, scores = _dense(self.model, images) if self.is_dense else self._listed(images)
        return boxes[..., [1, 0, 3, 2]] / self.upscale, scores

    def _enlarged(self, images: Tensor) -> Tensor:
        if self.upscale == 1:
            return images
        size = (images.shape[2] * self.upscale, images.shape[3] * self.upscale)
        return nn.functional.interpolate(images, size, mode="bilinear", align_corners=False)

    def _loss(self, images: Tensor, targets: Targets) -> Tensor:
        enlarged = [
            {"boxes": target["boxes"] * self.upscale, "labels": target["labels"]}
            for target in targets
        ]
        losses: dict[str, Tensor] = self.model(list(images), enlarged)
        return torch.stack([value.float() for value in losses.values()]).sum()

    def _listed(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Put what a detector found into arrays of equal length."""
        found = self.model(list(images))
        most = max([len(one["boxes"]) for one in found])
        boxes = images.new_zeros(len(found), most, 4)
        scores = images.new_zeros(len(found), most, self.classes)
        for at, one in enumerate(found):
            places = torch.arange(len(one["boxes"]), device=images.device)
            boxes[at, places] = one["boxes"].to(boxes.dtype)
            scores[at, places, one["labels"] - 1] = one["scores"].to(scores.dtype)
        return boxes, scores


class AsItIs(nn.Module):
    """Takes the place of what torchvision does to images before and to boxes after a detector."""

    def forward(self, images: Sequence[Tensor], targets: Any = None) -> tuple[ImageList, Any]:
        """Stack images of one size."""
        stacked = torch.stack(list(images))
        height, width = stacked.shape[-2:]
        return ImageList(stacked, [(height, width)] * len(stacked)), targets

    def postprocess(self, result: Any, sizes: Any, original_sizes: Any) -> Any:
        """Return what was found."""
        return result


def _padded(images: Tensor) -> Tensor:
    """Fill images up with zeros, at their right and lower edges, to whole strides."""
    height, width = images.shape[-2:]
    return nn.functional.pad(images, (0, -width % _MULTIPLE, 0, -height % _MULTIPLE))


def _dense(model: Any, images: Tensor) -> tuple[Tensor, Tensor]:
    """Return boxes (n, places, 4) as xmin, ymin, xmax, ymax, and scores (n, places, classes)."""
    height, width = images.shape[-2:]
    features = list(model.backbone(images).values())
    outputs = model.head(features)
    # The anchors are those of one image: all are of one size.
    anchors = model.anchor_generator(ImageList(images[:1], [(height, width)]), features)[0]
    offsets = outputs["bbox_regression"]
    if isinstance(model, FCOS):
        boxes = _around_centres(offsets, anchors)
        centredness = outputs["bbox_ctrness"].sigmoid()
        scores = (outputs["cls_logits"].sigmoid() * centredness).sqrt()
    else:
        boxes = _moved(offsets, anchors, model.box_coder)
        logits = outputs["cls_logits"]
        scores = logits.softmax(-1) if isinstance(model, SSD) else logits.sigmoid()
    return boxes, scores[..., 1:]


def _around_centres(distances: Tensor, anchors: Tensor) -> Tensor:
    """Decode distances from the centre of each anchor to the four sides, in its sizes."""
    centres = (anchors[:, :2] + anchors[:, 2:]) / 2
    sizes = anchors[:, 2:] - anchors[:, :2]
    upper = centres - distances[..., :2] * sizes
    lower = centres + distances[..., 2:] * sizes
    return torch.cat([upper, lower], dim=-1)


def _moved(offsets: Tensor, anchors: Tensor, coder: Any) -> Tensor:
    """Decode shifts of the centre and logarithms of the growth, as torchvision's BoxCoder does."""
    sizes = anchors[:, 2:] - anchors[:, :2]
    centres = anchors[:, :2] + sizes / 2
    weights = torch.tensor(coder.weights, dtype=offsets.dtype, device=offsets.device)
    shifts = offsets / weights
    centres = centres + shifts[..., :2] * sizes
    sizes = sizes * shifts[..., 2:].clamp(max=coder.bbox_xform_clip).exp()
    return torch.cat([centres - sizes / 2, centres + sizes / 2], dim=-1)
