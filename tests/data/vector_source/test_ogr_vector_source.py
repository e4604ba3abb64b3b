"""Vector labels in files that GDAL reads."""

from __future__ import annotations

import logging
import shutil
import sqlite3
import sys
import zipfile
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyogrio import raw
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box

from rvcli.core.box import Box
from rvcli.core.class_map import ClassMap
from rvcli.data.crs_transformer.identity_crs_transformer import IdentityCRSTransformer
from rvcli.data.crs_transformer.rasterio_crs_transformer import RasterioCRSTransformer
from rvcli.data.vector_source import ogr_vector_source, polygon_blocks
from rvcli.data.vector_source.class_inference import ClassInferenceOptions
from rvcli.data.vector_source.ogr_vector_source import OGRVectorSource
from rvcli.data.vector_source.vector_source_config import as_vector_source
from rvcli.errors import ConfigError, DataError, MissingDependencyError, NotReadableError
from rvcli.utils.files import upload_or_copy

EXTENT = Box(0, 0, 400, 500)
CLASSES = ClassMap.construct_from({"building": 1, "road": 2, "water": 3})
WriteFile = Callable[..., str]


def source(uri: str, grid: Any, extent: Box | None = EXTENT, **options: Any) -> OGRVectorSource:
    """Make a source with the classes of these tests."""
    inference = {
        name: options.pop(name)
        for name in ("class_id_to_filter", "default_class_id", "class_property", "class_mapping")
        if name in options
    }
    return OGRVectorSource(
        uri,
        grid,
        class_inf_opts=ClassInferenceOptions(CLASSES, **inference),
        extent=extent,
        **options,
    )


def bounds(polygons: Any) -> list[list[float]]:
    """List the bounds of polygons in pixels, to the hundredth."""
    return [[round(float(x), 2) + 0 for x in row] for row in shapely.bounds(polygons.geometries)]


@pytest.mark.parametrize("name", ["a.gpkg", "a.fgb", "a.shp", "a.gml", "a.sqlite", "a.kml"])
def test_every_format_lands_on_its_pixels(
    grid: RasterioCRSTransformer, write_file: WriteFile, name: str
) -> None:
    """Polygons of any format land on the pixels that they show, with their classes."""
    uri = write_file(
        name,
        [box(10, 20, 30, 60), box(40, 0, 50, 90)],
        properties={"class_name": ["road", "water"]},
        driver={".kml": "KML"}.get(Path(name).suffix),
    )
    polygons = source(uri, grid).get_polygons()
    found = dict(zip(polygons.class_ids.tolist(), bounds(polygons), strict=True))
    assert {2: [10, 20, 30, 60], 3: [40, 0, 50, 90]} == found


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3857", "EPSG:32737", "OGC:CRS84"])
def test_any_crs_lands_on_its_pixels(
    grid: RasterioCRSTransformer, write_file: WriteFile, crs: str
) -> None:
    """Polygons in any CRS land on the pixels that they show."""
    uri = write_file("a.gpkg", [box(10, 20, 30, 60)], crs=crs)
    assert bounds(source(uri, grid).get_polygons()) == [[10, 20, 30, 60]]


@pytest.mark.parametrize("name", ["a.gpkg", "a.shp", "a.gml"])
@pytest.mark.parametrize(
    ("crs", "xy"),
    # The cathedral of Helsinki, in CRSs that both declare the northing first.
    [("EPSG:4326", (24.9520, 60.1704)), ("EPSG:2393", (3386491.0, 6674953.0))],
)
def test_x_is_easting_whatever_order_the_crs_declares(
    tmp_path: Path, name: str, crs: str, xy: tuple[float, float]
) -> None:
    """A known point lies where it should, also in CRSs that declare northing or latitude first."""
    path = str(tmp_path / name)
    raw.write(path, shapely.to_wkb([Point(*xy)]), [], [], geometry_type="Point", crs=crs)
    # UTM zone 35 north, pixels of 10 m around the cathedral.
    image = RasterioCRSTransformer(Affine(10, 0, 385000, 0, -10, 6673500), "EPSG:32635")
    made = source(path, image, Box(0, 0, 300, 300)).get_polygons()
    assert len(made) == 1
    x, y = image.transform * np.array(shapely.centroid(made.geometries[0]).coords[0])
    assert abs(x - 386367) < 5
    assert abs(y - 6672151) < 5


