"""Vector labels drawn into pixels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.features import rasterize
from shapely import union_all
from shapely.geometry import LineString, Point, Polygon, box, mapping

from rvcli.core.box import Box
from rvcli.data.crs_transformer.identity_crs_transformer import IdentityCRSTransformer
from rvcli.data.crs_transformer.rasterio_crs_transformer import RasterioCRSTransformer
from rvcli.data.raster_source import rasterized_source
from rvcli.data.raster_source.rasterized_source import RasterizedSource, geoms_to_raster
from rvcli.data.vector_source.geojson_vector_source import GeoJSONVectorSource
from rvcli.data.vector_source.vector_source import VectorSource
from rvcli.errors import ConfigError, DataError

EXTENT = Box(0, 0, 40, 50)
GRID = IdentityCRSTransformer()


@dataclass
class Options:
    """How to draw."""

    background_class_id: int | None = None
    all_touched: bool = False


class Shapes(VectorSource):
    """Geometries with class ids, in pixels, that count how often they are read."""

    def __init__(self, shapes: Sequence[tuple[Any, int]]) -> None:
        super().__init__(GRID)
        self.shapes = shapes
        self.reads = 0

    def _get_geojson(self) -> dict[str, Any]:
        self.reads += 1
        features = [
            {"type": "Feature", "properties": {"class_id": i}, "geometry": mapping(geometry)}
            for geometry, i in self.shapes
        ]
        return {"type": "FeatureCollection", "features": features}


def drawn(shapes: Sequence[tuple[Any, int]], window: Box = EXTENT, **options: Any) -> Any:
    """Draw shapes into a window."""
    source = RasterizedSource(Shapes(shapes), Options(**options), EXTENT, GRID)
    with source.activate():
        return source.get_raw_chip(window)[:, :, 0]


def test_polygon_fills_its_pixels() -> None:
    """A polygon fills the pixels whose centres it covers; the rest is background."""
    expected = np.full((40, 50), 2, dtype=np.uint8)
    expected[3:7, 5:20] = 1
    chip = drawn([(box(5.4, 2.6, 20.4, 7.4), 1)], background_class_id=2)
    assert expected.tolist() == chip.tolist()
    assert chip.dtype == np.uint8


def test_later_feature_wins_over_earlier() -> None:
    """Where polygons overlap, the pixel has the class of the later feature."""
    first, second = (box(0, 0, 10, 10), 1), (box(5, 5, 15, 15), 2)
    assert drawn([first, second])[7, 7] == 2
    assert drawn([second, first])[7, 7] == 1


def test_all_touched_draws_every_pixel_that_is_touched() -> None:
    """all_touched draws what a polygon merely touches."""
    sliver = [(box(5.1, 3.1, 5.3, 8.9), 1)]
    assert not drawn(sliver).any()
    assert drawn(sliver, all_touched=True)[3:9, 5].tolist() == [1] * 6


def test_no_background_means_class_0() -> None:
    """Without a background class, pixels that nothing covers are 0, ignore."""
    assert not drawn([]).any()


def test_pixels_outside_the_extent_are_0() -> None:
    """What of a window lies outside the image is 0, background and polygons or not."""
    window = Box(-5, 45, 5, 60)
    chip = drawn([(box(-100, -100, 100, 100), 1)], window, background_class_id=2)
    assert chip.shape == (10, 15)
    assert not chip[:5].any()
    assert not chip[:, 5:].any()
    assert (chip[5:, :5] == 1).all()
    assert not drawn([], Box(100, 100, 110, 110), background_class_id=2).any()


def test_scene_without_polygons_is_background(
    grid: RasterioCRSTransformer, write_labels: Callable[..., str]
) -> None:
    """A label file without features gives background everywhere."""
    vectors = GeoJSONVectorSource(write_labels([]), grid)
    source = RasterizedSource(vectors, Options(3), EXTENT, grid)
    assert (source.get_chip(EXTENT) == 3).all()
    assert source.get_chip(EXTENT).shape == (40, 50, 1)


def test_labels_that_miss_the_image_are_warned_of(
    grid: RasterioCRSTransformer, write_labels: Callable[..., str], caplog: pytest.LogCaptureFixture
) -> None:
    """Polygons of which none lies on the image are warned of, as when x and y are exchanged."""
    some = GeoJSONVectorSource(write_labels([box(10, 10, 20, 30)], name="some.geojson"), grid)
    none = GeoJSONVectorSource(write_labels([], name="none.geojson"), grid)
    for vectors in (some, none):
        RasterizedSource(vectors, Options(), EXTENT, grid).get_chip(EXTENT)
    assert "" == caplog.text
    beside = Box(0, 0, 5, 5)
    RasterizedSource(some, Options(), beside, grid).get_chip(beside)
    assert "none of the 1 polygons lies on the image" in caplog.text
    assert "some.geojson" in caplog.text


def test_labels_in_another_crs_fill_the_right_pixels(
    grid: RasterioCRSTransformer, write_labels: Callable[..., str]
) -> None:
    """Polygons and buffered lines in Web Mercator fill the pixels that they show."""
    shapes = [box(10, 10, 20, 30), LineString([(30, 5), (30, 35)])]
    vectors = GeoJSONVectorSource(
        write_labels(shapes, [{"class_id": 1}, {"class_id": 2}], crs="EPSG:3857"),
        grid,
        line_bufs={2: 3},
    )
    chip = RasterizedSource(vectors, Options(), EXTENT, grid).get_chip(EXTENT)[:, :, 0]
    assert (chip[10:30, 10:20] == 1).all()
    assert np.count_nonzero(chip == 1) == 200
    assert (chip[6:34, 27:33] == 2).all()


def test_ids_over_255_give_uint16() -> None:
    """Class ids that do not fit into a byte give uint16."""
    source = RasterizedSource(Shapes([(box(0, 0, 9, 9), 300)]), Options(1), EXTENT, GRID)
    assert source.get_dtype() == np.uint16
    assert source.get_chip(EXTENT)[0, 0, 0] == 300
    assert drawn([], background_class_id=256).dtype == np.uint16


def test_activation_reads_once_and_lets_go() -> None:
    """Polygons are read on activation, once, and forgotten after it."""
    shapes = Shapes([(box(0, 0, 9, 9), 1)])
    source = RasterizedSource(shapes, Options(), EXTENT, GRID)
    assert source.get_extent() == EXTENT
    assert source.get_crs_transformer() is GRID
    assert shapes.reads == 0
    with source.activate():
        source.get_chip(EXTENT)
        source.get_chip(EXTENT)
        assert shapes.reads == 1
    source.get_chip(EXTENT)
    assert shapes.reads == 2


@settings(max_examples=25)
@given(st.integers(5, 13), st.integers(5, 20), st.integers(1, 600))
def test_windows_side_by_side_are_drawn_together(size: int, step: int, at_once: int) -> None:
    """Windows of a row agree with the whole, whatever is drawn ahead of them, and are their own."""
    shapes = Shapes([(box(3 * i, 2 * i, 3 * i + 5, 2 * i + 7), 1 + i % 3) for i in range(15)])
    source = RasterizedSource(shapes, Options(7), EXTENT, GRID)
    whole = source.get_chip(Box(0, 0, 80, 80))
    with pytest.MonkeyPatch.context() as patch, source.activate():
        patch.setattr(rasterized_source, "_AHEAD_PX", at_once)
        for window in EXTENT.get_windows(size, step):
            found = source.get_chip(window)
            expected = whole[window.ymin : window.ymax, window.xmin : window.xmax]
            np.testing.assert_array_equal(expected, found)
            found[:] = 9


def test_few_drawings_serve_a_row_of_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second window of a row is drawn with those that follow it; random ones by themselves."""
    source = RasterizedSource(Shapes([(box(0, 0, 9, 9), 1)]), Options(), EXTENT, GRID)
    drawn: list[Box] = []
    real = rasterized_source._draw

    def draw(polygons: Any, options: Any, window: Box, *rest: Any) -> Any:
        drawn.append(window)
        return real(polygons, options, window, *rest)

    monkeypatch.setattr(rasterized_source, "_draw", draw)
    with source.activate():
        for x in (0, 10, 20, 30, 40):
            source.get_chip(Box(0, x, 10, x + 10))
        source.get_chip(Box(5, 30, 15, 40))
    assert [Box(0, 0, 10, 10), Box(0, 10, 10, 50), Box(5, 30, 15, 40)] == drawn


