"""Polygons with classes as arrays."""

from __future__ import annotations

import numpy as np
import shapely
from shapely.geometry import box

from rvcli.core.box import Box
from rvcli.data.vector_source.class_polygons import ClassPolygons, merged
from rvcli.data.vector_source.polygon_blocks import BLOCK_PX, PolygonBlocks


def polygons(*numbered: tuple[int, tuple[float, float, float, float]]) -> ClassPolygons:
    """Make boxes of numbered features, whose class is the number."""
    numbers = np.array([number for number, _ in numbered], dtype=np.int64)
    return ClassPolygons(np.array([box(*b) for _, b in numbered]), numbers, numbers)


def test_merged_has_each_feature_once_and_in_order() -> None:
    """Of reads that share features each has all its polygons once, in the order of the source."""
    first = polygons((5, (0, 0, 1, 1)), (7, (2, 0, 3, 1)), (7, (4, 0, 5, 1)))
    second = polygons((2, (8, 0, 9, 1)), (7, (2, 0, 3, 1)), (7, (4, 0, 5, 1)))
    made = merged([first, second])
    assert made.features.tolist() == [2, 5, 7, 7]
    assert shapely.bounds(made.geometries)[:, 0].tolist() == [8, 0, 2, 4]
    assert merged([first]) is first


def test_divided_polygons_cover_the_same_in_small_pieces() -> None:
    """Pieces of a polygon of many vertices cover just what it covers, and have few vertices."""
    angles = np.linspace(0, 2 * np.pi, 9000, endpoint=False)
    radii = 700 + 150 * np.sin(11 * angles) + np.random.default_rng(0).uniform(0, 0.3, 9000)
    coast = shapely.Polygon(np.column_stack([radii * np.cos(angles), radii * np.sin(angles)]))
    whole = coast.difference(shapely.Point(0, 0).buffer(200))
    made = ClassPolygons(
        np.array([box(0, 0, 1, 1), whole]), np.array([3, 4]), np.array([0, 1])
    ).divided
    pieces = made.geometries[made.features == 1]
    assert len(pieces) > 1
    assert shapely.get_num_coordinates(pieces).max() <= 2048
    assert set(made.class_ids[made.features == 1].tolist()) == {4}
    points = shapely.points(np.random.default_rng(1).uniform(-900, 900, (3000, 2)))
    shapely.prepare(pieces)
    covered = shapely.contains(pieces[:, np.newaxis], points).any(axis=0)
    assert covered.tolist() == shapely.contains(whole, points).tolist()


def test_polygons_of_few_vertices_are_not_divided() -> None:
    """Without large polygons nothing is copied, and tiny ones of many vertices stay whole."""
    plain = polygons((0, (0, 0, 9, 9)))
    assert plain.divided is plain
    dot = ClassPolygons(
        np.array([shapely.Point(5, 5).buffer(5, quad_segs=2000)]), np.array([1]), np.array([0])
    )
    assert len(dot.divided) == 1


def test_blocks_are_read_once_and_the_oldest_forgotten() -> None:
    """Squares are read when a window first touches them, and kept as far as there is room."""
    reads: list[Box] = []

    def read(window: Box) -> ClassPolygons:
        reads.append(window)
        return polygons((len(reads), (window.xmin, window.ymin, window.xmin + 9, window.ymin + 9)))

    blocks = PolygonBlocks(read, kept_polygons=2)
    near, far, farther = (Box.make_square(y, 0, 10) for y in (0, 9000, 18000))
    for window, count in ((near, 1), (Box(20, 20, 30, 30), 1), (far, 2), (near, 2), (farther, 3)):
        blocks.part(window)
        assert len(reads) == count
    assert reads[0] == Box(0, 0, BLOCK_PX, BLOCK_PX)
    blocks.part(near)
    assert len(reads) == 3
    blocks.part(far)
    assert len(reads) == 4
    blocks.clear()
    blocks.part(near)
    assert len(reads) == 5


def test_window_over_several_blocks_reads_each() -> None:
    """A window that reaches over corners of squares reads all of them."""
    reads: list[Box] = []

    def read(window: Box) -> ClassPolygons:
        reads.append(window)
        return polygons((7, (-9, -9, 9, 9)))

    assert len(PolygonBlocks(read).part(Box(-5, -5, 5, 5))) == 1
    corners = [-BLOCK_PX, 0]
    assert reads == [Box.make_square(y, x, BLOCK_PX) for y in corners for x in corners]
