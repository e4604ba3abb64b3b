"""Vector sources of old code: what becomes of GeoJSON, of tiles, and sources of plugins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from shapely.geometry import LineString, MultiPoint, Point, Polygon, mapping, shape

from rvcli.core.box import Box
from rvcli.core.class_map import ClassItem, ClassMap
from rvcli.data.crs_transformer.crs_transformer import CRSTransformer
from rvcli.data.crs_transformer.identity_crs_transformer import IdentityCRSTransformer
from rvcli.data.label_source.object_detection_label_source import ObjectDetectionLabelSource
from rvcli.data.utils import boxes_to_geojson
from rvcli.data.vector_source.class_inference import ClassInference, ClassInferenceOptions
from rvcli.data.vector_source.geojson_vector_source import GeoJSONVectorSource
from rvcli.data.vector_source.vector_source import VectorSource, transform_geojson
from rvcli.data.vector_source.vector_tile_vector_source import merge_geojson
from rvcli.utils.files import json_to_file

IDENTITY = IdentityCRSTransformer()
LINE = LineString([(10, 10), (10, 20)])
SQUARE = Polygon([(10, 10), (10, 20), (20, 20), (20, 10)])


def collection(*geometries: Any) -> dict[str, Any]:
    """Return a FeatureCollection whose features have no properties at all."""
    features = [{"type": "Feature", "geometry": mapping(geometry)} for geometry in geometries]
    return {"type": "FeatureCollection", "features": features}


def read(tmp_path: Path, geojson: Any, transformer: Any = IDENTITY, **options: Any) -> Any:
    """Write GeoJSON, read it as old unit tests did, and return its geometries."""
    uri = str(tmp_path / "vectors.json")
    json_to_file(geojson, uri)
    to_map_coords = options.pop("to_map_coords", False)
    source = GeoJSONVectorSource(
        uri, transformer, class_inf_opts=ClassInferenceOptions(default_class_id=1), **options
    )
    features = source.get_geojson(to_map_coords=to_map_coords)["features"]
    assert {1} == {feature["properties"]["class_id"] for feature in features}
    return [shape(feature["geometry"]) for feature in features]


@pytest.mark.parametrize(
    ("geometry", "buffers", "expected"),
    [
        (LINE, {"line_bufs": {1: 5.0}}, LINE.buffer(5.0)),
        (LINE, {"line_bufs": {2: 5.0}}, LINE.buffer(1.0)),
        (LINE, {}, LINE.buffer(1.0)),
        (LINE, {"line_bufs": {1: None}}, LINE),
        (Point(10, 10), {"point_bufs": {1: 5.0}}, Point(10, 10).buffer(5.0)),
        (Point(10, 10), {"point_bufs": {2: 5.0}}, Point(10, 10).buffer(1.0)),
        (Point(10, 10), {"point_bufs": {1: None}}, Point(10, 10)),
        (SQUARE, {"point_bufs": {1: 5.0}, "line_bufs": {1: 5.0}}, SQUARE),
    ],
)
def test_buffers(tmp_path: Path, geometry: Any, buffers: Any, expected: Any) -> None:
    """Lines and points are buffered by class, by 1 if nothing is said, or not at all."""
    [found] = read(tmp_path, collection(geometry), **buffers)
    assert expected.equals(found)


def test_parts_are_features(tmp_path: Path) -> None:
    """Collections and geometries of several parts are taken apart."""
    geometries = [mapping(MultiPoint([(10, 10), (20, 20)])), mapping(LINE), mapping(SQUARE)]
    whole = {"type": "GeometryCollection", "geometries": geometries}
    geojson = {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": whole}]}
    found = read(tmp_path, geojson)
    assert ["Polygon"] * 4 == [geometry.geom_type for geometry in found]
    bowtie = Polygon([(0, 0), (0, 2), (1, 1), (2, 2), (2, 0), (1, 1)])
    assert 2 == len(read(tmp_path, collection(bowtie)))


def test_pixels_and_back(tmp_path: Path, doubling: CRSTransformer) -> None:
    """Coordinates are those of pixels, or of the map if asked for."""
    doubled = Polygon([(20, 20), (20, 40), (40, 40), (40, 20)])
    [pixels] = read(tmp_path, collection(SQUARE), doubling)
    [on_map] = read(tmp_path, collection(SQUARE), doubling, to_map_coords=True)
    assert doubled.equals(pixels)
    assert SQUARE.equals(on_map)


def test_transform_geojson(doubling: CRSTransformer) -> None:
    """The function does the same to a dict, which it leaves as it is."""
    geojson = collection(LINE)
    geojson["features"][0]["properties"] = {"class_id": 2, "name": "road"}
    result = transform_geojson(geojson, doubling, line_bufs={2: 3.0}, to_map_coords=False)
    [feature] = result["features"]
    assert LineString([(20, 20), (20, 40)]).buffer(3.0).equals(shape(feature["geometry"]))
    assert {"class_id": 2, "name": "road"} == feature["properties"]
    assert "LineString" == geojson["features"][0]["geometry"]["type"]


def test_class_inference_leaves_its_argument() -> None:
    """Classes are put into a copy; features without one are left out."""
    classes = ClassMap([ClassItem(3, "tree")])
    options = ClassInferenceOptions(class_map=classes, default_class_id=None)
    geojson = {"features": [{"properties": {"label": "tree"}}, {"properties": {}}]}
    result = ClassInference(options).transform_geojson(geojson)
    assert [{"properties": {"label": "tree", "class_id": 3}}] == result["features"]
    assert {"label": "tree"} == geojson["features"][0]["properties"]
    assert 1 == ClassInference(ClassInferenceOptions()).infer_class_id({"properties": {}})


def test_merge_geojson() -> None:
    """Features of one id become one."""
    geojson = collection(Box(0, 0, 2, 2).to_shapely(), Box(0, 2, 2, 4).to_shapely(), SQUARE)
    for feature, number in zip(geojson["features"], (7, 7, 8), strict=True):
        feature["properties"] = {"@id": number}
    first, second = merge_geojson(geojson, "@id")["features"]
    assert Box(0, 0, 2, 4).to_shapely().equals(shape(first["geometry"]))
    assert (7, 8) == (first["properties"]["@id"], second["properties"]["@id"])


class TestPluginSources:
    """Sources that plugins wrote."""

    def boxes(self, source: VectorSource) -> Any:
        """Return the boxes that a label source makes of them."""
        labels = ObjectDetectionLabelSource(
            source, source.crs_transformer, ClassMap([ClassItem(1, "a")]), Box(0, 0, 100, 100)
        )
        return labels.get_labels().get_boxes()

    def test_the_one_abstract_method(self, doubling: CRSTransformer) -> None:
        """A class that defines `_get_geojson` alone is a source."""

        class Source(VectorSource):
            def __init__(self, crs_transformer: Any, class_inf_opts: Any = None) -> None:
                super().__init__(crs_transformer, None, None, class_inf_opts)

            def _get_geojson(self) -> Any:
                return self.class_inference.transform_geojson(collection(SQUARE))

        assert [Box(20, 20, 40, 40)] == self.boxes(Source(doubling))

    def test_a_way_of_its_own(self, doubling: CRSTransformer) -> None:
        """What a class that overrides `get_geojson` gives is what labels are made of."""

        class Source(VectorSource):
            def get_geojson(self, to_map_coords: bool = False) -> Any:
                return transform_geojson(self._get_geojson(), IDENTITY)

            def _get_geojson(self) -> Any:
                return collection(SQUARE)

        assert [Box(10, 10, 20, 20)] == self.boxes(Source(doubling))


def test_boxes_to_geojson(doubling: CRSTransformer) -> None:
    """Corners from the upper left by way of the lower left; one score, or one for each class."""
    from rvcli.data.label_store.utils import boxes_to_geojson as of_stores

    assert of_stores is boxes_to_geojson
    classes = ClassMap([ClassItem(1, "car"), ClassItem(2, "house")])
    boxes = [Box.make_square(0, 0, 4), Box.make_square(4, 4, 4), Box.make_square(8, 8, 4)]
    result = boxes_to_geojson(boxes, [1, 2, 1], doubling, classes, scores=[0.9, [0.1, 0.9], None])
    first, second, third = result["features"]
    ring = [[0, 0], [0, 2], [2, 2], [2, 0], [0, 0]]
    assert {"type": "Polygon", "coordinates": [ring]} == first["geometry"]
    assert {"class_id": 1, "class_name": "car", "score": 0.9} == first["properties"]
    assert {"class_id": 2, "class_name": "house", "scores": [0.1, 0.9]} == second["properties"]
    assert {"class_id": 1, "class_name": "car"} == third["properties"]
    [alone] = boxes_to_geojson(boxes[:1], [1], doubling, classes)["features"]
    assert {"class_id": 1, "class_name": "car"} == alone["properties"]
