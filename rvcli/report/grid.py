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
from rvcli.errors import RvError
from rvcli.report.content import Ring
from rvcli.report.web_mercator import NotOnMapError, SceneMap, latitude, northing

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]

_LATTICE_PX = 16  # places of a picture that are transformed; those between are interpolated
_MAX_ERROR = 0.1  # of an interpolated place, in pixels of the scene or the picture
_EDGE_STEPS = 16
_BAND_ROWS = 64  # of a picture, drawn at once


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
        index: position of the pixel that is read for each of a picture, in all of them row by
            row, shape (height, width) of the picture; one beyond the last where the scene is not.
        y, x: where the centre of each lies between the centres of those that are read, from 0.
        to_world: from pixel (x, y), shape (n, 2), to the coordinates of ScenePreview.
        decimals: how many digits of these coordinates matter.
        problem: why the scene is shown as a plain image although it is georeferenced.
    """

    extent: Box
    georeferenced: bool
    bounds_xyxy: tuple[float, float, float, float]
    step: int
    sampled_hw: tuple[int, int]
    index: npt.NDArray[np.int32]
    y: npt.NDArray[np.float32]
    x: npt.NDArray[np.float32]
    to_world: Callable[[Floats], Floats]
    decimals: int
    problem: str = ""

    def nearest(self, sampled: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Lay what was read over the picture, nearest pixels; 0 where the scene is not.

        Args:
            sampled: shape (height, width) of `sampled_hw`.
        """
        # One more for what lies outside.
        return np.append(sampled.ravel(), sampled.dtype.type(0))[self.index]

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
        channels = planes.shape[2]
        # Whether a pixel counts is a channel of its own, so that it gets the same weights.
        counted = np.empty((*planes.shape[:2], channels + 1), np.float32)
        np.multiply(planes, valid[:, :, np.newaxis], out=counted[:, :, :channels])
        counted[:, :, channels] = valid
        flat = counted.reshape(-1, channels + 1)
        shown = np.empty((*self.index.shape, channels), np.float32)
        for first in range(0, len(shown), _BAND_ROWS):
            band = np.s_[first : first + _BAND_ROWS]
            means = self._means(flat, self.y[band], self.x[band])
            weights = np.maximum(means[:, :, channels:], np.float32(1e-6))
            np.divide(means[:, :, :channels], weights, out=shown[band])
        return shown, self.nearest(valid)

    def _means(
        self, flat: npt.NDArray[np.float32], y: npt.NDArray[Any], x: npt.NDArray[Any]
    ) -> npt.NDArray[np.float32]:
        """Return bilinear means of rows of an array, one for each pixel that is read."""
        height, width = self.sampled_hw
        top, left = y.astype(np.int32), x.astype(np.int32)
        below, right = np.minimum(top + 1, height - 1), np.minimum(left + 1, width - 1)
        y, x = (y - top)[:, :, np.newaxis], (x - left)[:, :, np.newaxis]
        means: npt.NDArray[np.float32] = flat[top * width + left] * ((1 - y) * (1 - x))
        for rows, columns, weights in (
            (top, right, (1 - y) * x),
            (below, left, y * (1 - x)),
            (below, right, y * x),
        ):
            means += flat[rows * width + columns] * weights
        return means

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
    except (NotOnMapError, RvError, ValueError, pyproj.exceptions.ProjError) as error:
        return _plain(extent, max_side, f"not laid on the map, but shown in pixels: {error}")


def _plain(extent: Box, max_side: int, problem: str = "") -> Grid:
    """Lay the pictures over the pixels of the scene, rows downwards."""
    height, width = extent.get_height(), extent.get_width()
    scale = min(1.0, max_side / max(height, width))
    rows = _centres(max(1, round(height * scale)), height)
    columns = _centres(max(1, round(width * scale)), width)
    step = _step(extent, max_side)
    return Grid(
        extent=extent,
        georeferenced=False,
        bounds_xyxy=(0.0, -float(height), float(width), 0.0),
        **_sampling(extent, step, *np.meshgrid(rows, columns, indexing="ij")),
        to_world=lambda xy: xy * (1, -1),
        decimals=1,
        problem=problem,
    )


def _centres(count: int, length: float) -> Floats:
    return np.asarray((np.arange(count) + 0.5) * (length / count), np.float64)


def _step(extent: Box, max_side: int) -> int:
    sides = int(extent.get_height()), int(extent.get_width())
    # At least one pixel has to be left in each direction.
    return max(1, min(max(sides) // max_side, min(sides)))


def _sampling(extent: Box, step: int, rows: Floats, columns: Floats) -> dict[str, Any]:
    """Return what of a Grid tells which pixels are read, and where they are shown.

    Args:
        extent: of the scene.
        step: see Grid.
        rows: of the scene, where the centre of each pixel of a picture lies; may be nan.
        columns: likewise.
    """
    height, width = (max(1, side // step) for side in (extent.get_height(), extent.get_width()))
    with np.errstate(invalid="ignore"):
        inside = (rows >= 0) & (rows < extent.ymax) & (columns >= 0) & (columns < extent.xmax)
    rows, columns = (np.where(inside, places, 0) / step for places in (rows, columns))
    places = (
        each.astype(np.int32).clip(max=side - 1)
        for each, side in ((rows, height), (columns, width))
    )
    index = np.where(inside, next(places) * np.int32(width) + next(places), height * width)
    y, x = (
        (each - 0.5).clip(0, side - 1).astype(np.float32)
        for each, side in ((rows, height), (columns, width))
    )
    return {
        "step": step,
        "sampled_hw": (height, width),
        "index": index.astype(np.int32),
        "y": y,
        "x": x,
    }


def _on_map(extent: Box, crs_transformer: Any, max_side: int) -> Grid:
    """Lay the pictures on the map.

    Raises:
        NotOnMapError: Web Mercator has no place for the scene.
    """
    mapped = SceneMap(extent, crs_transformer)
    west, south, east, north = mapped.bounds_xyxy
    x_size, y_size = mapped.size_px
    # Where pixels lie askew on the map, twice as many show each of them.
    factor = min(1.0 if mapped.is_aligned else 2.0, max_side / max(x_size, y_size))
    width, height = (max(1, round(size * factor)) for size in (x_size, y_size))
    xs = west + _centres(width, east - west)
    top, bottom = northing(np.array([north, south]))
    ys = top + _centres(height, bottom - top)
    step = _step(extent, max_side)
    columns, rows = _lookup(mapped, xs, ys, _MAX_ERROR * max(1.0, 1 / factor))
    degrees_per_px = max((east - west) / x_size, 1e-9)
    return Grid(
        extent=extent,
        georeferenced=True,
        bounds_xyxy=(west, south, east, north),
        **_sampling(extent, step, rows, columns),
        to_world=mapped.to_world,
        decimals=int(np.clip(np.ceil(-np.log10(degrees_per_px / 4)), 4, 8)),
    )


def _lookup(mapped: SceneMap, xs: Floats, ys: Floats, max_error_px: float) -> tuple[Floats, Floats]:
    """Return which pixels (columns, rows) of a scene lie at places of the map.

    Most are interpolated between places of a lattice, which takes a fraction of the time.

    Args:
        mapped: the scene.
        xs: longitudes, shape (width,).
        ys: Mercator northings, shape (height,).
        max_error_px: of what is interpolated; if it were more, nothing is.
    """

    def exact(some_xs: Floats, some_ys: Floats) -> Floats:
        lons, lats = np.meshgrid(some_xs, latitude(some_ys))
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
    columns, rows = (down.weights(ys) @ nodes[:, :, axis] @ across.weights(xs).T for axis in (0, 1))
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
