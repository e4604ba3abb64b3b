"""ChipClassificationGeoJSONStore: predicted cells in a GeoJSON file."""

from __future__ import annotations

import numpy as np

from rvcli.core.box import Box
from rvcli.data.label.chip_classification_labels import ChipClassificationLabels
from rvcli.data.label_store.geojson_boxes import GeoJSONBoxStore
from rvcli.errors import DataError

_MAX_OFFSET_PX = 0.1


class ChipClassificationGeoJSONStore(GeoJSONBoxStore):
    """Saves cells as polygons with `class_id`, `class_name` and `scores`.

    Polygons are in WGS 84, longitude before latitude, or in pixels where the image has no
    georeference; in a .gpkg or .fgb they are in the CRS of the image. The file appears whole or
    not at all.
    """

    def save(self, labels: ChipClassificationLabels) -> None:
        """Write the cells; those without class are left out.

        Raises:
            ConfigError: a class id is no class.
            NotWritableError: the file cannot be written.
        """
        cells, class_ids, scores = [], [], []
        for cell, item in zip(labels.get_cells(), labels.get_values(), strict=True):
            if item.class_id is not None:
                cells.append(cell)
                class_ids.append(item.class_id)
                scores.append(item.scores)
        self._save(Box.to_npboxes(cells), class_ids, scores)

    def get_labels(self) -> ChipClassificationLabels:
        """Return the cells that were saved.

        Raises:
            DataError: there is no such file, it holds something else, or is of another image.
        """
        npboxes, properties = self._load()
        cells = np.round(npboxes)
        if np.abs(npboxes - cells).max(initial=0) > _MAX_OFFSET_PX:
            raise DataError(
                f"the cells at {self.uri} are not on the pixels of the image",
                hint="they are of another image: run the command PREDICT again",
            )
        labels = ChipClassificationLabels()
        for cell, own in zip(cells.astype(np.int64).tolist(), properties, strict=True):
            labels.set_cell(Box(*cell), own["class_id"], own.get("scores"))
        return labels

    def empty_labels(self) -> ChipClassificationLabels:
        """Return labels without cells."""
        return ChipClassificationLabels()
