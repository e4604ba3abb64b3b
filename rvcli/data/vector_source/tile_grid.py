"""The tiles of the web: squares of Web Mercator, numbered from the north west."""

from __future__ import annotations

from math import floor
from typing import NamedTuple

import numpy as np
import shapely

from rvcli.core.box import Box
from rvcli.data.vector_source.projection import Projector
from rvcli.data.vector_source.window_bounds import Bounds

CRS = "EPSG:3857"
WIDTH_M = 40075016.685578488

# Points along each side of a tile: its edges are curved in most images.
_POINTS = 21


class Tile(NamedTuple):
    """One tile: its zoom, its column from the west and its row from the north."""

    z: int
    x: int
    y: int

    def bounds(self) -> Bounds:
        """Return (xmin, ymin, xmax, ymax) in metres; neighbours share the very same numbers."""
        x, y = (_edge(self.x, self.z), _edge(self.x + 1, self.z)), (self.y + 1, self.y)
        return x[0], -_edge(y[0], self.z), x[1], -_edge(y[1], self.z)


def _edge(index: int, zoom: int) -> float:
    return float(WIDTH_M * (index / 2**zoom - 0.5))


def tiles_over(bounds: Bounds, zoom: int) -> list[Tile]:
    """List the tiles that meet some bounds in metres, row by row; columns go around the world."""
    count = 2**zoom
    left, bottom, right, top = (value / WIDTH_M * count for value in bounds)
    columns = range(floor(left + count / 2), floor(right + count / 2) + 1)
    rows = range(max(floor(count / 2 - top), 0), min(floor(count / 2 - bottom), count - 1) + 1)
    return [Tile(zoom, x % count, y) for y in rows for x in columns[:count]]


def on_image(tile: Tile, to_pixel: Projector, extent: Box) -> bool:
    """Tell whether a tile lies on an image.

    Args:
        tile: the tile.
        to_pixel: from Web Mercator to pixels.
        extent: of the image, pixel coordinates.
    """
    ring = shapely.segmentize(shapely.box(*tile.bounds()).exterior, WIDTH_M / 2**tile.z / _POINTS)
    points = to_pixel(shapely.get_coordinates(ring))
    if not np.isfinite(points).all():
        return True
    outline = shapely.make_valid(shapely.polygons(points))
    return bool(shapely.intersects(outline, shapely.box(*extent.shapely_format())))
