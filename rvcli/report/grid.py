"""Where the pictures of a scene lie: on a Web Mercator map, or in the pixels of a plain image."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from rvcli.core.box import Box
from rvcli.data.crs_transformer.rasterio_crs_transformer import RasterioCRSTransformer
from rvcli.data.vector_source.projection import map_projector
from rvcli.errors import RvError
from rvcli.report.content import Ring

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]

_MAX_LATITUDE = 85.0511  # of Web Mercator: https://epsg.io/3857
_PROBES = 33  # along each side of a scene
_LATTICE_PX = 16  # places of a picture that are transformed; those between are interpolated
_MAX_ERROR = 0.1  # of an interpolated place, in pixels of the scene or the picture
_EDGE_STEPS = 16


@dataclass(frozen=True)
class Grid:
    """The pixels of a scene's pictures, and the pixels of the scene that they show.

    Classes are shown of one pixel in `step` x `step`, the same for labels and predictions: the
    one in row `step * i + step // 2`, and likewise for columns.

    Attributes:
        extent: of the scene, pixel coordinates from (0, 0).
        bounds_xyxy: of the pictures; see ScenePreview.
        step: how many pixels of the scene, in each direction, are one that is read for it.
        sampled_hw: how many pixels are read.
        rows, columns: place of each pixel's centre in the scene, in its pixels, shape (height,
            width) of a picture; nan or outside of the extent where the scene is not.
        to_world: from pixel (x, y), shape (n, 2), to the coordinates of ScenePreview.
        decimals: how many digits of these coordinates matter.
        problem: why the scene is shown as a plain image although it is georeferenced.
    """

    extent: Box
    georeferenced: bool
    bounds_xyxy: tuple[float, float, float, float]
    step: int
    sampled_hw: tuple[int, int]
    rows: Floats
    columns: Floats
    to_world: Callable[[Floats], Floats]
    decimals: int
    problem: str = ""

    @property
    def inside(self) -> npt.NDArray[np.bool_]:
        """Tell which pixels of a picture show the scene, shape (height, width)."""
        rows, columns = self.rows, self.columns
        with np.errstate(invalid="ignore"):
            return np.asarray(
                (rows >= 0)
                & (rows < self.extent.ymax)
                & (columns >= 0)
                & (columns < self.extent.xmax)
            )

    def nearest(self, sampled: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Lay what was read over the picture, nearest pixels; 0 where the scene is not.

        Args:
            sampled: shape (height, width) of `sampled_hw`.
        """
        inside = self.inside
        shown = np.zeros(inside.shape, sampled.dtype)
        rows = (self.rows[inside] // self.step).astype(np.int64)
        columns = (self.columns[inside] // self.step).astype(np.int64)
        height, width = self.sampled_hw
        shown[inside] = sampled[rows.clip(max=height - 1), columns.clip(max=width - 1)]
        return shown

    def smooth(
        self, planes: npt.NDArray[Any], valid: npt.NDArray[np.bool_]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
        """Lay what was read over the picture, bilinear between pixels that are valid.

        Args:
            planes: shape (height, width, channels) of `sampled_hw`.
            valid: which pixels count, shape (height, width).

        Returns:
            float32 of shape (height, width, channels) of the picture, and where it is valid:
            where the nearest pixel is.
        """
        shown_valid = self.nearest(valid)
        shown = np.zeros((*shown_valid.shape, planes.shape[2]), np.float32)
        height, width = self.sampled_hw
        y = (self.rows[shown_valid] / self.step - 0.5).clip(0, height - 1)
        x = (self.columns[shown_valid] / self.step - 0.5).clip(0, width - 1)
        top, left = y.astype(np.int64), x.astype(np.int64)
        below, right = np.minimum(top + 1, height - 1), np.minimum(left + 1, width - 1)
        y, x = (y - top).astype(np.float32), (x - left).astype(np.float32)
        total = np.zeros((len(y), planes.shape[2]), np.float32)
        weights = np.zeros((len(y), 1), np.float32)
        for rows, columns, weight in (
            (top, left, (1 - y) * (1 - x)),
            (top, right, (1 - y) * x),
            (below, left, y * (1 - x)),
            (below, right, y * x),
        ):
            counted = (weight * valid[rows, columns])[:, np.newaxis]
            total += planes[rows, columns] * counted
            weights += counted
        shown[shown_valid] = total / np.maximum(weights, np.float32(1e-6))
        return shown, shown_valid

    def ring(self, pixels_xy: Any) -> Ring:
        """Return a closed line in pixel (x, y) in the coordinates of the preview, rounded."""
        world = self.to_world(np.asarray(pixels_xy, np.float64).reshape(-1, 2))
        return tuple(map(tuple, world.round(self.decimals).tolist()))

    def outline(self) -> Ring:
        """Return the outline of the scene."""
        edge = shapely.segmentize(
            self.extent.to_shapely(),
            max(self.extent.get_height(), self.extent.get_width()) / _EDGE_STEPS,
        )
        if not self.georeferenced:
            return self.ring(self.extent.geojson_coordinates())
        bent = shapely.LineString(self.to_world(shapely.get_coordinates(edge)))
        # Of lines that are straight on the map too the corners are enough.
        xmin, ymin, xmax, ymax = self.bounds_xyxy
        plain = bent.simplify(max(xmax - xmin, ymax - ymin) * 1e-4)
        return tuple(map(tuple, shapely.get_coordinates(plain).round(self.decimals).tolist()))


class _NotOnMap(Exception):
    """Why a scene cannot be laid on the map, in words."""


def place_scene(extent: Box, crs_transformer: Any, max_side: int) -> Grid:
    """Find where the pictures of a scene lie.

    Args:
        extent: of the scene, pixel coordinates from (0, 0).
        crs_transformer: of the scene.
        max_side: of pictures, in pixels.
    """
    if crs_transformer.get_image_crs() is None:
        return _plain(extent, max_side)
    try:
        return _on_map(extent, crs_transformer, max_side)
    except (_NotOnMap, RvError, ValueError, pyproj.exceptions.ProjError) as error:
        return _plain(extent, max_side, f"not laid on the map, but shown in pixels: {error}")


def _plain(extent: Box, max_side: int, problem: str = "") -> Grid:
    """Lay the pictures over the pixels of the scene, rows downwards."""
    height, width = extent.get_height(), extent.get_width()
    scale = min(1.0, max_side / max(height, width))
    rows = _centres(max(1, round(height * scale)), height)
    columns = _centres(max(1, round(width * scale)), width)
    grid_rows, grid_columns = np.meshgrid(rows, columns, indexing="ij")
    step = _step(extent, max_side)
    return Grid(
        extent=extent,
        georeferenced=False,
        bounds_xyxy=(0.0, -float(height), float(width), 0.0),
        step=step,
        sampled_hw=(max(1, height // step), max(1, width // step)),
        rows=grid_rows,
        columns=grid_columns,
        to_world=lambda xy: xy * (1, -1),
        decimals=1,
        problem=problem,
    )


def _centres(count: int, length: float) -> Floats:
    return (np.arange(count) + 0.5) * (length / count)


def _step(extent: Box, max_side: int) -> int:
    longest = max(extent.get_height(), extent.get_width())
    shortest = min(extent.get_height(), extent.get_width())
    # At least one pixel has to be left in each direction.
    return max(1, min(longest // max_side, shortest))


def _on_map(extent: Box, crs_transformer: Any, max_side: int) -> Grid:
    """Lay the pictures on the map.

    Raises:
        _NotOnMap: Web Mercator has no place for the scene.
    """
    mapped = _Map(extent, crs_transformer)
    west, south, east, north = mapped.bounds_xyxy
    x_size, y_size = mapped.size_px
    # Where pixels lie askew on the map, twice as many show each of them.
    factor = min(1.0 if mapped.is_aligned else 2.0, max_side / max(x_size, y_size))
    width, height = (max(1, round(size * factor)) for size in (x_size, y_size))
    xs = west + _centres(width, east - west)
    top, bottom = _mercator(np.array([north, south]))
    ys = top + _centres(height, bottom - top)
    step = _step(extent, max_side)
    columns, rows = _lookup(mapped, xs, ys, _MAX_ERROR * max(1.0, 1 / factor))
    degrees_per_px = max((east - west) / x_size, 1e-9)
    return Grid(
        extent=extent,
        georeferenced=True,
        bounds_xyxy=(west, south, east, north),
        step=step,
        sampled_hw=(
            max(1, extent.get_height() // step),
            max(1, extent.get_width() // step),
        ),
        rows=rows,
        columns=columns,
        to_world=mapped.to_world,
        decimals=int(np.clip(np.ceil(-np.log10(degrees_per_px / 4)), 4, 8)),
    )


class _Map:
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
            raise _NotOnMap("parts of it lie where its CRS is not defined")
        self._middle = float(lonlat[len(lonlat) // 2, 0])
        if not is_geographic and np.abs(lonlat[:, 1]).max() > _MAX_LATITUDE:
            raise _NotOnMap("it reaches too near to a pole for a Web Mercator map")
        world = self.to_world(probes)
        west, south = world.min(axis=0).tolist()
        east, north = world.max(axis=0).tolist()
        if not (0 < east - west <= 360 + 1e-6 and south < north):
            raise _NotOnMap("its georeference gives it no area on the Earth")
        self.bounds_xyxy = (west, south, east, north)
        back = self.to_pixels(world)
        held = np.abs(lonlat[:, 1]) <= _MAX_LATITUDE
        if not np.abs(back - probes)[held].max(initial=0) < 1:
            raise _NotOnMap("its georeference cannot be turned round")
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
        slack = max(self._extent.xmax, self._extent.ymax) / _LATTICE_PX
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
        on_map = np.column_stack([world[:, 0], _mercator(world[:, 1])])
        # Rows: what a pixel to the right, and one down, are on the map.
        moves = np.stack([on_map[1] - on_map[0], on_map[3] - on_map[2]])
        if np.linalg.det(moves) == 0:
            raise _NotOnMap("its georeference gives it no area on the Earth")
        per_unit = np.linalg.norm(np.linalg.inv(moves), axis=1)
        west, south, east, north = self.bounds_xyxy
        bottom, top = _mercator(np.array([south, north]))
        x_size, y_size = (east - west) * per_unit[0], (top - bottom) * per_unit[1]
        sides = self._extent.get_width(), self._extent.get_height()
        is_aligned = abs(x_size - sides[0]) < 0.5 and abs(y_size - sides[1]) < 0.5
        return (max(1.0, float(x_size)), max(1.0, float(y_size))), is_aligned


def _lookup(mapped: _Map, xs: Floats, ys: Floats, max_error_px: float) -> tuple[Floats, Floats]:
    """Return which pixels (columns, rows) of a scene lie at places of the map.

    Most are interpolated between places of a lattice, which takes a fraction of the time.

    Args:
        mapped: the scene.
        xs: longitudes, shape (width,).
        ys: Mercator northings, shape (height,).
        max_error_px: of what is interpolated; if it were more, nothing is.
    """

    def exact(some_xs: Floats, some_ys: Floats) -> Floats:
        lons, lats = np.meshgrid(some_xs, _latitude(some_ys))
        pixels = mapped.to_pixels(np.column_stack([lons.ravel(), lats.ravel()]))
        return pixels.reshape(len(some_ys), len(some_xs), 2)

    across, down = _Lattice.over(xs), _Lattice.over(ys)
    nodes = exact(across.nodes, down.nodes)
    middle_xs, middle_ys = across.nodes[:-1] + across.step / 2, down.nodes[:-1] + down.step / 2
    middles = (nodes[:-1, :-1] + nodes[1:, :-1] + nodes[:-1, 1:] + nodes[1:, 1:]) / 4
    error = np.abs(middles - exact(middle_xs, middle_ys)).max()
    if not error <= max_error_px:
        pixels = exact(xs, ys)
        return pixels[:, :, 0], pixels[:, :, 1]
    columns, rows = (
        down.weights(ys) @ nodes[:, :, axis] @ across.weights(xs).T for axis in (0, 1)
    )
    return columns, rows


@dataclass(frozen=True)
class _Lattice:
    """Places along an axis, a step apart, that reach over all of some others."""

    nodes: Floats
    step: float

    @classmethod
    def over(cls, places: Floats) -> _Lattice:
        apart = (places[-1] - places[0]) / max(1, len(places) - 1) or 1.0
        step = apart * _LATTICE_PX
        count = -(-len(places) // _LATTICE_PX) + 1
        return cls(places[0] + step * np.arange(count), float(step))

    def weights(self, places: Floats) -> Floats:
        """Return how much each node counts at each place, shape (places, nodes)."""
        away = np.abs((places[:, np.newaxis] - self.nodes) / self.step)
        return np.asarray(np.maximum(0.0, 1.0 - away))


def _mercator(latitudes: Floats) -> Floats:
    """Return northings of the Mercator map, in degrees at the equator."""
    return np.asarray(np.degrees(np.arcsinh(np.tan(np.radians(latitudes)))))


def _latitude(northings: Floats) -> Floats:
    return np.asarray(np.degrees(np.arctan(np.sinh(np.radians(northings)))))