def test_reading_fails_on_activation(grid: RasterioCRSTransformer, tmp_path: Any) -> None:
    """A broken label file fails when the source is activated."""
    path = tmp_path / "bad.geojson"
    path.write_text("{")
    source = RasterizedSource(GeoJSONVectorSource(str(path), grid), Options(), EXTENT, grid)
    with pytest.raises(DataError, match="line 1"), source.activate():
        pass


@cache
def land_with_lakes() -> Any:
    """Draw a coast of thousands of vertices, with lakes."""
    rng = np.random.default_rng(5)
    angles = np.sort(rng.uniform(0, 2 * np.pi, 3000))
    radii = rng.uniform(25, 60, 3000)
    coast = Polygon(np.column_stack([50 + radii * np.cos(angles), 50 + radii * np.sin(angles)]))
    lakes = [Point(*xy).buffer(r) for *xy, r in rng.uniform((20, 20, 1), (80, 80, 6), (20, 3))]
    return coast.difference(union_all(lakes))


@settings(max_examples=40)
@given(st.integers(-20, 90), st.integers(-20, 90))
def test_polygons_of_many_vertices_agree_with_the_whole(ymin: int, xmin: int) -> None:
    """A coast of thousands of vertices, with lakes, is the same in every window."""
    land = land_with_lakes()
    extent, window = Box(0, 0, 100, 100), Box.make_square(ymin, xmin, 30)
    source = RasterizedSource(Shapes([(land, 2)]), Options(1), extent, GRID)
    whole = np.zeros((200, 200), dtype=np.uint8)
    whole[50:150, 50:150] = rasterize([(land, 2)], out_shape=(100, 100), fill=1)
    expected = whole[ymin + 50 : ymin + 80, xmin + 50 : xmin + 80]
    assert expected.tolist() == source.get_raw_chip(window)[:, :, 0].tolist()


