"""Where labels lie on an image: boxes, sizes and forms, in pixels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from rvcli.errors import DataError
from rvcli.project.image import Image
from rvcli.project.labels import Labels

# So many shapes are looked at; the rest will not be of another kind.
_MOST_SHAPES = 50_000
_WGS_84 = "EPSG:4326"


@dataclass(frozen=True)
class Objects:
    """Labelled objects of an image.

    Attributes:
        boxes: (xmin, ymin, xmax, ymax) of each on the image, pixels, float64, shape (n, 4).
        numbers: of the features that they are, shape (n,).
        areas: pixels that each covers, shape (n,).
        crs: what the file must be told that its coordinates are in; None if it says so itself.
    """

    boxes: Any
    numbers: Any
    areas: Any
    crs: str | None = None

    def __len__(self) -> int:
        return len(self.boxes)

    @property
    def sizes(self) -> Any:
        """The longer side of each, in pixels."""
        return (self.boxes[:, 2:] - self.boxes[:, :2]).max(axis=1)

    def are_boxes(self) -> bool:
        """Whether nearly all are rectangles along the grid of the image."""
        sides = self.boxes[:, 2:] - self.boxes[:, :2]
        full = sides[:, 0] * sides[:, 1]
        whole = full > 0
        return bool(whole.any()) and bool((self.areas[whole] / full[whole] > 0.97).mean() > 0.9)

    def cell_size(self) -> int | None:
        """Return the size of the cells of a grid, if that is what they are, in pixels."""
        import numpy as np

        if len(self) < 4 or not self.are_boxes():
            return None
        sides = self.boxes[:, 2:] - self.boxes[:, :2]
        size = round(float(np.median(sides)))
        if size < 4 or (np.abs(sides - size).max(axis=1) > max(1, size * 0.05)).mean() > 0.1:
            return None
        off = self.boxes[:, :2] / size
        return size if (np.abs(off - off.round()).max(axis=1) < 0.1).mean() > 0.9 else None


def objects_on(image: Image, labels: Labels) -> Objects:
    """Find where labels lie on an image.

    Raises:
        DataError: coordinates cannot be understood.
    """
    import shapely

    from rvcli.data.vector_source.projection import pixel_projector

    shapes = labels.geometries[:_MOST_SHAPES]
    found = _placed(image, shapes, pixel_projector(image.grid, labels.crs))
    if len(found) or image.crs is None or labels.crs not in (None, _WGS_84):
        return found
    # GeoJSON without a word about its CRS is in degrees; some programs write that of the image.
    total = shapely.total_bounds(shapes)
    if abs(total).max() > 360:
        other = _placed(image, shapes, pixel_projector(image.grid, image.crs))
        if len(other):
            return replace(other, crs=image.crs)
    return found


def elsewhere(image: Image, labels: Labels) -> DataError:
    """Return the error that no label lies on an image, which says where they are instead."""
    import numpy as np
    import shapely

    from rvcli.data.vector_source.projection import pixel_projector

    there = [float(n) for n in shapely.total_bounds(labels.geometries)]
    if image.crs is None:
        return DataError(
            f"none of the {labels.count} labels of {labels.uri} lies on {image.uri}, which is not"
            f" georeferenced: their coordinates reach from {_point(there[:2])} to"
            f" {_point(there[2:])}, the image from (0, 0) to ({image.width}, {image.height})",
            hint="labels of such an image are in its pixels, (x, y) from the upper left corner; or"
            " georeference the image first",
        )
    swapped = shapely.transform(labels.geometries[:1000], lambda xy: np.asarray(xy)[:, ::-1])
    if len(_placed(image, swapped, pixel_projector(image.grid, labels.crs))):
        hint = "x and y are exchanged in the labels: GeoJSON wants longitude before latitude"
    elif labels.crs in (None, _WGS_84) and max(map(abs, there)) > 360:
        hint = (
            "these are no degrees: the labels are in another CRS, which the file does not name."
            " Set it in QGIS (Layer > Set CRS) and export them in EPSG:4326"
        )
    else:
        hint = "is it the right file? Open both in QGIS: if they lie elsewhere there as well, the"
        hint += " CRS of one is wrong"
    corners = np.array([[0, image.height], [image.width, 0]])
    here = np.asarray(image.grid.pixel_to_map(corners), dtype=float)
    return DataError(
        f"none of the {labels.count} labels of {labels.uri} lies on {image.uri}: they reach from"
        f" {_point(there[:2])} to {_point(there[2:])} in {labels.crs or 'WGS 84'}, the image from"
        f" {_point(here[0])} to {_point(here[1])} in WGS 84",
        hint=hint,
    )


def _placed(image: Image, shapes: Any, to_pixels: Any) -> Objects:
    import numpy as np
    import shapely

    with np.errstate(all="ignore"):
        moved = shapely.transform(shapes, to_pixels)
        bounds = shapely.bounds(moved)
        middles = (bounds[:, :2] + bounds[:, 2:]) / 2
        areas = shapely.area(moved)
    size = (image.width, image.height)
    inside = np.isfinite(bounds).all(axis=1) & (middles >= 0).all(axis=1)
    inside &= (middles <= size).all(axis=1)
    clipped = np.clip(bounds[inside], 0, [*size, *size])
    return Objects(clipped, np.flatnonzero(inside), areas[inside])


def _point(xy: Any) -> str:
    return f"({xy[0]:.7g}, {xy[1]:.7g})"
