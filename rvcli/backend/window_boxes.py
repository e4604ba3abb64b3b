"""Boxes of windows that a backend sees with imagery around them."""

from __future__ import annotations

import numpy as np

from rvcli.core.box import Box
from rvcli.data.label.object_detection_labels import ObjectDetectionLabels


def to_scene(
    found: ObjectDetectionLabels, window: Box, size_hw: tuple[int, int]
) -> ObjectDetectionLabels:
    """Move the boxes of one image to where they lie in the scene.

    Args:
        found: boxes in pixels of the image.
        window: of the scene, in its pixels.
        size_hw: of the image: the window, or the window with as much around it on all sides.

    Returns:
        The boxes whose centres lie in the window, in pixels of the scene.
    """
    margin = (size_hw[0] - window.get_height()) // 2
    boxes = ObjectDetectionLabels.local_to_global(found.get_npboxes(), window.make_eroded(-margin))
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    frame = window.npbox_format()
    inside = (centres >= frame[:2]) & (centres < frame[2:])
    moved = ObjectDetectionLabels(boxes, found.get_class_ids(), found.get_scores())
    return moved.choose(np.flatnonzero(inside.all(axis=1)))
