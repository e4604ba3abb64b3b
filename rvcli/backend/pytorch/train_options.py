"""How a network is trained. Light to import."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# What imagery from above allows: it has no upside, and its mirror image is as likely.
DEFAULT_AUGMENTORS = ("HorizontalFlip", "VerticalFlip", "RandomRotate90")
BALANCED = "balanced"
BEST, LAST = "best", "last"


@dataclass(frozen=True)
class TrainOptions:
    """How a network is trained; the fields of TorchBackendConfig say more of each.

    Attributes:
        class_weights: one for each class in order of class id, "balanced", or None.
        rare_classes: ids of classes whose chips are drawn with `desired_prob`.
        early_stopping: epochs without a better metric after which training ends; None: never.
        keep: which epoch's weights the model has, "best" or "last".
        num_steps: how many batches are learned from, where that counts instead of num_epochs.
    """

    model_arch: str
    model_options: Mapping[str, Any] = field(default_factory=dict)
    pretrained: bool = True
    batch_size: int = 8
    lr: float = 1e-4
    one_cycle: bool = True
    num_epochs: int = 1
    sync_interval: int = 1
    debug: bool = False
    log_tensorboard: bool = True
    run_tensorboard: bool = True
    augmentors: tuple[str, ...] = DEFAULT_AUGMENTORS
    rare_classes: tuple[int, ...] = ()
    desired_prob: float | None = None
    class_weights: str | tuple[float, ...] | None = None
    early_stopping: int | None = None
    keep: str = BEST
    export_onnx: bool = True
    seed: int = 0
    num_steps: int | None = None
