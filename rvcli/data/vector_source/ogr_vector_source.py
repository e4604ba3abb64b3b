"""OGRVectorSource: vector labels in any file that GDAL reads."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rvcli.core.box import Box
from rvcli.data.vector_source.antimeridian import world_width
from rvcli.data.vector_source.buffers import widest
from rvcli.data.vector_source.class_inference import ClassInferenceOptions
from rvcli.data.vector_source.class_polygons import ClassPolygons
from rvcli.data.vector_source.feature_table import FeatureTable
from rvcli.data.vector_source.ogr_file import OGRFile
from rvcli.data.vector_source.polygon_blocks import KEPT_POLYGONS, PolygonBlocks
from rvcli.data.vector_source.polygon_builder import MAX_CLASS_ID
from rvcli.data.vector_source.projection import Projector, source_projector
from rvcli.data.vector_source.table_vector_source import TableVectorSource
from rvcli.data.vector_source.warnings_of_labels import warn_of_none
from rvcli.data.vector_source.window_bounds import Bounds, source_bounds
from rvcli.errors import DataError

if TYPE_CHECKING:
    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer

log = logging.getLogger(__name__)


class OGRVectorSource(TableVectorSource):
    """Vector labels in a file: GeoPackage, FlatGeobuf, Shapefile and others.

    What lies on the image is read through the index of the file. If the file has an index and
    more than 200,000 features, that is done in squares of the image, of which those last used
    are kept.
    """

    def __init__(
        self,
        uri: str,
        crs_transformer: CRSTransformer,
        line_bufs: Mapping[Any, Any] | None = None,
        point_bufs: Mapping[Any, Any] | None = None,
        class_inf_opts: ClassInferenceOptions | None = None,
        layer: str | None = None,
        where: str | None = None,
        **options: Any,
    ) -> None:
        """Make a source.

        Args:
            uri: of the file.
            crs_transformer, line_bufs, point_bufs, class_inf_opts, options: see VectorSource.
            layer: its name; may be left out if the file has one only.
            where: condition on properties, in SQL, that features must meet.
        """
        super().__init__(crs_transformer, line_bufs, point_bufs, class_inf_opts, **options)
        self.uri = uri
        self.file = OGRFile(uri, layer, where)
        self._blocks = PolygonBlocks(self._read_polygons)
        self._level = logging.WARNING

    def get_polygons(self, window: Box | None = None) -> ClassPolygons:
        """Return polygons that touch a window, see VectorSource; None means all on the image."""
        if window is None or self._is_kept:
            return super().get_polygons(window)
        return self._blocks.part(window)

    def get_pieces(self, window: Box) -> ClassPolygons:
        """Return polygons for drawing, see VectorSource."""
        return super().get_pieces(window) if self._is_kept else self._blocks.pieces(window)

    def max_class_id(self) -> int:
        """Return the largest class id, or that which may be where it would take too long."""
        return MAX_CLASS_ID if self._is_large else super().max_class_id()

    def warn_if_outside(self, extent: Box) -> None:
        """Warn if there are features, and none lies on the image."""
        if self.file.has_any(self._bounds(extent)):
            return
        count = self.file.description.count
        if not count:
            return
        if self.file.has_any(None):
            warn_of_none(self._name(), max(count, 1))
        elif self.file.where is not None:
            log.warning(
                "%s: none of the features meets the condition %r", self._name(), self.file.where
            )

    @property
    def _is_kept(self) -> bool:
        """True if all that lies on the image is, or is to be, read at once."""
        return self._kept is not None or not self._is_large

    @cached_property
    def _is_large(self) -> bool:
        description = self.file.description
        return description.is_indexed and description.count > KEPT_POLYGONS

    def _table(self, window: Box | None, names: Collection[str] | None) -> FeatureTable:
        return self.file.read(None if window is None else self._bounds(window), names)

    def _bounds(self, window: Box) -> list[Bounds] | None:
        """Return where features lie that may touch a window once they are buffered."""
        placed = self._placed
        width = max(widest(placed.line_bufs), widest(placed.point_bufs))
        margin_px = 1 + width / min(placed.buffer_unit_xy)
        to_source, world = self._to_source
        return source_bounds(
            window.make_eroded(-margin_px), to_source, world, self.file.description.bounds
        )

    @cached_property
    def _to_source(self) -> tuple[Projector, float | None]:
        """From pixels to the coordinates of the file; once around the world in these."""
        crs = self._source_crs()
        width = None if crs is None else world_width(crs)
        return source_projector(self.crs_transformer, crs), width

    def _source_crs(self) -> str | None:
        if self.crs_transformer.get_image_crs() is None:
            return None
        crs = self.crs or self.file.description.crs
        if crs is None:
            raise DataError(
                f"{self.uri} does not say in which CRS its coordinates are",
                hint='name it, as with_crs("EPSG:4326"); a shapefile needs its .prj beside it',
            )
        return crs

    def _read_polygons(self, window: Box | None, level: int | None = None) -> ClassPolygons:
        polygons = super()._read_polygons(window, self._level if level is None else level)
        # Of a large file the other squares, which have much the same to say, are told of softly.
        self._level = logging.INFO
        return polygons

    def _deactivate(self) -> None:
        super()._deactivate()
        self._blocks.clear()
        # The file may have changed when it is used again.
        self.file = OGRFile(self.uri, self.file.layer, self.file.where)
        for name in ("_is_large", "_placed", "_to_source"):
            self.__dict__.pop(name, None)

    def _name(self) -> str:
        return self.uri