def test_crs_option_beats_the_file(grid: RasterioCRSTransformer, write_file: WriteFile) -> None:
    """The option crs names the CRS of a file that names a wrong one, or none."""
    for said in ("EPSG:32637", None):
        uri = write_file("a.fgb", [box(10, 20, 30, 60)], crs="EPSG:32737", said_crs=said)
        assert bounds(source(uri, grid, crs="EPSG:32737").get_polygons()) == [[10, 20, 30, 60]]


def test_file_without_crs_is_refused(grid: RasterioCRSTransformer, write_file: WriteFile) -> None:
    """A file that does not name its CRS is refused with a hint at the option."""
    uri = write_file("a.shp", [box(10, 20, 30, 60)], said_crs=None)
    with pytest.raises(DataError, match="does not say in which CRS") as caught:
        source(uri, grid).get_polygons()
    assert "with_crs" in (caught.value.hint or "")


def test_image_without_georeference_takes_pixels(write_file: WriteFile) -> None:
    """On an image without CRS the coordinates of a file are pixels."""
    path = write_file("a.gpkg", [box(1, 2, 3, 4), box(90, 90, 95, 95)], crs=None)
    made = source(path, IdentityCRSTransformer(), Box(0, 0, 50, 50)).get_polygons()
    assert bounds(made) == [[1, 2, 3, 4]]


def test_only_what_lies_on_the_image_is_read(
    grid: RasterioCRSTransformer, write_file: WriteFile
) -> None:
    """Features far from the image are not read; without an extent all are."""
    uri = write_file("a.fgb", [box(10, 20, 30, 60), box(5000, 0, 5010, 9)])
    assert len(source(uri, grid).get_polygons()) == 1
    assert len(source(uri, grid, extent=None).get_polygons()) == 2


def test_window_gives_whole_polygons_in_order(
    grid: RasterioCRSTransformer, write_file: WriteFile
) -> None:
    """A window gives the polygons that touch it, whole and in the order of the file."""
    uri = write_file("a.gpkg", [box(0, 0, 100, 100), box(200, 0, 220, 9), box(5, 5, 9, 9)])
    made = source(uri, grid).get_polygons(Box(0, 0, 8, 8))
    assert bounds(made) == [[0, 0, 100, 100], [5, 5, 9, 9]]
    assert made.features.tolist() == sorted(made.features.tolist())


def test_lines_whose_buffer_reaches_the_image_are_read(
    grid: RasterioCRSTransformer, write_file: WriteFile
) -> None:
    """A line or a point beside the image is read if its buffer reaches the image."""
    uri = write_file("a.gpkg", [LineString([(-30, 0), (-30, 90)]), Point(-600, 0)])
    made = source(uri, grid, line_bufs={1: 40}, point_bufs={1: 3}).get_polygons(EXTENT)
    assert bounds(made) == [[-70, -40, 10, 130]]


def test_buffers_in_metres(grid: RasterioCRSTransformer, write_file: WriteFile) -> None:
    """Buffers in metres are as many pixels as the ground says: two a metre here."""
    uri = write_file("a.gpkg", [Point(100, 100)])
    made = source(uri, grid, point_bufs={1: 10}, buffer_unit="metres").get_polygons()
    assert np.allclose(shapely.bounds(made.geometries), [[80, 80, 120, 120]], atol=0.05)


def test_buffers_in_metres_where_pixels_are_not_square(tmp_path: Path) -> None:
    """At 60 degrees north, pixels of degrees are half as wide as they are high; so are buffers."""
    path = str(tmp_path / "a.gpkg")
    raw.write(path, shapely.to_wkb([Point(10, 60)]), [], [], geometry_type="Point", crs="EPSG:4326")
    image = RasterioCRSTransformer(Affine(1e-4, 0, 9.99, 0, -1e-4, 60.01), "EPSG:4326")
    made = source(
        path, image, Box(0, 0, 200, 200), point_bufs={1: 100}, buffer_unit="metres"
    ).get_polygons()
    xmin, ymin, xmax, ymax = shapely.bounds(made.geometries[0])
    # A degree is 111.4 km from north to south there, and 55.8 km from west to east.
    assert abs((xmax - xmin) / 2 - 17.9) < 0.1
    assert abs((ymax - ymin) / 2 - 8.98) < 0.05


