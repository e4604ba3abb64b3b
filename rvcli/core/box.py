"""Box: an axis-aligned rectangle, in pixel or map units."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from rvcli.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from shapely.geometry import Polygon
    from shapely.geometry.base import BaseGeometry

# int in pixel windows, float in map units: one class serves both.
Coordinate: TypeAlias = Any

_BEYOND = 1e-3


class BoxSizeError(DataError):
    """A box is too large or too small for what is asked of it."""


@dataclass(frozen=True, slots=True)
class Box:
    """A half-open rectangle: rows ymin <= y < ymax, columns xmin <= x < xmax.

    Integers for pixel windows, floats for map units. Immutable and hashable.
    """

    ymin: Coordinate
    xmin: Coordinate
    ymax: Coordinate
    xmax: Coordinate

    def get_height(self) -> Coordinate:
        """Return ymax - ymin."""
        return self.ymax - self.ymin

    def get_width(self) -> Coordinate:
        """Return xmax - xmin."""
        return self.xmax - self.xmin

    def get_area(self) -> Coordinate:
        """Return height times width."""
        return self.get_height() * self.get_width()

    def rasterio_format(self) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
        """Return ((ymin, ymax), (xmin, xmax)), a window as rasterio takes it."""
        return ((self.ymin, self.ymax), (self.xmin, self.xmax))

    def tuple_format(self) -> tuple[Any, Any, Any, Any]:
        """Return (ymin, xmin, ymax, xmax)."""
        return (self.ymin, self.xmin, self.ymax, self.xmax)

    def shapely_format(self) -> tuple[Any, Any, Any, Any]:
        """Return (xmin, ymin, xmax, ymax), bounds as shapely gives and takes them."""
        return (self.xmin, self.ymin, self.xmax, self.ymax)

    def to_int(self) -> Box:
        """Return the box with its coordinates truncated to integers."""
        return Box(int(self.ymin), int(self.xmin), int(self.ymax), int(self.xmax))

    def npbox_format(self) -> npt.NDArray[np.float64]:
        """Return float64 [ymin, xmin, ymax, xmax], shape (4,)."""
        import numpy as np

        return np.array(self.tuple_format(), dtype=np.float64)

    @staticmethod
    def to_npboxes(boxes: Iterable[Box]) -> npt.NDArray[np.float64]:
        """Return float64 rows [ymin, xmin, ymax, xmax], shape (n, 4)."""
        import numpy as np

        rows = [box.tuple_format() for box in boxes]
        return np.array(rows, dtype=np.float64).reshape(len(rows), 4)

    def geojson_coordinates(self) -> list[list[Any]]:
        """Return the closed ring of [x, y] corners, from (xmin, ymin) by way of ymax."""
        start = [self.xmin, self.ymin]
        return [
            start,
            [self.xmin, self.ymax],
            [self.xmax, self.ymax],
            [self.xmax, self.ymin],
            list(start),
        ]

    def make_random_square_container(self, size: int, *, rng: random.Random | None = None) -> Box:
        """Draw a square of side `size` that contains this box.

        Args:
            size: side length, at least the box's height and width.
            rng: source of randomness; the global one by default.

        Raises:
            BoxSizeError: the box does not fit into such a square.
        """
        if size < self.get_height() or size < self.get_width():
            raise BoxSizeError(f"no square of side {size} can contain {self}")
        draw = rng or random
        ymin = draw.randint(math.ceil(self.ymax) - size, math.floor(self.ymin))
        xmin = draw.randint(math.ceil(self.xmax) - size, math.floor(self.xmin))
        return Box.make_square(ymin, xmin, size)

    def make_random_square(self, size: int, *, rng: random.Random | None = None) -> Box:
        """Draw a square of side `size` inside this box.

        Args:
            size: side length, at most the box's height and width.
            rng: source of randomness; the global one by default.

        Raises:
            BoxSizeError: such a square does not fit.
        """
        if size > self.get_height() or size > self.get_width():
            raise BoxSizeError(f"no square of side {size} fits into {self}")
        draw = rng or random
        ymin = draw.randint(math.ceil(self.ymin), math.floor(self.ymax) - size)
        xmin = draw.randint(math.ceil(self.xmin), math.floor(self.xmax) - size)
        return Box.make_square(ymin, xmin, size)

    def intersects(self, other: Box) -> bool:
        """Tell whether the two boxes share an area."""
        return bool(
            max(self.ymin, other.ymin) < min(self.ymax, other.ymax)
            and max(self.xmin, other.xmin) < min(self.xmax, other.xmax)
        )

    def intersection(self, other: Box) -> Box:
        """Return what the two boxes share; Box(0, 0, 0, 0) if that is nothing."""
        if not self.intersects(other):
            return Box(0, 0, 0, 0)
        return Box(
            max(self.ymin, other.ymin),
            max(self.xmin, other.xmin),
            min(self.ymax, other.ymax),
            min(self.xmax, other.xmax),
        )

    @staticmethod
    def from_npbox(npbox: Sequence[Any] | npt.NDArray[Any]) -> Box:
        """Make a box from [ymin, xmin, ymax, xmax]."""
        return Box(*npbox)

    @staticmethod
    def from_shapely(shape: BaseGeometry) -> Box:
        """Make the bounding box of a shapely geometry."""
        xmin, ymin, xmax, ymax = shape.bounds
        return Box(ymin, xmin, ymax, xmax)

    @staticmethod
    def from_tuple(tup: Sequence[Any]) -> Box:
        """Make a box from (ymin, xmin, ymax, xmax)."""
        return Box(*tup)

    def to_shapely(self) -> Polygon:
        """Return the box as a shapely polygon, x before y."""
        from shapely.geometry import box

        return box(*self.shapely_format())

    def reproject(self, transform_fn: Callable[[tuple[Any, Any]], tuple[Any, Any]]) -> Box:
        """Return the bounding box of the four corners after a transform.

        Args:
            transform_fn: takes (x, y) and returns (x, y).
        """
        corners = [transform_fn((x, y)) for x, y in self.geojson_coordinates()[:4]]
        xs, ys = [x for x, _ in corners], [y for _, y in corners]
        return Box(min(ys), min(xs), max(ys), max(xs))

    @staticmethod
    def make_square(ymin: Coordinate, xmin: Coordinate, size: Coordinate) -> Box:
        """Make a square from its upper left corner."""
        return Box(ymin, xmin, ymin + size, xmin + size)

    def make_eroded(self, erosion_size: Coordinate) -> Box:
        """Return the box with each side moved inwards by `erosion_size`."""
        return Box(
            self.ymin + erosion_size,
            self.xmin + erosion_size,
            self.ymax - erosion_size,
            self.xmax - erosion_size,
        )

    def make_buffer(self, buffer_size: float, max_extent: Box) -> Box:
        """Return the box grown on each side, clipped to `max_extent`, in whole pixels.

        Args:
            buffer_size: below 1 a fraction of the box's height and width, else pixels.
            max_extent: the result lies inside it.
        """
        size = max(0.0, buffer_size)
        if size < 1:
            dy, dx = round(size * self.get_height()), round(size * self.get_width())
        else:
            dy = dx = round(size)
        return Box(
            max(max_extent.ymin, math.floor(self.ymin) - dy),
            max(max_extent.xmin, math.floor(self.xmin) - dx),
            min(max_extent.ymax, math.ceil(self.ymax) + dy),
            min(max_extent.xmax, math.ceil(self.xmax) + dx),
        )

    def make_copy(self) -> Box:
        """Return an equal box."""
        return Box(*self.tuple_format())

    def get_windows(self, chip_size: int, stride: int) -> list[Box]:
        """List the squares of a grid over this box, row by row from its upper left corner.

        Together they cover the box where stride <= chip_size; those at the lower and right
        edge may reach beyond it.

        Raises:
            BoxSizeError: chip_size or stride is not positive.
        """
        if chip_size < 1 or stride < 1:
            raise BoxSizeError(f"chip_size {chip_size} and stride {stride} must be at least 1")
        return [
            Box.make_square(y, x, chip_size)
            for y in range(self.ymin, self.ymax, stride)
            for x in range(self.xmin, self.xmax, stride)
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return {"xmin", "ymin", "xmax", "ymax"}."""
        return {"xmin": self.xmin, "ymin": self.ymin, "xmax": self.xmax, "ymax": self.ymax}

    @classmethod
    def from_dict(cls, d: Mapping[str, Any]) -> Box:
        """Make a box from {"xmin", "ymin", "xmax", "ymax"}."""
        return cls(d["ymin"], d["xmin"], d["ymax"], d["xmax"])

    @staticmethod
    def filter_by_aoi(windows: Iterable[Box], aoi_polygons: Sequence[BaseGeometry]) -> list[Box]:
        """List the windows that lie wholly within one of the polygons, in their order.

        Polygons have been to the map and back: a thousandth beyond them is within.

        Args:
            windows: in the units of the polygons.
            aoi_polygons: shapely polygons, x before y.
        """
        import numpy as np
        import shapely

        kept = list(windows)
        if not kept or not len(aoi_polygons):
            return []
        bounds = np.array([window.shapely_format() for window in kept], dtype=np.float64)
        bounds += [_BEYOND, _BEYOND, -_BEYOND, -_BEYOND]
        tree = shapely.STRtree(list(aoi_polygons))
        inside = tree.query(shapely.box(*bounds.T), predicate="within")[0]
        return [kept[i] for i in np.unique(inside)]
