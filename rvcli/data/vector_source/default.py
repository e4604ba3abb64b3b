"""Default vector sources for plain URIs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from rvcli import keys
from rvcli.data.vector_source.tile_uri import is_mbtiles, is_template
from rvcli.data.vector_source.vector_source_config import VectorSourceConfig
from rvcli.filesystem import base_name

EXTENSIONS = (
    *(".gpkg", ".fgb", ".shp", ".zip", ".parquet", ".geoparquet", ".gml", ".kml", ".kmz"),
    *(".geojsonl", ".geojsons", ".topojson", ".gpx", ".dxf", ".tab", ".mif", ".sqlite"),
)


class VectorSourceDefaultProvider(ABC):
    """Turns URIs of some kind into vector source configs."""

    @staticmethod
    @abstractmethod
    def handles(s: str) -> bool:
        """True if this provider understands the URI."""

    @abstractmethod
    def construct(self, s: str) -> Any:
        """Return a config that reads the URI."""


class GeoJSONVectorSourceDefaultProvider(VectorSourceDefaultProvider):
    """Reads anything that is called .json or .geojson."""

    @staticmethod
    def handles(uri: str) -> bool:
        """True for the extensions of GeoJSON."""
        return base_name(uri).lower().endswith((".json", ".geojson"))

    @staticmethod
    def construct(uri: str) -> Any:
        """Return a GeoJSON source."""
        return VectorSourceConfig.builder(keys.GEOJSON_SOURCE).with_uri(uri).build()


class OGRVectorSourceDefaultProvider(VectorSourceDefaultProvider):
    """Reads anything that has the extension of a vector format."""

    @staticmethod
    def handles(uri: str) -> bool:
        """True for extensions that pyogrio reads."""
        return base_name(uri).lower().endswith(EXTENSIONS)

    @staticmethod
    def construct(uri: str) -> Any:
        """Return a source of features."""
        return VectorSourceConfig.builder(keys.OGR_SOURCE).with_uri(uri).build()


class VectorTileVectorSourceDefaultProvider(VectorSourceDefaultProvider):
    """Reads vector tiles: an .mbtiles file, or a URI with {z}, {x} and {y}."""

    @staticmethod
    def handles(uri: str) -> bool:
        """True for .mbtiles and for templates of tiles."""
        return is_mbtiles(uri) or is_template(uri)

    @staticmethod
    def construct(uri: str) -> Any:
        """Return a source of vector tiles.

        Raises:
            ConfigError: tiles by URI do not say their zoom, so the config has to be built.
        """
        return VectorSourceConfig.builder(keys.VECTOR_TILE_SOURCE).with_uri(uri).build()