def test_buffers_in_metres_need_a_georeference(write_file: WriteFile) -> None:
    """Without a georeference there are no metres."""
    path = write_file("a.gpkg", [Point(5, 5)], crs=None)
    with pytest.raises(ConfigError, match="metres"):
        source(path, IdentityCRSTransformer(), buffer_unit="metres").get_polygons()


def test_where_filters_features(grid: RasterioCRSTransformer, write_file: WriteFile) -> None:
    """A condition in SQL leaves features out."""
    boxes = [box(x, 0, x + 5, 5) for x in (0, 10, 20)]
    uri = write_file("a.gpkg", boxes, properties={"height": [2.0, 7.5, 4.0]})
    assert bounds(source(uri, grid, where="height > 3").get_polygons()) == [
        [10, 0, 15, 5],
        [20, 0, 25, 5],
    ]


def test_where_that_nothing_meets_is_warned_of(
    grid: RasterioCRSTransformer, write_file: WriteFile, caplog: pytest.LogCaptureFixture
) -> None:
    """A condition that leaves nothing is said to do so: it is not the CRS that is wrong."""
    uri = write_file("a.gpkg", [box(0, 0, 5, 5)], properties={"height": [2.0]})
    source(uri, grid, where="height > 3").warn_if_outside(EXTENT)
    assert "none of the features meets the condition 'height > 3'" in caplog.text
    assert "CRS" not in caplog.text


def test_class_property_that_no_feature_has_is_warned_of(
    grid: RasterioCRSTransformer, write_file: WriteFile, caplog: pytest.LogCaptureFixture
) -> None:
    """A misspelt property does not silently make all features those of the default class."""
    uri = write_file("a.gpkg", [box(0, 0, 5, 5)], properties={"use": ["road"]})
    source(uri, grid, class_property="use").get_polygons()
    assert "" == caplog.text
    polygons = source(uri, grid, class_property="ues").get_polygons()
    assert [1] == polygons.class_ids.tolist()
    assert "no feature has the property 'ues', which says the class" in caplog.text


@pytest.mark.parametrize("name", ["a?b.gpkg", "a?b.fgb", "a?b.shp", "50%20 #ä.shp"])
def test_any_character_may_be_in_a_name(
    grid: RasterioCRSTransformer, write_file: WriteFile, tmp_path: Path, name: str
) -> None:
    """Only of a URI on the web a question mark begins the query."""
    plain = Path(write_file(f"plain{Path(name).suffix}", [box(0, 0, 5, 5)]))
    for part in tmp_path.glob("plain.*"):
        part.rename(tmp_path / (Path(name).stem + part.suffix))
    made = as_vector_source(str(tmp_path / name)).create_source(grid, EXTENT, CLASSES)
    assert not plain.exists()
    assert [[0, 0, 5, 5]] == bounds(made.get_polygons())


@pytest.mark.parametrize("name", ["a.gpkg", "a.fgb"])
def test_where_with_an_unknown_field_names_the_fields(
    grid: RasterioCRSTransformer, write_file: WriteFile, name: str
) -> None:
    """A condition on a field that is not there is refused, and the fields are named."""
    uri = write_file(name, [box(0, 0, 5, 5)], properties={"height": [2.0]})
    with pytest.raises(DataError, match="heihgt > 3") as caught:
        source(uri, grid, where="heihgt > 3").get_polygons()
    assert "height" in (caught.value.hint or "")


def test_layer_is_chosen_by_name(grid: RasterioCRSTransformer, write_file: WriteFile) -> None:
    """Of several layers one is read; without a name, or with a wrong one, all are listed."""
    uri = write_file("a.gpkg", [box(0, 0, 5, 5)], layer="roofs")
    write_file("a.gpkg", [box(10, 0, 15, 5)], layer="roads", append=True)
    assert bounds(source(uri, grid, layer="roads").get_polygons()) == [[10, 0, 15, 5]]
    for wrong in (None, "rivers"):
        with pytest.raises(DataError, match="has the layers roofs, roads") as caught:
            source(uri, grid, layer=wrong).get_polygons()
        assert "with_layer('roofs')" in (caught.value.hint or "")


def test_layer_without_geometries_is_refused(tmp_path: Path, grid: RasterioCRSTransformer) -> None:
    """A table without geometries is refused."""
    path = tmp_path / "a.csv"
    path.write_text("n,m\n1,2\n")
    with pytest.raises(DataError, match="has no geometries"):
        source(str(path), grid, crs="EPSG:4326").get_polygons()


def test_classes_by_property_filter_and_mapping(
    grid: RasterioCRSTransformer, write_file: WriteFile
) -> None:
    """Classes follow from a property, from filters, and from a mapping, as in GeoJSON."""
    boxes = [box(x, 0, x + 5, 5) for x in (0, 10, 20)]
    uri = write_file(
        "a.gpkg",
        boxes,
        properties={
            "kind": np.array(["road", None, "lake"], object),
            "level": np.array([1, 2, 3]),
        },
    )

    def classes(**options: Any) -> Any:
        return source(uri, grid, **options).get_polygons().class_ids.tolist()

    assert classes(class_property="kind", default_class_id=None) == [2]
    assert classes(class_id_to_filter={3: [">", "level", 1]}, default_class_id=2) == [2, 3, 3]
    assert classes(class_id_to_filter={3: ["==", "$type", "Polygon"]}) == [3, 3, 3]
    assert classes(class_property="level", class_mapping={1: "water", 2: None, "3": 1}) == [3, 1]


def test_whole_numbers_with_gaps_are_whole(
    grid: RasterioCRSTransformer, write_file: WriteFile
) -> None:
    """Whole numbers stay whole where some are missing; what is missing is no property."""
    uri = write_file(
        "a.gpkg",
        [box(0, 0, 5, 5), box(10, 0, 15, 5)],
        properties={"class_id": np.array([3, 0])},
        field_mask=[np.array([False, True])],
    )
    features = source(uri, grid).get_geojson()["features"]
    assert [f["properties"] for f in features] == [{"class_id": 3}, {"class_id": 1}]
    assert type(features[0]["properties"]["class_id"]) is int


def test_get_geojson_gives_all_properties(
    grid: RasterioCRSTransformer, write_file: WriteFile
) -> None:
    """GeoJSON has all properties, and the class, in pixels or on the map."""
    uri = write_file("a.gpkg", [box(0, 0, 5, 5)], properties={"name": ["x"], "height": [2.5]})
    made = source(uri, grid).get_geojson()["features"][0]
    assert made["properties"] == {"name": "x", "height": 2.5, "class_id": 1}
    on_map = source(uri, grid).get_geojson(to_map_coords=True)["features"][0]
    lon, lat = shapely.geometry.shape(on_map["geometry"]).centroid.coords[0]
    assert 39 < lon < 40
    assert -7 < lat < -6


def test_legacy_hook_gives_geojson_that_names_its_crs(
    grid: RasterioCRSTransformer, write_file: WriteFile
) -> None:
    """The method that plugins know gives the features in the CRS of the file, and says which."""
    uri = write_file("a.gpkg", [box(0, 0, 5, 5)], crs="EPSG:3857")
    geojson = source(uri, grid)._get_geojson()
    assert geojson["crs"]["properties"]["name"] == "EPSG:3857"
    assert geojson["features"][0]["properties"]["class_id"] == 1


def test_invalid_and_odd_geometries_are_repaired_or_named(
    grid: RasterioCRSTransformer, write_file: WriteFile, caplog: pytest.LogCaptureFixture
) -> None:
    """Invalid polygons are repaired, parts taken apart, and both counted, as with GeoJSON."""
    bow_tie = Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    parts = MultiPolygon([box(20, 0, 25, 5), box(30, 0, 35, 5)])
    uri = write_file("a.gpkg", [bow_tie, parts, Polygon()])
    assert len(source(uri, grid).get_polygons()) == 4
    assert "1 x feature of several parts taken apart" in caplog.text
    assert "1 x invalid polygon repaired (features 1)" in caplog.text