@pytest.mark.parametrize("background", [-1, 65536])
def test_background_must_be_a_class_id(background: int) -> None:
    """A background class that no pixel can hold is refused."""
    with pytest.raises(ConfigError, match=str(background)):
        RasterizedSource(Shapes([]), Options(background), EXTENT, GRID)


# Eighths are exact in binary, so that a shift by whole pixels moves no edge across a centre.
_eighths = st.integers(-80, 480).map(lambda n: n / 8)
_lengths = st.integers(1, 320).map(lambda n: n / 8)
_corner = st.tuples(_eighths, _eighths, _lengths, _lengths)


@given(
    st.lists(st.tuples(_corner, st.integers(1, 3)), max_size=8),
    st.integers(-20, 60),
    st.integers(-20, 60),
    st.integers(1, 40),
)
def test_windows_agree_with_the_whole(shapes: list[Any], ymin: int, xmin: int, size: int) -> None:
    """Any window equals its part of the whole image drawn at once, and 0 outside it."""
    boxes = [(box(x, y, x + w, y + h), i) for (x, y, w, h), i in shapes]
    whole = np.full((40, 50), 7, dtype=np.uint8)
    if boxes:
        whole = rasterize(boxes, out_shape=(40, 50), fill=7, transform=Affine.identity())
    padded = np.zeros((200, 200), dtype=np.uint8)
    padded[50:90, 50:100] = whole
    window = Box.make_square(ymin, xmin, size)
    expected = padded[ymin + 50 : ymin + 50 + size, xmin + 50 : xmin + 50 + size]
    assert expected.tolist() == drawn(boxes, window, background_class_id=7).tolist()


def test_all_polygons_may_be_drawn_into_any_window() -> None:
    """geoms_to_raster takes all polygons of a scene and draws those in the window."""
    polygons = Shapes([(box(2, 2, 8, 8), 300), (box(30, 30, 35, 35), 1)]).get_polygons()
    chip = geoms_to_raster(polygons, Options(), Box(0, 0, 10, 10), EXTENT)
    assert chip.dtype == np.uint16
    assert np.count_nonzero(chip == 300) == 36
