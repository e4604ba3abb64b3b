"""Coordinates between map and pixels, whole arrays at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
from affine import Affine

from rvcli.errors import DataError

if TYPE_CHECKING:
    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer

Coordinates: TypeAlias = npt.NDArray[np.float64]
Projector: TypeAlias = Callable[[Coordinates], Coordinates]

WGS_84 = "epsg:4326"


def pixel_projector(crs_transformer: CRSTransformer, source_crs: str | None = None) -> Projector:
    """Make a function from map coordinates to pixel coordinates.

    Pixel coordinates keep their fractions: (0, 0) is the upper left corner of the upper left
    pixel. What cannot be projected becomes inf.

    Args:
        crs_transformer: of the image.
        source_crs: CRS of the map coordinates; by default the transformer's map CRS.

    Returns:
        A function of float64 (x, y), shape (n, 2), that gives the same shape.

    Raises:
        DataError: source_crs is no CRS.
    """
    from rvcli.data.crs_transformer.rasterio_crs_transformer import RasterioCRSTransformer

    image_crs, affine = crs_transformer.get_image_crs(), crs_transformer.get_affine_transform()
    if source_crs is None or image_crs is None or affine is None:
        return crs_transformer.map_to_pixel_exact
    if type(crs_transformer) is RasterioCRSTransformer:
        return RasterioCRSTransformer(affine, image_crs, source_crs).map_to_pixel_exact
    # A plugin's transformer may do more than its affine transform says.
    to_map = RasterioCRSTransformer(
        Affine.identity(), crs_transformer.get_map_crs() or WGS_84, source_crs
    )
    return lambda xy: crs_transformer.map_to_pixel_exact(to_map.map_to_pixel_exact(xy))


def source_projector(crs_transformer: CRSTransformer, source_crs: str | None = None) -> Projector:
    """Make a function from pixel coordinates to those of a source: what pixel_projector undoes.

    Args:
        crs_transformer: of the image.
        source_crs: CRS of the source; by default the transformer's map CRS.
    """
    from rvcli.data.crs_transformer.rasterio_crs_transformer import RasterioCRSTransformer

    image_crs, affine = crs_transformer.get_image_crs(), crs_transformer.get_affine_transform()
    to_map = map_projector(crs_transformer)
    if source_crs is None or image_crs is None or affine is None:
        return to_map
    if type(crs_transformer) is RasterioCRSTransformer:
        return map_projector(RasterioCRSTransformer(affine, image_crs, source_crs))
    from_map = RasterioCRSTransformer(
        Affine.identity(), crs_transformer.get_map_crs() or WGS_84, source_crs
    )
    return lambda xy: map_projector(from_map)(to_map(xy))


def map_projector(crs_transformer: CRSTransformer) -> Projector:
    """Make a function from pixel coordinates to the transformer's map coordinates."""
    from rvcli.data.crs_transformer.identity_crs_transformer import IdentityCRSTransformer
    from rvcli.data.crs_transformer.rasterio_crs_transformer import RasterioCRSTransformer

    if type(crs_transformer) in (IdentityCRSTransformer, RasterioCRSTransformer):
        return lambda xy: np.asarray(crs_transformer.pixel_to_map(xy), dtype=np.float64)
    # A plugin's transformer need not take more than one point at a time.
    return lambda xy: np.array(
        [tuple(crs_transformer.pixel_to_map((x, y))) for x, y in xy.tolist()], dtype=np.float64
    ).reshape(-1, 2)


def crs_of_geojson(geojson: Mapping[str, Any], name: str) -> str | None:
    """Return the CRS that the `crs` member of old GeoJSON names, or None.

    See https://geojson.org/geojson-spec#named-crs; today's GeoJSON is in WGS 84.

    Raises:
        DataError: the member is there, but cannot be understood.
    """
    member = geojson.get("crs")
    if member is None:
        return None
    try:
        properties = member["properties"]
        if member["type"] == "name":
            return str(properties["name"])
        if member["type"].upper() == "EPSG":
            return f"EPSG:{int(properties['code'])}"
    except (KeyError, TypeError, ValueError, AttributeError):
        pass
    raise DataError(
        f"{name}: the member crs {member!r} cannot be understood",
        hint='write {"type": "name", "properties": {"name": "EPSG:3857"}}, or set the option crs',
    )
