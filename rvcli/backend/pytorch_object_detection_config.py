"""Config of object detection with PyTorch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rvcli import keys
from rvcli.backend.pytorch.torch_backend_config import (
    ALL_USES,
    TorchBackendConfig,
    TorchBackendConfigBuilder,
)
from rvcli.backend.pytorch.train_options import BEST, DEFAULT_AUGMENTORS
from rvcli.config import Problem, field, not_empty, not_negative

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
    log_tensorboard: bool | None = None
    run_tensorboard: bool | None = None
    debug: bool | None = None


class PyTorchObjectDetectionConfig(TorchBackendConfig):
    """Find boxes with a network."""

    key = keys.PYTORCH_OBJECT_DETECTION
    train_opts_class = TrainOptions

    model_arch: str = field(
        default="resnet18",
        doc=(
            "Name of the network: the backbone of an FCOS, a detector of torchvision as"
            " `retinanet_resnet50_fpn`, or `module:function` that makes one."
        ),
        check=not_empty,
        used_by=ALL_USES,
    )

    predict_margin: int | None = field(
        default=None,
        doc="Imagery around each prediction window that the network sees as well, so that objects"
        " are found whole; a quarter of the chip size if not set.",
        unit="pixels",
        check=not_negative,
        used_by=(keys.PREDICT, keys.BUNDLE),
    )

    def create_backend(self, task_config: Any) -> Backend:
        """Create the backend."""
        from rvcli.backend.pytorch_object_detection import PyTorchObjectDetection

        margin = self.predict_margin
        return PyTorchObjectDetection(
            task_config.class_map,
            self.places(),
            self.train_options(),
            self.predict_with,
            margin=task_config.chip_size // 4 if margin is None else margin,
        )

    def problems(self) -> Iterable[Problem]:
        """Check that nothing is asked for that detectors do not know."""
        yield from super().problems()
        if self.class_weights is not None:
            yield Problem(
                "$.class_weights",
                "has no meaning in object detection; rare_classes draws their chips more often",
            )


class PyTorchObjectDetectionConfigBuilder(TorchBackendConfigBuilder):
    """Builds PyTorchObjectDetectionConfig."""

    config_class = PyTorchObjectDetectionConfig

    def _applicable_tasks(self) -> list[str]:
        return [keys.OBJECT_DETECTION]

    def with_train_options(
        self,
        batch_size: int = 8,
        lr: float = 1e-4,
        one_cycle: bool = True,
        num_epochs: int = 5,
        model_arch: str = "resnet18",
        sync_interval: int = 1,
        log_tensorboard: bool = True,
        run_tensorboard: bool = True,
        debug: bool = False,
        augmentors: Sequence[str] = DEFAULT_AUGMENTORS,
        rare_classes: Sequence[int] = (),
        desired_prob: float | None = None,
        early_stopping: int | None = None,
        pretrained: bool = True,
        keep: str = BEST,
        seed: int = 0,
        model_options: dict[str, Any] | None = None,
    ) -> PyTorchObjectDetectionConfigBuilder:
        """Set how the network is trained; see the fields of the same names."""
        return self.set(
            batch_size=batch_size,
            lr=lr,
            one_cycle=one_cycle,
            num_epochs=num_epochs,
            model_arch=model_arch,
            sync_interval=sync_interval,
            log_tensorboard=log_tensorboard,
            run_tensorboard=run_tensorboard,
            debug=debug,
            augmentors=list(augmentors),
            rare_classes=list(rare_classes),
            desired_prob=desired_prob,
            early_stopping=early_stopping,
            pretrained=pretrained,
            keep=keep,
            seed=seed,
            model_options=dict(model_options or {}),
        )
