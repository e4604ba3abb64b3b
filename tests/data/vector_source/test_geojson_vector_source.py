"""Vector labels in GeoJSON files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from shapely.geometry import (
    GeometryCollection,
    LineString,
    MultiPoint,
    MultiPolygon,
    Point,
    Polygon,
    box,
)

from rvcli.core.box import Box
from rvcli.core.class_map import ClassMap
from rvcli.data.crs_transformer.identity_crs_transformer import IdentityCRSTransformer
from rvcli.data.crs_transformer.rasterio_crs_transformer import RasterioCRSTransformer
from rvcli.data.vector_source.class_inference import ClassInferenceOptions
from rvcli.data.vector_source.geojson_vector_source import GeoJSONVectorSource
from rvcli.errors import ConfigError, DataError, NotReadableError

CLASSES = ClassMap.construct_from({"building": 1, "road": 2, "water": 3})
BOW_TIE = Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])


def source(uri: str, grid: Any, **options: Any) -> GeoJSONVectorSource:
    """Make a source with the classes of these tests."""
    inference = ClassInferenceOptions(CLASSES)
    return GeoJSONVectorSource(uri, grid, class_inf_opts=inference, **options)


def write(tmp_path: Path, content: Any) -> str:
    """Write text or JSON to a file and return its URI."""
    path = tmp_path / "labels.geojson"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(path)


def bounds(polygons: Any) -> list[list[float]]:
    """List the bounds of polygons in pixels, to the hundredth."""
    return [[round(float(x), 2) for x in row] for row in shapely.bounds(polygons.geometries)]


@pytest.mark.parametrize("crs", [None, "EPSG:3857", "urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:32737"])
def test_labels_in_any_crs_land_on_their_pixels(
    grid: RasterioCRSTransformer, write_labels: Callable[..., str], crs: str | None
) -> None:
    """Polygons in WGS 84 or in the CRS that the file names land on the pixels they show."""
    uri = write_labels([box(10, 20, 30, 60), box(-5.5, 2.25, 3, 4)], crs=crs)
    assert bounds(source(uri, grid).get_polygons()) == [[10, 20, 30, 60], [-5.5, 2.25, 3, 4]]


def test_crs_option_beats_the_file(
    grid: RasterioCRSTransformer, write_labels: Callable[..., str]
) -> None:
    """The option crs says in which CRS the coordinates are, where the file does not."""
    uri = write_labels([box(10, 20, 30, 60)], crs="EPSG:3857", with_member=False)
    assert bounds(source(uri, grid, crs="EPSG:3857").get_polygons()) == [[10, 20, 30, 60]]


def test_old_epsg_member_is_understood(
    grid: RasterioCRSTransformer, write_labels: Callable[..., str]
) -> None:
    """A crs member of the type EPSG names its CRS by code."""
    uri = write_labels([box(10, 20, 30, 60)], crs="EPSG:3857")
    geojson = json.loads(Path(uri).read_text())
    geojson["crs"] = {"type": "EPSG", "properties": {"code": 3857}}
    Path(uri).write_text(json.dumps(geojson))
    assert bounds(source(uri, grid).get_polygons()) == [[10, 20, 30, 60]]


def test_image_without_georeference_takes_pixels(tmp_path: Path) -> None:
    """Where the image has no georeference, coordinates are pixels, whatever crs is named."""
    geometry = shapely.geometry.mapping(box(1, 2, 3, 4))
    uri = write(tmp_path, {**geometry, "crs": {"type": "name", "properties": {"name": "EPSG:1"}}})
    assert bounds(source(uri, IdentityCRSTransformer()).get_polygons()) == [[1, 2, 3, 4]]


def test_crs_that_is_none_is_refused(
    grid: RasterioCRSTransformer, write_labels: Callable[..., str]
) -> None:
    """A CRS that does not exist is refused by its name."""
    uri = write_labels([box(0, 0, 1, 1)])
    with pytest.raises(DataError, match="EPSG:999999"):
        source(uri, grid, crs="EPSG:999999").get_polygons()


@pytest.mark.parametrize("member", [{"type": "link"}, "EPSG:3857", {"type": "name"}])
def test_crs_member_that_cannot_be_understood_is_refused(
    tmp_path: Path, grid: RasterioCRSTransformer, member: Any
) -> None:
    """A crs member of another form is refused and not passed over."""
    uri = write(tmp_path, {"type": "FeatureCollection", "features": [], "crs": member})
    with pytest.raises(DataError, match="member crs"):
        source(uri, grid).get_polygons()


def test_null_and_empty_geometries_are_left_out_and_counted(
    grid: RasterioCRSTransformer,
    write_labels: Callable[..., str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Null and empty geometries are left out, and the log says how many."""
    empty = [Polygon(), GeometryCollection(), MultiPolygon()]
    polygons = source(write_labels([None, *empty, box(0, 0, 2, 2), None]), grid).get_polygons()
    assert polygons.features.tolist() == [4]
    assert "2 x null geometry left out" in caplog.text
    assert "3 x empty geometry left out" in caplog.text


