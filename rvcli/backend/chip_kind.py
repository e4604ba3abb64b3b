"""What the labels of a chip are."""

from __future__ import annotations

from enum import Enum


class ChipKind(Enum):
    """What the labels of a chip are, and what is counted for each class, 0 among them.

    PIXELS: class ids, shape (height, width), 0 is ignore; counts are pixels.
    CLASS: one class id, shape (); the count of that class is 1.
    BOXES: float64, shape (boxes, 5): ymin, xmin, ymax, xmax in pixels of the chip, and class id;
        counts are boxes.
    """

    PIXELS = "pixels"
    CLASS = "class"
    BOXES = "boxes"
