"""A plugin that brings a network of one's own: the backend SMALL_UNET."""

from __future__ import annotations

from typing import Any

from rvcli.backend.pytorch_semantic_segmentation_config import (
    PyTorchSemanticSegmentationConfig,
    PyTorchSemanticSegmentationConfigBuilder,
)
from rvcli.config import field


def small_unet(num_classes: int, in_channels: int, **options: Any) -> Any:
    """Make the network; torch is imported only where one is made."""
    from small_unet import SmallUNet

    return SmallUNet(in_channels, num_classes, **options)


class SmallUNetConfig(PyTorchSemanticSegmentationConfig):
    """Semantic segmentation with PyTorch, with another network by default."""

    key = "SMALL_UNET"

    model_arch: str = field(default=f"{__name__}:small_unet", doc="The network.")


class SmallUNetConfigBuilder(PyTorchSemanticSegmentationConfigBuilder):
    """Builds SmallUNetConfig."""

    config_class = SmallUNetConfig


def register_plugin(plugin_registry: Any) -> None:
    """Register the backend."""
    plugin_registry.register_config_builder("BACKEND", "SMALL_UNET", SmallUNetConfigBuilder)
