"""What a confusion matrix says of a model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from rvcli.backend.pytorch.recipe import Meter


class ConfusionMeter(Meter):
    """Counts which class was taken for which; label 0 is ignored.

    Metrics: accuracy; F1 of every class for chips, IoU for pixels; and their mean over the classes
    that occur, as labels or as predictions.
    """

    def __init__(self, class_names: Sequence[str], *, pixels: bool) -> None:
        """Take the names of the classes, and whether pixels or whole chips are counted."""
        self._names = class_names
        self._pixels = pixels
        self._counts = torch.zeros(len(class_names), len(class_names), dtype=torch.int64)

    def update(self, model: nn.Module, images: Any, targets: Any) -> None:
        """Count a batch; targets are planes counted from 1."""
        chosen = model(images).argmax(dim=1)
        labelled = targets > 0
        pairs = (targets[labelled] - 1) * len(self._names) + chosen[labelled]
        counted = torch.bincount(pairs.flatten(), minlength=self._counts.numel())
        self._counts += counted.reshape(self._counts.shape).cpu()

    def compute(self) -> dict[str, float]:
        """Return the metrics; nan where there is nothing to say."""
        hits = self._counts.diagonal().tolist()
        labelled, predicted = self._counts.sum(dim=1).tolist(), self._counts.sum(dim=0).tolist()
        name, value_of = ("iou", _iou) if self._pixels else ("f1", _f1)
        values = [value_of(*counts) for counts in zip(hits, labelled, predicted, strict=True)]
        known = [value for value in values if not math.isnan(value)]
        metrics = {
            "accuracy": _ratio(sum(hits), sum(labelled)),
            "mean_iou" if self._pixels else "f1": _ratio(sum(known), len(known)),
        }
        each = zip(self._names, values, strict=True)
        return metrics | {f"{name} {class_name}": value for class_name, value in each}


def _iou(hits: int, labelled: int, predicted: int) -> float:
    return _ratio(hits, labelled + predicted - hits)


def _f1(hits: int, labelled: int, predicted: int) -> float:
    return _ratio(2 * hits, labelled + predicted)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan
