"""GeoJSONBoxStore: what the stores of cells and of boxes share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rvcli.data.label_store.label_store import LabelStore
from rvcli.data.utils import boxes_to_geojson
from rvcli.errors import DataError, NotReadableError

if TYPE_CHECKING:
    from rvcli.core.class_map import ClassMap
    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer
    from rvcli.data.vector_source.projection import Projector

# Decimals of a pixel that survive the way over the map.
_DECIMALS = 4
_HINT = "it is not what the command PREDICT writes: run it again"


class GeoJSONBoxStore(LabelStore):
    """Base of the stores that keep boxes as polygons in a vector file.

    That is GeoJSON in WGS 84 or, where its name ends in .gpkg or .fgb, a file of that format in
    the CRS of the image.
    """

    def __init__(self, uri: str, crs_transformer: CRSTransformer, class_map: ClassMap) -> None:
        """Make a store.

        Args:
            uri: of the file; its extension decides on the format.
            crs_transformer: of the image.
            class_map: names of the classes.
        """
        self.uri = uri
        self.crs_transformer = crs_transformer
        self.class_map = class_map

    def _save(
        self, npboxes: npt.NDArray[Any], class_ids: Iterable[int], scores: Iterable[Any] | None
    ) -> None:
        """Write boxes, at once; see boxes_to_geojson.

        Raises:
            NotWritableError: the file cannot be written.
        """
        from rvcli.data.label_store.box_table import is_table, write_box_table
        from rvcli.utils.files import json_to_file

        if is_table(self.uri):
            write_box_table(
                self.uri, npboxes, class_ids, scores, self.crs_transformer, self.class_map
            )
            return
        boxes = boxes_to_geojson(npboxes, class_ids, self.crs_transformer, self.class_map, scores)
        json_to_file(boxes, self.uri)

    def _load(self) -> tuple[npt.NDArray[np.float64], list[dict[str, Any]]]:
        """Read the boxes that were written.

        Returns:
            Rows (ymin, xmin, ymax, xmax) in pixels, shape (n, 4), and the properties of each.

        Raises:
            NotReadableError: there is no such file.
            DataError: it holds something else.
        """
        from rvcli.data.label_store.box_table import is_table, read_box_table
        from rvcli.data.vector_source.geojson_features import features_of
        from rvcli.data.vector_source.geojson_vector_source import read_geojson
        from rvcli.utils.files import file_exists

        if not file_exists(self.uri, include_dir=False):
            raise NotReadableError(
                f"there are no predictions at {self.uri}", hint="run the command PREDICT first"
            )
        project: Projector = self.crs_transformer.map_to_pixel_exact
        try:
            if is_table(self.uri):
                rings, properties, project = read_box_table(self.uri, self.crs_transformer)
            else:
                features = features_of(read_geojson(self.uri), self.uri)
                rings = [feature["geometry"]["coordinates"][0] for feature in features]
                properties = [feature["properties"] for feature in features]
            [int(own["class_id"]) for own in properties]
            on_map = np.array(rings, dtype=np.float64).reshape(len(rings) * 5, 2)
        except (KeyError, IndexError, TypeError, ValueError) as e:
            if isinstance(e, DataError):
                raise
            raise DataError(f"{self.uri} does not hold boxes with class_id", hint=_HINT) from e
        corners = project(on_map).reshape(-1, 5, 2).round(_DECIMALS)
        low, high = corners.min(axis=1), corners.max(axis=1)
        return np.concatenate([low[:, ::-1], high[:, ::-1]], axis=1), properties
