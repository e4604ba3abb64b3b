"""The classes of cells, from how much of them polygons cover."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely

from rvcli.core.box import Box

if TYPE_CHECKING:
    from rvcli.data.vector_source.class_polygons import ClassPolygons

# Polygons come by way of map coordinates, which costs the last digits of their areas.
_TOLERANCE = 1e-6
_DIGITS = 6


@dataclass(frozen=True)
class CellRule:
    """How the class of a cell follows from polygons.

    A class is in the running for a cell if enough of the cell, or of one of the class's polygons,
    lies in their intersection. Of several the one that covers most of the cell is chosen, on a tie
    the one with the smaller id. Where polygons of one class overlap, what they cover counts once.

    Attributes:
        ioa_thresh: the share that is enough, from 0 to 1; with 0 any area is.
        use_intersection_over_cell: the share is that of the cell, else that of a polygon.
        background_class_id: class of cells for which no class is in the running; None leaves
            them without class.
        pick_min_class_id: of several classes choose the one with the smallest id.
    """

    ioa_thresh: float
    use_intersection_over_cell: bool = False
    background_class_id: int | None = None
    pick_min_class_id: bool = False


def cell_classes(
    cells: Sequence[Box], polygons: ClassPolygons, rule: CellRule, extent: Box | None = None
) -> list[int | None]:
    """Return the class of each cell.

    Args:
        cells: pixel coordinates, half-open; at least one.
        polygons: in pixel coordinates; a class id of 0 stands for "not labelled".
        rule: how the class follows.
        extent: of the image; only the part of a cell that lies on it counts.

    Returns:
        Class ids; None where there is none, or where what is chosen is "not labelled".
    """
    boxes = _boxes(cells, extent)
    # Of very small numbers GEOS raises flags that mean nothing here.
    with np.errstate(all="ignore"):
        cell, class_id, covered = _candidates(boxes, polygons, rule)
    # The best candidate of a cell comes first.
    rank = class_id if rule.pick_min_class_id else -covered.round(_DIGITS)
    order = np.lexsort((class_id, rank, cell))
    decided, first = np.unique(cell[order], return_index=True)
    chosen = np.full(len(cells), rule.background_class_id or 0, dtype=np.int64)
    chosen[decided] = class_id[order][first]
    return [one or None for one in chosen.tolist()]


def _boxes(cells: Sequence[Box], extent: Box | None) -> npt.NDArray[Any]:
    """Return the parts of cells that lie in an extent, as polygons."""
    inside = cells if extent is None else [cell.intersection(extent) for cell in cells]
    return np.asarray(shapely.box(*np.array([box.shapely_format() for box in inside]).T))


def _candidates(
    boxes: npt.NDArray[Any], polygons: ClassPolygons, rule: CellRule
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return the pairs of cell and class that are in the running.

    Returns:
        Index of the cell, class id and covered area in pixels, each of shape (n,).
    """
    cell, polygon = polygons.tree.query(boxes, predicate="intersects")
    class_id = polygons.class_ids[polygon]
    order = np.lexsort((class_id, cell))
    cell, polygon, class_id = cell[order], polygon[order], class_id[order]
    shared = shapely.intersection(polygons.geometries[polygon], boxes[cell])
    areas = shapely.area(shared)
    start = np.flatnonzero(np.diff(cell, prepend=-1) | np.diff(class_id, prepend=-1))
    if not len(start):
        return cell, class_id, areas
    covered = _union_areas(shared, areas, start)
    if rule.use_intersection_over_cell:
        shares = covered / np.maximum(shapely.area(boxes)[cell[start]], 1)
    else:
        shares = np.maximum.reduceat(areas / shapely.area(polygons.geometries[polygon]), start)
    enough = (covered > 0) & (shares >= rule.ioa_thresh - _TOLERANCE)
    return cell[start][enough], class_id[start][enough], covered[enough]


def _union_areas(
    geometries: npt.NDArray[Any], areas: npt.NDArray[np.float64], start: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Return the area of the union of each run of geometries that begins at `start`."""
    united = np.add.reduceat(areas, start)
    stop = np.append(start[1:], len(geometries))
    for run in np.flatnonzero(stop - start > 1):
        united[run] = shapely.union_all(geometries[start[run] : stop[run]]).area
    return np.asarray(united)
