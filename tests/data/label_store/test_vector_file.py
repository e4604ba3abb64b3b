"""Files of polygons."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely
from affine import Affine
from shapely import box

from rvcli.data.crs_transformer.identity_crs_transformer import IdentityCRSTransformer
from rvcli.data.crs_transformer.rasterio_crs_transformer import RasterioCRSTransformer
from rvcli.data.label_store.vector_file import write_polygons
from rvcli.errors import NotWritableError

PROPERTIES = {"class_id": 3, "class_name": "käse"}
POLYGONS = [box(0, 0, 10, 10) - box(2, 2, 4, 4), box(20, 0, 30, 5), box(40, 0, 41, 1)]


def write(path: Path, transformer: Any, polygons: list[Any] = POLYGONS) -> int:
    """Write polygons in two batches."""
    batches = [np.array(part, dtype=object) for part in (polygons[:2], polygons[2:]) if part]
    return write_polygons(path, batches, transformer, PROPERTIES, path.name)


def test_geojson_is_in_wgs_84(tmp_path: Path, grid: RasterioCRSTransformer) -> None:
    """GeoJSON has longitude and latitude, the class, and rings in the order that RFC 7946 wants."""
    path = tmp_path / "p.json"
    assert 3 == write(path, grid)
    content = json.loads(path.read_text(encoding="utf-8"))
    assert "FeatureCollection" == content["type"]
    assert [PROPERTIES] * 3 == [feature["properties"] for feature in content["features"]]
    assert "käse" in path.read_text(encoding="utf-8")
    found = [shapely.geometry.shape(feature["geometry"]) for feature in content["features"]]
    for polygon, expected in zip(found, POLYGONS, strict=True):
        assert polygon.exterior.is_ccw
        assert not any(hole.is_ccw for hole in polygon.interiors)
        in_pixels = shapely.transform(polygon, grid.map_to_pixel_exact)
        assert in_pixels.symmetric_difference(expected).area < 0.1
        assert len(expected.interiors) == len(polygon.interiors)


@pytest.mark.parametrize(("name", "driver"), [("p.gpkg", "GPKG"), ("p.FGB", "FlatGeobuf")])
def test_other_formats_are_in_the_crs_of_the_image(
    tmp_path: Path, grid: RasterioCRSTransformer, name: str, driver: str
) -> None:
    """GeoPackage and FlatGeobuf keep the CRS, so that right angles stay right."""
    path = tmp_path / name
    assert 3 == write(path, grid)
    assert driver == pyogrio.read_info(path)["driver"]
    meta, _, wkb, fields = pyogrio.raw.read(path)
    assert ("EPSG:32737", ["class_id", "class_name"]) == (meta["crs"], list(meta["fields"]))
    assert [[3, 3, 3], ["käse"] * 3] == [column.tolist() for column in fields]
    in_pixels = shapely.transform(
        shapely.from_wkb(wkb), lambda xy: np.array([~grid.get_affine_transform() * p for p in xy])
    )
    # FlatGeobuf has an order of its own.
    found = sorted(in_pixels, key=lambda polygon: polygon.bounds)
    assert shapely.equals_exact(shapely.normalize(found), shapely.normalize(POLYGONS), 1e-6).all()


@pytest.mark.parametrize("name", ["p.json", "p.gpkg", "p.fgb"])
def test_no_polygons(tmp_path: Path, grid: RasterioCRSTransformer, name: str) -> None:
    """Without polygons the file is there, and empty."""
    assert 0 == write(tmp_path / name, grid, [])
    assert 0 == len(pyogrio.raw.read(tmp_path / name)[2])


@pytest.mark.parametrize("name", ["p.geojson", "p.gpkg"])
def test_image_without_georeference(tmp_path: Path, name: str) -> None:
    """Coordinates are pixels then."""
    write(tmp_path / name, IdentityCRSTransformer())
    wkb = pyogrio.raw.read(tmp_path / name)[2]
    assert shapely.equals(shapely.from_wkb(wkb), POLYGONS).all()


@pytest.mark.parametrize("name", ["p.json", "p.gpkg"])
def test_file_that_cannot_be_made(tmp_path: Path, grid: RasterioCRSTransformer, name: str) -> None:
    """What the system or GDAL refuses is said, with the name of the file."""
    with pytest.raises(NotWritableError, match=rf"^{name} cannot be written: "):
        write(tmp_path / "nowhere" / name, grid)


def test_what_lies_beyond_the_earth_is_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """At the rim of whole-disc imagery there is no longitude: such polygons are counted."""
    disc = RasterioCRSTransformer(
        Affine(200_000, 0, -6e6, 0, -200_000, 6e6), "+proj=geos +h=35785831 +lon_0=0 +sweep=y"
    )
    batches = [np.array([box(0, 0, 3, 3), box(28, 28, 32, 32)])]
    path = tmp_path / "a.json"
    assert 1 == write_polygons(path, batches, disc, {"class_id": 1}, "a.json")
    ring = json.loads(path.read_text())["features"][0]["geometry"]["coordinates"][0]
    assert np.isfinite(ring).all()
    assert "a.json: 1 polygons are left out: they do not lie on the map" in caplog.text
