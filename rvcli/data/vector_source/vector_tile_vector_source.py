"""VectorTileVectorSource: vector labels in Mapbox vector tiles."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from affine import Affine

from rvcli.core.box import Box
from rvcli.data.crs_transformer.rasterio_crs_transformer import RasterioCRSTransformer
from rvcli.data.vector_source.class_inference import ClassInferenceOptions
from rvcli.data.vector_source.feature_table import FeatureTable
from rvcli.data.vector_source.geojson_features import features_of
from rvcli.data.vector_source.projection import pixel_projector, source_projector
from rvcli.data.vector_source.table_vector_source import TableVectorSource
from rvcli.data.vector_source.tile_grid import CRS, WIDTH_M, Tile, on_image, tiles_over
from rvcli.data.vector_source.tile_set import TileSet, open_tiles, read_tile
from rvcli.data.vector_source.vector_tile import TileFeatures, decode_tile, merged
from rvcli.data.vector_source.window_bounds import source_bounds
from rvcli.errors import DataError

if TYPE_CHECKING:
    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer

log = logging.getLogger(__name__)

# How far tiles may move a position: somewhat over half a unit of the coarsest in use, 512 a side.
_ROUNDING = 1 / 500

# A grid whose pixels are degrees.
_DEGREES = RasterioCRSTransformer(Affine.identity(), "EPSG:4326")


def merge_geojson(geojson: Mapping[str, Any], id_field: str) -> dict[str, Any]:
    """Put the pieces of features together that were cut at the edges of tiles.

    Args:
        geojson: a FeatureCollection. Pieces of one feature have the same id, and the same layer
            where they say so; its properties are those of the first.
        id_field: the property that holds ids; features without it stay as they are.
    """
    pieces = TileFeatures()
    for feature in features_of(geojson, "GeoJSON"):
        pieces.geometries.append(shapely.geometry.shape(feature["geometry"]))
        pieces.properties.append(dict(feature.get("properties") or {}))
    return _collection(merged(pieces, id_field)[0])


def get_tile_features(tile_uri: str, z: int, x: int, y: int) -> list[dict[str, Any]]:
    """Return the features of one tile as GeoJSON in WGS 84; of a tile that is missing, none.

    Args:
        tile_uri: of the tile.
        z: zoom.
        x: column from the west.
        y: row from the north.

    Raises:
        DataError: it is no vector tile.
        NotReadableError: it cannot be read.
    """
    data = read_tile(tile_uri)
    found = decode_tile(data, Tile(z, x, y), tile_uri) if data else TileFeatures()
    features: list[dict[str, Any]] = _collection(_in_wgs_84(found))["features"]
    return features


def vector_tile_to_geojson(uri: str, zoom: int, map_extent: Box) -> dict[str, Any]:
    """Return the features of tiles as GeoJSON in WGS 84, cut at the edges of the tiles.

    Args:
        uri: with {z}, {x} and {y}, or of an .mbtiles file.
        zoom: of the tiles.
        map_extent: in degrees, longitude is x: tiles that meet it are read.

    Raises:
        DataError: the extent reaches beyond Web Mercator.
    """
    tiles = open_tiles(uri, zoom)
    return _collection(_in_wgs_84(_read(tiles, _tiles_on(_DEGREES, map_extent, tiles.zoom))))


class VectorTileVectorSource(TableVectorSource):
    """Vector labels in Mapbox vector tiles, of which those on the image are read.

    The layer of a feature is its property `@layer`, its id in the tile `$id`.
    """

    def __init__(
        self,
        uri: str,
        zoom: int | None,
        id_field: str,
        crs_transformer: CRSTransformer,
        extent: Box,
        line_bufs: Mapping[Any, Any] | None = None,
        point_bufs: Mapping[Any, Any] | None = None,
        class_inf_opts: ClassInferenceOptions | None = None,
        **options: Any,
    ) -> None:
        """Make a source.

        Args:
            uri: with {z}, {x} and {y}, or of an .mbtiles file.
            zoom: of the tiles; None is the highest of an .mbtiles file.
            id_field: the property that pieces of one feature share; `$id` for the ids of the
                tiles themselves.
            crs_transformer, line_bufs, point_bufs, class_inf_opts, options: see VectorSource.
            extent: of the image, pixel coordinates.
        """
        super().__init__(
            crs_transformer, line_bufs, point_bufs, class_inf_opts, extent=extent, **options
        )
        self.uri = uri
        self.zoom = zoom
        self.id_field = id_field

    def warn_if_outside(self, extent: Box) -> None:
        """Warn if there is nothing on the image."""
        if not len(self.get_polygons().part(extent)):
            log.warning(
                "%s: no tile of zoom %d holds a label on the image", self.uri, self._tiles.zoom
            )

    @cached_property
    def _tiles(self) -> TileSet:
        return open_tiles(self.uri, self.zoom)

    def _table(self, window: Box | None, names: Collection[str] | None) -> FeatureTable:
        if window is None or self.crs_transformer.get_image_crs() is None:
            raise DataError(
                f"{self.uri}: vector tiles need an image with a georeference",
                hint="georeference the image, or use labels in a file",
            )
        tiles = _tiles_on(self.crs_transformer, window, self._tiles.zoom)
        tolerance = WIDTH_M / 2**self._tiles.zoom * _ROUNDING
        features, without = merged(_read(self._tiles, tiles), self.id_field, tolerance)
        if without and len(tiles) > 1:
            log.warning(
                "%s: %d x feature without %r: pieces cut at the edges of tiles stay apart",
                self.uri,
                without,
                self.id_field,
            )
        return features.table()

    def _source_crs(self) -> str | None:
        return CRS

    def _name(self) -> str:
        return self.uri


def _tiles_on(crs_transformer: CRSTransformer, extent: Box, zoom: int) -> list[Tile]:
    """List the tiles that lie on an image."""
    around = source_bounds(extent, source_projector(crs_transformer, CRS), WIDTH_M, None)
    if around is None:
        raise DataError(
            f"the image {extent} reaches beyond Web Mercator, in which vector tiles are",
            hint="cut off what lies beyond 85 degrees north or south",
        )
    to_pixel = pixel_projector(crs_transformer, CRS)
    return [tile for tile in tiles_over(around[0], zoom) if on_image(tile, to_pixel, extent)]


def _read(tiles: TileSet, chosen: Sequence[Tile]) -> TileFeatures:
    log.info("%s: reading %d tiles of zoom %d", tiles.uri, len(chosen), tiles.zoom)
    features = TileFeatures()
    for tile, data in tiles.read(chosen):
        features.add(decode_tile(data, tile, f"{tile.z}/{tile.x}/{tile.y} of {tiles.uri}"))
    return features


def _in_wgs_84(features: TileFeatures) -> TileFeatures:
    geometries = np.array([*features.geometries, None], dtype=object)[:-1]
    to_degrees = pixel_projector(_DEGREES, CRS)
    moved = shapely.transform(geometries, to_degrees)
    return TileFeatures(moved.tolist(), features.properties)


def _collection(features: TileFeatures) -> dict[str, Any]:
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": own, "geometry": shapely.geometry.mapping(geometry)}
            for geometry, own in zip(features.geometries, features.properties, strict=True)
        ],
    }
