"""Files of imagery, opened: in place or after a download, part of a container, warped."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
from rasterio._err import CPLE_BaseError
from rasterio.crs import CRS
from rasterio.enums import ColorInterp, Resampling
from rasterio.errors import CRSError, RasterioError
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window

from rvcli.data.gdal import open_raster
from rvcli.data.raster_source.window_reader import has_mask, nodata_value
from rvcli.errors import ConfigError, DataError, nearest
from rvcli.filesystem import is_local, resolve, shown, to_path
from rvcli.utils.files import download_if_needed

log = logging.getLogger(__name__)

# Images that were warned of: they are opened more than once.
_told: set[str] = set()

# Formats of which a window can be read without the rest of the file.
_WINDOWED_DRIVERS = {"COG", "GTiff", "JP2OpenJPEG", "VRT"}

# GDAL measures the scale of a warp, and bends its lines, for each window by itself, so that
# windows would not meet. Pixels keep their size: the scale is 1.
_SEAMLESS = {"XSCALE": "1", "YSCALE": "1", "tolerance": 0.0001}


def readable_path(uri: str, temp_dir: str, subdataset: str | None = None) -> str:
    """Return what GDAL opens for a URI; what cannot be read in place is downloaded.

    Args:
        uri: of a file.
        temp_dir: where downloads go.
        subdataset: name of the one to read, where the file holds several rasters.

    Raises:
        DataError: the file has no such subdataset.
    """
    path = _path_of_file(uri, temp_dir)
    return path if subdataset is None else _path_of_subdataset(path, subdataset, shown(uri))


def _path_of_file(uri: str, temp_dir: str) -> str:
    if is_local(uri):
        return str(to_path(uri))
    path = resolve(uri).gdal_path(uri)
    if path is not None and _reads_in_place(path):
        return path
    return download_if_needed(uri, temp_dir)


def _reads_in_place(path: str) -> bool:
    """Tell whether windows can be read through GDAL: some servers give whole files only."""
    try:
        with open_raster(path) as dataset:
            if dataset.driver not in _WINDOWED_DRIVERS:
                return False
            dataset.read(1, window=Window(0, 0, 1, 1))
    except (DataError, RasterioError):
        return False
    return True


def _path_of_subdataset(path: str, name: str, shown_uri: str) -> str:
    with open_raster(path, shown_uri, is_container=True) as container:
        paths: list[str] = list(container.subdatasets)
    ends = (f":{name}", f"/{name}")
    found = [p for p in paths if p.replace('"', "").endswith(ends)]
    if len(found) != 1:
        names = [p.rpartition(":")[2].strip('/"') for p in paths]
        near = nearest(name, names)
        raise DataError(
            f"the image {shown_uri} has no subdataset {name!r}",
            hint=f"did you mean {near!r}?" if near else f"there are: {', '.join(names[:10])}",
        )
    return found[0]


def open_warped(
    path: str, name: str, crs: str | None, resampling: str, nodata: float | None
) -> Any:
    """Open a raster, in another CRS where one is given.

    Args:
        path: as GDAL takes it.
        name: of the image, for messages.
        crs: that it is warped to as it is read, in any form that rasterio takes.
        resampling: "nearest", "bilinear" or "average".
        nodata: value of pixels without data, where the raster declares none.

    Returns:
        A rasterio dataset, to be closed by the caller with `close_warped`.

    Raises:
        DataError: it cannot be opened, has complex pixels, or cannot be warped.
        ConfigError: there is no such CRS.
    """
    dataset = open_raster(path, name)
    check_real(dataset.dtypes, name)
    if crs is None:
        return dataset
    try:
        target = CRS.from_user_input(crs)
    except CRSError as error:
        dataset.close()
        raise ConfigError(f"no CRS {crs!r}: {error}", hint="name it as EPSG:32637") from error
    if dataset.crs == target:
        return dataset
    if not dataset.crs:
        dataset.close()
        raise DataError(
            f"the image {name} has no georeference: it cannot be warped to {crs}",
            hint="leave out with_crs",
        )
    try:
        return WarpedVRT(
            dataset,
            crs=target,
            resampling=Resampling[resampling],
            **_SEAMLESS,
            **_nodata_options(dataset, nodata),
        )
    except (RasterioError, CPLE_BaseError) as error:
        raise DataError(
            f"the image {name}, in {dataset.crs}, cannot be warped to {crs}",
            hint="is that CRS meant for the place where the image lies?",
        ) from error


def check_real(dtypes: Sequence[str], name: str) -> None:
    """Check that no band of an image has complex pixels.

    Raises:
        DataError: one has.
    """
    # By name: numpy has no complex integers.
    found = [dtype for dtype in dtypes if dtype.startswith("complex")]
    if found:
        raise DataError(
            f"the image {name} has complex pixels ({found[0]})",
            hint="write what is to be learned from as bands of its own, such as the amplitude",
        )


def warn_of_imagery_in_alpha(dataset: Any, name: str) -> None:
    """Warn if the fourth of four bands counts as alpha, but looks like imagery."""
    if name not in _told and has_imagery_in_alpha(dataset):
        _told.add(name)
        log.warning(
            "the fourth band of %s counts as alpha, and is not read, but looks like imagery: if it"
            " is, name all bands, with_channel_order([0, 1, 2, 3])",
            name,
        )


def has_imagery_in_alpha(dataset: Any) -> bool:
    """Tell whether the fourth of four bands counts as alpha, but looks like imagery.

    GDAL takes it for alpha when it writes four bands of uint8, which often are those of red,
    green, blue and near infrared. Transparency is 0 or 255 nearly everywhere.
    """
    if dataset.dtypes != ("uint8",) * 4 or dataset.colorinterp[3] != ColorInterp.alpha:
        return False
    y, x = (max(0, side // 2 - 128) for side in dataset.shape)
    window = Window(x, y, min(256, dataset.width), min(256, dataset.height))
    values = dataset.read(4, window=window)
    return bool(np.mean((values > 0) & (values < 255)) > 0.5)


def _nodata_options(dataset: Any, nodata: float | None) -> dict[str, Any]:
    """Say which pixels a warp leaves out: a mask knows it, else 0 is without data."""
    if has_mask(dataset):
        return {}
    declared = next((v for v in dataset.nodatavals if v is not None), nodata)
    is_nan = declared is not None and np.isnan(declared)
    dtype = np.dtype(dataset.dtypes[0])
    if declared is None or (not is_nan and nodata_value(declared, dtype) is None):
        declared = 0
    return {"src_nodata": declared, "nodata": declared}


def close_warped(dataset: Any) -> None:
    """Close what `open_warped` opened, and the file behind it."""
    behind = getattr(dataset, "src_dataset", None)
    dataset.close()
    if behind is not None:
        behind.close()
