"""Whether labels lie on the grid of the imagery."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rvcli.errors import DataError

if TYPE_CHECKING:
    from rvcli.core.box import Box
    from rvcli.data.raster_source.raster_source import RasterSource

# Grids whose corners lie nearer than this are one: resolutions are rounded when they are written.
_TOLERANCE_PX = 0.25
_HINT = "warp the labels to the grid of the image first, as with `gdalwarp -tr -te -r near`"


def check_grid(labels: RasterSource, extent: Box, crs_transformer: Any) -> None:
    """Check that each pixel of labels lies on the pixel of the image that it is read for.

    Where both have a georeference it decides, and labels may end before the image does; where one
    has none, their sizes have to agree.

    Args:
        labels: the label raster.
        extent: of the image, pixel coordinates.
        crs_transformer: of the image.

    Raises:
        DataError: the grids differ.
    """
    own = labels.get_crs_transformer()
    if own.get_image_crs() is None or crs_transformer.get_image_crs() is None:
        _check_size(labels.get_extent(), extent)
        return
    offset = _offset_px(own, crs_transformer, extent)
    if not offset <= _TOLERANCE_PX:
        raise DataError(
            f"the label raster is not on the grid of the image: it lies up to {offset:.6g} pixels"
            f" off (labels: {_grid(own)}; image: {_grid(crs_transformer)})",
            hint=_HINT,
        )


def _check_size(labels: Box, image: Box) -> None:
    if labels != image:
        raise DataError(
            f"the label raster is {labels.get_height()} x {labels.get_width()} pixels, the image"
            f" {image.get_height()} x {image.get_width()} (height x width), and no georeference"
            " says how they lie on each other",
            hint="give both a georeference, or make them of one size",
        )


def _offset_px(own: Any, other: Any, extent: Box) -> float:
    """Return how far the corners of the image lie from where the labels have them, in pixels."""
    import numpy as np

    corners = np.array(extent.geojson_coordinates()[:4], dtype=np.float64)
    affine, other_affine = own.get_affine_transform(), other.get_affine_transform()
    if affine is not None and other_affine is not None and _is_one_crs(own, other):
        # Not by way of the map: there may be none at the corners, as in whole-disc imagery.
        to_own = ~affine * other_affine
        moved = np.array([to_own * (x, y) for x, y in corners.tolist()])
    else:
        on_map = np.array([tuple(other.pixel_to_map((x, y))) for x, y in corners.tolist()])
        moved = own.map_to_pixel_exact(on_map)
    return float(np.abs(moved - corners).max())


def _is_one_crs(own: Any, other: Any) -> bool:
    return bool(own.get_image_crs() == other.get_image_crs())


def _grid(crs_transformer: Any) -> str:
    affine = crs_transformer.get_affine_transform()
    numbers = "unknown" if affine is None else ", ".join(f"{n:.9g}" for n in tuple(affine)[:6])
    return f"{crs_transformer.get_image_crs()} [{numbers}]"
