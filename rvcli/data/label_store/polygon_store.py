"""SemanticSegmentationPolygonStore: predicted pixels as polygons of all classes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from rvcli.data.label_store.label_store import LabelStore
from rvcli.data.label_store.vector_file import Batch, write_batches
from rvcli.data.label_store.vector_output import vector_polygons
from rvcli.data.label_store.vector_output_config import POLYGONS, VectorOutput
from rvcli.errors import DataError
from rvcli.filesystem import shown, to_path
from rvcli.utils.place import placed

if TYPE_CHECKING:
    from rvcli.data.label.semantic_segmentation_labels import SemanticSegmentationLabels
    from rvcli.data.label_store.semantic_segmentation_raster_store import (
        SemanticSegmentationRasterStore,
    )


class SemanticSegmentationPolygonStore(LabelStore):
    """Saves the outlines of patches of pixels of one class, with `class_id` and `class_name`.

    Pixels are saved in a raster first, which is temporary. Pixels that have no class are in no
    polygon. The file appears whole or not at all.
    """

    def __init__(self, uri: str, raster_store: SemanticSegmentationRasterStore) -> None:
        """Make a store.

        Args:
            uri: of the vector file; its extension decides on the format, see write_batches.
            raster_store: with classes; keeps the pixels in a local file while polygons are made.
        """
        self.uri = uri
        self.raster_store = raster_store

    def save(self, labels: SemanticSegmentationLabels) -> None:
        """Write labels; see SemanticSegmentationRasterStore for what else is written.

        Raises:
            NotWritableError: the file cannot be written.
        """
        store = self.raster_store
        try:
            store.save(labels)
            with placed(self.uri, store.tmp_dir) as path:
                write_batches(path, self._batches(), store.crs_transformer, shown(self.uri))
        finally:
            store._deactivate()
            to_path(store.uri).unlink(missing_ok=True)

    def _batches(self) -> Iterator[Batch]:
        store, class_map = self.raster_store, self.raster_store.class_map
        read = store.get_labels().get_label_arr
        for item in class_map.get_items() if class_map is not None else []:
            if item.id == 0:
                continue
            properties: dict[str, Any] = {"class_id": item.id, "class_name": item.name}
            yield Batch(np.empty(0, dtype=object), properties)
            output = VectorOutput(mode=POLYGONS, class_id=item.id)
            for polygons in vector_polygons(read, store.extent, store.crs_transformer, output):
                yield Batch(polygons, properties)

    def get_labels(self) -> SemanticSegmentationLabels:
        """Refuse: polygons are for people and maps, pixels are what is read back.

        Raises:
            DataError: always.
        """
        raise DataError(
            f"predictions are not read from the polygons in {shown(self.uri)}",
            hint="keep them in a .tif, and have polygons made beside it: with_vector_output([...])",
        )

    def empty_labels(self) -> SemanticSegmentationLabels:
        """Return labels without windows."""
        return self.raster_store.empty_labels()

    def _subcomponents_to_activate(self) -> list[Any]:
        return [self.raster_store]