def test_null_members_of_collections_are_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A null member of a collection is left out, the others stay."""
    members = [None, shapely.geometry.mapping(box(0, 0, 1, 1))]
    uri = write(tmp_path, {"type": "GeometryCollection", "geometries": members})
    assert len(source(uri, IdentityCRSTransformer()).get_polygons()) == 1
    assert "1 x null geometry left out" in caplog.text


def test_geometries_of_several_parts_are_taken_apart(
    grid: RasterioCRSTransformer, write_labels: Callable[..., str]
) -> None:
    """Multi geometries and collections, nested ones too, give their parts in order."""
    nested = GeometryCollection([box(4, 0, 5, 1), GeometryCollection([box(6, 0, 7, 1)])])
    uri = write_labels(
        [MultiPolygon([box(0, 0, 1, 1), box(2, 0, 3, 1)]), nested],
        [{"class_name": "road"}, {"class_name": "water"}],
    )
    polygons = source(uri, grid).get_polygons()
    assert bounds(polygons) == [[0, 0, 1, 1], [2, 0, 3, 1], [4, 0, 5, 1], [6, 0, 7, 1]]
    assert polygons.class_ids.tolist() == [2, 2, 3, 3]
    assert polygons.features.tolist() == [0, 0, 1, 1]


def test_holes_stay(grid: RasterioCRSTransformer, write_labels: Callable[..., str]) -> None:
    """The holes of polygons stay, also of the second polygon of a file."""
    ring = box(0, 0, 10, 10) - box(2, 2, 4, 4) - box(6, 6, 8, 8)
    polygons = source(write_labels([box(0, 0, 1, 1), ring, ring]), grid).get_polygons()
    areas = shapely.area(polygons.geometries)
    assert np.allclose(areas, [1, 92, 92])


def test_lines_and_points_become_polygons_by_buffers_of_their_class(
    grid: RasterioCRSTransformer, write_labels: Callable[..., str]
) -> None:
    """Lines and points grow by the buffer of their class, by 1 pixel without one."""
    line, point = LineString([(0, 10), (20, 10)]), Point(50, 50)
    names = [{"class_name": name} for name in ("road", "building", "water", "road")]
    uri = write_labels([line, line, point, MultiPoint([(0, 0), (9, 9)])], names)
    polygons = source(uri, grid, line_bufs={"2": 4.0}, point_bufs={3: 2.5}).get_polygons()
    assert polygons.class_ids.tolist() == [2, 1, 3, 2, 2]
    widths = shapely.bounds(polygons.geometries)[:, 3] - shapely.bounds(polygons.geometries)[:, 1]
    assert np.allclose(widths, [8, 2, 5, 2, 2], atol=1e-6)


def test_null_buffer_leaves_the_class_out(
    grid: RasterioCRSTransformer,
    write_labels: Callable[..., str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """None as the buffer of a class leaves its lines or points out, and the log says so."""
    uri = write_labels(
        [LineString([(0, 0), (5, 5)]), Point(1, 1), box(0, 0, 1, 1)],
        [{"class_id": 2}, {"class_id": 2}, {"class_id": 2}],
    )
    polygons = source(uri, grid, line_bufs={2: None}, point_bufs={2: None}).get_polygons()
    assert polygons.features.tolist() == [2]
    assert "1 x line of a class without buffer left out" in caplog.text
    assert "1 x point of a class without buffer left out" in caplog.text


@pytest.mark.parametrize("buffers", [{"road": 3}, {1: "wide"}, {1: -1}, {1: float("nan")}])
def test_wrong_buffer_is_refused(
    grid: RasterioCRSTransformer, write_labels: Callable[..., str], buffers: Any
) -> None:
    """A buffer must be a number of pixels for a class id."""
    with pytest.raises(ConfigError, match="line_bufs"):
        source(write_labels([box(0, 0, 1, 1)]), grid, line_bufs=buffers).get_polygons()


def test_invalid_polygons_are_repaired_in_their_place(
    grid: RasterioCRSTransformer,
    write_labels: Callable[..., str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A polygon that crosses itself becomes valid ones at its place in the order."""
    uri = write_labels([box(0, 0, 1, 1), BOW_TIE, box(2, 2, 3, 3)])
    polygons = source(uri, grid).get_polygons()
    assert shapely.is_valid(polygons.geometries).all()
    assert polygons.features.tolist() == [0, 1, 1, 2]
    assert np.isclose(shapely.area(polygons.geometries).sum(), 52)
    assert "1 x invalid polygon repaired (features 1)" in caplog.text


