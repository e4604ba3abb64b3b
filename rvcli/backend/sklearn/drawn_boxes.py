"""Boxes as classes of pixels."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rvcli.backend.chip_files import ChipFile
from rvcli.backend.valid_pixels import valid_pixels

Array: TypeAlias = npt.NDArray[Any]


class DrawnBoxes:
    """The chips of a file of boxes, with a class for each pixel.

    Attributes:
        scene_id: the scene.
        class_ids: those of the boxes, 0 for no data, and that of the background.
        counts: pixels of each class in each chip, shape (chips, classes).
    """

    def __init__(self, file: ChipFile, background_id: int) -> None:
        """Draw the boxes of a file.

        Args:
            file: open.
            background_id: class of the pixels that lie in no box.
        """
        self._file = file
        self._background_id = background_id
        self.scene_id = file.scene_id
        self.class_ids = [*file.class_ids, background_id]
        counts = [
            np.bincount(self.read(index)[1].ravel(), minlength=background_id + 1)[self.class_ids]
            for index in range(len(file))
        ]
        self.counts: Array = np.array(counts, np.int64).reshape(-1, len(self.class_ids))

    def __len__(self) -> int:
        return len(self._file)

    def read(self, index: int) -> tuple[Array, Array]:
        """Read one chip: its pixels (height, width, bands), and class ids (height, width).

        Where boxes overlap the smaller one counts.
        """
        chip, boxes = self._file.read(index)
        labels = np.full(chip.shape[:2], self._background_id, np.uint16)
        areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
        for ymin, xmin, ymax, xmax, class_id in boxes[np.argsort(-areas, kind="stable")]:
            y0, x0 = max(0, round(ymin)), max(0, round(xmin))
            labels[y0 : max(0, round(ymax)), x0 : max(0, round(xmax))] = int(class_id)
        return chip, np.where(valid_pixels(chip), labels, 0).astype(np.uint16)
