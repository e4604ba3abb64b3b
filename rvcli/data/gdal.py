"""GDAL as this process uses it: bounded cache, quiet opening, errors that name the file."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import rasterio
from rasterio.errors import NotGeoreferencedWarning, RasterioError

from rvcli.errors import DataError
from rvcli.filesystem import is_local, resolve
from rvcli.profile import current

# Held for the life of the process: GDAL has one block cache, and an Env that ends would
# give it back its default size, a twentieth of the machine's memory.
_process_env: rasterio.Env | None = None

_REMOTE_OPTIONS = {
    # No listing of the directory for each file that is opened.
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    # What is opened again may have been written anew.
    "CPL_VSIL_CURL_NON_CACHED": "/vsis3/:/vsicurl/",
    "GDAL_HTTP_CONNECTTIMEOUT": "20",
    "GDAL_HTTP_MAX_RETRY": "3",
    "GDAL_HTTP_RETRY_DELAY": "1",
}


def limit_cache() -> None:
    """Bound GDAL's block cache for this process by the option GDAL.cache_mb.

    GDAL's own variable GDAL_CACHEMAX wins where it is set.
    """
    global _process_env
    if _process_env is not None or "GDAL_CACHEMAX" in os.environ:
        return
    cache_mb = current().get("GDAL", "cache_mb", default=128, parser=int)
    # Bytes here; the environment variable of this name counts megabytes.
    _process_env = rasterio.Env(GDAL_CACHEMAX=cache_mb << 20)
    _process_env.__enter__()


def gdal_options(uris: Iterable[str]) -> dict[str, str]:
    """Return the options that GDAL needs to read some files in place; none for local files."""
    options: dict[str, str] = {}
    for uri in uris:
        if not is_local(uri):
            options |= _REMOTE_OPTIONS
        options |= resolve(uri).gdal_options(uri)
    return options


def gdal_env(options: Mapping[str, str]) -> AbstractContextManager[Any]:
    """Return a context in which GDAL has these options."""
    limit_cache()
    environment: AbstractContextManager[Any] = rasterio.Env(**options) if options else nullcontext()
    return environment


def open_raster(path: str, uri: str | None = None, *, is_container: bool = False) -> Any:
    """Open a raster for reading.

    Args:
        path: as GDAL takes it.
        uri: names the raster in errors, where that is not its path.
        is_container: admit a file without bands that holds several rasters.

    Returns:
        A rasterio dataset, to be closed by the caller.

    Raises:
        DataError: it is missing, broken, or has no bands.
    """
    name = uri or path
    limit_cache()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            dataset = rasterio.open(path)
    except RasterioError as error:
        reason = str(error).removeprefix(f"{path}: ").replace(path, name)
        raise DataError(
            f"cannot open the image {name}: {reason}",
            hint="check that it exists, is readable and is an image that GDAL knows",
        ) from error
    if dataset.count == 0 and not is_container:
        names = [path.rpartition(":")[2].strip('/"') for path in dataset.subdatasets[:10]]
        dataset.close()
        raise DataError(
            f"the image {name} has no bands",
            hint=f"name one of its subdatasets with with_subdataset(...): {', '.join(names)}"
            if names
            else "check it with `gdalinfo`",
        )
    return dataset
