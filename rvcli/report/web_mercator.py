"""A scene on a Web Mercator map: between its pixels and longitude, latitude.

Web Mercator is EPSG:3857; here its northings are in degrees at the equator.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyproj

from rvcli.core.box import Box
from rvcli.data.crs_transformer.rasterio_crs_transformer import RasterioCRSTransformer
from rvcli.data.vector_source.projection import map_projector

Floats: TypeAlias = npt.NDArray[np.float64]

_MAX_LATITUDE = 85.0511  # https://epsg.io/3857
_PROBES = 33  # along each side of a scene
_SLACK = 1 / 16  # of the longer side: how far outside of a scene pixels are still told


class NotOnMapError(Exception):
    """Why a scene cannot be laid on the map, in words."""


class SceneMap:
    """A scene on the map: between its pixels and longitude, latitude.

    Attributes:
        bounds_xyxy: west, south, east, north in degrees.
        size_px: how many pixels (x, y) of a Mercator map are as fine as those of the scene.
        is_aligned: whether rows and columns of the scene are those of the map.
    """

    def __init__(self, extent: Box, crs_transformer: Any) -> None:
        crs, affine = crs_transformer.get_image_crs(), crs_transformer.get_affine_transform()
        if affine is not None:
            crs_transformer = RasterioCRSTransformer(affine, crs)  # to WGS 84, whatever its own is
        self._extent = extent
        self._transformer = crs_transformer
        self._project = map_projector(crs_transformer)
        is_geographic = pyproj.CRS.from_user_input(
            crs.to_wkt() if hasattr(crs, "to_wkt") else crs
        ).is_geographic
        height, width = extent.get_height(), extent.get_width()
        ys, xs = (np.linspace(0, side, _PROBES) for side in (height, width))
        probes = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
        lonlat = self._project(probes)
        if not np.isfinite(lonlat).all():
            raise NotOnMapError("parts of it lie where its CRS is not defined")
        self._middle = float(lonlat[len(lonlat) // 2, 0])
        if not is_geographic and np.abs(lonlat[:, 1]).max() > _MAX_LATITUDE:
            raise NotOnMapError("it reaches too near to a pole for a Web Mercator map")
        world = self.to_world(probes)
        west, south = world.min(axis=0).tolist()
        east, north = world.max(axis=0).tolist()
        if not (0 < east - west <= 360 + 1e-6 and south < north):
            raise NotOnMapError("its georeference gives it no area on the Earth")
        self.bounds_xyxy = (west, south, east, north)
        back = self.to_pixels(world)
        held = np.abs(lonlat[:, 1]) <= _MAX_LATITUDE
        if not np.abs(back - probes)[held].max(initial=0) < 1:
            raise NotOnMapError("its georeference cannot be turned round")
        self.size_px, self.is_aligned = self._fineness()

    def to_world(self, xy: Floats) -> Floats:
        """Return longitude and latitude; longitudes go on beyond the antimeridian."""
        lonlat = np.array(self._project(xy), np.float64)
        turns = np.round((lonlat[:, 0] - self._middle) / 360 * (1 - 1e-9))
        lonlat[:, 0] -= 360 * turns
        lonlat[:, 1] = lonlat[:, 1].clip(-_MAX_LATITUDE, _MAX_LATITUDE)
        return lonlat

    def to_pixels(self, lonlat: Floats) -> Floats:
        """Return pixel (x, y); nan where there is none."""
        pixels = self._exact(lonlat)
        # An image may count its longitudes from elsewhere, across the antimeridian.
        for turn in (-360.0, 360.0):
            outside = ~self._inside(pixels)
            if outside.any():
                other = self._exact(lonlat[outside] + (turn, 0.0))
                pixels[outside] = np.where(
                    self._inside(other)[:, np.newaxis], other, pixels[outside]
                )
        return pixels

    def _exact(self, lonlat: Floats) -> Floats:
        pixels = np.array(self._transformer.map_to_pixel_exact(lonlat), np.float64)
        pixels[~np.isfinite(pixels).all(axis=1)] = np.nan
        return pixels

    def _inside(self, pixels: Floats) -> npt.NDArray[np.bool_]:
        x, y = pixels.T
        slack = max(self._extent.xmax, self._extent.ymax) * _SLACK
        with np.errstate(invalid="ignore"):
            return np.asarray(
                (x >= -slack)
                & (x <= self._extent.xmax + slack)
                & (y >= -slack)
                & (y <= self._extent.ymax + slack)
            )

    def _fineness(self) -> tuple[tuple[float, float], bool]:
        """Measure at the middle of the scene how its pixels lie on the map."""
        x, y = self._extent.xmax / 2, self._extent.ymax / 2
        places = np.array([(x - 0.5, y), (x + 0.5, y), (x, y - 0.5), (x, y + 0.5)])
        world = self.to_world(places)
        on_map = np.column_stack([world[:, 0], northing(world[:, 1])])
        # Rows: what a pixel to the right, and one down, are on the map.
        moves = np.stack([on_map[1] - on_map[0], on_map[3] - on_map[2]])
        if np.linalg.det(moves) == 0:
            raise NotOnMapError("its georeference gives it no area on the Earth")
        per_unit = np.linalg.norm(np.linalg.inv(moves), axis=1)
        west, south, east, north = self.bounds_xyxy
        bottom, top = northing(np.array([south, north]))
        x_size, y_size = (east - west) * per_unit[0], (top - bottom) * per_unit[1]
        sides = self._extent.get_width(), self._extent.get_height()
        is_aligned = abs(x_size - sides[0]) < 0.5 and abs(y_size - sides[1]) < 0.5
        return (max(1.0, float(x_size)), max(1.0, float(y_size))), is_aligned


def northing(latitudes: Floats) -> Floats:
    """Return northings of latitudes."""
    return np.asarray(np.degrees(np.arcsinh(np.tan(np.radians(latitudes)))))


def latitude(northings: Floats) -> Floats:
    """Return latitudes of northings."""
    return np.asarray(np.degrees(np.arctan(np.sinh(np.radians(northings)))))
