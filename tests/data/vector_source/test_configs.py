"""Configs of vector sources, and what plain URIs become."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from shapely.geometry import LineString, box

from rvcli import keys
from rvcli.config import InvalidConfigError
from rvcli.config.providers import construct_default
from rvcli.core.box import Box
from rvcli.core.class_map import ClassMap
from rvcli.core.command_io_definition import CommandIODefinition
from rvcli.data.crs_transformer.rasterio_crs_transformer import RasterioCRSTransformer
from rvcli.data.raster_source.raster_source_config import RasterSourceConfig
from rvcli.data.vector_source.geojson_vector_source import GeoJSONVectorSource
from rvcli.data.vector_source.ogr_vector_source import OGRVectorSource
from rvcli.data.vector_source.vector_source_config import VectorSourceConfig, as_vector_source
from rvcli.data.vector_source.vector_tile_vector_source import VectorTileVectorSource
from rvcli.errors import ConfigError, RegistryError
from rvcli.protos.raster_source_pb2 import RasterSourceConfig as RasterSourceMessage

EXTENT = Box(0, 0, 40, 50)
CLASSES = ClassMap.construct_from({"building": 1, "road": 2, "water": 3})


def builder(key: str) -> Any:
    """Return a builder of a vector source."""
    return VectorSourceConfig.builder(key)


def again(config: Any) -> Any:
    """Return a config after its way through a message."""
    return VectorSourceConfig.from_proto(config.to_proto())


def inputs(config: Any, command: str = keys.CHIP) -> set[str]:
    """Return the files that a config reads during a command."""
    io_def = CommandIODefinition()
    config.report_io(command, io_def)
    return set(io_def.input_uris)


@pytest.mark.parametrize(
    ("uri", "key"),
    [
        ("a.json", keys.GEOJSON_SOURCE),
        ("https://x/a.GeoJSON?token=1", keys.GEOJSON_SOURCE),
        *[(f"s3://b/a.{e}", keys.OGR_SOURCE) for e in ("gpkg", "fgb", "shp", "zip", "parquet")],
        *[(f"a.{e}", keys.OGR_SOURCE) for e in ("GML", "kml", "geojsonl")],
        ("a.mbtiles", keys.VECTOR_TILE_SOURCE),
    ],
)
def test_uri_is_enough(uri: str, key: str) -> None:
    """The extension of a URI says which source reads it."""
    made = as_vector_source(uri)
    assert (made.source_type, made.uri) == (key, uri)
    drawn = RasterSourceConfig.builder(keys.RASTERIZED_SOURCE).with_uri(uri).build()
    assert drawn.vector_source.source_type == key
    assert as_vector_source(made) is made


def test_tiles_by_uri_need_their_zoom() -> None:
    """A URI of many tiles alone does not do, and the error says what is missing."""
    with pytest.raises(InvalidConfigError, match=r"\$\.zoom is not set.*with_zoom"):
        as_vector_source("https://x/{z}/{x}/{y}.pbf")
    with pytest.raises(InvalidConfigError, match=r"is a\.pbf, neither \.mbtiles nor with \{z\}"):
        builder(keys.VECTOR_TILE_SOURCE).with_uri("a.pbf").with_zoom(3).build()
    with pytest.raises(InvalidConfigError, match=r"\$\.uri is not set"):
        builder(keys.VECTOR_TILE_SOURCE).build()


def test_unknown_extension_is_refused() -> None:
    """A URI that no source reads is refused."""
    with pytest.raises(RegistryError, match="vector source"):
        as_vector_source("a.docx")


def test_tiles_keep_their_options() -> None:
    """Options of tiles come through a message, those of the old form as well."""
    made = builder(keys.VECTOR_TILE_SOURCE).with_uri("https://x/{z}/{x}/{y}").with_zoom(14)
    config = again(made.with_id_field("osm_id").build())
    assert (config.uri, config.zoom, config.id_field) == ("https://x/{z}/{x}/{y}", 14, "osm_id")
    assert made.build().id_field == made.with_id_field().build().id_field == "@id"
    message = config.to_proto()
    assert message.mbtiles.zoom == 14


def test_files_keep_their_options() -> None:
    """Options of files come through a message."""
    made = builder(keys.OGR_SOURCE).with_uri("a.gpkg").with_layer("roofs").with_where("h > 3")
    config = again(made.with_crs("EPSG:3857").build())
    assert (config.layer, config.where, config.crs) == ("roofs", "h > 3", "EPSG:3857")


def test_mapping_and_unit_keep_their_values() -> None:
    """Mapping, property and unit of buffers come through a message."""
    made = builder(keys.GEOJSON_SOURCE).with_uri("a.json")
    made = made.with_class_mapping("landuse", {"forest": 1, 3: "water", "cloud": None})
    made = made.with_class_inference(default_class_id=None)
    config = again(made.with_buffers({1: 3.5}, unit="metres").build())
    assert config.default_class_id is None
    assert config.class_property == "landuse"
    assert config.class_mapping == {"forest": 1, "3": "water", "cloud": None}
    assert (config.line_bufs, config.buffer_unit) == ({1: 3.5}, "metres")
    assert again(made.with_buffers({1: None}).build()).buffer_unit == "pixels"


def test_wrong_options_are_refused() -> None:
    """A mapping without property and a unit that is none are problems of the config."""
    made = builder(keys.GEOJSON_SOURCE).with_uri("a.json")
    with pytest.raises(InvalidConfigError, match=r"\$\.class_mapping is set"):
        made.set(class_mapping={"a": 1}).build()
    with pytest.raises(InvalidConfigError, match="buffer_unit"):
        made.with_buffers({1: 2.0}, unit="miles").build()


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"class_id_to_filter": {2: ["=", "a", 1]}}, r"\$\.class_id_to_filter\[2\] .*'='"),
        ({"line_bufs": {1: 1.0, 3: -0.5}}, r"\$\.line_bufs\[3\] must not be negative, not -0.5"),
        ({"point_bufs": {1: float("inf")}}, r"\$\.point_bufs\[1\] .*, not inf"),
    ],
)
def test_filters_and_buffers_are_checked_at_once(values: dict[str, Any], text: str) -> None:
    """What is no filter and no width is a problem of the config, not of the command that reads."""
    with pytest.raises(InvalidConfigError, match=text):
        builder(keys.GEOJSON_SOURCE).with_uri("a.json").set(**values).build()


def test_zoom_that_no_tiles_have() -> None:
    """A zoom beyond all sense is refused."""
    tiles = builder(keys.VECTOR_TILE_SOURCE).with_uri("https://x/{z}/{x}/{y}.pbf")
    with pytest.raises(InvalidConfigError, match=r"\$\.zoom must be from 0 to 30, not 31"):
        tiles.with_zoom(31).build()


def test_files_are_inputs() -> None:
    """What a source reads is an input, of a shapefile all that belongs to it."""
    ogr = builder(keys.OGR_SOURCE)
    assert inputs(ogr.with_uri("/a.gpkg").build()) == {"/a.gpkg"}
    shapefile = ogr.with_uri("s3://b/a.shp")
    assert inputs(shapefile.build()) == {f"s3://b/a.{e}" for e in ("shp", "shx", "dbf", "prj")}
    assert "s3://b/a.prj" not in inputs(shapefile.with_crs("EPSG:3857").build())
    upper = ogr.with_uri("https://x/A.SHP?k=1").build()
    assert "https://x/A.DBF?k=1" in inputs(upper)
    assert inputs(upper, keys.TRAIN) == set()
    tiles = builder(keys.VECTOR_TILE_SOURCE).with_zoom(3)
    assert inputs(tiles.with_uri("/a.mbtiles").build()) == {"/a.mbtiles"}
    assert inputs(tiles.with_uri("/{z}/{x}/{y}.pbf").build()) == set()


@pytest.mark.parametrize(
    ("key", "uri", "kind"),
    [
        (keys.GEOJSON_SOURCE, "a.json", GeoJSONVectorSource),
        (keys.OGR_SOURCE, "a.gpkg", OGRVectorSource),
        (keys.VECTOR_TILE_SOURCE, "a.mbtiles", VectorTileVectorSource),
    ],
)
def test_sources_get_grid_extent_and_classes(
    grid: RasterioCRSTransformer, key: str, uri: str, kind: Any
) -> None:
    """Sources are made on the grid and extent of a scene, and refused without."""
    config = builder(key).with_uri(uri).with_class_mapping("p", {"a": "road"}).build()
    made = config.create_source(grid, EXTENT, CLASSES)
    assert type(made) is kind
    assert (made.crs_transformer, made.extent) == (grid, EXTENT)
    assert made.class_inference.infer_class_id({"properties": {"p": "a"}}) == 2
    with pytest.raises(ConfigError, match="needs the"):
        config.create_source(None, None, CLASSES)


@pytest.mark.filterwarnings("ignore::rvcli.notices.OldFormWarning")
def test_old_width_of_lines_acts_where_no_other_is_set(
    grid: RasterioCRSTransformer,
    write_labels: Callable[..., str],
) -> None:
    """line_buffer is the half width of all lines unless the source sets widths."""
    uri = write_labels(
        [LineString([(10, 20), (30, 20)]), box(0, 0, 2, 2)], [{"class_id": 3}, {"class_id": 1}]
    )
    vectors = builder(keys.GEOJSON_SOURCE).with_uri(uri)

    def height(vectors: Any, **options: Any) -> int:
        drawn = RasterSourceConfig.builder(keys.RASTERIZED_SOURCE).with_vector_source(vectors)
        config = drawn.with_rasterizer_options(0, **options).build()
        config = RasterSourceConfig.from_proto(config.to_proto())
        made = config.create_source("", grid, EXTENT, CLASSES)
        return int((made.get_chip(EXTENT)[:, 20, 0] == 3).sum())

    assert height(vectors.build()) == 2
    assert height(vectors.build(), line_buffer=5) == 10
    assert height(vectors.with_buffers({3: 3.0}).build(), line_buffer=5) == 6


def test_oldest_form_has_its_width_of_lines() -> None:
    """A message of the oldest form keeps its width of lines, of which 15 is the default."""
    message = RasterSourceMessage(source_type=keys.GEOJSON_SOURCE)
    message.geojson_file.uri = "a.json"
    message.geojson_file.rasterizer_options.background_class_id = 2
    assert RasterSourceConfig.from_proto(message).rasterizer_options.line_buffer == 15
    message.geojson_file.rasterizer_options.line_buffer = 7
    assert RasterSourceConfig.from_proto(message).rasterizer_options.line_buffer == 7


def test_dropped_lines_or_points_are_known() -> None:
    """A config tells whether lines or points of some class are left out."""
    made = builder(keys.GEOJSON_SOURCE).with_uri("a.json")
    assert not made.with_buffers({1: 2.0}).build().has_null_class_bufs()
    assert made.with_buffers({1: 2.0}, {2: None}).build().has_null_class_bufs()


@pytest.mark.parametrize(
    "task", [keys.SEMANTIC_SEGMENTATION, keys.CHIP_CLASSIFICATION, keys.OBJECT_DETECTION]
)
@pytest.mark.parametrize(
    ("uri", "key"), [("a.gpkg", keys.OGR_SOURCE), ("a.mbtiles", keys.VECTOR_TILE_SOURCE)]
)
def test_labels_of_every_task_take_any_vector_uri(task: str, uri: str, key: str) -> None:
    """The label source of a scene is made from the URI of any vector file, whatever the task."""
    config = construct_default(
        keys.DEFAULT_LABEL_SOURCE, task, uri, using="handles", arguments=(uri,)
    )
    kinds = {getattr(part, "source_type", None) for part in config.walk()}
    assert key in kinds
