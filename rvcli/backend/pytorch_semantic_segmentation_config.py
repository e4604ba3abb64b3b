"""Config of semantic segmentation with PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.backend.pytorch.torch_backend_config import (
    ALL_USES,
    TorchBackendConfig,
    TorchBackendConfigBuilder,
)
from rvcli.backend.pytorch.train_options import BEST, DEFAULT_AUGMENTORS
from rvcli.config import field, not_empty, not_negative

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


class PyTorchSemanticSegmentationConfig(TorchBackendConfig):
    """Classify every pixel with a network."""

    key = keys.PYTORCH_SEMANTIC_SEGMENTATION
    train_opts_class = TrainOptions

    model_arch: str = field(
        default="resnet50",
        doc=(
            "Name of the network: the encoder of a U-Net, `deeplabv3plus:resnet50` and the like,"
            " a model of torchvision, or `module:function` that makes it."
        ),
        check=not_empty,
        used_by=ALL_USES,
    )
    predict_margin: int = field(
        default=32,
        doc="Imagery around each prediction window that the network sees as well.",
        unit="pixels",
        check=not_negative,
        used_by=(keys.PREDICT, keys.BUNDLE),
    )

    def create_backend(self, task_config: Any) -> Backend:
        """Create the backend."""
        from rvcli.backend.pytorch_semantic_segmentation import PyTorchSemanticSegmentation

        return PyTorchSemanticSegmentation(
            task_config.class_map,
            self.places(),
            self.train_options(),
            self.predict_with,
            margin=self.predict_margin,
        )


class PyTorchSemanticSegmentationConfigBuilder(TorchBackendConfigBuilder):
    """Builds PyTorchSemanticSegmentationConfig."""

    config_class = PyTorchSemanticSegmentationConfig

    def _applicable_tasks(self) -> list[str]:
        return [keys.SEMANTIC_SEGMENTATION]

    def with_train_options(
        self,
        batch_size: int = 8,
        lr: float = 1e-4,
        one_cycle: bool = True,
        num_epochs: int = 5,
        model_arch: str = "resnet50",
        sync_interval: int = 1,
        debug: bool = False,
        log_tensorboard: bool = True,
        run_tensorboard: bool = True,
        augmentors: Sequence[str] = DEFAULT_AUGMENTORS,
        rare_classes: Sequence[int] = (),
        desired_prob: float | None = None,
        class_weights: Sequence[float] | str | None = None,
        early_stopping: int | None = None,
        pretrained: bool = True,
        keep: str = BEST,
        seed: int = 0,
        model_options: dict[str, Any] | None = None,
    ) -> PyTorchSemanticSegmentationConfigBuilder:
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
            augmentors=list(augmentors),
            rare_classes=list(rare_classes),
            desired_prob=desired_prob,
            class_weights=class_weights,
            early_stopping=early_stopping,
            pretrained=pretrained,
            keep=keep,
            seed=seed,
            model_options=dict(model_options or {}),
        )
