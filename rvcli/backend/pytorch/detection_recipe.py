"""Recipe of object detection: boxes with classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torchvision import tv_tensors

from rvcli.backend.pytorch.detections import find_boxes
from rvcli.backend.pytorch.detector_architectures import detector
from rvcli.backend.pytorch.detectors import Detector
from rvcli.backend.pytorch.model_spec import ModelSpec
from rvcli.backend.pytorch.recipe import Meter, Recipe, Target, stack_padded
from rvcli.data.label.box_matches import Matches

# Less of an object cannot be learned from.
_LEAST_SIDE = 1.0
METRIC = "ap50"


class DetectionRecipe(Recipe):
    """The loss of the detector; average precision at an overlap of 0.5 measures it."""

    metric = METRIC
    outputs = ("boxes", "scores")
    # So that the coarsest level of every pyramid has several places: a tracer takes a side of
    # one for a side that is always one.
    least_example_size = 256

    def __init__(self, class_ids: tuple[int, ...]) -> None:
        """Take the ids of the classes, sorted."""
        self._class_ids = class_ids

    def network(self, spec: ModelSpec, *, pretrained: bool) -> nn.Module:
        """Make the detector."""
        return detector(spec, pretrained=pretrained)

    def target(self, labels: npt.NDArray[Any], size_hw: tuple[int, int]) -> Target:
        """Turn rows (ymin, xmin, ymax, xmax, class id) into boxes and classes from 1."""
        height, width = size_hw
        clipped = labels[:, :4].clip(0, [height, width, height, width])
        large = (clipped[:, 2:] - clipped[:, :2] >= _LEAST_SIDE).all(axis=1)
        boxes = torch.from_numpy(clipped[large][:, [1, 0, 3, 2]].astype(np.float32))
        classes = np.searchsorted(self._class_ids, labels[large, 4]) + 1
        return {
            "boxes": tv_tensors.BoundingBoxes(boxes, format="XYXY", canvas_size=size_hw),
            "labels": torch.from_numpy(classes.astype(np.int64)),
        }

    def collate(self, samples: Sequence[tuple[Tensor, Target]]) -> tuple[Any, Any]:
        """Join images; targets stay one for each image, as plain tensors."""
        targets = [
            {"boxes": target["boxes"].as_subclass(Tensor), "labels": target["labels"]}
            for _, target in samples
        ]
        return stack_padded([image for image, _ in samples]), targets

    def loss(
        self, model: nn.Module, images: Any, targets: Any, class_weights: Tensor | None
    ) -> Tensor:
        """Return the sum of the detector's losses; classes count the same."""
        loss: Tensor = model(images, targets)
        return loss

    def meter(self, spec: ModelSpec) -> Meter:
        """Measure average precision at an overlap of 0.5, of each class and its mean."""
        return AveragePrecisionMeter(spec.class_names)

    def exported(self, model: nn.Module) -> nn.Module:
        """Return the model, which gives boxes and scores of all places."""
        return model

    def export_obstacle(self, model: nn.Module) -> str | None:
        """Say that detectors of several stages, and unknown ones, cannot be exported."""
        network = model.network
        assert isinstance(network, Detector)
        if network.is_dense:
            return None
        return f"{type(network.model).__name__} is no detector of one stage"


class AveragePrecisionMeter(Meter):
    """Matches boxes with the true ones, image by image."""

    def __init__(self, class_names: Sequence[str]) -> None:
        """Take the names of the classes, in the order of the detector's scores."""
        self._names = tuple(class_names)
        self._matches = [Matches([]) for _ in class_names]

    def update(self, model: nn.Module, images: Any, targets: Any) -> None:
        """Take one batch in."""
        boxes, scores = (found.float().cpu().numpy() for found in model(images))
        size_hw = (int(images.shape[2]), int(images.shape[3]))
        for at, target in enumerate(targets):
            found = find_boxes(boxes[at], scores[at], range(len(self._names)), size_hw)
            true_boxes = target["boxes"].cpu().numpy()[:, [1, 0, 3, 2]].astype(np.float64)
            true_classes = target["labels"].cpu().numpy() - 1
            for index in range(len(self._names)):
                of_class = found.choose(found.get_class_ids() == index)
                self._matches[index] += Matches.of_scene(
                    true_boxes[true_classes == index], of_class.get_npboxes(), of_class.get_scores()
                )

    def compute(self) -> dict[str, float]:
        """Return the mean over the classes that occur as `ap50`, and that of each class."""
        each = {}
        for name, matches in zip(self._names, self._matches, strict=True):
            precisions = matches.average_precisions()
            each[name] = precisions[0] if precisions else float("nan")
        known = [value for value in each.values() if not np.isnan(value)]
        mean = float(np.mean(known)) if known else float("nan")
        return {METRIC: mean, **{f"{METRIC}_{name}": value for name, value in each.items()}}
