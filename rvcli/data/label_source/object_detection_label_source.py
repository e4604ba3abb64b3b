"""ObjectDetectionLabelSource: boxes around the polygons of a vector source."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import shapely

from rvcli.core.box import Box
from rvcli.data.label.object_detection_labels import ObjectDetectionLabels
from rvcli.data.label.tfod_utils.np_box_ops import BoxIndex
from rvcli.data.label_source.label_source import LabelSource
from rvcli.data.vector_source.warnings_of_labels import warn_of_tiny

if TYPE_CHECKING:
    from rvcli.core.class_map import ClassMap
    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer
    from rvcli.data.vector_source.class_polygons import ClassPolygons
    from rvcli.data.vector_source.vector_source import VectorSource

log = logging.getLogger(__name__)


class ObjectDetectionLabelSource(LabelSource):
    """Gives the bounds of each polygon of a vector source as a box.

    A geometry of several parts gives a box for each. Boxes are clipped to the image, and left
    out if less than 0.8 of their area lies on it. Those of class 0, which is ignored, are too.
    The score of a box is the property `score` of a feature of GeoJSON, else 1.
    """

    def __init__(
        self,
        vector_source: VectorSource,
        crs_transformer: CRSTransformer,
        class_map: ClassMap,
        extent: Box | None,
    ) -> None:
        """Make a source.

        Args:
            vector_source: of the polygons.
            crs_transformer: of the image.
            class_map: the classes.
            extent: of the image, pixel coordinates; None leaves boxes as they are.
        """
        self.vector_source = vector_source
        self.crs_transformer = crs_transformer
        self.class_map = class_map
        self.extent = extent
        self._read: tuple[ObjectDetectionLabels, BoxIndex] | None = None

    def get_labels(self, window: Box | None = None) -> ObjectDetectionLabels:
        """Return the boxes.

        Args:
            window: pixel coordinates, half-open: give the boxes that overlap it, whole; None
                means all.
        """
        labels, index = self._labels()
        if window is None:
            return labels
        near = labels.choose(index.touching(window.tuple_format()))
        return ObjectDetectionLabels.get_overlapping(near, window)

    def _labels(self) -> tuple[ObjectDetectionLabels, BoxIndex]:
        if self._read is None:
            polygons = self.vector_source.get_polygons(self.extent)
            bounds = shapely.bounds(polygons.geometries).reshape(-1, 4)
            npboxes = bounds[:, [1, 0, 3, 2]]
            labels = ObjectDetectionLabels(npboxes, polygons.class_ids, polygons.scores)
            labels = labels.choose(labels.get_class_ids() != 0)
            if self.extent is not None:
                labels = labels.on_image(self.extent)
                self._check(polygons, labels)
            self._read = labels, BoxIndex(labels.get_npboxes())
        return self._read

    def _check(self, polygons: ClassPolygons, labels: ObjectDetectionLabels) -> None:
        """Warn if there are polygons, but none on the image, or none as large as a pixel."""
        name = getattr(self.vector_source, "uri", type(self.vector_source).__name__)
        if len(labels):
            warn_of_tiny(name, polygons.geometries)
            return
        everywhere = len(self.vector_source.get_polygons())
        if everywhere:
            log.warning(
                "%s: none of the %d polygons gives a box on the image; check their CRS, and that x"
                " is longitude and y latitude",
                name,
                everywhere,
            )
