"""Default raster sources for plain URIs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from rvcli import keys
from rvcli.data.raster_source.raster_source_config import RasterSourceConfig
from rvcli.filesystem import base_name

EXTENSIONS = (
    *(".tif", ".tiff", ".vrt", ".png", ".jpg", ".jpeg", ".jp2", ".j2k", ".img", ".dat"),
    *(".bil", ".bip", ".bsq", ".nc", ".nc4", ".hdf", ".hdf5", ".h5", ".grib", ".grib2", ".grb"),
    *(".grb2", ".grd", ".asc", ".hgt", ".dem", ".ntf", ".nitf", ".webp", ".bmp", ".gif", ".ecw"),
    *(".ers", ".mrf", ".pix", ".rst"),
)


class RasterSourceDefaultProvider(ABC):
    """Turns URIs of some kind into raster source configs."""

    @staticmethod
    @abstractmethod
    def handles(s: str) -> bool:
        """True if this provider understands the URI."""

    @abstractmethod
    def construct(self, s: str, channel_order: list[int] | None = None) -> Any:
        """Return a config that reads the URI."""


class RasterioSourceDefaultProvider(RasterSourceDefaultProvider):
    """Reads anything that has the extension of a raster format."""

    @staticmethod
    def handles(uri: str) -> bool:
        """True for extensions that GDAL reads."""
        return base_name(uri).lower().endswith(EXTENSIONS)

    @staticmethod
    def construct(uri: str, channel_order: list[int] | None = None) -> Any:
        """Return a rasterio source."""
        builder = RasterSourceConfig.builder(keys.RASTERIO_SOURCE).with_uri(uri)
        return builder.with_channel_order(channel_order).build()


class STACItemSourceDefaultProvider(RasterSourceDefaultProvider):
    """Reads the assets of a STAC item that are data."""

    @staticmethod
    def handles(uri: str) -> bool:
        """True for JSON, in which a raster can only be a STAC item."""
        return base_name(uri).lower().endswith((".json", ".geojson"))

    @staticmethod
    def construct(uri: str, channel_order: list[int] | None = None) -> Any:
        """Return a source of a STAC item."""
        builder = RasterSourceConfig.builder(keys.STAC_ITEM_SOURCE).with_uri(uri)
        return builder.with_channel_order(channel_order).build()
