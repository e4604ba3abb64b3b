"""Where windows lie in the coordinates of a source."""

from __future__ import annotations

import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st

from rvcli.core.box import Box
from rvcli.data.crs_transformer.rasterio_crs_transformer import RasterioCRSTransformer
from rvcli.data.vector_source.antimeridian import world_width
from rvcli.data.vector_source.projection import source_projector
from rvcli.data.vector_source.window_bounds import source_bounds

# Rotated imagery at middle latitudes, imagery around a pole, and on the antimeridian.
ROTATED = Affine(10, 0, 500_000, 0, -10, 6_000_000) * Affine.rotation(33)
GRIDS = [
    RasterioCRSTransformer(ROTATED, "EPSG:32633"),
    RasterioCRSTransformer(Affine(2000, 0, -1e6, 0, -2000, 1e6), "EPSG:3413"),
    RasterioCRSTransformer(Affine(100, 0, 790_000, 0, -100, 300_000), "EPSG:32660"),
    RasterioCRSTransformer(Affine(0.01, 0, 178, 0, -0.01, 3), "EPSG:4326"),
]


@settings(max_examples=60)
@given(
    st.sampled_from(GRIDS),
    st.sampled_from(["EPSG:4326", "EPSG:3857", "EPSG:3035", "EPSG:3413"]),
    st.tuples(*[st.integers(0, 800)] * 2, *[st.integers(1, 800)] * 2),
    st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_every_point_of_a_window_lies_in_its_bounds(
    grid: RasterioCRSTransformer,
    crs: str,
    corner_and_size: tuple[int, int, int, int],
    place: tuple[float, float],
) -> None:
    """The bounds of rotated, curved and polar windows hold each point of them."""
    y, x, height, width = corner_and_size
    window = Box(y, x, y + height, x + width)
    to_source = source_projector(grid, crs)
    found = source_bounds(window, to_source, world_width(crs), None)
    px, py = to_source(np.array([[x + place[0] * width, y + place[1] * height]]))[0]
    assert found is None or any(
        xmin <= px <= xmax and ymin <= py <= ymax for xmin, ymin, xmax, ymax in found
    )


def test_bounds_are_not_much_too_wide() -> None:
    """A window that is not rotated has bounds that are a tenth wider on each side at most."""
    grid = RasterioCRSTransformer(Affine(10, 0, 500_000, 0, -10, 6_000_000), "EPSG:32633")
    found = source_bounds(Box(0, 0, 100, 100), source_projector(grid, "EPSG:32633"), None, None)
    assert found is not None
    assert np.allclose(found, [(499_950, 5_998_950, 501_050, 6_000_050)])


@pytest.mark.parametrize(
    ("total", "count"),
    [(None, 1), ((-180, -90, 180, 90), 1), ((0, -90, 360, 90), 1), ((-200, 0, 400, 1), 2)],
)
def test_turns_of_the_world_are_read_where_features_may_be(
    total: tuple[float, float, float, float] | None, count: int
) -> None:
    """Away from the antimeridian a window has one bounds, unless the file goes beyond a turn."""
    grid = RasterioCRSTransformer(Affine(0.01, 0, 10, 0, -0.01, 3), "EPSG:4326")
    found = source_bounds(Box(0, 0, 9, 9), source_projector(grid, "EPSG:4326"), 360.0, total)
    assert found is not None
    assert count == len(found)


def test_window_beyond_the_crs_of_the_source_has_no_bounds() -> None:
    """Where a window cannot be projected, all has to be read."""
    grid = RasterioCRSTransformer(Affine(10000, 0, -6e6, 0, -10000, 6e6), "+proj=geos +h=35785831")
    assert source_bounds(Box(0, 0, 99, 99), source_projector(grid, "EPSG:4326"), 360, None) is None