def test_polygon_without_area_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A polygon that repairs to nothing is left out by name, not silently."""
    line = {"type": "Polygon", "coordinates": [[[0, 0], [5, 5], [9, 9], [0, 0]]]}
    flat = {"type": "Feature", "geometry": line}
    sound = {"type": "Feature", "geometry": shapely.geometry.mapping(box(0, 0, 1, 1))}
    uri = write(tmp_path, {"type": "FeatureCollection", "features": [flat, sound]})
    assert source(uri, IdentityCRSTransformer()).get_polygons().features.tolist() == [1]
    assert "1 x invalid polygon without area left out (features 0)" in caplog.text


def test_degenerate_rings_are_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Rings of fewer than three positions are left out; a sound outer ring stays."""
    square = [[0, 0], [0, 9], [9, 9], [9, 0], [0, 0]]
    geometries = [
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 1]], square]},
        {"type": "LineString", "coordinates": [[0, 0]]},
        {"type": "Polygon", "coordinates": [square, [[1, 1]], []]},
        {"type": "Polygon", "coordinates": [square[:4]]},
    ]
    features = [{"type": "Feature", "properties": {}, "geometry": g} for g in geometries]
    uri = write(tmp_path, {"type": "FeatureCollection", "features": features})
    polygons = source(uri, IdentityCRSTransformer()).get_polygons()
    assert polygons.features.tolist() == [2, 3]
    assert shapely.area(polygons.geometries).tolist() == [81, 81]
    assert "2 x degenerate geometry left out" in caplog.text
    assert "2 x degenerate hole left out" in caplog.text


def test_heights_are_left_out(tmp_path: Path) -> None:
    """Positions with a height, or some with and some without, keep x and y."""
    ring = [[0, 0, 5], [0, 2, 5, 1], [2, 2], [2, 0], [0, 0, 5]]
    uri = write(tmp_path, {"type": "Polygon", "coordinates": [ring]})
    assert bounds(source(uri, IdentityCRSTransformer()).get_polygons()) == [[0, 0, 2, 2]]


def test_what_cannot_be_projected_is_named(
    tmp_path: Path, grid: RasterioCRSTransformer, caplog: pytest.LogCaptureFixture
) -> None:
    """Geometries where the image's CRS is not defined are left out by name."""
    near = {"type": "Point", "coordinates": [39.3, -6.0]}
    far = {"type": "Point", "coordinates": [39.3, 500.0]}
    uri = write(tmp_path, {"type": "GeometryCollection", "geometries": [near, far]})
    assert len(source(uri, grid).get_polygons()) == 1
    assert "1 x geometry that cannot be projected to the image left out (features 0)" in caplog.text


def test_coordinates_in_another_crs_than_said_are_refused(
    grid: RasterioCRSTransformer, write_labels: Callable[..., str]
) -> None:
    """A file none of whose coordinates can be projected is refused with a hint at its CRS."""
    uri = write_labels([box(0, 0, 1, 1)], crs="EPSG:32737", with_member=False)
    with pytest.raises(DataError, match="no geometry can be projected") as caught:
        source(uri, grid).get_polygons()
    assert "crs" in (caught.value.hint or "")


