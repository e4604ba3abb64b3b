"""Areas of interest: polygons outside of which nothing is trained on or evaluated."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rvcli.core.box import Box

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from shapely.geometry.base import BaseGeometry

    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer
    from rvcli.data.vector_source.class_polygons import ClassPolygons
    from rvcli.data.vector_source.polygon_builder import Placement

log = logging.getLogger(__name__)

_AREA = 1  # areas have no class, but polygons do


def read_aoi_polygons(
    uri: str, crs_transformer: CRSTransformer, extent: Box | None = None
) -> list[BaseGeometry]:
    """Read areas of interest from a vector file.

    Args:
        uri: of a file with polygons: GeoJSON, in WGS 84 or the CRS of its `crs` member, or one
            with the extension of another vector format, such as .gpkg, .fgb or .shp.
        crs_transformer: of the image.
        extent: of the image; where it is given, areas that miss it are warned of.

    Returns:
        Polygons in pixel (x, y).

    Raises:
        DataError: the file is no vector file, or holds no polygon.
        NotReadableError: the file cannot be read.
    """
    from rvcli.data.vector_source.default import OGRVectorSourceDefaultProvider
    from rvcli.errors import DataError

    is_table = OGRVectorSourceDefaultProvider.handles(uri)
    polygons = (_of_table if is_table else _of_geojson)(uri, crs_transformer, extent)
    if not len(polygons):
        raise DataError(f"{uri} holds no polygon", hint="an area of interest is a polygon")
    if extent is not None and not len(polygons.touching(extent)):
        log.warning(
            "%s: no area of interest lies on the image; check its CRS, and that x is longitude and"
            " y latitude",
            uri,
        )
    return list(polygons.geometries)


def _of_geojson(uri: str, crs_transformer: CRSTransformer, extent: Box | None) -> ClassPolygons:
    from rvcli.data.vector_source.geojson_features import features_of
    from rvcli.data.vector_source.geojson_vector_source import read_geojson
    from rvcli.data.vector_source.polygon_builder import place_geojson
    from rvcli.data.vector_source.projection import crs_of_geojson

    geojson = read_geojson(uri)
    features = features_of(geojson, uri)
    placement = _placement(crs_transformer, crs_of_geojson(geojson, uri), extent)
    return place_geojson(features, [_AREA] * len(features), placement, uri)


def _of_table(uri: str, crs_transformer: CRSTransformer, extent: Box | None) -> ClassPolygons:
    """Read areas from a file that GDAL reads as a table of features."""
    import numpy as np

    from rvcli.data.vector_source.ogr_file import OGRFile
    from rvcli.data.vector_source.parts import parts_of_geometries
    from rvcli.data.vector_source.polygon_builder import place_parts
    from rvcli.errors import DataError

    file = OGRFile(uri)
    crs = file.description.crs
    if crs is None and crs_transformer.get_image_crs() is not None:
        raise DataError(
            f"{uri} does not say in which CRS its coordinates are",
            hint="a shapefile needs its .prj beside it; GeoJSON is in WGS 84",
        )
    table = file.read(names=())
    parts = parts_of_geometries(table.geometries, np.arange(len(table)), uri)
    placement = _placement(crs_transformer, crs, extent)
    return place_parts(parts, [_AREA] * len(table), placement, table.numbers)


def _placement(
    crs_transformer: CRSTransformer, source_crs: str | None, extent: Box | None
) -> Placement:
    from rvcli.data.vector_source.antimeridian import world_step
    from rvcli.data.vector_source.polygon_builder import Placement
    from rvcli.data.vector_source.projection import pixel_projector

    return Placement(
        pixel_projector(crs_transformer, source_crs),
        line_bufs={_AREA: None},
        point_bufs={_AREA: None},
        world_step=world_step(crs_transformer),
        extent=extent,
    )


def mask_outside(
    array: npt.NDArray[Any], window: Box, aoi_polygons: Sequence[BaseGeometry], fill: int = 0
) -> npt.NDArray[Any]:
    """Return an array with `fill` where the pixel's centre lies in no area of interest.

    Args:
        array: shape (height, width, ...), the pixels of the window. It is not changed.
        window: pixel coordinates, half-open.
        aoi_polygons: pixel (x, y); none at all means that everything counts.
        fill: value outside.
    """
    import numpy as np

    if not len(aoi_polygons):
        return array
    outside = outside_mask(window, aoi_polygons)
    if outside is None:
        return array
    masked = np.array(array)
    masked[outside[: array.shape[0], : array.shape[1]]] = fill
    return masked


def outside_mask(window: Box, aoi_polygons: Sequence[BaseGeometry]) -> npt.NDArray[np.bool_] | None:
    """Tell which pixels of a window lie outside all areas of interest.

    Returns:
        bool, shape (height, width), or None if the window lies within one area.
    """
    import numpy as np
    import shapely
    from affine import Affine
    from rasterio.features import geometry_mask

    areas = np.asarray(aoi_polygons, dtype=object)
    shapely.prepare(areas)  # in place, and only once
    frame = shapely.box(*window.shapely_format())
    near = areas[shapely.intersects(areas, frame)]
    shape = (window.get_height(), window.get_width())
    if not len(near):
        return np.ones(shape, dtype=np.bool_)
    if shapely.covers(near, frame).any():
        return None
    mask: npt.NDArray[np.bool_] = geometry_mask(
        near.tolist(), out_shape=shape, transform=Affine.translation(window.xmin, window.ymin)
    )
    return mask
