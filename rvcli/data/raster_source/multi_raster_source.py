"""MultiRasterSource: several raster sources of one place, stacked as bands."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rvcli.core.box import Box
from rvcli.data.activate_mixin import ActivateMixin
from rvcli.data.crs_transformer.grid import grid_text
from rvcli.data.raster_source.raster_source import RasterSource
from rvcli.data.raster_source.resampling import GridReader
from rvcli.data.raster_transformer.values import cast_values
from rvcli.errors import DataError

if TYPE_CHECKING:
    import numpy.typing as npt
    from affine import Affine

    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer
    from rvcli.data.raster_transformer.raster_transformer import RasterTransformer

log = logging.getLogger(__name__)


class MultiRasterSource(ActivateMixin, RasterSource):
    """Several raster sources of one place, as one image with the channels of them all.

    The image has the extent and grid of one of them. The others are resampled to it where their
    grids differ; where they end it is 0. Each window reads its part of each file, and no more.

    The image's channels are those that the sources give, as their own channel orders and
    transformers make them: `get_raw_chip` has them, and statistics are of them.

    Args:
        raster_sources: in the order of their channels.
        primary: index of the one whose grid is that of the image; by default the one with the
            smallest pixels, of several of them the first.
        resampling: "nearest", "bilinear" or "average", one for all or one for each.
        channel_order: channels of a chip, counted over all sources; all by default.
        raster_transformers: applied to each chip of all channels, in order.
        dtype: of all channels before the transformers; by default one that holds them all.

    Raises:
        DataError: it cannot be said how their pixels lie on each other.
        ChannelOrderError: a channel is asked for that they do not have.
    """

    def __init__(
        self,
        raster_sources: Sequence[RasterSource],
        primary: int | None = None,
        resampling: str | Sequence[str] = "bilinear",
        channel_order: Sequence[int] | None = None,
        raster_transformers: Sequence[RasterTransformer] = (),
        dtype: str | None = None,
    ) -> None:
        self.raster_sources = list(raster_sources)
        count = len(self.raster_sources)
        methods = [resampling] * count if isinstance(resampling, str) else list(resampling)
        if not count or len(methods) != count or not -count <= (primary or 0) < count:
            raise DataError(
                f"a stack of {count} raster sources has {len(methods)} ways of resampling and"
                f" the grid of number {primary}",
                hint="give at least one source, one way for each, and count from 0",
            )
        self.primary = finest(self.raster_sources) if primary is None else primary % count
        self._dtype = None if dtype is None else np.dtype(dtype)
        grid = self.raster_sources[self.primary]
        self._readers = [
            _reader(source, grid, method, f"{i} (of {count})")
            for i, (source, method) in enumerate(zip(self.raster_sources, methods, strict=True))
        ]
        channels = sum(source.count_chip_channels() for source in self.raster_sources)
        super().__init__(channel_order, channels, raster_transformers)

    def get_extent(self) -> Box:
        """Return the extent of the primary source."""
        return self.raster_sources[self.primary].get_extent()

    def get_dtype(self) -> np.dtype[Any]:
        """Return the dtype of transformed chips."""
        return np.dtype(self._transform_pixel(self._raw_dtype()).dtype)

    def get_crs_transformer(self) -> CRSTransformer:
        """Return the transformer of the primary source."""
        return self.raster_sources[self.primary].get_crs_transformer()

    def get_name(self) -> str:
        """Return how messages call the image."""
        return f"the stack of {' and '.join(s.get_name() for s in self.raster_sources[:3])}" + (
            f" and {len(self.raster_sources) - 3} more" if len(self.raster_sources) > 3 else ""
        )

    def iter_blocks(self, max_pixels: int = 1 << 20) -> Iterator[Box]:
        """Yield windows that cover the extent once, along the blocks of the primary source."""
        return self.raster_sources[self.primary].iter_blocks(max_pixels)

    def _get_chip(self, window: Box) -> npt.NDArray[Any]:
        box = window.to_int()
        inside = box.intersection(self.get_extent())
        dtype = self._raw_dtype()
        shape = (self.num_channels, box.get_height(), box.get_width())
        chip = np.empty(shape, dtype) if inside == box else np.zeros(shape, dtype)
        if inside.get_area() > 0:
            y, x = inside.ymin - box.ymin, inside.xmin - box.xmin
            bands = chip[:, y : y + inside.get_height(), x : x + inside.get_width()]
            first = 0
            for reader in self._readers:
                part = np.moveaxis(reader.read(inside), -1, 0)
                bands[first : first + len(part)] = cast_values(part, dtype)
                first += len(part)
        return np.moveaxis(chip, 0, -1)

    def _raw_dtype(self) -> np.dtype[Any]:
        return self._dtype or np.result_type(*(s.get_dtype() for s in self.raster_sources))

    def _subcomponents_to_activate(self) -> list[Any]:
        return list(self.raster_sources)

    def _activate(self) -> None:
        """Nothing of the stack's own is held open."""

    def _deactivate(self) -> None:
        """Nothing of the stack's own is held open."""


