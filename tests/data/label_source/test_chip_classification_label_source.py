"""Classes of cells: read from cells, or inferred from any polygons."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

from rvcli import keys
from rvcli.config.problems import InvalidConfigError
from rvcli.core.box import Box
from rvcli.core.class_map import ClassMap
from rvcli.data.crs_transformer.identity_crs_transformer import IdentityCRSTransformer
from rvcli.data.crs_transformer.rasterio_crs_transformer import RasterioCRSTransformer
from rvcli.data.label_source.cell_classes import CellRule, cell_classes
from rvcli.data.label_source.chip_classification_label_source import (
    ChipClassificationLabelSource,
    infer_cell,
    infer_labels,
    read_labels,
)
from rvcli.data.label_source.label_source_config import LabelSourceConfig
from rvcli.data.vector_source.class_polygons import ClassPolygons
from rvcli.data.vector_source.vector_source import VectorSource
from rvcli.errors import ConfigError
from rvcli.protos.label_source_pb2 import LabelSourceConfig as Message

WriteLabels = Callable[..., str]
Shape = tuple[BaseGeometry, int]

CLASSES = ClassMap.construct_from(["house", "wood", "field"])
HOUSE, WOOD, FIELD = 1, 2, 3
EXTENT = Box(0, 0, 20, 25)
CELL = Box(0, 0, 10, 10)


def polygons_of(*shapes: Shape) -> ClassPolygons:
    """Put polygons with classes together."""
    geometries = np.array([geometry for geometry, _ in shapes], dtype=object)
    class_ids = np.array([class_id for _, class_id in shapes], dtype=np.int64)
    return ClassPolygons(geometries, class_ids, np.arange(len(shapes)))


def geojson_of(*shapes: Shape) -> dict[str, Any]:
    """Write polygons with classes as GeoJSON, in pixels."""
    features = [
        {
            "type": "Feature",
            "geometry": shapely.geometry.mapping(geometry),
            "properties": {"class_id": class_id},
        }
        for geometry, class_id in shapes
    ]
    return {"type": "FeatureCollection", "features": features}


def infer(*shapes: Shape, cell: Box = CELL, **options: Any) -> int | None:
    """Infer the class of a cell."""
    rule = CellRule(**{"ioa_thresh": 0.5, **options})
    return cell_classes([cell], polygons_of(*shapes), rule, EXTENT)[0]


class Shapes(VectorSource):
    """A vector source of polygons in pixels, that counts how often it is asked."""

    def __init__(self, *shapes: Shape) -> None:
        super().__init__(IdentityCRSTransformer())
        self.shapes = shapes
        self.windows: list[Box | None] = []

    def get_polygons(self, window: Box | None = None) -> ClassPolygons:
        """Give those near a window."""
        self.windows.append(window)
        return super().get_polygons(window)

    def _get_geojson(self) -> dict[str, Any]:
        return geojson_of(*self.shapes)


def make_source(*shapes: Shape, **options: Any) -> ChipClassificationLabelSource:
    """Make a source of polygons in pixels, by default of cells of 10 pixels."""
    options = {"extent": EXTENT, "cell_size": 10, **options}
    return ChipClassificationLabelSource(
        Shapes(*shapes), IdentityCRSTransformer(), CLASSES, **options
    )


# Inferring.


def test_a_polygon_that_lies_in_the_cell_gives_its_class() -> None:
    """Enough of the polygon lies in the cell, however little of the cell it covers."""
    assert HOUSE == infer((shapely.box(1, 1, 3, 3), HOUSE))


def test_ioa_thresh_is_the_share_of_the_polygon() -> None:
    """A polygon counts from the threshold on, and not below it."""
    half = (shapely.box(5, 0, 15, 10), HOUSE)
    assert HOUSE == infer(half, ioa_thresh=0.5)
    assert infer(half, ioa_thresh=0.51) is None


def test_use_intersection_over_cell_is_the_share_of_the_cell() -> None:
    """The same threshold means the cell instead of the polygon."""
    small, large = (shapely.box(1, 1, 3, 3), HOUSE), (shapely.box(0, 0, 10, 500), WOOD)
    assert HOUSE == infer(small, use_intersection_over_cell=False)
    assert infer(small, use_intersection_over_cell=True) is None
    assert infer(large, use_intersection_over_cell=False) is None
    assert WOOD == infer(large, use_intersection_over_cell=True)


def test_background_class_id_is_for_cells_without_polygons() -> None:
    """A cell that nothing else decides is background, or has no class."""
    assert FIELD == infer(background_class_id=FIELD)
    assert infer() is None


def test_the_class_that_covers_most_wins() -> None:
    """Of several classes the one that covers most of the cell is chosen."""
    shapes = [(shapely.box(0, 0, 10, 4), HOUSE), (shapely.box(0, 4, 10, 10), WOOD)]
    assert WOOD == infer(*shapes)


def test_pick_min_class_id_prefers_small_ids() -> None:
    """Of several classes the smallest id is chosen where that is asked for."""
    shapes = [(shapely.box(0, 0, 10, 9), WOOD), (shapely.box(0, 9, 10, 10), HOUSE)]
    assert HOUSE == infer(*shapes, pick_min_class_id=True)
    assert WOOD == infer(*shapes, pick_min_class_id=False)


def test_a_tie_goes_to_the_smaller_id() -> None:
    """Of two classes that cover the same area the smaller id is chosen."""
    shapes = [(shapely.box(0, 0, 10, 5), WOOD), (shapely.box(0, 5, 10, 10), HOUSE)]
    assert HOUSE == infer(*shapes)


def test_many_small_polygons_count_together() -> None:
    """What covers a cell is all polygons of a class, not the largest of them."""
    houses = [(shapely.box(x, 0, x + 1.5, 4), HOUSE) for x in (0, 2, 4, 6, 8)]
    assert HOUSE == infer(*houses, (shapely.box(0, 5, 5, 10), WOOD))
    assert HOUSE == infer(*houses, ioa_thresh=0.3, use_intersection_over_cell=True)


def test_overlapping_polygons_of_a_class_count_once() -> None:
    """What two polygons of a class both cover is counted once."""
    twice = [(shapely.box(0, 0, 10, 4), HOUSE)] * 2
    assert WOOD == infer(*twice, (shapely.box(0, 4, 10, 10), WOOD))
    assert infer(*twice, use_intersection_over_cell=True) is None


def test_what_only_touches_does_not_count() -> None:
    """A polygon that shares an edge with the cell has no part in it, whatever the threshold."""
    assert infer((shapely.box(10, 0, 20, 10), HOUSE), ioa_thresh=0) is None
    assert HOUSE == infer((shapely.box(9.9, 0, 20, 10), HOUSE), ioa_thresh=0)


def test_the_part_beyond_the_image_does_not_count() -> None:
    """Of a cell at the border the share is that of its part on the image."""
    border = Box(0, 20, 10, 30)
    house = (shapely.box(20, 0, 23, 10), HOUSE)
    assert HOUSE == infer(house, cell=border, use_intersection_over_cell=True)


def test_not_labelled_is_no_class() -> None:
    """A cell that is mostly covered by class 0 has no class."""
    assert infer((shapely.box(0, 0, 10, 9), 0), (shapely.box(0, 9, 10, 10), HOUSE)) is None


# Quarters of pixels, so that edges often meet.
_quarters = st.integers(-20, 80).map(lambda n: n / 4)
_sizes = st.integers(1, 60).map(lambda n: n / 4)
_rectangles = st.tuples(_quarters, _quarters, _sizes, _sizes, st.integers(1, 3))


@given(st.lists(_rectangles, max_size=8), st.floats(0.05, 0.95), st.booleans(), st.booleans())
def test_many_cells_at_once_are_as_one_by_one(
    rows: Sequence[Any], thresh: float, over_cell: bool, pick_min: bool
) -> None:
    """Cells inferred together have the classes that the definition gives each of them alone."""
    shapes = [(shapely.box(x, y, x + w, y + h), class_id) for x, y, w, h, class_id in rows]
    cells = Box(0, 0, 20, 20).get_windows(10, 10)
    rule = CellRule(thresh, over_cell, None, pick_min)
    expected = [_slow_class(cell, shapes, rule) for cell in cells]
    assert expected == cell_classes(cells, polygons_of(*shapes), rule)


def _slow_class(cell: Box, shapes: Sequence[Shape], rule: CellRule) -> int | None:
    """Infer the class of a cell the plain way."""
    frame = cell.to_shapely()
    covered = {}
    for class_id in sorted({class_id for _, class_id in shapes}):
        own = [geometry for geometry, of in shapes if of == class_id]
        union = shapely.union_all(own).intersection(frame)
        shares = (
            [union.area / frame.area]
            if rule.use_intersection_over_cell
            else [geometry.intersection(frame).area / geometry.area for geometry in own]
        )
        if union.area > 0 and max(shares) >= rule.ioa_thresh - 1e-6:
            covered[class_id] = round(union.area, 6)
    if not covered:
        return None
    return min(covered) if rule.pick_min_class_id else max(covered, key=lambda i: covered[i])


def test_the_functions_of_the_reference() -> None:
    """infer_cell and infer_labels infer as the source does."""
    shapes = [(shapely.box(1, 1, 3, 3), HOUSE), (shapely.box(21, 11, 24, 14), WOOD)]
    assert HOUSE == infer_cell(CELL, polygons_of(*shapes), 0.5, False, FIELD, False)
    labels = infer_labels(geojson_of(*shapes), EXTENT, 10, 0.5, False, False, FIELD)
    assert EXTENT.get_windows(10, 10) == labels.get_cells()
    assert [HOUSE, FIELD, FIELD, FIELD, FIELD, WOOD] == labels.get_class_ids()
    source = make_source(*shapes, infer_cells=True, ioa_thresh=0.5, background_class_id=FIELD)
    assert labels == source.get_labels()


def test_inferred_cells_may_lie_anywhere() -> None:
    """A window is inferred by itself, from the polygons around it alone."""
    source = make_source((shapely.box(4, 4, 9, 9), HOUSE), infer_cells=True, ioa_thresh=0.5)
    window = Box(3, 3, 13, 13)
    assert HOUSE == source.get_labels(window).get_cell_class_id(window)
    assert [window] == source.vector_source.windows  # type: ignore[attr-defined]


def test_labels_of_all_cells_are_inferred_once() -> None:
    """Once all cells are known, the labels of one are not inferred again."""
    source = make_source((shapely.box(4, 4, 9, 9), HOUSE), infer_cells=True, ioa_thresh=0.5)
    labels = source.get_labels()
    assert labels is source.get_labels()
    assert labels.get_singleton_labels(CELL) == source.get_labels(CELL)
    assert 1 == len(source.vector_source.windows)  # type: ignore[attr-defined]


def test_no_polygons_at_all() -> None:
    """Where there are no polygons, cells are background, and none are read."""
    inferred = make_source(infer_cells=True, ioa_thresh=0.5, background_class_id=FIELD)
    assert [FIELD] * 6 == inferred.get_labels().get_class_ids()
    assert [] == make_source().get_labels().get_cells()


@pytest.mark.parametrize("left_out", ["ioa_thresh", "extent", "cell_size"])
def test_inferring_needs(left_out: str) -> None:
    """Without threshold, extent or cell size no cells can be inferred."""
    options = {"infer_cells": True, "ioa_thresh": 0.5, left_out: None}
    with pytest.raises(ConfigError, match="infer_cells needs"):
        make_source(**options)


def test_a_background_beyond_the_class_map(caplog: pytest.LogCaptureFixture) -> None:
    """Cells may get a background class that the class map lacks; the log says so."""
    inferred = make_source(infer_cells=True, ioa_thresh=0.5, background_class_id=9)
    assert [9] * 6 == inferred.get_labels().get_class_ids()
    assert "background_class_id is 9, which no class has" in caplog.text


# Reading.


def test_cells_are_read() -> None:
    """Without inferring, each polygon is a cell with its class."""
    source = make_source((shapely.box(0, 0, 10, 10), HOUSE), (shapely.box(10, 0, 20, 10), WOOD))
    labels = source.get_labels()
    assert [CELL, Box(0, 10, 10, 20)] == labels.get_cells()
    assert [HOUSE, WOOD] == labels.get_class_ids()
    assert HOUSE == source.get_labels(CELL).get_cell_class_id(CELL)
    assert source.get_labels(Box(10, 0, 20, 10)).get_class_ids() == [None]


def test_cells_come_from_the_map(grid: RasterioCRSTransformer, write_labels: WriteLabels) -> None:
    """Cells in WGS 84 with a few decimals are squares of the grid over the image."""
    uri = write_labels([shapely.box(64, 0, 128, 64)], [{"class_name": "wood"}])
    config = LabelSourceConfig.builder(keys.CHIP_CLASSIFICATION).with_uri(uri).build()
    task = SimpleNamespace(class_map=CLASSES, chip_size=64)
    source = config.create_source(task, Box(0, 0, 128, 128), grid, "")
    labels = source.get_labels()
    assert ([Box(0, 64, 64, 128)], [WOOD]) == (labels.get_cells(), labels.get_class_ids())


def test_cells_snap_to_the_grid() -> None:
    """Cells that are nearly on the grid are on it; others are rounded to whole pixels."""
    source = make_source(
        (shapely.box(10.4, 0.1, 20.4, 9.6), HOUSE), (shapely.box(3.2, 4.7, 13.2, 14.7), WOOD)
    )
    assert [Box(0, 10, 10, 20), Box(5, 3, 15, 13)] == source.get_labels().get_cells()


def test_cells_outside_the_image_are_left_out() -> None:
    """Cells that do not share an area with the extent are not labels of the image."""
    geojson = geojson_of((shapely.box(0, 0, 10, 10), HOUSE), (shapely.box(25, 0, 35, 10), WOOD))
    assert [CELL] == read_labels(geojson, EXTENT).get_cells()
    assert 2 == len(read_labels(geojson))


def test_cells_of_class_0_have_no_class() -> None:
    """A cell that is marked as not labelled has no class."""
    assert [None] == make_source((shapely.box(0, 0, 10, 10), 0)).get_labels().get_class_ids()


def test_polygons_that_are_no_cells_are_told(caplog: pytest.LogCaptureFixture) -> None:
    """Polygons of another size than cells give a warning that names the option to infer."""
    caplog.set_level(logging.WARNING)
    make_source((shapely.box(0, 0, 3, 4), HOUSE), (shapely.box(0, 0, 10, 10), HOUSE)).get_labels()
    assert "1 of 2 labelled cells are not 10 x 10 pixels, as 4 x 3 is not" in caplog.text
    assert "with_infer_cells(True)" in caplog.text


def test_cells_that_come_twice_are_told(caplog: pytest.LogCaptureFixture) -> None:
    """Of a cell with two classes the last holds, which is told; twice the same is no matter."""
    cell, other = shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10)
    source = make_source((cell, HOUSE), (other, WOOD), (other, WOOD))
    assert [HOUSE, WOOD] == source.get_labels().get_class_ids()
    assert "" == caplog.text
    source = make_source((cell, HOUSE), (other, HOUSE), (other, WOOD))
    assert [HOUSE, WOOD] == source.get_labels().get_class_ids()
    assert "1 labelled cells come a second time with another class" in caplog.text
    assert "row 0, column 10 with the classes 1 and 2: the last one holds" in caplog.text


@pytest.mark.parametrize(
    "options",
    [{}, {"infer_cells": True, "ioa_thresh": 0.5, "background_class_id": FIELD}],
)
def test_labels_off_the_image_are_told(
    caplog: pytest.LogCaptureFixture, options: dict[str, Any]
) -> None:
    """Cells or polygons of which none lies on the image give a warning that names the CRS."""
    make_source((shapely.box(500, 0, 510, 10), HOUSE), **options).get_labels()
    assert "none of the 1 polygons lies on the image; check their CRS" in caplog.text
    caplog.clear()
    make_source((shapely.box(0, 0, 10, 10), HOUSE), **options).get_labels()
    assert "" == caplog.text


# The config.


def builder() -> Any:
    """Start a config over a GeoJSON file."""
    return LabelSourceConfig.builder(keys.CHIP_CLASSIFICATION).with_uri("cells.json")


def test_options_reach_the_source() -> None:
    """Every option of the config is one of the source that it makes."""
    config = (
        builder()
        .with_ioa_thresh(0.25)
        .with_use_intersection_over_cell(True)
        .with_pick_min_class_id(True)
        .with_background_class_id(3)
        .with_cell_size(50)
        .with_infer_cells(True)
        .build()
    )
    task = SimpleNamespace(class_map=CLASSES, chip_size=64)
    source = config.create_source(task, EXTENT, IdentityCRSTransformer(), "")
    rule, cells = source._inferring
    assert CellRule(0.25, True, 3, True) == rule
    assert EXTENT.get_windows(50, 50) == cells


def test_cell_size_is_the_chip_size_of_the_task() -> None:
    """Cells are as large as the chips of the task if nothing else is said."""
    task = SimpleNamespace(class_map=CLASSES, chip_size=64)
    source = builder().build().create_source(task, EXTENT, IdentityCRSTransformer(), "")
    assert 64 == source.cell_size


def test_what_is_missing_is_named() -> None:
    """The config names what inferring needs, and what does not fit."""
    with pytest.raises(InvalidConfigError, match=r"\$\.ioa_thresh is not set, and infer_cells"):
        builder().with_infer_cells(True).build()
    with pytest.raises(InvalidConfigError) as caught:
        LabelSourceConfig.builder(keys.CHIP_CLASSIFICATION).with_ioa_thresh(2).with_cell_size(
            0
        ).with_background_class_id(-1).build()
    paths = {problem.path for problem in caught.value.problems}
    assert {"$.vector_source", "$.ioa_thresh", "$.cell_size", "$.background_class_id"} == paths


def test_message_round_trip() -> None:
    """A config comes back from its message, in which the fields have their old places."""
    config = builder().with_ioa_thresh(0.1).with_infer_cells(True).with_cell_size(200).build()
    message = config.to_proto()
    own = message.chip_classification_label_source
    assert (True, 200) == (own.infer_cells, own.cell_size)
    assert config.to_plain() == LabelSourceConfig.from_proto(message).to_plain()


def test_older_messages_are_read() -> None:
    """A message of the older kind, with the URI of a GeoJSON file, says the same as today's."""
    message = Message(source_type="CHIP_CLASSIFICATION_GEOJSON")
    old = message.chip_classification_geojson_source
    old.uri, old.ioa_thresh, old.infer_cells, old.background_class_id = "cells.json", 0.4, True, 2
    expected = builder().with_ioa_thresh(0.4).with_infer_cells(True).with_background_class_id(2)
    assert expected.build().to_plain() == LabelSourceConfig.from_proto(message).to_plain()
