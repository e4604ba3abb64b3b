"""The areas of polygons on the ground."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from rvcli.data.vector_source.projection import WGS_84, source_projector

if TYPE_CHECKING:
    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer


def ground_areas(
    polygons: npt.NDArray[Any], crs_transformer: CRSTransformer
) -> npt.NDArray[np.float64]:
    """Return the areas of polygons: square metres on the ground, or square pixels.

    Args:
        polygons: shapely polygons in pixel (x, y), shape (n,), small beside the Earth: the size
            of the pixel at its centroid counts for all of a polygon.
        crs_transformer: of the image; if it has no georeference, areas are in pixels.
    """
    areas: npt.NDArray[np.float64] = shapely.area(polygons)
    if crs_transformer.get_image_crs() is None or not len(polygons):
        return areas
    centres = shapely.get_coordinates(shapely.centroid(polygons))
    to_degrees = source_projector(crs_transformer, WGS_84)
    origin, right, below = (
        to_degrees(centres + step).T for step in np.array([(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)])
    )
    geod = pyproj.Geod(ellps="WGS84")
    azimuth_right, _, width = geod.inv(*origin, *right)
    azimuth_below, _, height = geod.inv(*origin, *below)
    angle = np.radians(np.subtract(azimuth_below, azimuth_right))
    return np.asarray(areas * width * height * np.abs(np.sin(angle)))