def finest(sources: Sequence[RasterSource]) -> int:
    """Return the index of the source with the smallest pixels; the first of several.

    Raises:
        DataError: they are in different CRS.
    """
    systems = [source.get_crs_transformer().get_image_crs() for source in sources]
    if any(crs != systems[0] for crs in systems):
        raise DataError(
            "the raster sources of a stack are in different CRS: "
            + ", ".join(str(crs) for crs in systems),
            hint="say whose grid the stack has: with_primary(0) for the first",
        )
    areas = [
        float("inf") if affine is None else abs(affine.determinant)
        for affine in (source.get_crs_transformer().get_affine_transform() for source in sources)
    ]
    return areas.index(min(areas))


def _reader(source: RasterSource, grid: RasterSource, method: str, name: str) -> GridReader:
    """Make the reader of one source on the grid of the primary one.

    Raises:
        DataError: it cannot be said how their pixels lie on each other.
    """
    extent = grid.get_extent()
    to_source = _to_source(source, grid, name)
    reader = GridReader(source, to_source, (extent.get_height(), extent.get_width()), method)
    xs, ys = zip(
        *(to_source * corner for corner in ((0, 0), (extent.xmax, extent.ymax))), strict=True
    )
    own = source.get_extent()
    if max(xs) <= 0 or max(ys) <= 0 or min(xs) >= own.xmax or min(ys) >= own.ymax:
        log.warning("raster source %s lies nowhere on the grid of the stack: it is all 0", name)
    return reader


def _to_source(source: RasterSource, grid: RasterSource, name: str) -> Affine:
    """Return the affine transform from pixels of the grid to those of the source."""
    from affine import Affine

    own, other = source.get_crs_transformer(), grid.get_crs_transformer()
    own_affine, affine = own.get_affine_transform(), other.get_affine_transform()
    own_crs, crs = own.get_image_crs(), other.get_image_crs()
    if own_crs != crs:
        raise DataError(
            f"raster source {name} is not in the CRS of the stack: {grid_text(own)} is not"
            f" {grid_text(other)}",
            hint="let it be warped as it is read: with_crs(...) on the source with the CRS of"
            " the stack",
        )
    if own_affine is not None and affine is not None:
        to_source: Affine = ~own_affine * affine
        return to_source
    if own_affine is not affine or source.get_extent() != grid.get_extent():
        raise DataError(
            f"raster source {name} is {_size_text(source)} pixels, the stack {_size_text(grid)},"
            " and no georeference says how they lie on each other",
            hint="give both a georeference, or make them of one size",
        )
    return Affine.identity()


def _size_text(source: RasterSource) -> str:
    extent = source.get_extent()
    return f"{extent.get_height()} x {extent.get_width()}"
