"""What the configs of the PyTorch backends share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rvcli import keys
from rvcli.backend.nested_options import whole_numbers
from rvcli.backend.pytorch.train_options import (
    BALANCED,
    BEST,
    DEFAULT_AUGMENTORS,
    LAST,
    TrainOptions,
)
from rvcli.backend.simple_backend_config import SimpleBackendConfig, SimpleBackendConfigBuilder
from rvcli.config import Problem, between, field, not_empty, one_of, positive

TRAIN = (keys.TRAIN,)
ALL_USES = (keys.TRAIN, keys.PREDICT, keys.BUNDLE)


class TorchBackendConfig(SimpleBackendConfig):
    """Describes how a network is trained, and what it predicts with.

    A member declares `model_arch` and `num_epochs` anew where its defaults are others.
    """

    uses_validation_chips = True
    uses_gpu = True
    framework = "torch"

    model_arch: str = field(
        default="resnet18",
        doc="Name of the network, or `module:function` that makes it.",
        check=not_empty,
        used_by=ALL_USES,
    )
    model_options: dict[str, Any] = field(
        default_factory=dict,
        doc="What the maker of the network takes beside the numbers of classes and channels.",
        used_by=TRAIN,
    )
    pretrained: bool = field(
        default=True,
        doc="Start from published weights, or from random ones where those cannot be fetched.",
        used_by=TRAIN,
    )
    batch_size: int = field(default=8, doc="Chips in a step.", check=positive, used_by=TRAIN)
    lr: float = field(
        default=1e-4,
        doc="Learning rate; the largest one with `one_cycle`.",
        check=positive,
        used_by=TRAIN,
    )
    one_cycle: bool = field(
        default=True,
        doc="Let the learning rate rise and fall once; otherwise it stays the same.",
        used_by=TRAIN,
    )
    num_epochs: int = field(
        default=5, doc="Passes over the training chips.", check=positive, used_by=TRAIN
    )
    num_steps: int | None = field(
        default=None,
        doc="Batches to learn from, instead of `num_epochs`.",
        check=positive,
        used_by=TRAIN,
    )
    sync_interval: int = field(
        default=1,
        doc="Checkpoints are written each time after so many epochs.",
        unit="epochs",
        check=positive,
        used_by=TRAIN,
        semantic=False,
    )
    debug: bool = field(
        default=False,
        doc="Draw the first training batch, and read chips in one process.",
        used_by=TRAIN,
        semantic=False,
    )
    log_tensorboard: bool = field(
        default=True,
        doc="Write TensorBoard events, if the package tensorboard is installed.",
        used_by=TRAIN,
        semantic=False,
    )
    run_tensorboard: bool = field(
        default=True,
        doc="Log the command that shows these events; no server is started.",
        used_by=TRAIN,
        semantic=False,
    )
    augmentors: list[str] = field(
        default_factory=lambda: list(DEFAULT_AUGMENTORS),
        doc="Random changes of the training chips, by name; empty for none.",
        used_by=TRAIN,
    )
    rare_classes: list[int] = field(
        default_factory=list,
        doc="Ids of classes whose chips are drawn with `desired_prob`.",
        used_by=TRAIN,
    )
    desired_prob: float | None = field(
        default=None,
        doc="Probability that a training chip shows a rare class.",
        check=between(0, 1),
        used_by=TRAIN,
    )
    class_weights: list[float] | str | None = field(
        default=None,
        doc='Weight of each class in the loss, in order of class id, or "balanced".',
        used_by=TRAIN,
    )
    early_stopping: int | None = field(
        default=None,
        doc="Stop after so many epochs in which the metric of the validation chips did not rise.",
        unit="epochs",
        check=positive,
        used_by=TRAIN,
    )
    keep: str = field(
        default=BEST,
        doc="The epoch whose weights the model has: best on the validation chips, or last.",
        check=one_of(BEST, LAST),
        used_by=TRAIN,
    )
    export_onnx: bool = field(
        default=True,
        doc="Put the model into its file as ONNX too, so that predicting needs no PyTorch.",
        used_by=TRAIN,
    )
    predict_with: str = field(
        default="auto",
        doc="What predicts: torch, onnx, or auto: torch on a CUDA device, else onnx.",
        check=one_of("auto", "onnx", "torch"),
        used_by=(keys.PREDICT, keys.BUNDLE),
    )

    def train_options(self) -> TrainOptions:
        """Return how to train."""
        weights = self.class_weights
        return TrainOptions(
            model_arch=self.model_arch,
            model_options=whole_numbers(self.model_options),
            pretrained=self.pretrained,
            batch_size=self.batch_size,
            lr=self.lr,
            one_cycle=self.one_cycle,
            num_epochs=self.num_epochs,
            sync_interval=self.sync_interval,
            debug=self.debug,
            log_tensorboard=self.log_tensorboard,
            run_tensorboard=self.run_tensorboard,
            augmentors=tuple(self.augmentors),
            rare_classes=tuple(self.rare_classes),
            desired_prob=self.desired_prob,
            class_weights=tuple(weights) if isinstance(weights, list) else weights,
            early_stopping=self.early_stopping,
            keep=self.keep,
            export_onnx=self.export_onnx,
            seed=self.seed,
            num_steps=self.num_steps,
        )

    def problems(self) -> Iterable[Problem]:
        """Check what two options have to do with each other."""
        yield from super().problems()
        if bool(self.rare_classes) != (self.desired_prob is not None):
            yield Problem("$.desired_prob", "and rare_classes need each other")
        if isinstance(self.class_weights, str) and self.class_weights != BALANCED:
            yield Problem("$.class_weights", f"must be {BALANCED!r} or numbers")
        if isinstance(self.class_weights, list) and min(self.class_weights, default=0) < 0:
            yield Problem("$.class_weights", f"must not be negative, not {self.class_weights}")


class TorchBackendConfigBuilder(SimpleBackendConfigBuilder):
    """Base of the builders of such configs.

    A member writes `with_train_options`: the parameters and defaults of the reference first, in
    its order, then the options that are new.
    """

    config_class = TorchBackendConfig