def test_what_cannot_be_read_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Geometries of kinds that cannot be read are named, null ones counted; curves are read."""
    path = tmp_path / "a.csv"
    path.write_text(
        "WKT,class_id\n"
        '"CURVEPOLYGON(CIRCULARSTRING(0 0, 4 0, 4 4, 0 4, 0 0))",1\n'
        '"TIN Z(((0 0 0,0 1 0,1 1 0,0 0 0)))",2\n'
        ",3\n"
    )
    made = source(str(path), IdentityCRSTransformer(), extent=None).get_polygons()
    assert made.class_ids.tolist() == [1]
    assert abs(shapely.area(made.geometries[0]) - 8 * np.pi) < 0.1
    assert "1 x unreadable geometry (features 2) left out" in caplog.text
    assert "1 x null geometry left out" in caplog.text


def test_bad_class_id_names_the_feature(
    grid: RasterioCRSTransformer, write_file: WriteFile
) -> None:
    """A class id that is none is refused with the number of its feature."""
    boxes = [box(0, 0, 5, 5), box(10, 0, 15, 5)]
    for value, text in ((99999, "class id 99999"), (1.5, "1.5, which is no class id")):
        uri = write_file("a.gpkg", boxes, properties={"class_id": [1, value]})
        with pytest.raises(DataError, match=rf"a.gpkg: features\[2\].*{text}"):
            source(uri, grid).get_polygons()


def test_labels_beside_the_image_are_warned_of(
    grid: RasterioCRSTransformer, write_file: WriteFile, caplog: pytest.LogCaptureFixture
) -> None:
    """A file none of whose features lies on the image is warned of, an empty one is not."""
    source(write_file("b.gpkg", [box(0, 0, 5, 5)]), grid).warn_if_outside(EXTENT)
    source(write_file("c.gpkg", []), grid).warn_if_outside(EXTENT)
    assert caplog.text == ""
    for name in ("a.gpkg", "a.gml"):
        source(write_file(name, [box(9000, 0, 9005, 5)]), grid).warn_if_outside(EXTENT)
    assert caplog.text.count("none of the 1 polygons lies on the image") == 2


def test_missing_and_broken_files_are_refused(tmp_path: Path, grid: RasterioCRSTransformer) -> None:
    """A file that is missing, or is no vector file, is refused by name."""
    with pytest.raises(NotReadableError, match=r"none\.gpkg"):
        source(str(tmp_path / "none.gpkg"), grid).get_polygons()
    broken = tmp_path / "broken.gpkg"
    broken.write_text("no such thing")
    with pytest.raises(DataError, match=r"broken\.gpkg cannot be read"):
        source(str(broken), grid).get_polygons()


def test_geoparquet_without_its_driver_says_what_to_do(
    tmp_path: Path, grid: RasterioCRSTransformer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where GDAL reads no GeoParquet, the error says how to convert the file."""
    import pyogrio

    monkeypatch.setattr(pyogrio, "list_drivers", lambda: {"GPKG": "rw"})
    with pytest.raises(DataError, match="GeoParquet") as caught:
        source(str(tmp_path / "a.parquet"), grid).get_polygons()
    assert "ogr2ogr" in (caught.value.hint or "")


def zipped(path: Path, members: dict[str, str]) -> str:
    """Put files into a zip file; names there by path."""
    with zipfile.ZipFile(path, "w") as archive:
        for member, name in members.items():
            archive.write(member, name)
    return str(path)


def shapefile_members(uri: str, folder: str) -> dict[str, str]:
    """List the files of a shapefile with their names in a folder of a zip file."""
    files = Path(uri).parent.glob(Path(uri).stem + ".*")
    return {str(f): f"{folder}{f.name}" for f in files if f.suffix != ".zip"}


def test_zipped_shapefile_is_read_in_any_folder(
    tmp_path: Path, grid: RasterioCRSTransformer, write_file: WriteFile
) -> None:
    """A zipped shapefile is found in a folder too; of several, one is named by layer."""
    one = write_file("one.shp", [box(0, 0, 5, 5)])
    two = write_file("two.shp", [box(10, 0, 15, 5)])
    single = zipped(tmp_path / "single.zip", shapefile_members(one, "deep/er/"))
    assert bounds(source(single, grid).get_polygons()) == [[0, 0, 5, 5]]
    both = zipped(
        tmp_path / "both.zip", shapefile_members(one, "") | shapefile_members(two, "sub/")
    )
    assert bounds(source(both, grid, layer="two").get_polygons()) == [[10, 0, 15, 5]]
    with pytest.raises(DataError, match=r"holds the files one\.shp, sub/two\.shp"):
        source(both, grid).get_polygons()


