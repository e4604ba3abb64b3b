"""Polygons of predicted pixels, as an option says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from affine import Affine
from pyproj import Geod
from shapely import box

from rvcli.core.box import Box
from rvcli.data.crs_transformer.crs_transformer import CRSTransformer
from rvcli.data.crs_transformer.identity_crs_transformer import IdentityCRSTransformer
from rvcli.data.crs_transformer.rasterio_crs_transformer import RasterioCRSTransformer
from rvcli.data.label_store.vector_output import vector_polygons
from rvcli.data.label_store.vector_output_config import VectorOutput
from rvcli.data.vector_source.ground_areas import ground_areas

PIXELS = IdentityCRSTransformer()


def labels() -> Any:
    """Draw a house of 20 x 10, a shed of 3 x 3, a stair, and a road of another class."""
    array = np.zeros((60, 80), np.uint8)
    array[10:20, 10:30] = array[40:43, 5:8] = 1
    for step in range(10):
        array[40 + step, 40 + step : 60] = 1
    array[55:58] = 2
    return array


def polygons_of(transformer: CRSTransformer = PIXELS, **options: Any) -> list[Any]:
    """Give the polygons of the labels, the largest first."""
    output = VectorOutput(**{"mode": "polygons", "class_id": 1, **options})
    array = labels()

    def read(window: Box) -> Any:
        return array[window.ymin : window.ymax, window.xmin : window.xmax]

    batches = list(vector_polygons(read, Box(0, 0, *array.shape), transformer, output))
    return sorted((p for batch in batches for p in batch), key=lambda p: -p.area)


def test_polygons_are_the_outlines_of_the_class() -> None:
    """By default every pixel of the class, and no other, is in a polygon."""
    house, stair, shed = polygons_of()
    assert shapely.box(10, 10, 30, 20).equals(house)
    assert (155, 9) == (stair.area, shed.area)
    [road] = polygons_of(class_id=2)
    assert 3 * 80 == road.area


def test_denoise() -> None:
    """What does not hold a disk of the radius goes, and corners with it."""
    house, stair = polygons_of(denoise=2)
    assert 180 < house.area < 200
    assert stair.area < 155


def test_min_area_in_pixels() -> None:
    """Without a georeference sizes are in pixels; what has just the size stays."""
    assert [200, 155, 9] == [p.area for p in polygons_of(min_area=9)]
    assert [200, 155] == [p.area for p in polygons_of(min_area=9.1)]
    assert [] == polygons_of(min_area=1000)


def test_min_area_in_metres(grid: RasterioCRSTransformer) -> None:
    """With a georeference sizes are in square metres: here a pixel has a quarter of one."""
    assert [200, 155] == [p.area for p in polygons_of(grid, min_area=30)]
    assert [200] == [p.area for p in polygons_of(grid, min_area=40)]


def test_simplify() -> None:
    """Outlines lose the vertices that they may."""
    _, stair, _ = polygons_of()
    _, simpler, _ = polygons_of(simplify=1)
    counts = [shapely.get_num_coordinates(polygon) for polygon in (stair, simpler)]
    assert counts[1] <= 5 < counts[0]


def test_buildings() -> None:
    """In the mode buildings a house is a rectangle; options that are not set have defaults."""
    house, *_ = polygons_of(mode="buildings")
    assert shapely.box(10, 10, 30, 20).equals(house)


def test_parts_of_buildings_may_be_too_small() -> None:
    """The size counts before and after clusters are taken apart."""
    array = np.zeros((20, 60), np.uint8)
    array[0:10, 0:40] = array[4:6, 40:50] = array[0:10, 50:52] = 1
    output = VectorOutput(mode="buildings", class_id=1, min_area=25)
    extent = Box(0, 0, *array.shape)
    [found] = vector_polygons(lambda _: array, extent, PIXELS, output)
    assert [400] == shapely.area(found).round().tolist()


def test_simplify_of_buildings() -> None:
    """Of buildings the tolerance decides which bays stay."""
    array = np.zeros((60, 60), np.uint8)
    array[10:50, 10:20] = array[10:20, 10:50] = array[20:24, 28:38] = 1
    vertices = []
    for tolerance in (None, 5):
        output = VectorOutput(mode="buildings", class_id=1, simplify=tolerance)
        [[found]] = vector_polygons(lambda _: array, Box(0, 0, 60, 60), PIXELS, output)
        vertices.append(int(shapely.get_num_coordinates(found)))
    assert [11, 7] == vertices


@pytest.mark.parametrize(
    ("transform", "crs"),
    [
        (Affine(0.5, 0, 530000, 0, -0.5, 9330000), "EPSG:32737"),
        (Affine(2, 1, 4e6, 1, -2, 7e6), "EPSG:3857"),
        (Affine(1e-5, 0, 10, 0, -1e-5, 53), "EPSG:4326"),
        (Affine(1, 0, 2e6, 0, -1, 8e5), "EPSG:2264"),
    ],
)
def test_areas_are_those_of_the_ellipsoid(transform: Affine, crs: str) -> None:
    """Areas agree with the geodesic ones, whatever unit and scale the CRS has."""
    transformer = RasterioCRSTransformer(transform, crs)
    polygons = np.array([box(0, 0, 10, 10), box(500, 300, 520, 340)], dtype=object)
    on_map = shapely.transform(polygons, transformer.pixel_to_map)
    expected = [abs(Geod(ellps="WGS84").geometry_area_perimeter(p)[0]) for p in on_map]
    assert ground_areas(polygons, transformer) == pytest.approx(expected, rel=1e-4)