def test_feature_without_class_is_dropped_and_counted(
    grid: RasterioCRSTransformer,
    write_labels: Callable[..., str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Without a default class, features of no class are left out and counted."""
    uri = write_labels([box(0, 0, 1, 1)] * 2, [{"class_name": "road"}, {"class_name": "x"}])
    options = ClassInferenceOptions(CLASSES, default_class_id=None)
    vectors = GeoJSONVectorSource(uri, grid, class_inf_opts=options)
    assert vectors.get_polygons().class_ids.tolist() == [2]
    assert "1 x no class left out" in caplog.text


def test_class_id_that_the_class_map_lacks_is_warned_of(
    grid: RasterioCRSTransformer,
    write_labels: Callable[..., str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Class ids that are not in the class map stay, with a warning."""
    uri = write_labels([box(0, 0, 1, 1)] * 2, [{"class_id": 9}, {"class_id": 1}])
    assert source(uri, grid).get_polygons().class_ids.tolist() == [9, 1]
    assert "1 polygons have class ids that the class map lacks: 9" in caplog.text


def test_names_of_no_class_are_warned_of(
    grid: RasterioCRSTransformer,
    write_labels: Callable[..., str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Names that the class map lacks are warned of where the default class stands in for them."""
    properties: list[dict[str, Any]] = [
        {"class_name": "Road"},
        {"class_name": "road"},
        {"label": "Road"},
        {},
    ]
    uri = write_labels([box(i, 0, i + 1, 1) for i in range(4)], properties)
    assert [1, 2, 1, 1] == source(uri, grid).get_polygons().class_ids.tolist()
    assert (
        "2 features have names that the class map lacks (Road): they become class 1; name the"
        " classes of the task so, or say with_class_mapping(...)"
    ) in caplog.text
    caplog.clear()
    options = ClassInferenceOptions(CLASSES, default_class_id=None)
    GeoJSONVectorSource(uri, grid, class_inf_opts=options).get_polygons()
    assert "class map" not in caplog.text


@pytest.mark.parametrize("class_id", [-1, 70000])
def test_class_id_out_of_range_is_refused(
    grid: RasterioCRSTransformer, write_labels: Callable[..., str], class_id: int
) -> None:
    """A class id that no pixel can hold is refused with the feature's index."""
    uri = write_labels([box(0, 0, 1, 1)] * 2, [{}, {"class_id": class_id}])
    with pytest.raises(DataError, match=rf"features\[1\] has the class id {class_id}"):
        source(uri, grid).get_polygons()


def test_bad_class_id_names_file_and_feature(
    grid: RasterioCRSTransformer, write_labels: Callable[..., str]
) -> None:
    """A class_id that is no number is refused with the file and the feature's index."""
    uri = write_labels([box(0, 0, 1, 1)] * 2, [{}, {"class_id": "road"}])
    with pytest.raises(DataError, match=r"labels\.geojson: features\[1\].*'road'"):
        source(uri, grid).get_polygons()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"type": "FeatureCollection",\n "features": [}', "line 2, column 15"),
        ("", "line 1, column 1"),
        ("[1, 2]", "it is a list, not an object"),
        ('"text"', "it is a str, not an object"),
        ('{"type": "Topology", "objects": {}}', "'Topology'"),
        ('{"type": "FeatureCollection"}', "no list of features"),
        ('{"type": "FeatureCollection", "features": [7]}', r"features\[0\] is '7'"),
        ('{"type": "Feature", "properties": [1]}', r"properties is '\[1\]'"),
        ("[" * 100_000, "nested too deeply|line"),
    ],
)
def test_bad_json_is_refused_with_its_position(
    tmp_path: Path, grid: RasterioCRSTransformer, content: str, message: str
) -> None:
    """What is no GeoJSON is refused with the URI and the position."""
    uri = write(tmp_path, content)
    with pytest.raises(DataError, match=message) as caught:
        source(uri, grid).get_polygons()
    assert uri in str(caught.value)


@pytest.mark.parametrize(
    ("geometry", "message"),
    [
        ({"coordinates": [0, 0]}, "'type' is missing"),
        ({"type": "Point"}, "'coordinates' is missing"),
        ({"type": "Circle", "coordinates": [0, 0]}, "'Circle'"),
        ({"type": "Polygon", "coordinates": "0 0"}, "'0 0'"),
        ({"type": "Polygon", "coordinates": [1, 2]}, "not valid GeoJSON"),
        ("POINT (0 0)", "not valid GeoJSON"),
        ({"type": "Point", "coordinates": [0]}, r"position \[0\]"),
        ({"type": "LineString", "coordinates": [[0, 0], [1, None]]}, r"position \[1, None\]"),
        ({"type": "LineString", "coordinates": [[0, 0], "ab"]}, "position 'ab'"),
        ({"type": "LineString", "coordinates": [[0, 0], [1, 1e400]]}, r"position \[1, inf\]"),
        ({"type": "LineString", "coordinates": [[0, 0], [1, [2]]]}, r"position \[1, \[2\]\]"),
    ],
)
def test_bad_geometry_is_refused_with_its_feature(
    tmp_path: Path, grid: RasterioCRSTransformer, geometry: Any, message: str
) -> None:
    """What is no geometry is refused with the index of its feature."""
    point = {
        "type": "Feature",
        "properties": {},
        "geometry": {"type": "Point", "coordinates": [0, 0]},
    }
    bad = {"type": "Feature", "properties": {}, "geometry": geometry}
    uri = write(tmp_path, {"type": "FeatureCollection", "features": [point, bad]})
    with pytest.raises(DataError, match=message) as caught:
        source(uri, grid).get_polygons()
    assert "features[1]" in str(caught.value)


def test_file_that_is_no_text_is_refused(tmp_path: Path, grid: RasterioCRSTransformer) -> None:
    """A file that is not UTF-8 is refused."""
    path = tmp_path / "labels.geojson"
    path.write_bytes(b"\xff\xfe{}")
    with pytest.raises(NotReadableError, match="UTF-8"):
        source(str(path), grid).get_polygons()


def test_byte_order_mark_is_passed_over(tmp_path: Path, grid: RasterioCRSTransformer) -> None:
    """A byte order mark before the JSON does no harm."""
    uri = write(tmp_path, '\ufeff{"type": "FeatureCollection", "features": []}')
    assert len(source(uri, grid).get_polygons()) == 0


def test_get_geojson_gives_polygons_with_properties(
    grid: RasterioCRSTransformer, write_labels: Callable[..., str]
) -> None:
    """get_geojson gives one polygon a feature, with all properties and the class id."""
    uri = write_labels(
        [MultiPolygon([box(0, 0, 1, 1), box(2, 0, 3, 1)]), None],
        [{"class_name": "road", "lanes": 2}, {}],
    )
    vectors = source(uri, grid)
    features = vectors.get_geojson()["features"]
    expected = {"class_name": "road", "lanes": 2, "class_id": 2}
    assert [feature["properties"] for feature in features] == [expected, expected]
    assert [feature["geometry"]["type"] for feature in features] == ["Polygon", "Polygon"]
    assert np.allclose(shapely.geometry.shape(features[1]["geometry"]).bounds, (2, 0, 3, 1))
    on_map = vectors.get_geojson(to_map_coords=True)["features"][1]["geometry"]
    assert np.allclose(
        shapely.geometry.shape(on_map).bounds[:2], grid.pixel_to_map((2, 1)), atol=1e-9
    )


def test_legacy_hook_gives_features_with_class_ids(
    grid: RasterioCRSTransformer, write_labels: Callable[..., str]
) -> None:
    """_get_geojson gives the file's own geometries with class ids."""
    uri = write_labels([box(0, 0, 1, 1), None], [{"label": "water"}, {}])
    features = source(uri, grid)._get_geojson()["features"]
    assert [feature["properties"]["class_id"] for feature in features] == [3, 1]
    assert features[1]["geometry"] is None


def test_labels_that_are_all_tiny_are_warned_of(
    grid: RasterioCRSTransformer,
    write_labels: Callable[..., str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Of labels on the image of which none is as large as a pixel the CRS is in doubt."""
    extent = Box(0, 0, 100, 100)
    source(write_labels([box(1, 1, 1.5, 1.5), box(3, 3, 5, 5)]), grid).warn_if_outside(extent)
    assert "" == caplog.text
    source(write_labels([box(1, 1, 1.5, 1.5)]), grid).warn_if_outside(extent)
    assert "all of the 1 polygons on the image are smaller than a pixel" in caplog.text