def test_zip_without_vectors_is_refused(tmp_path: Path, grid: RasterioCRSTransformer) -> None:
    """A zip file without a vector file, and a file that is no zip file, are refused."""
    (tmp_path / "a.txt").write_text("text")
    with pytest.raises(DataError, match=r"a\.zip cannot be read"):
        source(zipped(tmp_path / "a.zip", {str(tmp_path / "a.txt"): "a.txt"}), grid).get_polygons()
    (tmp_path / "b.zip").write_text("text")
    with pytest.raises(DataError, match=r"b\.zip is no zip file"):
        source(str(tmp_path / "b.zip"), grid).get_polygons()


def test_shapefile_on_the_web_comes_with_its_siblings(
    grid: RasterioCRSTransformer, write_file: WriteFile, web_server: Any, tmp_path: Path
) -> None:
    """All files of a shapefile are fetched, those that may be missing too."""
    uri = write_file("a.shp", [box(0, 0, 5, 5)], properties={"class_name": ["road"]})
    for suffix in ("shp", "shx", "dbf", "prj"):
        web_server.files[f"/x/a.{suffix}"] = Path(uri).with_suffix(f".{suffix}").read_bytes()
    polygons = source(f"{web_server.url}/x/a.shp", grid).get_polygons()
    assert bounds(polygons) == [[0, 0, 5, 5]]
    assert polygons.class_ids.tolist() == [2]
    del web_server.files["/x/a.dbf"]
    with pytest.raises(NotReadableError, match=r"a\.dbf"):
        source(f"{web_server.url}/x/a.shp", grid).get_polygons()


def test_file_in_a_bucket_is_read(
    grid: RasterioCRSTransformer, write_file: WriteFile, s3_root: str
) -> None:
    """A GeoPackage in S3 is fetched, a FlatGeobuf read in place."""
    for name in ("a.gpkg", "a.fgb"):
        uri = f"{s3_root}/labels/{name}"
        upload_or_copy(write_file(name, [box(0, 0, 5, 5)]), uri)
        made = source(uri, grid)
        assert bounds(made.get_polygons()) == [[0, 0, 5, 5]]
        assert made.file.path.startswith("/vsis3/") == (name == "a.fgb")


def serve_range(handler: BaseHTTPRequestHandler, body: bytes) -> bool:
    """Answer a request for a part of a file."""
    wanted = handler.headers.get("Range")
    if handler.command != "GET" or wanted is None:
        return False
    first, last = wanted.removeprefix("bytes=").split("-")
    part = body[int(first) : int(last) + 1]
    handler.send_response(206)
    handler.send_header("Content-Length", str(len(part)))
    end = int(first) + len(part) - 1
    handler.send_header("Content-Range", f"bytes {first}-{end}/{len(body)}")
    handler.end_headers()
    handler.wfile.write(part)
    return True


def test_flatgeobuf_on_the_web_is_read_in_place(
    grid: RasterioCRSTransformer, write_file: WriteFile, web_server: Any
) -> None:
    """Of a FlatGeobuf on the web parts are read; where the server gives none, all of it."""
    uri = write_file("a.fgb", [box(0, 0, 5, 5), box(5000, 0, 5005, 5)])
    body = Path(uri).read_bytes()
    web_server.files = {"/a.fgb": body, "/whole.fgb": body}
    web_server.faults["/a.fgb"] = [lambda handler: serve_range(handler, body)] * 50
    for name in ("a", "whole"):
        made = source(f"{web_server.url}/{name}.fgb", grid)
        assert bounds(made.get_polygons()) == [[0, 0, 5, 5]]
        assert made.file.path.startswith("/vsicurl/")
    with pytest.raises(NotReadableError, match=r"none\.fgb"):
        source(f"{web_server.url}/none.fgb", grid).get_polygons()


