"""Polygons of predicted pixels: patches, without what is too small, simpler or as buildings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from rvcli.core.box import Box
from rvcli.data.label_store.buildings import footprints
from rvcli.data.label_store.mask_strips import ReadLabels, mask_strips
from rvcli.data.label_store.polygonize import Polygons, polygonize, simplified
from rvcli.data.label_store.vector_output_config import BUILDINGS, BuildingOptions, VectorOutput
from rvcli.data.vector_source.projection import WGS_84, source_projector

if TYPE_CHECKING:
    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer

_BUILDING_TOLERANCE_PX = 1.5


def vector_polygons(
    read: ReadLabels, extent: Box, crs_transformer: CRSTransformer, output: VectorOutput
) -> Iterator[Polygons]:
    """Yield the polygons of one class, some at a time.

    Args:
        read: gives the class ids of a window, shape (height, width).
        extent: of the image, from (0, 0), in pixels.
        crs_transformer: of the image; tells how large pixels are on the ground.
        output: which class, and what polygons.

    Yields:
        shapely polygons, shape (n,), in pixel (x, y).
    """
    options = output.building_options or BuildingOptions()
    strips = mask_strips(read, extent, output.class_id, output.denoise)
    for patches in polygonize(strips):
        areas = ground_areas(patches, crs_transformer)
        kept = areas >= output.min_area
        polygons, areas = patches[kept], areas[kept]
        if not len(polygons):
            continue
        if output.mode == BUILDINGS:
            tolerance = _BUILDING_TOLERANCE_PX if output.simplify is None else output.simplify
            polygons = footprints(polygons, areas, options, tolerance)
            # Of a cluster that was taken apart there may be crumbs.
            polygons = polygons[ground_areas(polygons, crs_transformer) >= output.min_area]
        elif output.simplify:
            polygons = simplified(polygons, output.simplify)
        yield polygons


def ground_areas(polygons: Polygons, crs_transformer: CRSTransformer) -> npt.NDArray[np.float64]:
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
