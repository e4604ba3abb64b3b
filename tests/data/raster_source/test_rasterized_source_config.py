"""The config of drawn vectors."""

from __future__ import annotations

from typing import Any

import pytest

from rvcli import keys
from rvcli.core.class_map import ClassMap
from rvcli.data.raster_source.raster_source_config import RasterSourceConfig
from rvcli.data.raster_source.rasterized_source_config import RasterizerOptions
from rvcli.errors import ConfigError
from rvcli.protos.raster_source_pb2 import RasterSourceConfig as Message


def builder() -> Any:
    """Give a builder that has vectors."""
    return RasterSourceConfig.builder(keys.RASTERIZED_SOURCE).with_uri("/labels.geojson")


@pytest.mark.parametrize(
    ("options", "classes", "expected"),
    [
        (RasterizerOptions(7), {"background": 1}, 7),
        (RasterizerOptions(), {"a": 1, "Background": 2}, 2),
        (RasterizerOptions(), {"a": 1}, 0),
        (RasterizerOptions(), None, 0),
    ],
)
def test_background_is_given_or_named_so(
    options: RasterizerOptions, classes: dict[str, int] | None, expected: int
) -> None:
    """The background is the class that is given, else the one of that name, else 0."""
    class_map = None if classes is None else ClassMap.construct_from(classes)
    assert expected == options.resolve_background(class_map)


@pytest.mark.filterwarnings("ignore::rvcli.notices.OldFormWarning")
def test_options_of_older_code_are_taken() -> None:
    """Older code passes a line buffer."""
    config = builder().with_rasterizer_options(2, all_touched=True, line_buffer=5).build()
    options = config.rasterizer_options
    assert (2, True, 5) == (options.background_class_id, options.all_touched, options.line_buffer)
    again = RasterSourceConfig.from_proto(config.to_proto())
    assert config.to_plain() == again.to_plain()


def test_a_grid_is_needed() -> None:
    """Vectors alone are no image: they are drawn on the grid of one."""
    with pytest.raises(ConfigError, match="needs the grid of a scene"):
        builder().build().create_source("/tmp")


def test_there_is_no_image_to_replace() -> None:
    """Prediction and local copies read the same vectors."""
    config = builder().build()
    assert config is config.for_prediction("/x.tif")
    assert config is config.create_local("/tmp")


def test_messages_of_older_releases_are_read() -> None:
    """A GeoJSON file as a raster source is drawn vectors."""
    message = Message(source_type=keys.GEOJSON_SOURCE)
    message.geojson_file.uri = "/old.geojson"
    message.geojson_file.rasterizer_options.background_class_id = 3
    config = RasterSourceConfig.from_proto(message)
    assert ("/old.geojson", 3) == (
        config.vector_source.uri,
        config.rasterizer_options.background_class_id,
    )
