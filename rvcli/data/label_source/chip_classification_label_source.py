"""ChipClassificationLabelSource: a class for each cell, from polygons."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from rvcli.core.box import Box
from rvcli.data.label.chip_classification_labels import ChipClassificationLabels
from rvcli.data.label_source.cell_classes import CellRule, cell_classes
from rvcli.data.label_source.label_source import LabelSource
from rvcli.data.vector_source.class_polygons import ClassPolygons
from rvcli.data.vector_source.geojson_features import features_of
from rvcli.data.vector_source.polygon_builder import class_polygons
from rvcli.errors import ConfigError

if TYPE_CHECKING:
    from rvcli.core.class_map import ClassMap
    from rvcli.data.crs_transformer.crs_transformer import CRSTransformer
    from rvcli.data.vector_source.vector_source import VectorSource

log = logging.getLogger(__name__)

_CELLS_AT_ONCE = 4096
# Cells in a file that are off the grid by no more than this share of their side are on it.
_SNAP = 0.05


def infer_cell(
    cell: Box,
    str_tree: ClassPolygons,
    ioa_thresh: float,
    use_intersection_over_cell: bool,
    background_class_id: int | None,
    pick_min_class_id: bool,
) -> int | None:
    """Return the class of a cell, None if it has none; see CellRule.

    Args:
        cell: pixel coordinates, half-open.
        str_tree: polygons with classes and their index, in pixel coordinates.
        ioa_thresh: share of a polygon, or of the cell, that has to lie in their intersection.
        use_intersection_over_cell: the share is that of the cell.
        background_class_id: class of a cell that nothing else decides.
        pick_min_class_id: of several classes choose the smallest id, else the largest cover.
    """
    rule = CellRule(ioa_thresh, use_intersection_over_cell, background_class_id, pick_min_class_id)
    return cell_classes([cell], str_tree, rule)[0]


def infer_labels(
    geojson: Mapping[str, Any],
    extent: Box,
    cell_size: int,
    ioa_thresh: float,
    use_intersection_over_cell: bool,
    pick_min_class_id: bool,
    background_class_id: int | None,
) -> ChipClassificationLabels:
    """Return the classes of a grid of cells over an extent; see CellRule.

    Args:
        geojson: polygons in pixel (x, y) with the property `class_id`.
        extent: pixel coordinates, half-open; of cells that reach beyond it, what is inside counts.
        cell_size: width and height of a cell in pixels.
        ioa_thresh: see infer_cell, as for the rest.
    """
    rule = CellRule(ioa_thresh, use_intersection_over_cell, background_class_id, pick_min_class_id)
    polygons = _polygons_of(geojson)
    return _infer(extent.get_windows(cell_size, cell_size), lambda _: polygons, rule, extent)


def read_labels(geojson: Mapping[str, Any], extent: Box | None = None) -> ChipClassificationLabels:
    """Return the cells that GeoJSON holds: the bounds of its polygons, in whole pixels.

    Args:
        geojson: polygons in pixel (x, y) with the property `class_id`.
        extent: where given, cells that lie outside it are left out.
    """
    return _read(_polygons_of(geojson), extent)


class ChipClassificationLabelSource(LabelSource):
    """Gives a class to each cell: read from polygons that are cells, or inferred from any.

    Cells that are read and lie nearly on the grid of squares over the image count as its squares:
    their coordinates have been to the map and back.
    """

    def __init__(
        self,
        vector_source: VectorSource,
        crs_transformer: CRSTransformer,
        class_map: ClassMap,
        extent: Box | None = None,
        ioa_thresh: float | None = None,
        use_intersection_over_cell: bool = False,
        pick_min_class_id: bool = False,
        background_class_id: int | None = None,
        cell_size: int | None = None,
        infer_cells: bool = False,
    ) -> None:
        """Make a source.

        Args:
            vector_source: of cells, or of polygons to infer the classes of cells from.
            crs_transformer: of the image.
            class_map: the classes.
            extent: of the image, pixel coordinates.
            ioa_thresh: see CellRule, as for the next three.
            use_intersection_over_cell: see CellRule.
            pick_min_class_id: see CellRule.
            background_class_id: see CellRule.
            cell_size: width and height of cells in pixels.
            infer_cells: infer the classes of a grid of cells.

        Raises:
            ConfigError: something is missing that inferring needs.
        """
        if background_class_id is not None and background_class_id not in class_map.get_keys():
            log.warning("background_class_id is %d, which no class has", background_class_id)
        self.vector_source = vector_source
        self.crs_transformer = crs_transformer
        self.class_map = class_map
        self.extent = extent
        self.cell_size = cell_size
        self._labels: ChipClassificationLabels | None = None
        self._inferring: tuple[CellRule, list[Box]] | None = None
        if infer_cells:
            if ioa_thresh is None or extent is None or cell_size is None:
                raise ConfigError("infer_cells needs ioa_thresh, extent and cell_size")
            rule = CellRule(
                ioa_thresh, use_intersection_over_cell, background_class_id, pick_min_class_id
            )
            self._inferring = rule, extent.get_windows(cell_size, cell_size)

    def get_labels(self, window: Box | None = None) -> ChipClassificationLabels:
        """Return the labels of all cells, or of one.

        Args:
            window: the cell, pixel coordinates; inferred cells may lie anywhere. None means all.

        Returns:
            Labels; cells without class are among them with class None.
        """
        if window is None:
            return self._all()
        known = self._labels is not None and self._labels.get_cell_values(window) is not None
        if self._inferring is None or known:
            return self._all().get_singleton_labels(window)
        rule, _ = self._inferring
        return _infer([window], self.vector_source.get_polygons, rule, self.extent)

    def _all(self) -> ChipClassificationLabels:
        if self._labels is None:
            source = self.vector_source
            unseen: set[int | None] = {None}
            if self._inferring is None:
                self._labels = _read(source.get_polygons(self.extent), self.extent, self.cell_size)
            else:
                rule, cells = self._inferring
                self._labels = _infer(cells, source.get_polygons, rule, self.extent)
                unseen.add(rule.background_class_id)
            if self.extent is not None and unseen.issuperset(self._labels.get_class_ids()):
                source.warn_if_outside(self.extent)
        return self._labels


def _infer(
    cells: Sequence[Box],
    get_polygons: Callable[[Box], ClassPolygons],
    rule: CellRule,
    extent: Box | None,
) -> ChipClassificationLabels:
    """Infer the classes of cells, some thousands at a time, from what lies around them."""
    labels = ChipClassificationLabels()
    for start in range(0, len(cells), _CELLS_AT_ONCE):
        some = cells[start : start + _CELLS_AT_ONCE]
        classes = cell_classes(some, get_polygons(_around(some)), rule, extent)
        for cell, class_id in zip(some, classes, strict=True):
            labels.set_cell(cell, class_id)
    return labels


def _around(cells: Sequence[Box]) -> Box:
    return Box(
        min(cell.ymin for cell in cells),
        min(cell.xmin for cell in cells),
        max(cell.ymax for cell in cells),
        max(cell.xmax for cell in cells),
    )


def _polygons_of(geojson: Mapping[str, Any]) -> ClassPolygons:
    features = features_of(geojson, "GeoJSON")
    class_ids = [feature["properties"]["class_id"] for feature in features]
    return class_polygons(features, class_ids, lambda xy: xy)


def _read(
    polygons: ClassPolygons, extent: Box | None, cell_size: int | None = None
) -> ChipClassificationLabels:
    """Return the bounds of polygons as cells, those that touch an extent.

    Where a cell is given more than once, the last class holds.
    """
    labels = ChipClassificationLabels()
    disputed: list[tuple[Box, int | None, int]] = []
    for cell, class_id in zip(
        _cells(polygons, extent, cell_size), polygons.class_ids.tolist(), strict=True
    ):
        if extent is None or cell.intersects(extent):
            known = labels.get_cell_class_id(cell)
            if known not in (None, class_id):
                disputed.append((cell, known, class_id))
            labels.set_cell(cell, class_id or None)
    _warn_of_sizes(labels.get_cells(), cell_size)
    _warn_of_disputed(disputed)
    return labels


def _cells(polygons: ClassPolygons, extent: Box | None, cell_size: int | None) -> Iterable[Box]:
    """Yield the bounds of polygons in whole pixels, on the grid where they nearly are."""
    bounds = shapely.bounds(polygons.geometries).reshape(-1, 4)[:, [1, 0, 3, 2]]
    cells = np.floor(bounds + 0.5).astype(np.int64)
    if extent is not None and cell_size is not None:
        start = np.array([extent.ymin, extent.xmin])
        corners = start + cell_size * np.round((bounds[:, :2] - start) / cell_size).astype(np.int64)
        squares = np.concatenate([corners, corners + cell_size], axis=1)
        near = (np.abs(bounds - squares) <= _SNAP * cell_size).all(axis=1)
        cells[near] = squares[near]
    return (Box(*cell) for cell in cells.tolist())


def _warn_of_disputed(disputed: Sequence[tuple[Box, int | None, int]]) -> None:
    if disputed:
        cell, first, second = disputed[0]
        log.warning(
            "%d labelled cells come a second time with another class, as that at row %d, column %d"
            " with the classes %s and %s: the last one holds; polygons that overlap need"
            " with_infer_cells(True)",
            len(disputed),
            cell.ymin,
            cell.xmin,
            first,
            second,
        )


def _warn_of_sizes(cells: Sequence[Box], cell_size: int | None) -> None:
    if cell_size is None:
        return
    other = [c for c in cells if (c.get_height(), c.get_width()) != (cell_size, cell_size)]
    if other:
        log.warning(
            "%d of %d labelled cells are not %d x %d pixels, as %d x %d is not: polygons that are"
            " no cells need with_infer_cells(True)",
            len(other),
            len(cells),
            cell_size,
            cell_size,
            other[0].get_height(),
            other[0].get_width(),
        )
