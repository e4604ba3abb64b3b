"""How wide points and lines are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from rvcli.data.vector_source.projection import WGS_84, source_projector
from rvcli.errors import ConfigError

if TYPE_CHECKING:
    from rvcli.core.box import Box
    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer

Buffers: TypeAlias = Mapping[int, float | None]

DEFAULT_BUFFER = 1.0


def checked_buffers(buffers: Mapping[Any, Any] | None, name: str) -> Buffers:
    """Return {class id: width or None} with keys and values as numbers.

    Raises:
        ConfigError: a key is no class id, or a value is negative or no number.
    """
    checked: dict[int, float | None] = {}
    for key, value in (buffers or {}).items():
        try:
            checked[int(key)] = None if value is None else float(value)
        except (TypeError, ValueError) as e:
            raise _bad_buffer(name, key, value) from e
        if value is not None and not 0 <= float(value) < np.inf:
            raise _bad_buffer(name, key, value)
    return checked


def widest(buffers: Buffers) -> float:
    """Return the greatest width that a feature may get."""
    return max([DEFAULT_BUFFER, *(width or 0.0 for width in buffers.values())])


def pixel_size_xy(crs_transformer: CRSTransformer, extent: Box | None) -> tuple[float, float]:
    """Return width and height of a pixel on the ground, in metres, at the centre of an image.

    Args:
        crs_transformer: of the image.
        extent: of the image; without it the size is that of the pixel at its upper left.

    Raises:
        ConfigError: the image has no georeference.
    """
    import pyproj

    if crs_transformer.get_image_crs() is None:
        raise ConfigError(
            "buffers in metres need an image with a georeference",
            hint="give them in pixels, or georeference the image",
        )
    x, y = (0.0, 0.0) if extent is None else extent.to_shapely().centroid.coords[0]
    points = np.array([[x, y], [x + 1, y], [x, y + 1]], dtype=np.float64)
    (lon, lat), *others = source_projector(crs_transformer, WGS_84)(points).tolist()
    geod = pyproj.Geod(ellps="WGS84")
    width, height = (float(geod.inv(lon, lat, *other)[2]) for other in others)
    return width, height


def _bad_buffer(name: str, key: Any, value: Any) -> ConfigError:
    return ConfigError(
        f"{name} has {key!r}: {value!r}",
        hint="write {class id: width}, as in {1: 3.5}; None leaves the class out",
    )
