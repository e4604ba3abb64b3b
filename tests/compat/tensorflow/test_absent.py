"""What drove TensorFlow itself is gone, and says so; the configs are where they were."""

from __future__ import annotations

import importlib

import pytest

from rvcli.compat import serving


@pytest.mark.parametrize(
    ("module", "reason"),
    [
        ("backend.tf_deeplab", "TF_DEEPLAB runs on PYTORCH_SEMANTIC_SEGMENTATION"),
        ("backend.tf_object_detection", "TF_OBJECT_DETECTION runs on PYTORCH_OBJECT_DETECTION"),
        ("backend.keras_classification.commands.train", "written anew"),
        ("backend.torch_utils.semantic_segmentation.train", "rvcli.backend.pytorch"),
        ("protos.deeplab.train_pb2", "with_template"),
    ],
)
def test_an_absent_module_says_why(module: str, reason: str) -> None:
    """With all below it."""
    with serving(), pytest.raises(ModuleNotFoundError, match=reason):
        importlib.import_module(f"rastervision.{module}")


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("tf_deeplab_config", "TFDeeplabConfig"),
        ("tf_object_detection_config", "TFObjectDetectionConfig"),
        ("keras_classification_config", "KerasClassificationConfig"),
    ],
)
def test_a_config_is_where_it_was(module: str, name: str) -> None:
    """With its builder, under the old names."""
    with serving():
        found = importlib.import_module(f"rastervision.backend.{module}")
        assert getattr(found, name) is getattr(found, f"{name}Builder").config_class
