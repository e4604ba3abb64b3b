"""The config of a stack: its checks, its message, prediction and packages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rasterio.transform import from_origin

from rvcli import keys
from rvcli.config import InvalidConfigError, uris_of
from rvcli.data.raster_source.raster_source_config import RasterSourceConfig
from rvcli.data.raster_transformer.raster_transformer_config import RasterTransformerConfig
from rvcli.errors import DataError

Write = Callable[..., str]


def builder(*sources: Any) -> Any:
    """Give the builder of a stack of sources."""
    return RasterSourceConfig.builder(keys.MULTI_RASTER_SOURCE).with_raster_sources(
        sources or ["/a.tif", "/b.tif"]
    )


def transformer(key: str, **values: Any) -> Any:
    """Build the config of a transformer."""
    return RasterTransformerConfig.builder(key).set(**values).build()


def test_sources_by_uri_or_config() -> None:
    """Sources are set at once or one by one, by URI or by config."""
    other = RasterSourceConfig.builder(keys.RASTERIO_SOURCE).with_uris(["/c.tif", "/d.tif"])
    config = builder().with_raster_source(other.build()).with_raster_source("/e.tif", [1]).build()
    assert ["/a.tif", "/b.tif", "/c.tif", "/d.tif", "/e.tif"] == uris_of(config)
    assert [1] == config.raster_sources[3].channel_order


def test_lone_uri_is_no_list() -> None:
    """One URI where a list is wanted is refused, not taken for a list of characters."""
    with pytest.raises(
        InvalidConfigError, match=r"\$\.raster_sources must be a list, not 'a\.tif'"
    ):
        RasterSourceConfig.builder(keys.MULTI_RASTER_SOURCE).with_raster_sources("a.tif").build()


def test_message_keeps_the_config() -> None:
    """The message gives the same config again, with all that it holds."""
    cast = transformer(keys.CAST_TRANSFORMER, dtype="float32")
    part = RasterSourceConfig.builder(keys.RASTERIO_SOURCE).with_uri("/c.tif").with_nodata(-1)
    configs = [
        builder().build(),
        builder("/a.tif", part.with_transformer(cast).build())
        .with_primary(1)
        .with_resampling(["nearest", "average"])
        .with_dtype("float32")
        .with_channel_order([2, 0])
        .with_stats_transformer()
        .build(),
    ]
    for config in configs:
        again = RasterSourceConfig.from_proto(config.to_proto())
        assert config.to_plain() == again.to_plain()


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"raster_sources": []}, "must not be empty"),
        ({"primary": 2}, r"\$.primary must be from 0 to 1, not 2"),
        ({"resampling": "cubic"}, r"\$.resampling must be one of 'nearest'"),
        ({"resampling": ["nearest"]}, "has 1 values for 2 sources"),
        ({"dtype": "complex64"}, r"\$.dtype must be one of"),
    ],
)
def test_options_are_checked(values: dict[str, Any], text: str) -> None:
    """Mistakes are found when the config is built."""
    with pytest.raises(InvalidConfigError, match=text):
        builder().set(**values).build()


def test_statistics_belong_to_the_stack() -> None:
    """A source that would be scaled by the statistics of the stack is refused."""
    part = RasterSourceConfig.builder(keys.RASTERIO_SOURCE).with_uri("/c.tif")
    with pytest.raises(InvalidConfigError, match=r"\$.raster_sources\[1\].transformers uses"):
        builder("/a.tif", part.with_stats_transformer().build()).build()
    limits = transformer(keys.MIN_MAX_TRANSFORMER, minimum=0.0, maximum=9.0)
    assert builder("/a.tif", part.with_transformer(limits).build()).build()


def test_commands_read_every_file() -> None:
    """The files of all sources are inputs of the commands that read imagery."""
    from rvcli.core.command_io_definition import CommandIODefinition

    io_def = CommandIODefinition()
    builder().build().report_io(keys.CHIP, io_def)
    assert {"/a.tif", "/b.tif"} == io_def.input_uris


def test_source_is_created(write_raster: Write, tmp_path: Path) -> None:
    """The config makes the stack that it describes."""
    paths = []
    for name, pixel_m, dtype in (("a.tif", 1, "uint8"), ("b.tif", 2, "uint16")):
        grid = from_origin(500_000, 1_000_000, pixel_m, pixel_m)
        bands = np.full((1, 8 // pixel_m, 8 // pixel_m), 100 * pixel_m, dtype)
        paths.append(write_raster(bands, name, transform=grid))
    config = builder(*paths).with_primary(1).with_dtype("uint8").with_channel_order([1]).build()
    source = config.create_local(str(tmp_path)).create_source(str(tmp_path))
    with source.activate():
        image = source.get_image_array()
    assert ((4, 4, 1), np.uint8, {200}) == (image.shape, image.dtype, set(image.ravel().tolist()))


@pytest.mark.parametrize(
    "text", ["/x/c.tif,/y/d.tif", " /x/c.tif , /y/d.tif ", '["/x/c.tif", "/y/d.tif"]']
)
def test_other_images_in_the_order_of_the_sources(text: str) -> None:
    """To predict, one image for each source is named, with commas or as a JSON list."""
    config = builder().build()
    for named in (text, config.absolute_image(text)):
        assert ["/x/c.tif", "/y/d.tif"] == uris_of(config.for_prediction(named))


def test_other_images_may_be_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is made absolute by itself, and names may hold commas in a JSON list."""
    monkeypatch.chdir(tmp_path)
    config = builder().build()
    image = config.absolute_image('["a,b.tif", "s3://bucket/c.tif"]')
    assert [str(tmp_path / "a,b.tif"), "s3://bucket/c.tif"] == uris_of(config.for_prediction(image))
    assert ["[1].tif", "b.tif"] == uris_of(config.for_prediction("[1].tif,b.tif"))


@pytest.mark.parametrize("text", ["/c.tif", "/c.tif,/d.tif,/e.tif", ""])
def test_images_have_to_be_as_many_as_sources(text: str) -> None:
    """More or fewer images are refused, with what to give instead."""
    with pytest.raises(DataError, match="the model reads 2 images") as caught:
        builder().build().for_prediction(text)
    assert "first.tif,second.tif" in str(caught.value.hint)


def test_package_holds_what_sources_need(tmp_path: Path) -> None:
    """A package names no imagery, and finds the statistics where it is unpacked."""
    (tmp_path / "stats.json").write_text('{"means": [1.0], "stds": [1.0]}')
    stats = transformer(keys.STATS_TRANSFORMER, stats_uri=str(tmp_path / "stats.json"))
    config = builder().with_transformer(stats).build()
    packed, files = config.save_bundle_files(str(tmp_path / "bundle"))
    assert [str(tmp_path / "bundle/stats.json")] == files
    assert ["image", "image", "stats.json"] == sorted(uris_of(packed))
    unpacked = packed.load_bundle_files("/elsewhere")
    assert "/elsewhere/stats.json" == unpacked.transformers[0].stats_uri
