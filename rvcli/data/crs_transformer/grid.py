"""Grids: where the pixels of an image lie, and whether those of another lie there, too."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyproj

from rvcli.data.crs_transformer.identity_crs_transformer import IdentityCRSTransformer
from rvcli.data.crs_transformer.rasterio_crs_transformer import RasterioCRSTransformer
from rvcli.errors import DataError

if TYPE_CHECKING:
    from affine import Affine

    from rvcli.core.box import Box
    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer

log = logging.getLogger(__name__)

# Grids whose corners lie nearer than this are one: resolutions are rounded when they are written.
MAX_OFFSET_PX = 0.25


def crs_transformer_of(dataset: Any, name: str) -> CRSTransformer:
    """Make the transformer of an open rasterio dataset; one that changes nothing without CRS.

    Nor does it with a CRS that says nothing of the Earth, or with ground control points: both
    are warned of.

    Args:
        dataset: open rasterio dataset.
        name: of the image, for messages.
    """
    if dataset.crs and not _is_local(dataset.crs):
        return RasterioCRSTransformer.from_dataset(dataset)
    if dataset.crs:
        log.warning(
            "the image %s is in a CRS of its own that says nothing of the Earth, %s: it counts as"
            " not georeferenced",
            name,
            dataset.crs,
        )
    elif dataset.gcps[0]:
        log.warning(
            "the image %s has ground control points, which are not used: it counts as not"
            " georeferenced; warp it first, as with `gdalwarp`",
            name,
        )
    transform = None if dataset.transform.is_identity else dataset.transform
    return IdentityCRSTransformer(transform=transform)


def shift_in_pixels(dataset: Any, x_meters: float, y_meters: float, name: str) -> tuple[int, int]:
    """Return a shift on the ground as whole pixels (x, y), measured at the image's centre.

    Args:
        dataset: open rasterio dataset.
        x_meters: to the east.
        y_meters: to the north.
        name: of the image, for messages.

    Raises:
        DataError: the image has no georeference.
    """
    if not x_meters and not y_meters:
        return 0, 0
    if not dataset.crs or _is_local(dataset.crs):
        raise DataError(
            f"the image {name} has no georeference: it cannot be shifted by metres",
            hint="leave out with_shifts",
        )
    transformer = RasterioCRSTransformer.from_dataset(dataset)
    centre_x, centre_y = dataset.width / 2, dataset.height / 2
    lon, lat = transformer.pixel_to_map((centre_x, centre_y))
    geod = pyproj.Geod(ellps="WGS84")
    azimuth = np.degrees(np.arctan2(x_meters, y_meters))
    lon, lat, _ = geod.fwd(lon, lat, azimuth, np.hypot(x_meters, y_meters))
    [[x, y]] = transformer.map_to_pixel_exact([(lon, lat)])
    return round(x - centre_x), round(y - centre_y)


def offset_px(own: Any, other: Any, extent: Box) -> float | None:
    """Return how far one grid lies from another, in its pixels, at the corners of an extent.

    Args:
        own: CRSTransformer of the one.
        other: CRSTransformer of the other.
        extent: of the other, pixel coordinates.

    Returns:
        None if one of them has no georeference; nan or infinity where that cannot be said.
    """
    if own.get_image_crs() is None or other.get_image_crs() is None:
        return None
    affine, other_affine = own.get_affine_transform(), other.get_affine_transform()
    if affine is not None and other_affine is not None and _is_one_crs(own, other):
        # Not by way of the map: there may be none at the corners, as in whole-disc imagery.
        return affine_offset_px(affine, other_affine, extent)
    corners = _corners(extent)
    on_map = np.array([tuple(other.pixel_to_map((x, y))) for x, y in corners.tolist()])
    return float(np.abs(own.map_to_pixel_exact(on_map) - corners).max())


def affine_offset_px(own: Affine, other: Affine, extent: Box) -> float:
    """Return how far one grid lies from another of the same CRS, as `offset_px` does."""
    corners = _corners(extent)
    to_own = ~own * other
    moved = np.array([to_own * (x, y) for x, y in corners.tolist()])
    return float(np.abs(moved - corners).max())


def grid_text(crs_transformer: Any) -> str:
    """Return CRS and affine transform, for messages."""
    affine = crs_transformer.get_affine_transform()
    numbers = "unknown" if affine is None else ", ".join(f"{n:.9g}" for n in tuple(affine)[:6])
    return f"{crs_transformer.get_image_crs()} [{numbers}]"


def _is_local(crs: Any) -> bool:
    """Tell whether a CRS is that of a building site or a drawing, in GDAL's words LOCAL_CS."""
    return pyproj.CRS.from_user_input(crs.to_wkt()).type_name == "Engineering CRS"


def _corners(extent: Box) -> npt.NDArray[np.float64]:
    return np.array(extent.geojson_coordinates()[:4], dtype=np.float64)


def _is_one_crs(own: Any, other: Any) -> bool:
    return bool(own.get_image_crs() == other.get_image_crs())
