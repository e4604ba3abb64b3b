"""RasterizedSource: vector labels drawn into pixels, window by window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt
from affine import Affine
from rasterio.features import rasterize

from rvcli.core.box import Box
from rvcli.data.activate_mixin import ActivateMixin
from rvcli.data.gdal import limit_cache
from rvcli.data.raster_source.raster_source import RasterSource
from rvcli.errors import ConfigError

if TYPE_CHECKING:
    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer
    from rvcli.data.vector_source.class_polygons import ClassPolygons
    from rvcli.data.vector_source.vector_source import VectorSource


# Pixels that are drawn at once where windows come one beside the other: each drawing takes some
# time whatever is in it.
_AHEAD_PX = 1 << 20


class RasterizerOptions(Protocol):
    """How polygons are drawn.

    Attributes:
        background_class_id: class of pixels that no polygon covers; None is 0.
        all_touched: draw all pixels that a polygon touches, not only those whose centre it
            covers.
    """

    @property
    def background_class_id(self) -> int | None:  # noqa: D102
        ...

    @property
    def all_touched(self) -> bool:  # noqa: D102
        ...


def geoms_to_raster(
    str_tree: ClassPolygons, rasterizer_options: RasterizerOptions, window: Box, extent: Box
) -> npt.NDArray[Any]:
    """Draw polygons into one window; where they overlap the later feature wins.

    Args:
        str_tree: polygons with classes and their index, in pixel coordinates.
        rasterizer_options: background and rule of drawing.
        window: pixel coordinates, half-open.
        extent: of the image; pixels of the window outside it are 0.

    Returns:
        uint8 class ids, shape (height, width), or uint16 if an id is over 255.
    """
    dtype = _dtype(str_tree.max_class_id, rasterizer_options)
    return _draw(str_tree.divided.part(window), rasterizer_options, window, extent, dtype)


def _draw(
    polygons: ClassPolygons,
    rasterizer_options: RasterizerOptions,
    window: Box,
    extent: Box,
    dtype: np.dtype[Any],
) -> npt.NDArray[Any]:
    background = rasterizer_options.background_class_id or 0
    shape_hw = (window.get_height(), window.get_width())
    geometries, class_ids = polygons.pieces(window)
    if geometries:
        raster = rasterize(
            zip(geometries, class_ids, strict=True),
            out_shape=shape_hw,
            transform=Affine.translation(window.xmin, window.ymin),
            fill=background,
            all_touched=bool(rasterizer_options.all_touched),
            dtype=dtype.name,
        )
    else:
        raster = np.full(shape_hw, background, dtype=dtype)
    if background or geometries:
        _clear_outside(raster, window, extent)
    return np.asarray(raster)


def _clear_outside(raster: npt.NDArray[Any], window: Box, extent: Box) -> None:
    """Set the pixels of a window outside the extent to 0."""
    inside = window.intersection(extent)
    if inside == window:
        return
    top, left = inside.ymin - window.ymin, inside.xmin - window.xmin
    if inside.get_area() == 0:
        raster[:] = 0
        return
    raster[:top] = 0
    raster[top + inside.get_height() :] = 0
    raster[:, :left] = 0
    raster[:, left + inside.get_width() :] = 0


def _dtype(max_class_id: int, rasterizer_options: RasterizerOptions) -> np.dtype[Any]:
    highest = max(max_class_id, rasterizer_options.background_class_id or 0)
    return np.dtype(np.uint8 if highest <= 255 else np.uint16)


class RasterizedSource(ActivateMixin, RasterSource):
    """Draws the polygons of a vector source: one channel of class ids.

    The vector source reads on activation, or on first use without it, and lets go of what it
    read at the end; a window costs as much as what lies in it.
    """

    def __init__(
        self,
        vector_source: VectorSource,
        rasterizer_options: RasterizerOptions,
        extent: Box,
        crs_transformer: CRSTransformer,
    ) -> None:
        """Make a source.

        Args:
            vector_source: of the polygons.
            rasterizer_options: background class and rule of drawing.
            extent: of the image, pixel coordinates.
            crs_transformer: of the image.

        Raises:
            ConfigError: the background class id is none.
        """
        background = rasterizer_options.background_class_id or 0
        if not 0 <= background <= 65535:
            raise ConfigError(
                f"background_class_id is {background}", hint="class ids are from 0 to 65535"
            )
        limit_cache()  # which also spares GDAL to be set up anew for each window
        self.vector_source = vector_source
        self.rasterizer_options = rasterizer_options
        self.extent = extent
        self.crs_transformer = crs_transformer
        self._is_checked = False
        self._last: Box | None = None
        self._drawn: tuple[Box, npt.NDArray[Any]] | None = None
        super().__init__(channel_order=[0], num_channels=1)

    def get_extent(self) -> Box:
        """Return the extent of the image, pixel coordinates."""
        return self.extent

    def get_dtype(self) -> np.dtype[Any]:
        """Return uint8, or uint16 if a class id is, or may be, over 255."""
        return _dtype(self.vector_source.max_class_id(), self.rasterizer_options)

    def get_crs_transformer(self) -> CRSTransformer:
        """Return the transformer of the image."""
        return self.crs_transformer

    def _get_chip(self, window: Box) -> npt.NDArray[Any]:
        self._check()
        drawn = self._drawn
        if drawn is None or drawn[0].intersection(window) != window:
            area = self._with_what_follows(window)
            polygons = self.vector_source.get_pieces(area)
            options = self.rasterizer_options
            drawn = area, _draw(polygons, options, area, self.extent, self.get_dtype())
            self._drawn = drawn if self.is_active else None
        self._last = window
        area, raster = drawn
        y, x = window.ymin - area.ymin, window.xmin - area.xmin
        part = raster[y : y + window.get_height(), x : x + window.get_width()]
        return np.array(part[:, :, np.newaxis])

    def _with_what_follows(self, window: Box) -> Box:
        """Return what to draw: more than the window, if it lies beside the one before it."""
        last = self._last
        if (
            last is None
            or (last.ymin, last.ymax) != (window.ymin, window.ymax)
            or not last.xmin < window.xmin <= last.xmax
        ):
            return window
        end = min(window.xmin + _AHEAD_PX // window.get_height(), self.extent.xmax)
        return Box(window.ymin, window.xmin, window.ymax, max(window.xmax, end))

    def _check(self) -> None:
        if not self._is_checked:
            self.vector_source.warn_if_outside(self.extent)
            self._is_checked = True

    def _subcomponents_to_activate(self) -> list[Any]:
        return [self.vector_source]

    def _activate(self) -> None:
        self._check()

    def _deactivate(self) -> None:
        self._is_checked = False
        self._last = self._drawn = None
