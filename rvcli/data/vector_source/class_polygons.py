"""Polygons with classes, in pixel coordinates: vector labels as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import shapely

from rvcli.core.box import Box

Geometries: TypeAlias = npt.NDArray[Any]
Ids: TypeAlias = npt.NDArray[np.int64]

# Drawing goes through all vertices in Python: from here on it pays to cut a polygon first.
LARGE = 256


@dataclass(frozen=True, eq=False)
class ClassPolygons:
    """Polygons in the order of the features that they come from.

    Attributes:
        geometries: shapely polygons in pixel (x, y), shape (n,).
        class_ids: the class of each.
        features: the feature that each comes from: its position in the source, or its number
            in a file that numbers them.
    """

    geometries: Geometries
    class_ids: Ids
    features: Ids

    def __len__(self) -> int:
        return len(self.geometries)

    @cached_property
    def tree(self) -> shapely.STRtree:
        """The polygons' spatial index, made on first use."""
        return shapely.STRtree(self.geometries)

    @cached_property
    def max_class_id(self) -> int:
        """The largest class id, 0 if there are no polygons."""
        return int(self.class_ids.max(initial=0))

    def touching(self, window: Box) -> Ids:
        """Return the positions of the polygons whose bounds touch a window, in order."""
        found = self.tree.query(shapely.box(*window.shapely_format()))
        return np.sort(found).astype(np.int64)

    def part(self, window: Box) -> ClassPolygons:
        """Return the polygons whose bounds touch a window, whole and in order."""
        chosen = self.touching(window)
        return ClassPolygons(self.geometries[chosen], self.class_ids[chosen], self.features[chosen])

    def pieces(self, window: Box) -> tuple[list[Any], list[int]]:
        """Return all polygons, in order, with the class of each, ready to be drawn in a window.

        Polygons of many vertices are cut a little outside the window.
        """
        geometries, class_ids = self.geometries, self.class_ids
        large = shapely.get_num_coordinates(geometries) > LARGE
        if large.any():
            geometries = geometries.copy()
            frame = window.make_eroded(-2).shapely_format()
            geometries[large] = shapely.clip_by_rect(geometries[large], *frame)
            # Cutting may leave lines behind, which would be drawn.
            geometries, owners = shapely.get_parts(geometries, return_index=True)
            areal = shapely.get_type_id(geometries) == shapely.GeometryType.POLYGON
            geometries, class_ids = geometries[areal], class_ids[owners[areal]]
        return geometries.tolist(), class_ids.tolist()


def merged(polygons: Sequence[ClassPolygons]) -> ClassPolygons:
    """Return polygons of several reads of one source, each feature's once, in its order."""
    if len(polygons) == 1:
        return polygons[0]
    features = np.concatenate([p.features for p in polygons])
    reads = np.repeat(np.arange(len(polygons)), [len(p) for p in polygons])
    # Each read gives a feature's polygons whole: those of the first read that has it stay.
    _, first, number = np.unique(features, return_index=True, return_inverse=True)
    kept = np.flatnonzero(reads == reads[first[number]])
    kept = kept[np.argsort(features[kept], kind="stable")]
    geometries = np.concatenate([p.geometries for p in polygons])
    class_ids = np.concatenate([p.class_ids for p in polygons])
    return ClassPolygons(geometries[kept], class_ids[kept], features[kept])
