"""GDAL as this process uses it: bounded cache, quiet opening, errors that name the file."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import rasterio
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.session import Session

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
    "CPL_VSIL_CURL_NON_CACHED": "/vsis3/:/vsicurl/:/vsigs/:/vsiaz/:/vsiadls/:/vsiwebhdfs/",
    "GDAL_HTTP_CONNECTTIMEOUT": "10",
    # A connection over which nothing comes is given up, as curl has it: bytes a second.
    "GDAL_HTTP_LOW_SPEED_LIMIT": "1",
    "GDAL_HTTP_LOW_SPEED_TIME": "60",
    # For what passes, such as 429, 500, 502, 503, 504 and connections that are reset.
    "GDAL_HTTP_MAX_RETRY": "4",
    "GDAL_HTTP_RETRY_DELAY": "0.5",
}
# What rasterio takes from a session only.
_CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")

# Credentials of a session last longer than this once they are given out: boto3 renews them
# ten minutes before they expire.
REFRESH_S = 60.0


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


class GdalOptions:
    """The options for some URIs, asked for anew from time to time: credentials expire."""

    def __init__(self, uris: Iterable[str]) -> None:
        self._uris = [uri for uri in uris if not is_local(uri)]
        self._options: dict[str, str] = {}
        self._asked_s = -REFRESH_S

    @property
    def is_remote(self) -> bool:
        """Whether any of the URIs is not local."""
        return bool(self._uris)

    def current(self) -> dict[str, str]:
        """Return the options as they are now."""
        if self._uris and time.monotonic() - self._asked_s >= REFRESH_S:
            self._options = gdal_options(self._uris)
            self._asked_s = time.monotonic()
        return self._options


class _Given(Session):  # type: ignore[misc]
    """Credentials that were found elsewhere."""

    def __init__(self, options: Mapping[str, str]) -> None:
        self._options = options

    def get_credential_options(self) -> dict[str, str]:
        """Return them as GDAL's options."""
        return dict(self._options)


def gdal_env(options: Mapping[str, str]) -> AbstractContextManager[Any]:
    """Return a context in which GDAL has these options."""
    limit_cache()
    if not options:
        return nullcontext()
    credentials = {name: options[name] for name in _CREDENTIALS if name in options}
    others = {name: value for name, value in options.items() if name not in credentials}
    # With a session of its own, rasterio makes none of boto3's each time.
    environment: AbstractContextManager[Any] = rasterio.Env(_Given(credentials), **others)
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
