"""Labels across the antimeridian."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from pyogrio import raw
from shapely.geometry import LineString, Polygon, box, mapping

from rvcli.core.box import Box
from rvcli.data.crs_transformer.identity_crs_transformer import IdentityCRSTransformer
from rvcli.data.crs_transformer.rasterio_crs_transformer import RasterioCRSTransformer
from rvcli.data.vector_source.antimeridian import world_step, world_width
from rvcli.data.vector_source.geojson_vector_source import GeoJSONVectorSource
from rvcli.data.vector_source.ogr_vector_source import OGRVectorSource

# Ten pixels a degree, from 175 degrees east to 175 degrees west, 10 degrees north to 10 south.
FIJI = RasterioCRSTransformer(Affine(0.1, 0, 175, 0, -0.1, 10), "EPSG:4326")
EXTENT = Box(0, 0, 200, 100)
EAST = [(178, 1), (-178, 1), (-178, -1), (178, -1), (178, 1)]


def source(tmp_path: Path, geometries: list[Any], grid: Any, **options: Any) -> Any:
    """Make a source of geometries in degrees."""
    features = [{"type": "Feature", "properties": {}, "geometry": g} for g in geometries]
    path = tmp_path / "labels.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return GeoJSONVectorSource(str(path), grid, **options)


def ring(*coordinates: Any) -> dict[str, Any]:
    """Make a polygon of rings."""
    return {"type": "Polygon", "coordinates": list(coordinates)}


def bounds(polygons: Any) -> list[list[float]]:
    """List the bounds of polygons in pixels, to the hundredth."""
    return [[round(float(x), 2) for x in row] for row in shapely.bounds(polygons.geometries)]


def test_ring_across_the_antimeridian_is_put_together(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A ring that goes from 178 to -178 degrees is 4 degrees wide, and named in the log."""
    made = source(tmp_path, [ring(EAST)], FIJI, extent=EXTENT).get_polygons()
    assert bounds(made) == [[30, 90, 70, 110]]
    assert "1 x geometry across the antimeridian put together (features 0)" in caplog.text


def test_holes_go_with_their_shells(tmp_path: Path) -> None:
    """A hole that lies on the far side only stays in its polygon."""
    hole = [(-179.5, 0.5), (-179, 0.5), (-179, 0), (-179.5, 0.5)]
    made = source(tmp_path, [ring(EAST, hole)], FIJI, extent=EXTENT).get_polygons()
    (polygon,) = made.geometries
    assert np.allclose(polygon.interiors[0].bounds, (55, 95, 60, 100))
    assert polygon.is_valid


