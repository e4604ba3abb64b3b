"""What an image is, as far as a new project needs to know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rvcli.errors import DataError, MissingDependencyError

# Of a raster of labels so many pixels are looked at, along each side.
_MOST_LOOKED_AT = 512


@dataclass(frozen=True)
class Image:
    """An image; without what reads it, only its URI is known.

    Attributes:
        uri: where it is.
        width: in pixels; 0 if not known.
        height: in pixels; 0 if not known.
        bands: how many hold imagery, alpha not counted; 0 if not known.
        dtype: of its pixels.
        crs: as text; None where it is not georeferenced.
        pixel_m: size of a pixel on the ground in metres, None if not known.
        hidden_band: the fourth band is called alpha, but looks like imagery.
        grid: the CRS transformer between pixels and WGS 84; None if not known.
    """

    uri: str
    width: int = 0
    height: int = 0
    bands: int = 0
    dtype: str = ""
    crs: str | None = None
    pixel_m: float | None = None
    hidden_band: bool = False
    grid: Any = None

    @property
    def is_known(self) -> bool:
        """Whether it was looked at."""
        return self.width > 0

    def __str__(self) -> str:
        if not self.is_known:
            return self.uri
        plural = "" if self.bands == 1 else "s"
        size = f"{self.width} x {self.height} pixels"
        if self.pixel_m is not None:
            size += f" of {_metres(self.pixel_m)}"
        place = self.crs or "not georeferenced"
        return f"{self.uri}: {size}, {self.bands} band{plural} of {self.dtype}, {place}"


def look_at_image(uri: str, tmp_dir: str) -> Image:
    """Return what an image is.

    Args:
        uri: of the image.
        tmp_dir: where a remote file that cannot be read in place is put.

    Raises:
        DataError: it cannot be read.
    """
    try:
        import rasterio  # noqa: F401
    except ImportError:
        return Image(uri)
    from rvcli.data.crs_transformer.grid import crs_transformer_of
    from rvcli.data.gdal import gdal_env, gdal_options, open_raster
    from rvcli.data.raster_source.opening import has_imagery_in_alpha, readable_path

    with (
        gdal_env(gdal_options([uri])),
        open_raster(readable_path(uri, tmp_dir), uri) as dataset,
    ):
        hidden = has_imagery_in_alpha(dataset)
        colours = [colour.name for colour in dataset.colorinterp]
        bands = len(colours) if hidden else len([c for c in colours if c != "alpha"])
        grid = crs_transformer_of(dataset, uri)
        return Image(
            uri,
            dataset.width,
            dataset.height,
            bands,
            dataset.dtypes[0],
            _crs_name(dataset.crs) if grid.get_image_crs() is not None else None,
            _pixel_m(grid, dataset.width, dataset.height),
            hidden,
            grid,
        )


def look_at_values(uri: str, tmp_dir: str) -> Any:
    """Return the values of a raster of labels, thinned out, shape (rows, columns).

    Raises:
        DataError: it cannot be read, or has more than one band.
        MissingDependencyError: rasterio is not installed.
    """
    try:
        from rasterio.enums import Resampling
    except ImportError as e:
        raise MissingDependencyError(
            f"labels in a raster, {uri}, can be looked at with rasterio only",
            hint="pip install 'rvcli[local]'",
        ) from e
    from rvcli.data.gdal import gdal_env, gdal_options, open_raster
    from rvcli.data.raster_source.opening import readable_path

    with (
        gdal_env(gdal_options([uri])),
        open_raster(readable_path(uri, tmp_dir), uri) as dataset,
    ):
        if dataset.count != 1:
            raise DataError(
                f"{uri} has {dataset.count} bands; labels in a raster are class ids in one band",
                hint="is it an image? Labels are given with --labels, imagery with --image",
            )
        shape = tuple(min(size, _MOST_LOOKED_AT) for size in dataset.shape)
        return dataset.read(1, out_shape=shape, resampling=Resampling.nearest)


def _crs_name(crs: Any) -> str:
    code = crs.to_epsg()
    if code is not None:
        return f"EPSG:{code}"
    # PROJCS["name", ...
    name: str = crs.to_wkt().partition('"')[2].partition('"')[0]
    return name


def _pixel_m(grid: Any, width: int, height: int) -> float | None:
    """Return how far apart pixels are on the ground, in the middle of the image."""
    if grid.get_image_crs() is None:
        return None
    import numpy as np
    import pyproj

    x, y = width / 2, height / 2
    here = np.array([[x, y], [x + 1, y]])
    (lon, lat), (lon_2, lat_2) = np.asarray(grid.pixel_to_map(here), dtype=float)
    distance = pyproj.Geod(ellps="WGS84").inv(lon, lat, lon_2, lat_2)[2]
    return float(distance) if np.isfinite(distance) else None


def _metres(size: float) -> str:
    return f"{size:.3g} m"
