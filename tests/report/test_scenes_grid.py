"""Where the pictures of a scene lie."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from affine import Affine
from rasterio.warp import transform

from rvcli.core.box import Box
from rvcli.data.crs_transformer.identity_crs_transformer import IdentityCRSTransformer
from rvcli.data.crs_transformer.rasterio_crs_transformer import RasterioCRSTransformer
from rvcli.report.grid import Grid, place_scene

UTM = Affine(2.0, 0, 530_000, 0, -2.0, 5_200_000)


def place(affine: Affine, crs: str, height: int = 60, width: int = 90, side: int = 512) -> Grid:
    """Place a scene."""
    return place_scene(Box(0, 0, height, width), RasterioCRSTransformer(affine, crs), side)


def numbered(grid: Grid) -> np.ndarray[Any, Any]:
    """Draw a scene whose pixels are numbered from 1."""
    height, width = grid.sampled_hw
    return grid.nearest(np.arange(1, height * width + 1).reshape(height, width))


def lonlat_of_pixels(grid: Grid) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return longitudes of the columns and latitudes of the rows of a picture on the map."""
    west, south, east, north = grid.bounds_xyxy
    height, width = grid.index.shape
    bottom, top = np.arcsinh(np.tan(np.radians([south, north])))
    northings = top + (np.arange(height) + 0.5) / height * (bottom - top)
    lons = west + (np.arange(width) + 0.5) / width * (east - west)
    return lons, np.degrees(np.arctan(np.sinh(northings)))


@pytest.mark.parametrize(
    ("affine", "crs"),
    [
        (UTM, "EPSG:32633"),
        (UTM * Affine.rotation(30), "EPSG:32633"),
        (UTM * Affine.scale(1, -1), "EPSG:32633"),
        (Affine(1e-5, 0, 15.0, 0, -1e-5, 47.0), "EPSG:4326"),
        (Affine(3.0, 0, 1_600_000, 0, -3.0, 6_000_000), "EPSG:3857"),
        (Affine(30_000, 0, -2e6, 0, -30_000, 2e6), "EPSG:3035"),
    ],
    ids=["utm", "rotated", "upwards", "degrees", "mercator", "continent"],
)
def test_pixels_lie_where_they_are_on_the_earth(affine: Affine, crs: str) -> None:
    """Each pixel of a picture shows the pixel of the scene at its longitude and latitude."""
    grid = place(affine, crs)
    assert (grid.georeferenced, grid.problem) == (True, "")
    lons, lats = lonlat_of_pixels(grid)
    all_lons, all_lats = np.meshgrid(lons, lats)
    xs, ys = transform("EPSG:4326", crs, all_lons.ravel(), all_lats.ravel())
    columns, rows = ~affine * (np.array(xs), np.array(ys))
    inside = (rows >= 0) & (rows < 60) & (columns >= 0) & (columns < 90)
    near_edge = np.abs(np.concatenate([rows % 1, columns % 1]).reshape(2, -1) - 0.5).max(0) > 0.45
    expected = np.where(inside, np.floor(rows) * 90 + np.floor(columns) + 1, 0)
    found = numbered(grid).ravel()
    sure = ~near_edge
    assert np.array_equal(expected[sure], found[sure])
    # Not one pixel of the scene is left out.
    assert set(range(1, 60 * 90 + 1)) <= set(found.tolist())


def test_a_map_in_its_own_projection_is_shown_as_it_is() -> None:
    """A scene in Web Mercator has a picture of the very same pixels."""
    grid = place(Affine(3.0, 0, 1_600_000, 0, -3.0, 6_000_000), "EPSG:3857")
    assert np.array_equal(np.arange(1, 60 * 90 + 1).reshape(60, 90), numbered(grid))


def test_plain_images_lie_in_their_pixels() -> None:
    """Without georeference, x is the column and y the row, downwards."""
    grid = place_scene(Box(0, 0, 60, 90), IdentityCRSTransformer(), 512)
    assert not grid.georeferenced
    assert grid.bounds_xyxy == (0.0, -60.0, 90.0, 0.0)
    assert np.array_equal(np.arange(1, 60 * 90 + 1).reshape(60, 90), numbered(grid))
    assert grid.outline()[2] == (90.0, -60.0)


def test_large_scenes_are_thinned_out() -> None:
    """Pictures keep to their longest side, and what is read is hardly larger."""
    grid = place(UTM, "EPSG:32633", height=3000, width=10_000, side=256)
    assert max(grid.index.shape) == 256
    assert grid.sampled_hw == (3000 // 39, 10_000 // 39)


def test_scenes_across_the_antimeridian_stay_in_one_piece() -> None:
    """Longitudes go on beyond 180 degrees, whichever way the scene counts its own."""
    for affine, crs in (
        (Affine(200, 0, 828_000, 0, -200, 8_000_000), "EPSG:32701"),
        (Affine(0.001, 0, 179.95, 0, -0.001, -17.0), "EPSG:4326"),
    ):
        grid = place(affine, crs, height=100, width=100)
        west, _, east, _ = grid.bounds_xyxy
        assert (grid.georeferenced, east - west < 1) == (True, True)
        assert set(range(1, 10_001)) <= set(numbered(grid).ravel().tolist())


@pytest.mark.parametrize(
    ("affine", "crs", "why"),
    [
        (Affine(1e4, 0, -5e5, 0, -1e4, 5e5), "EPSG:3995", "pole"),
        (Affine(5e4, 0, -6e6, 0, -5e4, 6e6), "+proj=geos +h=35785831", "not defined"),
    ],
)
def test_what_has_no_place_on_the_map_is_shown_in_pixels(
    affine: Affine, crs: str, why: str
) -> None:
    """A scene at a pole, or of a whole disc, is a plain image and says why."""
    grid = place(affine, crs, height=240, width=240)
    assert not grid.georeferenced
    assert why in grid.problem
    assert grid.bounds_xyxy == (0.0, -240.0, 240.0, 0.0)


def test_the_whole_earth_is_cut_off_at_the_edge_of_the_map() -> None:
    """A map in degrees from pole to pole has a picture as far as Web Mercator goes."""
    grid = place(Affine(1.0, 0, -180, 0, -1.0, 90), "EPSG:4326", height=180, width=360)
    assert grid.georeferenced
    west, south, east, north = grid.bounds_xyxy
    assert (west, east) == (-180, 180)
    assert (round(south, 2), round(north, 2)) == (-85.05, 85.05)


def test_smooth_pictures_heed_what_is_valid() -> None:
    """A pixel that is not valid is not shown, and changes none beside it."""
    grid = place(UTM * Affine.rotation(10), "EPSG:32633")
    planes = np.full((60, 90, 1), 7.0, np.float32)
    valid = np.ones((60, 90), np.bool_)
    planes[:, 40:], valid[:, 40:] = 1e9, False
    shown, is_shown = grid.smooth(planes, valid)
    assert np.allclose(shown[is_shown], 7.0, rtol=1e-5)
    assert np.array_equal(is_shown, grid.nearest(valid))
