"""ObjectDetectionGeoJSONStore: predicted boxes in a GeoJSON file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rvcli.data.label.object_detection_labels import ObjectDetectionLabels
from rvcli.data.label_store.geojson_boxes import load_boxes, save_boxes
from rvcli.data.label_store.label_store import LabelStore

if TYPE_CHECKING:
    from rvcli.core.class_map import ClassMap
    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer


class ObjectDetectionGeoJSONStore(LabelStore):
    """Saves boxes as polygons with `class_id`, `class_name` and `score`.

    Polygons are in WGS 84, longitude before latitude, or in pixels where the image has no
    georeference. The file appears whole or not at all.
    """

    def __init__(self, uri: str, crs_transformer: CRSTransformer, class_map: ClassMap) -> None:
        """Make a store.

        Args:
            uri: of the GeoJSON file.
            crs_transformer: of the image.
            class_map: names of the classes.
        """
        self.uri = uri
        self.crs_transformer = crs_transformer
        self.class_map = class_map

    def save(self, labels: ObjectDetectionLabels) -> None:
        """Write the boxes.

        Raises:
            ConfigError: a class id is no class.
            NotWritableError: the file cannot be written.
        """
        save_boxes(
            self.uri,
            labels.get_npboxes(),
            labels.get_class_ids(),
            self.crs_transformer,
            self.class_map,
            labels.get_scores(),
        )

    def get_labels(self) -> ObjectDetectionLabels:
        """Return the boxes that were saved, to 1/10,000 of a pixel.

        Raises:
            DataError: there is no such file, or it holds something else.
        """
        npboxes, properties = load_boxes(self.uri, self.crs_transformer)
        return ObjectDetectionLabels(
            npboxes,
            np.array([own["class_id"] for own in properties], np.int64),
            np.array([own.get("score", 1.0) for own in properties], np.float64),
        )

    def empty_labels(self) -> ObjectDetectionLabels:
        """Return labels without boxes."""
        return ObjectDetectionLabels.make_empty()
