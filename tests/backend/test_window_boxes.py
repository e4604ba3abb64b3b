"""Boxes of windows with imagery around them."""

from __future__ import annotations

import numpy as np

from rvcli.backend.window_boxes import to_scene
from rvcli.core.box import Box
from rvcli.data.label.object_detection_labels import ObjectDetectionLabels


def test_boxes_move_to_the_window_of_their_centre() -> None:
    """Of an image with a margin only the boxes of the window are left, in pixels of the scene."""
    boxes = np.array([[12, 12, 18, 20], [0, 0, 16, 18], [25, 12, 39, 20]], float)
    found = ObjectDetectionLabels(boxes, np.array([2, 2, 5]), np.array([0.9, 0.8, 0.7]))
    moved = to_scene(found, Box(100, 200, 120, 230), (40, 50))
    assert [[102, 202, 108, 210]] == moved.get_npboxes().tolist()
    assert 3 == len(to_scene(found, Box(100, 200, 140, 250), (40, 50)))
