"""Training and predicting on a CUDA device: `pytest -m gpu`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rvcli.backend.pytorch.runtime import OnnxRuntime, TorchRuntime
from rvcli.core.box import Box

torch = pytest.importorskip("torch")

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device"),
]


def test_a_gpu_trains_and_predicts(segmentation: Callable[..., Any], tmp_path: Path) -> None:
    """Mixed precision and several readers learn as well, and ONNX on the processor agrees."""
    backend = segmentation(num_epochs=25, lr=0.05, export_onnx=True)
    backend.train(str(tmp_path / "tmp"))
    image = np.full((96, 96, 3), 90, np.uint8)
    image[30:60, 30:60] = 150
    window = Box(0, 0, 96, 96)
    scores = []
    for how, expected in (("auto", TorchRuntime), ("onnx", OnnxRuntime)):
        other = type(backend)(backend.class_map, backend.places, backend.options, how)
        scores.append(other.predict_scores([image], [window], str(tmp_path))[0])
        assert expected is type(other._runtime)
    # Convolutions on a GPU round to fewer digits.
    np.testing.assert_allclose(scores[0], scores[1], atol=1e-2)
    assert scores[0][1, 45, 45] > 0.9
    assert scores[0][0, 5, 5] > 0.9
