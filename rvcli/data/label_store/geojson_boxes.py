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

# Decimals of a pixel that survive the way over the map.
_DECIMALS = 4
_HINT = "it is not what the command PREDICT writes: run it again"


class GeoJSONBoxStore(LabelStore):
    """Base of the stores that keep boxes as polygons in a GeoJSON file."""

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

    def _save(
        self, npboxes: npt.NDArray[Any], class_ids: Iterable[int], scores: Iterable[Any] | None
    ) -> None:
        """Write boxes, at once; see boxes_to_geojson.

        Raises:
            NotWritableError: the file cannot be written.
        """
        from rvcli.utils.files import json_to_file

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
        from rvcli.data.vector_source.geojson_features import features_of
        from rvcli.data.vector_source.geojson_vector_source import read_geojson
        from rvcli.utils.files import file_exists

        if not file_exists(self.uri, include_dir=False):
            raise NotReadableError(
                f"there are no predictions at {self.uri}", hint="run the command PREDICT first"
            )
        features = features_of(read_geojson(self.uri), self.uri)
        try:
            rings = [feature["geometry"]["coordinates"][0] for feature in features]
            properties = [feature["properties"] for feature in features]
            [int(own["class_id"]) for own in properties]
            on_map = np.array(rings, dtype=np.float64).reshape(len(rings) * 5, 2)
        except (KeyError, IndexError, TypeError, ValueError) as e:
            raise DataError(f"{self.uri} does not hold boxes with class_id", hint=_HINT) from e
        corners = self.crs_transformer.map_to_pixel_exact(on_map).reshape(-1, 5, 2).round(_DECIMALS)
        low, high = corners.min(axis=1), corners.max(axis=1)
        return np.concatenate([low[:, ::-1], high[:, ::-1]], axis=1), properties
