"""Vector sources of plugins, and GeoJSON brought into a simple form."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box, mapping, shape

from rvcli.core.box import Box
from rvcli.data.crs_transformer.crs_transformer import CRSTransformer
from rvcli.data.crs_transformer.identity_crs_transformer import IdentityCRSTransformer
from rvcli.data.crs_transformer.rasterio_crs_transformer import RasterioCRSTransformer
from rvcli.data.vector_source.class_inference import ClassInferenceOptions
from rvcli.data.vector_source.projection import pixel_projector, source_projector
from rvcli.data.vector_source.vector_source import VectorSource, transform_geojson


def collection(*geometries: Any, **properties: Any) -> dict[str, Any]:
    """Make a FeatureCollection of geometries that share their properties."""
    features = [
        {"type": "Feature", "properties": dict(properties), "geometry": geometry}
        for geometry in geometries
    ]
    return {"type": "FeatureCollection", "features": features}


class Fields(VectorSource):
    """A plugin's source, written to the old interface."""

    def _get_geojson(self) -> dict[str, Any]:
        geojson = collection(mapping(box(0, 0, 4, 4)), {"type": "Point", "coordinates": [9, 9]})
        return self.class_inference.transform_geojson(geojson)


class HalfScale(CRSTransformer):
    """A plugin's transformer, which takes one point at a time."""

    def map_to_pixel(self, map_point: Any) -> Any:
        """Halve."""
        x, y = map_point
        return (x / 2, y / 2)

    def pixel_to_map(self, pixel_point: Any) -> Any:
        """Double."""
        x, y = pixel_point
        return (x * 2, y * 2)


def test_source_that_only_defines_get_geojson() -> None:
    """A source that defines the one abstract method gives GeoJSON and arrays."""
    source = Fields(
        IdentityCRSTransformer(),
        point_bufs={7: 2},
        class_inf_opts=ClassInferenceOptions(default_class_id=7),
    )
    polygons = source.get_polygons()
    assert polygons.class_ids.tolist() == [7, 7]
    assert np.allclose(shapely.bounds(polygons.geometries), [[0, 0, 4, 4], [7, 7, 11, 11]])
    features = source.get_geojson()["features"]
    assert [feature["properties"] for feature in features] == [{"class_id": 7}] * 2


def test_transformer_of_a_plugin_is_used_both_ways() -> None:
    """A transformer that takes single points is asked for each."""
    source = Fields(HalfScale())
    assert shape(source.get_geojson()["features"][0]["geometry"]).bounds == (0, 0, 2, 2)
    on_map = source.get_geojson(to_map_coords=True)["features"][0]["geometry"]
    assert shape(on_map).bounds == (0, 0, 4, 4)


def test_transformer_of_a_plugin_gets_its_map_crs() -> None:
    """Labels in another CRS reach a plugin's transformer in the transformer's map CRS."""

    class Degrees(HalfScale):
        pass

    transformer = Degrees(image_crs="EPSG:3857", map_crs="EPSG:4326", transform=Affine.scale(2))
    metres = RasterioCRSTransformer(Affine.identity(), "EPSG:4326", "EPSG:3857")
    corner = metres.pixel_to_map((8.0, 4.0))
    geojson = collection(mapping(box(0, 0, *corner)))
    geojson["crs"] = {"type": "name", "properties": {"name": "EPSG:3857"}}
    made = transform_geojson(geojson, transformer)["features"][0]["geometry"]
    assert np.allclose(shape(made).bounds, (0, 0, 4, 2))


def test_transform_geojson_takes_class_ids_from_properties() -> None:
    """transform_geojson buffers by the property class_id, 1 by default."""
    point = {"type": "Point", "coordinates": [5, 5]}
    geojson = collection(point, None, class_id=3)
    geojson["features"].append({"type": "Feature", "geometry": point})
    made = transform_geojson(geojson, IdentityCRSTransformer(), point_bufs={3: 4, 1: 2})
    widths = [shape(feature["geometry"]).bounds for feature in made["features"]]
    assert np.allclose(widths, [(1, 1, 9, 9), (3, 3, 7, 7)])
    assert [feature["properties"]["class_id"] for feature in made["features"]] == [3, 1]


def test_transform_geojson_keeps_ids_and_drops_bounds() -> None:
    """A feature keeps its id; its bbox, which no longer holds, is dropped."""
    geojson = collection(mapping(box(0, 0, 1, 1)))
    geojson["features"][0] |= {"id": "a", "bbox": [0, 0, 1, 1]}
    made = transform_geojson(geojson, HalfScale())["features"][0]
    assert made["id"] == "a"
    assert "bbox" not in made


def test_nothing_gives_nothing() -> None:
    """A source without features gives no polygons."""
    made = transform_geojson(collection(), IdentityCRSTransformer(), to_map_coords=True)
    assert made == {"type": "FeatureCollection", "features": []}


_sides = st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(1, 20), st.integers(1, 20))


@given(st.lists(_sides, max_size=12), _sides)
def test_polygons_touching_a_window_come_in_order(sides: list[Any], side: Any) -> None:
    """The index gives just the polygons whose bounds touch the window, in file order."""

    class Boxes(VectorSource):
        def _get_geojson(self) -> dict[str, Any]:
            return collection(*(mapping(box(x, y, x + w, y + h)) for x, y, w, h in sides))

    polygons = Boxes(IdentityCRSTransformer()).get_polygons()
    x, y, w, h = side
    frame = box(x, y, x + w, y + h)
    touching = polygons.touching(Box(y, x, y + h, x + w))
    assert [i for i, g in enumerate(polygons.geometries) if g.intersects(frame)] == list(touching)
    assert polygons.max_class_id == (1 if sides else 0)


def test_window_gives_the_polygons_that_touch_it_and_reads_once() -> None:
    """A window gives whole polygons in order; the source is read once until it is deactivated."""
    reads = []

    class Counted(Fields):
        def _get_geojson(self) -> dict[str, Any]:
            reads.append(1)
            return super()._get_geojson()

    source = Counted(IdentityCRSTransformer())
    with source.activate():
        assert len(source.get_polygons(Box(0, 0, 2, 2))) == 1
        assert len(source.get_polygons(Box(20, 20, 22, 22))) == 0
        assert len(source.get_polygons()) == 2
        assert source.max_class_id() == 1
    assert len(reads) == 1
    source.get_polygons(Box(0, 0, 2, 2))
    assert len(reads) == 2


def test_pixels_of_a_plugins_transformer_are_found_in_any_crs() -> None:
    """Pixels go to a CRS by way of the map of a plugin's transformer, and come back."""
    plugin = HalfScale(image_crs="EPSG:3857", map_crs="EPSG:4326", transform=Affine.scale(2))
    pixels = np.array([[3.0, 2.0], [5.5, 1.25]])
    in_metres = source_projector(plugin, "EPSG:3857")(pixels)
    assert np.allclose(in_metres[0], [667916.94, 445640.11], atol=0.01)
    assert np.allclose(pixel_projector(plugin, "EPSG:3857")(in_metres), pixels)
