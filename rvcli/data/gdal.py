"""GDAL as this process uses it: bounded cache, quiet opening, errors that name the file."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import rasterio
from rasterio.errors import NotGeoreferencedWarning, RasterioError

from rvcli.errors import DataError
from rvcli.profile import current

# Held for the life of the process: GDAL has one block cache, and an Env that ends would
# give it back its default size, a twentieth of the machine's memory.
_process_env: rasterio.Env | None = None


def limit_cache() -> None:
    """Bound GDAL's block cache for this process by the option GDAL.cache_mb.

    GDAL's own variable GDAL_CACHEMAX wins where it is set.
    """
    global _process_env
    if _process_env is not None:
        return
    options: dict[str, Any] = {}
    if "GDAL_CACHEMAX" not in os.environ:
        # Bytes here; the environment variable of this name counts megabytes.
        options["GDAL_CACHEMAX"] = current().get("GDAL", "cache_mb", default=256, parser=int) << 20
    _process_env = rasterio.Env(**options)
    _process_env.__enter__()


@contextmanager
def remote_access(path: str) -> Iterator[None]:
    """Set what GDAL needs to read `path` from S3 or HTTP; does nothing for a local path."""
    if not path.startswith("/vsi"):
        yield
        return
    with rasterio.Env(**remote_options(os.environ)):
        yield


def remote_options(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return GDAL's options for remote files, from the settings and the variables of boto3."""
    options: dict[str, Any] = {
        # No listing of the directory for each file that is opened.
        "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
        "GDAL_HTTP_MAX_RETRY": 3,
        "GDAL_HTTP_RETRY_DELAY": 1,
        "GDAL_HTTP_CONNECTTIMEOUT": 20,
    }
    if current().get("AWS_S3", "requester_pays", default=False):
        options["AWS_REQUEST_PAYER"] = "requester"
    endpoint = environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL")
    if endpoint and "AWS_S3_ENDPOINT" not in environ:
        address = urlsplit(endpoint)
        options["AWS_S3_ENDPOINT"] = address.netloc + address.path.rstrip("/")
        options["AWS_HTTPS"] = "YES" if address.scheme == "https" else "NO"
        options["AWS_VIRTUAL_HOSTING"] = "FALSE"
    return options


def open_raster(path: str, uri: str | None = None) -> Any:
    """Open a raster for reading.

    Args:
        path: as GDAL takes it.
        uri: names the raster in errors, where that is not its path.

    Returns:
        A rasterio dataset, to be closed by the caller.

    Raises:
        DataError: it is missing, broken, or has no bands.
    """
    name = uri or path
    limit_cache()
    try:
        with warnings.catch_warnings(), remote_access(path):
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            dataset = rasterio.open(path)
    except RasterioError as error:
        raise DataError(
            f"cannot open the image {name}: {error}",
            hint="check that it exists, is readable and is an image that GDAL knows",
        ) from error
    if dataset.count == 0:
        dataset.close()
        raise DataError(
            f"the image {name} has no bands",
            hint="name one of its subdatasets, as `gdalinfo` lists them",
        )
    return dataset
