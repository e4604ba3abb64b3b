"""Config of chip classification with PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.backend.pytorch.torch_backend_config import (
    TRAIN,
    TorchBackendConfig,
    TorchBackendConfigBuilder,
)
from rvcli.backend.pytorch.train_options import BEST
from rvcli.config import field, positive

if TYPE_CHECKING:
    from rvcli.backend.backend import Backend


@dataclass
class TrainOptions:
    """How the network is trained, as old code reads it; see the fields of the same names."""

    batch_size: int | None = None
    lr: float | None = None
    one_cycle: bool | None = None
    num_epochs: int | None = None
    model_arch: str | None = None
    sync_interval: int | None = None
    debug: bool | None = None
    log_tensorboard: bool | None = None
    run_tensorboard: bool | None = None
    rare_classes: list[int] | None = None
    desired_prob: float | None = None
    augmentors: list[str] = dataclass_field(default_factory=list)


class PyTorchChipClassificationConfig(TorchBackendConfig):
    """Classify chips with a network."""

    key = keys.PYTORCH_CHIP_CLASSIFICATION
    train_opts_class = TrainOptions

    num_epochs: int = field(
        default=1, doc="Passes over the training chips.", check=positive, used_by=TRAIN
    )
    augmentors: list[str] = field(
        default_factory=list,
        doc="Random changes of the training chips, by name, such as HorizontalFlip, VerticalFlip"
        " and RandomRotate90; none if not set.",
        used_by=TRAIN,
    )

    def create_backend(self, task_config: Any) -> Backend:
        """Create the backend."""
        from rvcli.backend.pytorch_chip_classification import PyTorchChipClassification

        return PyTorchChipClassification(
            task_config.class_map, self.places(), self.train_options(), self.predict_with
        )


class PyTorchChipClassificationConfigBuilder(TorchBackendConfigBuilder):
    """Builds PyTorchChipClassificationConfig."""

    config_class = PyTorchChipClassificationConfig

    def _applicable_tasks(self) -> list[str]:
        return [keys.CHIP_CLASSIFICATION]

    def with_train_options(
        self,
        batch_size: int = 8,
        lr: float = 1e-4,
        one_cycle: bool = True,
        num_epochs: int = 1,
        model_arch: str = "resnet18",
        sync_interval: int = 1,
        debug: bool = False,
        log_tensorboard: bool = True,
        run_tensorboard: bool = True,
        rare_classes: Sequence[int] = [],
        desired_prob: float | None = None,
        augmentors: Sequence[str] = [],
        class_weights: Sequence[float] | str | None = None,
        early_stopping: int | None = None,
        pretrained: bool = True,
        keep: str = BEST,
        seed: int = 0,
        model_options: dict[str, Any] | None = None,
    ) -> PyTorchChipClassificationConfigBuilder:
        """Set how the network is trained; see the fields of the same names."""
        return self.set(
            batch_size=batch_size,
            lr=lr,
            one_cycle=one_cycle,
            num_epochs=num_epochs,
            model_arch=model_arch,
            sync_interval=sync_interval,
            debug=debug,
            log_tensorboard=log_tensorboard,
            run_tensorboard=run_tensorboard,
            rare_classes=list(rare_classes),
            desired_prob=desired_prob,
            augmentors=list(augmentors),
            class_weights=class_weights,
            early_stopping=early_stopping,
            pretrained=pretrained,
            keep=keep,
            seed=seed,
            model_options=dict(model_options or {}),
        )
