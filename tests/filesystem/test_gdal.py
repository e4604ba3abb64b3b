"""GDAL reads S3 and HTTP files in place, by the paths and options of their file systems."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.io import MemoryFile

from rvcli.filesystem import resolve
from rvcli.filesystem.s3_filesystem import S3FileSystem

_PIXELS = np.arange(64, dtype=np.uint8).reshape(1, 8, 8)


@pytest.fixture
def tiff() -> bytes:
    """Give the bytes of a small GeoTIFF."""
    with MemoryFile() as file:
        with file.open(
            driver="GTiff", width=8, height=8, count=1, dtype="uint8",
            crs="EPSG:32633", transform=rasterio.Affine(1, 0, 5e5, 0, -1, 5e6),
        ) as dataset:  # fmt: skip
            dataset.write(_PIXELS)
        return bytes(file.read())


def _read(uri: str) -> Any:
    fs = resolve(uri)
    with rasterio.Env(**fs.gdal_options(uri)), rasterio.open(fs.gdal_path(uri)) as dataset:
        return dataset.read()


def test_s3_in_place(s3_root: str, tiff: bytes) -> None:
    """An object is read through /vsis3 from the endpoint of the environment."""
    uri = f"{s3_root}/a b/ü.tif"
    S3FileSystem.write_bytes(uri, tiff)
    np.testing.assert_array_equal(_PIXELS, _read(uri))


@pytest.mark.parametrize("query", ["", "?key=a b"])
def test_http_in_place(web_server: Any, tiff: bytes, query: str) -> None:
    """A file is read through /vsicurl, with blanks and a query in its URL."""
    web_server.files["/a b/ü.tif"] = tiff
    np.testing.assert_array_equal(_PIXELS, _read(f"{web_server.url}/a b/ü.tif{query}"))
