"""torchvision works in the tests, whatever torch it was built for."""

from __future__ import annotations

import subprocess
import sys

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torchvision")


def test_boxes_that_overlap_a_better_one_are_suppressed() -> None:
    """Non-maximum suppression keeps the best of two boxes that overlap, and the third."""
    from torchvision.ops import nms

    boxes = torch.tensor([[0, 0, 10, 10], [1, 1, 10, 10], [20, 20, 30, 30]], dtype=torch.float)
    kept = nms(boxes, torch.tensor([0.5, 0.9, 0.1]), 0.5)
    assert [1, 2] == kept.tolist()


def test_regions_are_pooled_bilinearly() -> None:
    """The mean of four samples in each bin is that of the ramp between them."""
    from torchvision.ops import roi_align

    ramp = torch.arange(64.0).reshape(1, 1, 8, 8)
    box = torch.tensor([[1.0, 1.0, 5.0, 5.0]])
    pooled = roi_align(ramp, [box], 2, sampling_ratio=2, aligned=True)
    assert [[13.5, 15.5], [29.5, 31.5]] == pooled[0, 0].tolist()


def test_children_can_import_torchvision_and_nothing_is_imported_before() -> None:
    """A process that a test starts has torchvision, and no torch unless it asks for it."""
    code = "import sys; assert 'torch' not in sys.modules; import torchvision"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (0, "") == (done.returncode, done.stderr)
