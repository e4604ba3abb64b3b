"""SemanticSegmentationLabelSource: a class for every pixel, from a raster source."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import numpy.typing as npt

from rvcli.core.box import Box
from rvcli.core.class_map import ClassMap
from rvcli.data.activate_mixin import ActivateMixin
from rvcli.data.label.semantic_segmentation_labels import SemanticSegmentationLabels
from rvcli.data.label_source.label_source import LabelSource
from rvcli.data.label_source.segmentation_class_transformer import SegmentationClassTransformer
from rvcli.data.raster_source.raster_source import RasterSource
from rvcli.errors import DataError


class SemanticSegmentationLabelSource(ActivateMixin, LabelSource):
    """Reads class ids from a raster source: a label image, or vector labels rasterized.

    Of the source's transformers those act that are for labels: they give other class ids to
    what the image says, and leave 0 where it says nothing.
    """

    def __init__(self, source: RasterSource, rgb_class_map: ClassMap | None = None) -> None:
        """Make a source.

        Args:
            source: the first channel of its order holds class ids, or the first three the
                colours of rgb_class_map.
            rgb_class_map: classes with colours, if the source holds colours.

        Raises:
            ConfigError: a class has no colour, or two have the same.
        """
        self.source = source
        self._transformers = [
            t for t in source.raster_transformers if getattr(t, "for_labels", False)
        ]
        self.class_transformer = (
            None if rgb_class_map is None else SegmentationClassTransformer(rgb_class_map)
        )

    def enough_target_pixels(
        self, window: Box, target_count_threshold: int, target_classes: Collection[int]
    ) -> bool:
        """Tell whether a window has enough pixels of some classes.

        Args:
            window: pixel coordinates, half-open.
            target_count_threshold: how many pixels are enough.
            target_classes: ids of the classes that count.
        """
        labels = self._read(window)
        # A hundred times as fast as numpy's isin.
        found = sum(np.count_nonzero(labels == class_id) for class_id in set(target_classes))
        return bool(found >= target_count_threshold)

    def get_labels(
        self, window: Box | None = None, chip_size: int = 1000
    ) -> SemanticSegmentationLabels:
        """Return the labels.

        Args:
            window: pixel coordinates, half-open; None means the whole extent, in squares.
            chip_size: side of those squares in pixels.
        """
        if window is None:
            windows = self.source.get_extent().get_windows(chip_size, chip_size)
        else:
            windows = [window]
        return SemanticSegmentationLabels(windows, self._read)

    def _read(self, window: Box) -> npt.NDArray[Any]:
        """Return the class ids of a window, shape (height, width)."""
        # The values as they are in the file: most transformers are for imagery.
        chip = self.source.get_raw_chip(window)
        if chip.shape[2] > 1:  # of a single channel there is no choice, whatever a source says
            chip = chip[:, :, self.source.channel_order]
        for transformer in self._transformers:
            chip = transformer.transform(chip, self.source.channel_order)
        if self._transformers:
            chip = np.where(self.source.has_data(window)[:, :, np.newaxis], chip, 0)
        if self.class_transformer is not None:
            if chip.shape[2] < 3:
                raise DataError(
                    f"{self.source.get_name()} has {chip.shape[2]} channels, not the red, green"
                    " and blue of labels",
                    hint="leave with_rgb_class_map out if it holds class ids",
                )
            return self.class_transformer.rgb_to_class(chip)
        return _class_ids(chip[:, :, 0], self.source.get_name())

    def _subcomponents_to_activate(self) -> list[Any]:
        return [self.source]

    def _activate(self) -> None:
        """Nothing of the source's own is held open."""

    def _deactivate(self) -> None:
        """Nothing of the source's own is held open."""


def _class_ids(labels: npt.NDArray[Any], name: str) -> npt.NDArray[Any]:
    """Return class ids as uint8 or uint16.

    Raises:
        DataError: a value is no class id.
    """
    if labels.dtype in (np.uint8, np.uint16):
        return labels
    whole = np.nan_to_num(labels, nan=0.0) if labels.dtype.kind == "f" else labels
    low, high = whole.min(initial=0), whole.max(initial=0)
    if low < 0 or high > 65535 or (labels.dtype.kind == "f" and (whole != whole.round()).any()):
        raise DataError(
            f"{name} holds values from {low} to {high}, which are no class ids",
            hint="class ids are integers from 0 to 65535; mark pixels without label as nodata",
        )
    return whole.astype(np.uint16)
