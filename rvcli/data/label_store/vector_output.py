"""Polygons of predicted pixels: patches, without what is too small, simpler or as buildings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rvcli.core.box import Box
from rvcli.data.label_store.buildings import footprints
from rvcli.data.label_store.mask_strips import ReadLabels, mask_strips
from rvcli.data.label_store.polygonize import Polygons, polygonize, simplified
from rvcli.data.label_store.vector_output_config import BUILDINGS, BuildingOptions, VectorOutput
from rvcli.data.vector_source.ground_areas import ground_areas

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
