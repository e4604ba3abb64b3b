"""Vector labels in Mapbox vector tiles."""

from __future__ import annotations

import gzip
import shutil
import sqlite3
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from affine import Affine
from pyogrio import raw
from shapely.geometry import LineString, Point, box, mapping

from rvcli.core.box import Box
from rvcli.core.class_map import ClassMap
from rvcli.data.crs_transformer.identity_crs_transformer import IdentityCRSTransformer
from rvcli.data.crs_transformer.rasterio_crs_transformer import RasterioCRSTransformer
from rvcli.data.vector_source.class_inference import ClassInferenceOptions
from rvcli.data.vector_source.tile_grid import Tile, tiles_over
from rvcli.data.vector_source.vector_tile import cut
from rvcli.data.vector_source.vector_tile_vector_source import (
    VectorTileVectorSource,
    get_tile_features,
    merge_geojson,
    vector_tile_to_geojson,
)
from rvcli.errors import ConfigError, DataError, NotReadableError

ZOOM = 16
# Some 1.2 km; tiles of zoom 16 are 600 m wide there.
EXTENT = Box(0, 0, 2400, 2400)
SHAPES = [
    box(100, 100, 1700, 300),
    box(1000, 900, 1040, 2300),
    box(400, 700, 420, 720),
    shapely.Point(1200, 1200).buffer(700).difference(shapely.Point(1200, 1200).buffer(400)),
]
CLASSES = ClassMap.construct_from({"building": 1, "road": 2, "water": 3})


@pytest.fixture
def write_tiles(tmp_path: Path, grid: RasterioCRSTransformer) -> Any:
    """Give a function that writes tiles by URI, or an .mbtiles file, and returns the URI."""

    def write(
        name: str,
        geometries: list[Any] = SHAPES,
        ids: Any = None,
        id_field: str = "@id",
        low: int = ZOOM,
        **columns: Any,
    ) -> str:
        source = RasterioCRSTransformer(
            grid.get_affine_transform(), grid.get_image_crs(), "EPSG:3857"
        )
        placed = shapely.transform(
            np.array([*geometries, None], dtype=object)[:-1],
            lambda xy: source.pixel_to_map(np.asarray(xy)),
        )
        numbers = np.arange(len(geometries)) + 1 if ids is None else np.asarray(ids)
        raw.write(
            str(tmp_path / name),
            shapely.to_wkb(placed),
            [numbers, *map(np.asarray, columns.values())],
            [id_field, *columns],
            geometry_type="Unknown",
            crs="EPSG:3857",
            driver="MBTiles" if name.endswith(".mbtiles") else "MVT",
            layer="shapes",
            dataset_options={"MINZOOM": str(low), "MAXZOOM": str(ZOOM)},
        )
        return str(tmp_path / name) + ("" if name.endswith(".mbtiles") else "/{z}/{x}/{y}.pbf")

    return write


def source(
    uri: str, grid: Any, zoom: int | None = ZOOM, extent: Box = EXTENT, **options: Any
) -> VectorTileVectorSource:
    """Make a source with the classes of these tests."""
    id_field = options.pop("id_field", "@id")
    inference = ClassInferenceOptions(CLASSES, **options.pop("inference", {}))
    return VectorTileVectorSource(
        uri, zoom, id_field, grid, extent, class_inf_opts=inference, **options
    )


def by_id(made: VectorTileVectorSource) -> dict[Any, Any]:
    """Return the polygons of each id, put together, in pixels."""
    features = made.get_geojson()["features"]
    return {
        number: shapely.union_all(
            [
                shapely.geometry.shape(f["geometry"])
                for f in features
                if f["properties"]["@id"] == number
            ]
        )
        for number in sorted({f["properties"]["@id"] for f in features})
    }


@pytest.mark.parametrize("name", ["tiles", "labels.mbtiles"])
def test_features_cut_at_tile_edges_are_whole_again(
    grid: RasterioCRSTransformer, write_tiles: Any, name: str
) -> None:
    """Features that lie in several tiles are put together by id, where they were, as one each."""
    made = source(write_tiles(name), grid)
    assert len(made.get_polygons()) == len(SHAPES)
    for number, geometry in by_id(made).items():
        # A unit of these tiles is about 0.3 pixels wide.
        assert geometry.symmetric_difference(SHAPES[number - 1]).area < geometry.length
        assert len(geometry.interiors) == (number == 4)


def test_lines_cut_at_tile_edges_are_one_line(
    grid: RasterioCRSTransformer, write_tiles: Any
) -> None:
    """The pieces of a line are joined, so that its buffer is one polygon."""
    uri = write_tiles("tiles", [LineString([(10, 10), (2300, 2250)])])
    made = source(uri, grid, line_bufs={1: 5}).get_polygons()
    assert len(made) == 1
    assert np.allclose(shapely.bounds(made.geometries), [[5, 5, 2305, 2255]], atol=1.5)


