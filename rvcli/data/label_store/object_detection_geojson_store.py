"""ObjectDetectionGeoJSONStore: predicted boxes in a GeoJSON file."""

from __future__ import annotations

import numpy as np

from rvcli.data.label.object_detection_labels import ObjectDetectionLabels
from rvcli.data.label_store.geojson_boxes import GeoJSONBoxStore


class ObjectDetectionGeoJSONStore(GeoJSONBoxStore):
    """Saves boxes as polygons with `class_id`, `class_name` and `score`.

    Polygons are in WGS 84, longitude before latitude, or in pixels where the image has no
    georeference; in a .gpkg or .fgb they are in the CRS of the image. The file appears whole or
    not at all.
    """

    def save(self, labels: ObjectDetectionLabels) -> None:
        """Write the boxes.

        Raises:
            ConfigError: a class id is no class.
            NotWritableError: the file cannot be written.
        """
        self._save(labels.get_npboxes(), labels.get_class_ids(), labels.get_scores())

    def get_labels(self) -> ObjectDetectionLabels:
        """Return the boxes that were saved, to 1/10,000 of a pixel.

        Raises:
            NotReadableError: there is no such file.
            DataError: it holds something else.
        """
        npboxes, properties = self._load()
        return ObjectDetectionLabels(
            npboxes,
            np.array([own["class_id"] for own in properties], np.int64),
            np.array([own.get("score", 1.0) for own in properties], np.float64),
        )

    def empty_labels(self) -> ObjectDetectionLabels:
        """Return labels without boxes."""
        return ObjectDetectionLabels.make_empty()
