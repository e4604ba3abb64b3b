"""The config of imagery that GDAL reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from rvcli import keys
from rvcli.config import InvalidConfigError
from rvcli.data.raster_source.raster_source_config import RasterSourceConfig
from rvcli.protos.raster_source_pb2 import RasterSourceConfig as Message


def test_another_image_is_read_without_the_shift_of_the_first() -> None:
    """A shift corrects one image; channels and transformers are those of all."""
    builder = RasterSourceConfig.builder(keys.RASTERIO_SOURCE).with_uri("/a.tif").with_shifts(3, 4)
    other = builder.with_channel_order([2, 0]).build().for_prediction("/b.tif")
    assert (["/b.tif"], 0, 0, [2, 0]) == (
        other.uris,
        other.x_shift_meters,
        other.y_shift_meters,
        other.channel_order,
    )


def test_a_local_copy_names_local_files(tmp_path: Path) -> None:
    """What is local stays where it is."""
    path = tmp_path / "a.tif"
    path.write_bytes(b"x")
    config = RasterSourceConfig.builder(keys.RASTERIO_SOURCE).with_uri(str(path)).build()
    assert [str(path)] == config.create_local(str(tmp_path / "tmp")).uris


@pytest.mark.filterwarnings("ignore::rvcli.notices.OldFormWarning")
def test_old_keys_work() -> None:
    """They give what their successors give."""
    config = RasterSourceConfig.builder(keys.GEOTIFF_SOURCE).with_uri("/a.tif").build()
    assert keys.RASTERIO_SOURCE == config.source_type


@pytest.mark.parametrize("part", ["geotiff_files", "image_file"])
def test_messages_of_older_releases_are_read(part: str) -> None:
    """Files of older messages are read, with their shift."""
    message = Message(source_type=keys.RASTERIO_SOURCE)
    if part == "geotiff_files":
        message.geotiff_files.uris.extend(["/a.tif", "/b.tif"])
        message.geotiff_files.x_shift_meters = 2.5
    else:
        message.image_file.uri = "/a.tif"
    config = RasterSourceConfig.from_proto(message)
    expected = (["/a.tif", "/b.tif"], 2.5) if part == "geotiff_files" else (["/a.tif"], 0)
    assert expected == (config.uris, config.x_shift_meters)


def test_message_keeps_the_config() -> None:
    """The message gives the same config again."""
    config = (
        RasterSourceConfig.builder(keys.RASTERIO_SOURCE)
        .with_uri("/a.nc")
        .with_nodata(-1)
        .with_subdataset("t")
        .with_crs("EPSG:4326")
        .with_resampling("average")
        .build()
    )
    assert config.to_plain() == RasterSourceConfig.from_proto(config.to_proto()).to_plain()


def test_channels_count_from_0() -> None:
    """A negative channel is a problem of the config."""
    builder = RasterSourceConfig.builder(keys.RASTERIO_SOURCE).with_uri("a.tif")
    with pytest.raises(InvalidConfigError, match=r"\$\.channel_order\[1\] must not be negative"):
        builder.with_channel_order([0, -1]).build()
