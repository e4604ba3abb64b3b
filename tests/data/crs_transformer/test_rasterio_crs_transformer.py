"""RasterioCRSTransformer: map coordinates to pixels and back."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from rasterio.crs import CRS
from rasterio.transform import Affine

from rvcli.data.crs_transformer.rasterio_crs_transformer import RasterioCRSTransformer
from rvcli.errors import DataError

NORTH_UP = Affine(0.5, 0.0, 500_000.0, 0.0, -0.5, 1_000_000.0)
ROTATED = Affine(0.4, 0.3, 500_000.0, 0.3, -0.4, 1_000_000.0)


def utm(transform: Affine = NORTH_UP) -> RasterioCRSTransformer:
    """Make the transformer of an image in UTM."""
    return RasterioCRSTransformer(transform, CRS.from_epsg(32637))


def test_corner_is_where_pyproj_puts_it() -> None:
    """Pixel (0, 0) is the upper left corner of the image, longitude before latitude."""
    expected = pyproj.Transformer.from_crs(32637, 4326, always_xy=True).transform(5e5, 1e6)
    assert pytest.approx(expected, abs=1e-12) == utm().pixel_to_map((0, 0))


def test_map_point_is_in_the_pixel_that_contains_it() -> None:
    """A map point becomes the integer pixel that contains it."""
    transformer = utm()
    point = transformer.pixel_to_map((10.7, 20.2))
    pixel = transformer.map_to_pixel(point)
    assert (10, 20) == pixel
    assert [int, int] == [type(value) for value in pixel]


def test_pixels_before_the_image_are_negative() -> None:
    """A point left of the image lies in pixel -1, not 0."""
    transformer = utm()
    assert (-1, -1) == transformer.map_to_pixel(transformer.pixel_to_map((-0.5, -0.5)))


@given(
    pixel=st.tuples(st.integers(-200_000, 200_000), st.integers(-200_000, 200_000)),
    rotated=st.booleans(),
)
def test_pixel_survives_the_way_to_the_map_and_back(pixel: tuple[int, int], rotated: bool) -> None:
    """Corners of pixels come back as the same pixels."""
    transformer = utm(ROTATED if rotated else NORTH_UP)
    assert pixel == transformer.map_to_pixel(transformer.pixel_to_map(pixel))


def test_exact_pixels_keep_their_fractions() -> None:
    """For vector work pixel coordinates are not rounded."""
    transformer = utm(ROTATED)
    pixels = np.array([[0.25, 0.75], [100.5, -3.125]])
    actual = transformer.map_to_pixel_exact(transformer.pixel_to_map(pixels))
    np.testing.assert_allclose(actual, pixels, atol=1e-6)


def test_arrays_come_back_in_their_form() -> None:
    """Pairs of arrays and rows of an array are transformed at once, in the form they came."""
    transformer = utm()
    rows = np.array([[3.0, 4.0], [5.0, 6.0], [7.0, 8.0]])
    map_rows = transformer.pixel_to_map(rows)
    map_xs, map_ys = transformer.pixel_to_map((rows[:, 0], rows[:, 1]))
    np.testing.assert_array_equal(map_rows, np.column_stack([map_xs, map_ys]))
    np.testing.assert_array_equal(rows, transformer.map_to_pixel(map_rows))
    xs, ys = transformer.map_to_pixel((map_xs, map_ys))
    np.testing.assert_array_equal(rows, np.column_stack([xs, ys]))
    assert np.int64 == xs.dtype


def test_grids_keep_their_shape() -> None:
    """A pair of two-dimensional arrays keeps its shape."""
    xs, ys = np.meshgrid(np.arange(3), np.arange(2))
    map_xs, _ = utm().pixel_to_map((xs, ys))
    assert (2, 3) == map_xs.shape


def test_image_in_the_map_crs_is_not_projected() -> None:
    """Where both CRS are the same only the affine transform applies."""
    transformer = RasterioCRSTransformer(Affine(0.1, 0, 10, 0, -0.1, 50), CRS.from_epsg(4326))
    assert (5, 5) == transformer.map_to_pixel((10.55, 49.45))
    assert pytest.approx((11.0, 49.0)) == transformer.pixel_to_map((10, 10))


def test_map_crs_can_be_chosen() -> None:
    """Map coordinates may be in any CRS."""
    transformer = RasterioCRSTransformer(NORTH_UP, "EPSG:32637", "EPSG:32637")
    assert (2, 4) == transformer.map_to_pixel((500_001.0, 999_998.0))


def test_says_what_it_was_made_of(tmp_path: Path) -> None:
    """CRS and affine transform of the dataset can be asked for."""
    profile: dict[str, Any] = {"driver": "GTiff", "width": 2, "height": 2, "count": 1}
    path = tmp_path / "image.tif"
    with rasterio.open(
        path, "w", dtype="uint8", crs="EPSG:32637", transform=NORTH_UP, **profile
    ) as dataset:
        transformer = RasterioCRSTransformer.from_dataset(dataset)
    assert NORTH_UP == transformer.get_affine_transform()
    assert CRS.from_epsg(32637) == transformer.get_image_crs()
    assert "epsg:4326" == transformer.get_map_crs()


def test_point_outside_the_projection_is_named() -> None:
    """A point where the image's CRS is not defined is refused, and infinite in exact form."""
    with pytest.raises(DataError, match=r"the map point \(0\.0, 91\.0\) in epsg:4326"):
        utm().map_to_pixel((0.0, 91.0))
    assert np.isinf(utm().map_to_pixel_exact([(0.0, 91.0)])).all()


@pytest.mark.parametrize(
    ("transform", "crs", "message"),
    [
        (NORTH_UP, "EPSG:0", "no CRS 'EPSG:0'"),
        (NORTH_UP, None, "the image has no CRS"),
        (Affine(0, 0, 1, 0, 0, 1), "EPSG:32637", "has no inverse"),
    ],
)
def test_unusable_georeference_is_refused(transform: Affine, crs: Any, message: str) -> None:
    """A georeference that says nothing is refused when the transformer is made."""
    with pytest.raises(DataError, match=message):
        RasterioCRSTransformer(transform, crs)


def test_crs_without_transformation_is_refused() -> None:
    """Two CRS between which there is no transformation are refused."""
    with pytest.raises(DataError, match="no transformation from"):
        RasterioCRSTransformer(
            NORTH_UP, 'LOCAL_CS["mine",UNIT["metre",1],AXIS["x",EAST],AXIS["y",NORTH]]'
        )


def test_threads_may_share_a_transformer() -> None:
    """Several threads get the same result from one transformer."""
    transformer = utm()
    points = np.random.default_rng(0).uniform(0, 1e4, (2000, 2))
    expected = transformer.pixel_to_map(points)
    results: list[bool] = []

    def run() -> None:
        results.extend(np.array_equal(expected, transformer.pixel_to_map(points)) for _ in range(5))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 20 * [True] == results