def test_deactivation_lets_go_of_what_was_read(
    grid: RasterioCRSTransformer, write_file: WriteFile
) -> None:
    """After use the file is read anew."""
    uri = write_file("a.gpkg", [box(0, 0, 5, 5)])
    made = source(uri, grid)
    with made.activate():
        assert len(made.get_polygons()) == 1
    shutil.copy(write_file("b.gpkg", [box(0, 0, 5, 5), box(7, 0, 9, 5)]), uri)
    assert len(made.get_polygons()) == 2


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let files of more than 20 features count as large, and read them in small squares."""
    monkeypatch.setattr(ogr_vector_source, "KEPT_POLYGONS", 20)
    monkeypatch.setattr(polygon_blocks, "BLOCK_PX", 64)


@pytest.mark.parametrize("name", ["a.gpkg", "a.fgb"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(window=st.tuples(*[st.integers(-50, 450)] * 2, *[st.integers(1, 200)] * 2))
def test_large_files_give_the_same_window_by_window(
    grid: RasterioCRSTransformer,
    write_file: WriteFile,
    small_blocks: None,
    tmp_path: Path,
    name: str,
    window: tuple[int, int, int, int],
) -> None:
    """A large file, read in squares, gives for any window what one read of it all gives."""
    rng = np.random.default_rng(3)
    corners = rng.uniform(-50, 450, (200, 2))
    boxes = [
        box(x, y, x + w, y + h)
        for (x, y), (w, h) in zip(corners, rng.uniform(1, 90, (200, 2)), strict=True)
    ]
    boxes[50] = MultiPolygon([box(0, 0, 10, 10), box(390, 390, 400, 400)])
    uri = str(tmp_path / name)
    if not Path(uri).exists():
        write_file(name, boxes)
    y, x, height, width = window
    asked = Box(y, x, y + height, x + width)
    large = source(uri, grid)
    at_once = source(uri, grid)
    at_once._kept = at_once._read_polygons(None)
    expected, found = at_once.get_polygons(asked), large.get_polygons(asked)
    assert expected.features.tolist() == found.features.tolist()
    assert shapely.equals_exact(expected.geometries, found.geometries, 1e-6).all()
    drawn = large.get_pieces(asked)
    assert bounds(expected) == bounds(drawn)


def test_large_files_may_have_any_class_and_speak_once(
    grid: RasterioCRSTransformer,
    write_file: WriteFile,
    small_blocks: None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Of a large file the largest class is not known, and squares after the first are quiet."""
    parts = [MultiPolygon([box(x, 0, x + 2, 2), box(x, 5, x + 2, 7)]) for x in range(0, 400, 10)]
    uri = write_file("a.gpkg", parts)
    made = source(uri, grid)
    made.warn_if_outside(EXTENT)
    assert made.max_class_id() == 65535
    with made.activate():
        for x in (0, 100, 200):
            assert len(made.get_polygons(Box(0, x, 10, x + 10)))
    warnings = [r for r in caplog.records if r.levelno >= logging.WARNING]
    assert len(warnings) == 1
    assert len(made.get_polygons()) == 80
    assert made.max_class_id() == 65535
    assert len(made.get_polygons(Box(0, 0, 10, 10))) == 4


def test_missing_pyogrio_names_its_extra(
    tmp_path: Path, grid: RasterioCRSTransformer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without pyogrio the error says what to install."""
    monkeypatch.setitem(sys.modules, "pyogrio", None)
    (tmp_path / "a.gpkg").write_text("")
    with pytest.raises(MissingDependencyError, match="pyogrio") as caught:
        source(str(tmp_path / "a.gpkg"), grid).get_polygons()
    assert caught.value.hint == "pip install 'rvcli[local]'"


def test_warnings_of_gdal_go_to_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What GDAL warns of is logged with the name of the file."""
    path = tmp_path / "a.geojsonl"
    feature = '{"type": "Feature", "properties": {}, "geometry": {"type": "%s", %s}}'
    path.write_text("\n".join(feature % (t, '"coordinates": [1, 2]') for t in ("Point", "Pnt")))
    made = source(str(path), IdentityCRSTransformer(), extent=None).get_polygons()
    assert len(made) == 1
    assert f"{path}: Unsupported geometry type detected" in caplog.text
    assert "1 x null geometry left out" in caplog.text


def test_database_without_layers_is_refused(tmp_path: Path, grid: RasterioCRSTransformer) -> None:
    """A file without layers is refused."""
    connection = sqlite3.connect(tmp_path / "a.sqlite")
    connection.execute("CREATE TABLE geometry_columns (f_table_name, f_geometry_column)")
    connection.execute("CREATE TABLE spatial_ref_sys (srid)")
    connection.commit()
    connection.close()
    with pytest.raises(DataError, match=r"a\.sqlite"):
        source(str(tmp_path / "a.sqlite"), grid).get_polygons()