def test_points_are_there_once(grid: RasterioCRSTransformer, write_tiles: Any) -> None:
    """Points within the buffers of several tiles, and at their edges, are there once."""
    to_map = RasterioCRSTransformer(grid.get_affine_transform(), grid.get_image_crs(), "EPSG:3857")
    (tile,) = tiles_over((*to_map.pixel_to_map((1200, 1200)),) * 2, ZOOM)
    left, _, _, top = tile.bounds()
    corner = to_map.map_to_pixel_exact([[left, top]])[0]
    points = [Point(corner + step) for step in ([0, 0], [1, 0], [-1, 1], [40, 40])]
    made = source(write_tiles("tiles", points), grid).get_polygons()
    assert len(made) == len(points)


def test_features_without_id_stay_apart_and_are_counted(
    grid: RasterioCRSTransformer, write_tiles: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Pieces of features without the property stay apart, which the log says."""
    made = source(write_tiles("tiles"), grid, id_field="osm_id").get_polygons()
    assert len(made) > len(SHAPES)
    assert f"{len(made)} x feature without 'osm_id'" in caplog.text


def test_ids_of_the_tiles_may_be_used(grid: RasterioCRSTransformer, tmp_path: Path) -> None:
    """`$id` names the ids that features have in the tiles themselves, as numbers or text."""
    pieces = merge_geojson(
        {
            "type": "FeatureCollection",
            "features": [
                {"properties": {"$id": 7, "n": 1}, "geometry": mapping(box(0, 0, 1, 1))},
                {"properties": {"$id": "7", "n": 2}, "geometry": mapping(box(1, 0, 2, 1))},
                {"properties": None, "geometry": mapping(box(5, 0, 6, 1))},
            ],
        },
        "$id",
    )["features"]
    assert [f["properties"] for f in pieces] == [{"$id": 7, "n": 1}, {}]
    whole = shapely.geometry.shape(pieces[0]["geometry"])
    assert whole.equals(box(0, 0, 2, 1))


def test_layer_and_properties_decide_classes(
    grid: RasterioCRSTransformer, write_tiles: Any
) -> None:
    """Properties reach class inference, the name of the layer among them."""
    kinds = np.array(["road", "water", "road", "x"], object)
    uri = write_tiles("tiles", kind=kinds)
    by_kind = source(uri, grid, inference={"class_property": "kind", "default_class_id": None})
    assert sorted(by_kind.get_polygons().class_ids.tolist()) == [2, 2, 3]
    by_layer = source(uri, grid, inference={"class_id_to_filter": {3: ["==", "@layer", "shapes"]}})
    assert set(by_layer.get_polygons().class_ids.tolist()) == {3}


def test_only_tiles_on_the_image_are_asked_for(
    grid: RasterioCRSTransformer, write_tiles: Any, web_server: Any, tmp_path: Path
) -> None:
    """Of tiles on the web those are fetched that the image touches, and no others, once each."""
    write_tiles("tiles")
    for path in (tmp_path / "tiles").rglob("*.pbf"):
        web_server.files[f"/{path.relative_to(tmp_path)}"] = path.read_bytes()
    extent = Box(1000, 1000, 1400, 1400)
    made = source(f"{web_server.url}/tiles/{{z}}/{{x}}/{{y}}.pbf", grid, extent=extent)
    assert len(made.get_polygons(extent)) >= 1
    to_map = RasterioCRSTransformer(grid.get_affine_transform(), grid.get_image_crs(), "EPSG:3857")
    corners = to_map.pixel_to_map(np.array([[1000.0, 1400], [1400, 1000]]))
    expected = {f"GET /tiles/{t.z}/{t.x}/{t.y}.pbf" for t in tiles_over((*corners.ravel(),), ZOOM)}
    assert expected == set(web_server.requests)
    assert len(expected) == len(web_server.requests)


def test_missing_and_empty_tiles_are_empty_but_errors_are_errors(
    grid: RasterioCRSTransformer, write_tiles: Any, web_server: Any, tmp_path: Path
) -> None:
    """A tile that the server does not have holds nothing; one that it refuses ends the reading."""
    write_tiles("tiles")
    paths = sorted((tmp_path / "tiles").rglob("*.pbf"))
    for path in paths:
        web_server.files[f"/{path.relative_to(tmp_path)}"] = path.read_bytes()
    first, second = [f"/{path.relative_to(tmp_path)}" for path in paths[:2]]
    uri = f"{web_server.url}/tiles/{{z}}/{{x}}/{{y}}.pbf"
    whole = shapely.area(source(uri, grid).get_polygons().geometries).sum()
    del web_server.files[first]
    web_server.files[second] = b""
    assert 0 < shapely.area(source(uri, grid).get_polygons().geometries).sum() < whole

    def refuse(handler: BaseHTTPRequestHandler) -> bool:
        handler.send_error(403)
        return True

    web_server.faults[second] = [refuse] * 9
    with pytest.raises(NotReadableError, match="refuses access"):
        source(uri, grid).get_polygons()


@pytest.mark.parametrize("unpacked", [True, False])
def test_tiles_may_be_compressed_or_not(
    grid: RasterioCRSTransformer, write_tiles: Any, tmp_path: Path, unpacked: bool
) -> None:
    """Tiles are read compressed by gzip, and as they are."""
    uri = write_tiles("tiles")
    for path in (tmp_path / "tiles").rglob("*.pbf"):
        data = gzip.decompress(path.read_bytes())
        path.write_bytes(data if unpacked else gzip.compress(data))
    assert len(source(uri, grid).get_polygons()) == len(SHAPES)


def test_rows_may_count_from_the_south(
    grid: RasterioCRSTransformer, write_tiles: Any, tmp_path: Path
) -> None:
    """{-y} counts rows from the south."""
    write_tiles("tiles")
    for path in list((tmp_path / "tiles").rglob("*.pbf")):
        z, x, y = int(path.parts[-3]), path.parts[-2], int(path.stem)
        flipped = tmp_path / "tms" / f"{z}-{x}-{2**z - 1 - y}.pbf"
        flipped.parent.mkdir(exist_ok=True)
        shutil.copy(path, flipped)
    made = source(str(tmp_path / "tms" / "{z}-{x}-{-y}.pbf"), grid)
    assert len(made.get_polygons()) == len(SHAPES)


def test_broken_tiles_are_refused_by_name(
    grid: RasterioCRSTransformer, write_tiles: Any, tmp_path: Path
) -> None:
    """What is no vector tile, or broken, is refused with the number of the tile."""
    uri = write_tiles("tiles")
    path = next((tmp_path / "tiles").rglob("*.pbf"))
    for content, text in (
        (b"<html>no tile</html>", "is no Mapbox vector tile"),
        (path.read_bytes()[:-20], "cannot be unpacked"),
    ):
        path.write_bytes(content)
        with pytest.raises(DataError, match=text) as caught:
            source(uri, grid).get_polygons()
        assert path.stem in str(caught.value)


def test_mbtiles_zoom_is_the_highest_by_default(
    grid: RasterioCRSTransformer, write_tiles: Any
) -> None:
    """An .mbtiles file is read at its highest zoom, or at one that it has."""
    uri = write_tiles("labels.mbtiles", low=ZOOM - 1)
    assert source(uri, grid, zoom=None)._tiles.zoom == ZOOM
    assert len(source(uri, grid, zoom=ZOOM - 1).get_polygons()) == len(SHAPES)
    with pytest.raises(DataError, match="no tiles of zoom 3") as caught:
        source(uri, grid, zoom=3).get_polygons()
    assert "15 to 16" in (caught.value.hint or "")


def test_mbtiles_on_the_web_are_fetched(
    grid: RasterioCRSTransformer, write_tiles: Any, web_server: Any
) -> None:
    """An .mbtiles file on the web is fetched whole."""
    web_server.files["/a.mbtiles"] = Path(write_tiles("labels.mbtiles")).read_bytes()
    made = source(f"{web_server.url}/a.mbtiles", grid, zoom=None)
    assert len(made.get_polygons()) == len(SHAPES)


@pytest.mark.parametrize(
    ("statements", "text"),
    [
        (["CREATE TABLE x (y)"], "is no .mbtiles file"),
        (["UPDATE metadata SET value = 'png' WHERE name = 'format'"], "holds png tiles"),
        (["DELETE FROM tiles"], "holds no tiles"),
    ],
)
def test_files_without_vector_tiles_are_refused(
    grid: RasterioCRSTransformer, write_tiles: Any, tmp_path: Path, statements: Any, text: str
) -> None:
    """An .mbtiles file of images, an empty one, and another database are refused."""
    path = tmp_path / "other.mbtiles"
    if "CREATE" not in statements[0]:
        path = Path(write_tiles("labels.mbtiles"))
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()
    with pytest.raises(DataError, match=text):
        source(str(path), grid, zoom=None).get_polygons()


def test_tiles_by_uri_need_a_zoom_and_all_tiles_a_georeference(
    grid: RasterioCRSTransformer, write_tiles: Any
) -> None:
    """Without zoom a URI names no tiles, and without georeference none lies on an image."""
    uri = write_tiles("tiles")
    with pytest.raises(ConfigError, match="does not say its zoom"):
        source(uri, grid, zoom=None).get_polygons()
    with pytest.raises(DataError, match="need an image with a georeference"):
        source(uri, IdentityCRSTransformer()).get_polygons()


def test_image_beyond_web_mercator_is_refused(write_tiles: Any) -> None:
    """At the poles there are no tiles."""
    polar = RasterioCRSTransformer(Affine(1, 0, 0, 0, -1, 90), "EPSG:4326")
    with pytest.raises(DataError, match="beyond Web Mercator"):
        source(write_tiles("tiles"), polar, extent=Box(-1, 0, 10, 10)).get_polygons()


def test_image_without_labels_in_its_tiles_is_warned_of(
    grid: RasterioCRSTransformer, write_tiles: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Where no tile on the image holds a label, that is said."""
    uri = write_tiles("tiles")
    source(uri, grid).warn_if_outside(EXTENT)
    assert "no tile" not in caplog.text
    away = Box(0, 90000, 100, 90100)
    source(uri, grid, extent=away).warn_if_outside(away)
    assert f"no tile of zoom {ZOOM} holds a label on the image" in caplog.text


def test_geojson_of_tiles_is_in_degrees(
    grid: RasterioCRSTransformer, write_tiles: Any, tmp_path: Path
) -> None:
    """Features of one tile, or of those that an extent in degrees touches, are in degrees."""
    uri = write_tiles("tiles")
    (west, south), (east, north) = grid.pixel_to_map(np.array([[0.0, 2400], [2400, 0]]))
    geojson = vector_tile_to_geojson(uri, ZOOM, Box(south, west, north, east))
    whole = merge_geojson(geojson, "@id")["features"]
    assert sorted(f["properties"]["@id"] for f in whole) == [1, 2, 3, 4]
    first = next(f for f in whole if f["properties"]["@id"] == 1)
    corner = grid.map_to_pixel_exact([shapely.geometry.shape(first["geometry"]).bounds[:2]])[0]
    assert np.allclose(corner, (100, 300), atol=1)
    path = next((tmp_path / "tiles").rglob("*.pbf"))
    z, x, y = int(path.parts[-3]), int(path.parts[-2]), int(path.stem)
    features = get_tile_features(str(path), z, x, y)
    lon, lat = shapely.geometry.shape(features[0]["geometry"]).centroid.coords[0]
    assert west < lon < east
    assert south < lat < north
    assert get_tile_features(str(path) + ".none", z, x, y) == []


def test_pieces_keep_their_kind() -> None:
    """Cutting leaves polygons of polygons and lines of lines, and nothing of what only touches."""
    tile = Tile(0, 0, 0)
    left, bottom, right, top = tile.bounds()
    touching = box(right, 0, right + 5, 5)
    # Within the tile, but for a part that only touches its edge.
    comb = shapely.MultiPolygon([box(right - 9, 0, right, 3), box(right, 5, right + 9, 9)])
    bow_tie = shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    line = LineString([(right - 5, 0), (right + 5, 0)])
    points = shapely.MultiPoint([(left, top), (right, 0), (0, bottom), (3, 3)])
    # What is cut off leaves a line along the edge.
    notched = shapely.Polygon(
        [(right - 9, 0), (right, 2), (right - 9, 4), (right + 5, 4), (right + 5, 0)]
    )
    # A spike, which is a line once the polygon is valid.
    spiked = shapely.Polygon([(0, 0), (10, 0), (10, 10), (20, 20), (10, 10), (0, 10)])
    made = cut(
        np.array([touching, comb, bow_tie, line, points, notched, spiked], dtype=object), tile
    )
    assert made[0].is_empty
    assert made[1].equals(box(right - 9, 0, right, 3))
    assert made[2].area == 50
    assert made[3].equals(LineString([(right - 5, 0), (right, 0)]))
    assert made[4].equals(shapely.MultiPoint([(left, top), (3, 3)]))
    assert made[5].is_valid
    assert made[5].area == 18
    assert made[6].equals(box(0, 0, 10, 10))


def test_columns_go_around_the_world() -> None:
    """Tiles over the antimeridian are those at both ends of a row, none twice."""
    half = 20037508.34
    assert tiles_over((half - 1, 1, half + 1, 2), 2) == [Tile(2, 3, 1), Tile(2, 0, 1)]
    assert len(tiles_over((-9 * half, -9 * half, 9 * half, 9 * half), 2)) == 16
