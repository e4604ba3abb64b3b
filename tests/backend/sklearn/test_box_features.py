"""Tests of the features of boxes."""

from __future__ import annotations

import numpy as np

from rvcli.backend.sklearn.box_features import BoxFeatures, BoxSpec


def test_no_boxes_have_no_features() -> None:
    """Where a detector finds nothing there is a row for none, of as many columns as ever."""
    spec = BoxSpec(3)
    features = BoxFeatures(np.ones((20, 20, 3), np.uint8), spec)
    assert (0, spec.count) == features.of(np.zeros((0, 4))).shape
    assert (1, spec.count) == features.of(np.array([[2.0, 2.0, 9.0, 9.0]])).shape