def test_labels_of_the_other_side_are_moved_to_the_image(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Labels at -179 degrees lie on an image that counts on to 181, with no fuss."""
    west = mapping(box(-179, 0, -178, 1))
    line = mapping(LineString([(179, 0), (-179, 0)]))
    made = source(tmp_path, [west, mapping(box(177, 0, 178, 1))], FIJI, extent=EXTENT)
    assert bounds(made.get_polygons()) == [[60, 90, 70, 100], [20, 90, 30, 100]]
    assert caplog.text == ""
    joined = source(tmp_path, [line], FIJI, extent=EXTENT).get_polygons()
    assert bounds(joined) == [[39, 99, 61, 101]]


def test_labels_reach_both_edges_of_an_image_of_the_world(tmp_path: Path) -> None:
    """On an image of the whole world such a polygon lies at both edges."""
    world = RasterioCRSTransformer(Affine(1, 0, -180, 0, -1, 90), "EPSG:4326")
    made = source(tmp_path, [ring(EAST)], world, extent=Box(0, 0, 180, 360)).get_polygons()
    assert sorted(bounds(made)) == [[-2, 89, 2, 91], [358, 89, 362, 91]]
    assert made.features.tolist() == [0, 0]


def test_image_in_web_mercator(tmp_path: Path) -> None:
    """Web Mercator goes around as well."""
    half = 20037508.342789244
    grid = RasterioCRSTransformer(Affine(1000, 0, half - 500_000, 0, -1000, 500_000), "EPSG:3857")
    made = source(tmp_path, [ring(EAST)], grid, extent=Box(0, 0, 1000, 1000)).get_polygons()
    assert np.allclose(shapely.bounds(made.geometries), [[277.4, 388.7, 722.6, 611.3]], atol=0.1)


def test_image_in_utm_needs_nothing_of_it(tmp_path: Path) -> None:
    """In UTM the antimeridian is no edge: a ring across it is whole by itself."""
    grid = RasterioCRSTransformer(Affine(1000, 0, 500_000, 0, -1000, 500_000), "EPSG:32660")
    made = source(tmp_path, [ring(EAST)], grid, extent=Box(0, 0, 1000, 1000)).get_polygons()
    ((xmin, ymin, xmax, ymax),) = bounds(made)
    assert abs(xmax - xmin - 445) < 2
    assert abs(ymax - ymin - 221) < 2


@pytest.mark.parametrize(
    "wide",
    [
        # A box around the world, and one that is wider than half of it by steps.
        [(-180, 1), (180, 1), (180, -1), (-180, -1), (-180, 1)],
        [(-170, 1), (-60, 1), (60, 1), (170, 1), (170, -1), (60, -1), (-60, -1), (-170, 1)],
        # Around a pole.
        [(-120, 80), (0, 75), (120, 80), (-120, 80)],
    ],
)
def test_what_is_meant_to_be_wide_stays_wide(tmp_path: Path, wide: Any) -> None:
    """Rings that go around the world, or have no leap, stay as they are."""
    world = RasterioCRSTransformer(Affine(1, 0, -180, 0, -1, 90), "EPSG:4326")
    made = source(tmp_path, [ring(wide)], world, extent=Box(0, 0, 180, 360)).get_polygons()
    expected = Polygon(wide).bounds
    xs = [x for xmin, _, xmax, _ in bounds(made) for x in (xmin, xmax)]
    assert (min(xs), max(xs)) == (expected[0] + 180, expected[2] + 180)


def test_without_extent_nothing_is_moved(tmp_path: Path) -> None:
    """Without the extent of the image rings are put together, and stay on their side."""
    made = source(tmp_path, [ring(EAST), mapping(box(-179, 0, -178, 1))], FIJI).get_polygons()
    assert bounds(made) == [[30, 90, 70, 110], [-3540, 90, -3530, 100]]


@pytest.mark.parametrize("shift", [0, 360])
def test_files_are_read_on_both_sides(tmp_path: Path, shift: float) -> None:
    """Of a file that counts to 180 or to 360 degrees, what lies on the image is read."""
    boxes = [box(177, 0, 178, 1), box(-179 + shift, 0, -178 + shift, 1), box(20, 0, 21, 1)]
    path = str(tmp_path / "a.fgb")
    raw.write(path, shapely.to_wkb(boxes), [], [], geometry_type="Polygon", crs="EPSG:4326")
    made = OGRVectorSource(path, FIJI, extent=EXTENT).get_polygons()
    assert sorted(bounds(made)) == [[20, 90, 30, 100], [60, 90, 70, 100]]


@pytest.mark.parametrize(
    ("crs", "width"),
    [
        ("EPSG:4326", 360),
        ("EPSG:3857", 40075016.68),
        ("EPSG:3395", 40075016.68),
        ("EPSG:4087", 40075016.68),
        ("EPSG:3832", 40075016.68),
        ("EPSG:32660", None),
        ("EPSG:3031", None),
        ("EPSG:3035", None),
        ("EPSG:4978", None),
        ("EPSG:3410", 34668387.89),
    ],
)
def test_width_of_the_world(crs: str, width: float | None) -> None:
    """The world has a width where x is in proportion to longitude, and only there."""
    found = world_width(crs)
    assert (found is None) == (width is None)
    assert width is None or abs((found or 0) - width) < 0.01


def test_image_without_georeference_has_no_world() -> None:
    """Without CRS there is no way around the world."""
    assert world_step(IdentityCRSTransformer()) is None


@given(
    st.floats(-179, 179),
    st.floats(0.1, 50),
    st.floats(-60, 60),
    st.integers(3, 12),
    st.booleans(),
)
def test_any_ring_has_its_width_wherever_it_lies(
    lon: float, radius: float, lat: float, count: int, is_rotated: bool
) -> None:
    """A ring moved along the equator keeps its shape, also across the antimeridian."""
    affine = Affine(0.1, 0, -180, 0, -0.1, 90)
    grid = RasterioCRSTransformer(affine * Affine.rotation(30 * is_rotated), "EPSG:4326")
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
    around = np.column_stack([radius * np.cos(angles), lat + 0.3 * radius * np.sin(angles)])
    wrapped = np.column_stack([(around[:, 0] + lon + 180) % 360 - 180, around[:, 1]])

    class Given(GeoJSONVectorSource):
        def _load(self) -> dict[str, Any]:
            return {"type": "Feature", "geometry": mapping(Polygon(self.ring))}  # type: ignore[attr-defined]

    areas = []
    for coordinates in (around, wrapped):
        made = Given("x", grid)
        made.ring = coordinates  # type: ignore[attr-defined]
        areas.append(float(shapely.area(made.get_polygons().geometries).sum()))
    assert np.isclose(areas[0], areas[1], rtol=1e-6)
