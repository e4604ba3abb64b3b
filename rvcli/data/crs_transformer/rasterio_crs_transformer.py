"""RasterioCRSTransformer: between a map CRS and a georeferenced image."""

from __future__ import annotations

import threading
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyproj
from affine import Affine

from rvcli.data.crs_transformer.crs_transformer import CRSTransformer
from rvcli.data.crs_transformer.points import Floats, map_points, whole_pixels
from rvcli.errors import DataError

_DEFAULT_MAP_CRS = "epsg:4326"

# PROJ contexts belong to one thread, and building a transformer takes milliseconds.
_cache = threading.local()


class RasterioCRSTransformer(CRSTransformer):
    """Transforms points between a map CRS and the pixels of a georeferenced image.

    Args:
        transform: affine transform from pixel to image CRS; may be rotated.
        image_crs: CRS of the image, in any form that pyproj or rasterio takes.
        map_crs: CRS of map coordinates.
    """

    def __init__(self, transform: Affine, image_crs: Any, map_crs: Any = _DEFAULT_MAP_CRS) -> None:
        super().__init__(image_crs=image_crs, map_crs=map_crs, transform=transform)
        if transform.determinant == 0:
            raise DataError(
                f"the affine transform of the image has no inverse: {tuple(transform)[:6]}",
                hint="georeference the image again, or remove its georeference",
            )
        self._image_crs_text, self._map_crs_text = _crs_text(image_crs), _crs_text(map_crs)
        # Made here once, so that a CRS that PROJ does not know fails early.
        _transformer(self._map_crs_text, self._image_crs_text)

    @classmethod
    def from_dataset(cls, dataset: Any, map_crs: Any = _DEFAULT_MAP_CRS) -> RasterioCRSTransformer:
        """Make the transformer of an open rasterio dataset."""
        return cls(dataset.transform, dataset.crs, map_crs)

    def map_to_pixel(self, map_point: Any) -> Any:
        """Return the pixel (x, y) that contains a map point, in integers.

        Args:
            map_point: (x, y) in the map CRS; a pair of numbers, a pair of arrays or rows of an
                array.

        Raises:
            DataError: a point lies where the CRS of the image is not defined.
        """
        return map_points(map_point, self._to_whole_pixels)

    def pixel_to_map(self, pixel_point: Any) -> Any:
        """Return the map coordinates (x, y) of a pixel coordinate.

        Args:
            pixel_point: (x, y), a pair of numbers, a pair of arrays or rows of an array;
                integers are the upper left corners of pixels.
        """
        return map_points(pixel_point, self._to_map)

    def map_to_pixel_exact(self, map_points: Any) -> npt.NDArray[np.float64]:
        """Return unrounded pixel coordinates: float64, shape (n, 2); infinite where undefined."""
        points = np.asarray(map_points, dtype=np.float64).reshape(-1, 2)
        pixels = np.column_stack(self._to_pixels(points[:, 0], points[:, 1]))
        pixels[~np.isfinite(pixels).all(axis=1)] = np.inf
        return pixels

    def _to_pixels(self, xs: Floats, ys: Floats) -> tuple[Floats, Floats]:
        image_xs, image_ys = _project(self._map_crs_text, self._image_crs_text, xs, ys)
        with np.errstate(invalid="ignore"):
            return _apply(~self.transform, image_xs, image_ys)

    def _to_whole_pixels(
        self, xs: Floats, ys: Floats
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        pixel_xs, pixel_ys = self._to_pixels(xs, ys)
        outside = ~(np.isfinite(pixel_xs) & np.isfinite(pixel_ys))
        if outside.any():
            i = int(outside.argmax())
            raise DataError(
                f"the map point ({xs[i]}, {ys[i]}) in {self.map_crs} lies where the CRS of the "
                f"image, {self.image_crs}, is not defined",
                hint="check that x is longitude and y latitude",
            )
        return whole_pixels(pixel_xs), whole_pixels(pixel_ys)

    def _to_map(self, xs: Floats, ys: Floats) -> tuple[Floats, Floats]:
        image_xs, image_ys = _apply(self.transform, xs, ys)
        return _project(self._image_crs_text, self._map_crs_text, image_xs, image_ys)


def _apply(transform: Affine, xs: Floats, ys: Floats) -> tuple[Floats, Floats]:
    a, b, c, d, e, f = tuple(transform)[:6]
    return a * xs + b * ys + c, d * xs + e * ys + f


def _project(source: str, target: str, xs: Floats, ys: Floats) -> tuple[Floats, Floats]:
    if source == target:
        return xs, ys
    return _transformer(source, target).transform(xs, ys)


def _transformer(source: str, target: str) -> pyproj.Transformer:
    made: dict[tuple[str, str], pyproj.Transformer] = _cache.__dict__.setdefault("made", {})
    if (source, target) not in made:
        try:
            made[source, target] = pyproj.Transformer.from_crs(source, target, always_xy=True)
        except pyproj.exceptions.ProjError as error:
            raise DataError(
                f"no transformation from {source} to {target}: {error}",
                hint="check the CRS of the image and of the labels, as with `gdalsrsinfo`",
            ) from error
    return made[source, target]


def _crs_text(crs: Any) -> str:
    """Write a CRS as a short code where it has one, else as WKT."""
    if crs is None:
        raise DataError("the image has no CRS", hint="use IdentityCRSTransformer")
    given = crs.to_wkt() if hasattr(crs, "to_wkt") else crs
    # What pyproj takes besides text and numbers, such as a dict, is no key.
    find = _short_text if isinstance(given, (str, int)) else _short_text.__wrapped__
    try:
        return find(given)
    except pyproj.exceptions.CRSError as error:
        raise DataError(f"no CRS {crs!r}: {error}", hint="name it as EPSG:32637") from error


@lru_cache(maxsize=256)
def _short_text(crs: Any) -> str:
    # PROJ compares a CRS without a code with all that it knows: a tenth of a second.
    text: str = pyproj.CRS.from_user_input(crs).to_string()
    return text.lower() if text.upper().startswith("EPSG:") else text
