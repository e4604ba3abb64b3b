"""Whether labels lie on the grid of the imagery."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rvcli.data.crs_transformer.grid import MAX_OFFSET_PX, grid_text, offset_px
from rvcli.errors import DataError

if TYPE_CHECKING:
    from rvcli.core.box import Box
    from rvcli.data.raster_source.raster_source import RasterSource


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
    offset = offset_px(own, crs_transformer, extent)
    if offset is None:
        _check_size(labels, extent)
    elif not offset <= MAX_OFFSET_PX:
        raise DataError(
            f"{labels.get_name()} holds labels, but is not on the grid of the imagery: it lies up"
            f" to {offset:.6g} pixels off (labels: {grid_text(own)}; imagery:"
            f" {grid_text(crs_transformer)})",
            hint="warp the labels to the grid of the image first, as with"
            " `gdalwarp -tr -te -r near`",
        )


def _check_size(labels: RasterSource, image: Box) -> None:
    own = labels.get_extent()
    if own != image:
        raise DataError(
            f"{labels.get_name()} holds labels and is {own.get_height()} x {own.get_width()} pixels"
            f" large, the imagery {image.get_height()} x {image.get_width()} (height x width), and"
            " no georeference says how they lie on each other",
            hint="give both a georeference, or make them of one size",
        )
