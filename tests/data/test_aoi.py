"""Areas of interest."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiPolygon, Point, box

from rvcli.core.box import Box
from rvcli.data.aoi import mask_outside, outside_mask, read_aoi_polygons
from rvcli.data.crs_transformer.rasterio_crs_transformer import RasterioCRSTransformer
from rvcli.data.vector_source.projection import source_projector
from rvcli.errors import DataError


@pytest.mark.parametrize("crs", [None, "EPSG:3857"])
def test_areas_are_read_into_pixels(
    grid: RasterioCRSTransformer, write_labels: Callable[..., str], crs: str | None
) -> None:
    """Areas in any CRS become polygons in pixels, whatever their properties say."""
    uri = write_labels(
        [
            MultiPolygon([box(0, 0, 10, 10), box(20, 0, 30, 5)]),
            Point(1, 1),
            LineString([(0, 0), (1, 1)]),
        ],
        [{"class_id": 900000}, {"class_id": "x"}, {}],
        crs=crs,
    )
    areas = read_aoi_polygons(uri, grid)
    assert np.allclose(shapely.bounds(areas), [[0, 0, 10, 10], [20, 0, 30, 5]], atol=1e-3)


@pytest.mark.parametrize("ending", ["gpkg", "fgb", "shp"])
def test_areas_are_read_from_other_vector_files(
    grid: RasterioCRSTransformer, tmp_path: Path, ending: str
) -> None:
    """Whatever GDAL reads holds areas as well, in the CRS that the file says."""
    on_map = shapely.transform(np.array([box(0, 0, 10, 10)]), source_projector(grid, "EPSG:3857"))
    path = tmp_path / f"areas.{ending}"
    pyogrio.raw.write(
        str(path), shapely.to_wkb(on_map), [], [], geometry_type="Polygon", crs="EPSG:3857"
    )
    areas = read_aoi_polygons(str(path), grid, Box(0, 0, 50, 50))
    assert np.allclose(shapely.bounds(areas), [[0, 0, 10, 10]], atol=1e-3)


def test_bare_geometry_is_an_area(
    grid: RasterioCRSTransformer, write_labels: Callable[..., str]
) -> None:
    """A file that holds nothing but a geometry is an area, too."""
    uri = write_labels([box(0, 0, 4, 4)])
    geometry = json.loads(Path(uri).read_text())["features"][0]["geometry"]
    Path(uri).write_text(json.dumps(geometry))
    assert len(read_aoi_polygons(uri, grid)) == 1


def test_areas_that_miss_the_image_are_warned_of(
    grid: RasterioCRSTransformer,
    write_labels: Callable[..., str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A file of areas of which none lies on the image is warned of."""
    uri = write_labels([box(10, 10, 20, 20)])
    read_aoi_polygons(uri, grid, Box(0, 0, 15, 15))
    assert "" == caplog.text
    read_aoi_polygons(uri, grid, Box(0, 0, 5, 5))
    assert f"{uri}: no area of interest lies on the image" in caplog.text


def test_file_without_polygon_is_refused(
    grid: RasterioCRSTransformer, write_labels: Callable[..., str]
) -> None:
    """A file without polygons would leave nothing to work on, and is refused."""
    with pytest.raises(DataError, match="holds no polygon"):
        read_aoi_polygons(write_labels([Point(1, 1), None]), grid)


def test_no_areas_mask_nothing() -> None:
    """Without areas everything counts."""
    array = np.ones((2, 2))
    assert mask_outside(array, Box(0, 0, 2, 2), []) is array


def test_window_within_an_area_is_untouched() -> None:
    """A window inside one area needs no mask."""
    assert outside_mask(Box(0, 0, 2, 2), [box(-1, -1, 3, 3)]) is None


def test_window_away_from_all_areas_is_masked() -> None:
    """A window that no area touches is masked wholly, with any number of channels."""
    array = np.ones((2, 2, 3), dtype=np.uint8)
    masked = mask_outside(array, Box(50, 50, 52, 52), [box(0, 0, 10, 10)], fill=9)
    assert (masked == 9).all()
    assert (array == 1).all()


@given(st.integers(-5, 15), st.integers(-5, 15), st.integers(1, 12))
def test_mask_covers_what_no_area_covers(ymin: int, xmin: int, size: int) -> None:
    """A pixel is masked just if its centre lies in no area."""
    areas = [box(0, 0, 7, 7), box(5, 5, 12, 9)]
    window = Box.make_square(ymin, xmin, size)
    masked = mask_outside(np.ones((size, size), dtype=np.uint8), window, areas)
    expected = [
        [
            int(any(area.contains(Point(x + 0.5, y + 0.5)) for area in areas))
            for x in range(xmin, xmin + size)
        ]
        for y in range(ymin, ymin + size)
    ]
    assert expected == masked.tolist()


def test_area_across_the_antimeridian_is_narrow(tmp_path: Path) -> None:
    """An area that goes from 178 to -178 degrees lies where labels do."""
    ring = [[178, 1], [-178, 1], [-178, -1], [178, -1], [178, 1]]
    path = tmp_path / "area.json"
    path.write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}))
    image = RasterioCRSTransformer(Affine(0.1, 0, 175, 0, -0.1, 10), "EPSG:4326")
    (area,) = read_aoi_polygons(str(path), image, Box(0, 0, 200, 100))
    assert np.allclose(area.bounds, (30, 90, 70, 110))
