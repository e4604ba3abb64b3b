"""Config of vectors drawn into pixels."""

from __future__ import annotations

from typing import Any

import pytest

from rvcli import keys
from rvcli.core.class_map import ClassMap
from rvcli.data.raster_source.raster_source_config import RasterSourceConfig
from rvcli.errors import ConfigError


def drawn(*options: Any) -> Any:
    """Make a config of vectors drawn with some options."""
    builder = RasterSourceConfig.builder(keys.RASTERIZED_SOURCE).with_uri("a.gpkg")
    return builder.with_rasterizer_options(*options).build()


@pytest.mark.parametrize(
    ("names", "option", "background"),
    [
        (["building", "Background"], None, 2),
        (["other", "building"], None, 1),
        (["building", "road"], None, 0),
        (["building", "background"], 1, 1),
        (None, None, 0),
    ],
)
def test_background_is_the_option_or_the_class_of_that_name(
    names: list[str] | None, option: int | None, background: int
) -> None:
    """Pixels without polygon are of the class set, or of the one named background, or ignored."""
    class_map = None if names is None else ClassMap.construct_from(names)
    options = drawn(option).rasterizer_options
    assert background == options.resolve_background(class_map)


def test_drawing_needs_a_grid() -> None:
    """Without the grid of a scene there are no pixels to draw."""
    with pytest.raises(ConfigError, match="needs the grid of a scene"):
        drawn(None).create_source("")


def test_there_is_no_image_to_replace_or_fetch() -> None:
    """Prediction and local copies leave vectors as they are."""
    config = drawn(None)
    assert config.for_prediction("b.tif") is config
    assert config.create_local("") is config
