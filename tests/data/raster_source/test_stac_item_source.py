"""STAC items as imagery: assets by name, wherever they lie."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rasterio.transform import from_origin

from rvcli import keys
from rvcli.config import InvalidConfigError, uris_of
from rvcli.core.command_io_definition import CommandIODefinition
from rvcli.data.raster_source.raster_source_config import RasterSourceConfig, as_raster_source
from rvcli.data.raster_source.stac_item import read_assets, resolve_href
from rvcli.errors import DataError
from rvcli.filesystem import FileSystemError

Write = Callable[..., str]


def builder(uri: Any) -> Any:
    """Give the builder of the source."""
    return RasterSourceConfig.builder(keys.STAC_ITEM_SOURCE).with_uri(str(uri))


def write_item(path: Path, assets: Any, **members: Any) -> Path:
    """Write a STAC item."""
    path.parent.mkdir(parents=True, exist_ok=True)
    item = {"type": "Feature", "stac_version": "1.0.0", "id": "i", "assets": assets, **members}
    path.write_text(json.dumps(item))
    return path


@pytest.fixture
def item(write_raster: Write, tmp_path: Path) -> Path:
    """Write an item of two fine bands, a coarse one and an image of three bands."""
    for name, pixel_m, values in (
        ("B03", 1, [30]),
        ("B04", 1, [40]),
        ("B05", 2, [50]),
        ("visual", 1, [1, 2, 3]),
    ):
        bands = np.stack([np.full((8 // pixel_m, 8 // pixel_m), v, np.uint16) for v in values])
        grid = from_origin(500_000, 1_000_000, pixel_m, pixel_m)
        write_raster(bands, f"item/imagery/{name}.tif", transform=grid)
    return write_item(
        tmp_path / "item/item.json",
        {
            "thumbnail": {"href": "small.jpg", "roles": ["thumbnail"], "type": "image/jpeg"},
            "B04": {"href": "./imagery/B04.tif", "roles": ["data"]},
            "B03": {"href": "imagery/B03.tif", "roles": ["data"]},
            "B05": {"href": "imagery/B05.tif", "type": "image/tiff; application=geotiff"},
            "visual": {"href": "imagery/visual.tif", "roles": ["visual"]},
        },
    )


def first_pixel(config: Any, tmp_path: Path) -> list[int]:
    """Read the first pixel of what a config describes."""
    source = config.create_source(str(tmp_path))
    with source.activate():
        values: list[int] = source.get_image_array()[0, 0].tolist()
    return values


def test_assets_in_the_order_of_their_names(item: Path, tmp_path: Path) -> None:
    """Assets are bands in the order that is asked for, each with all its bands."""
    config = builder(item).with_assets(["visual", "B04", "B05", "B03"]).build()
    assert [1, 2, 3, 40, 50, 30] == first_pixel(config, tmp_path)
    chosen = config.to_builder().with_channel_order([5, 0]).build()
    assert [30, 1] == first_pixel(chosen, tmp_path)


def test_data_of_the_item_by_default(item: Path, tmp_path: Path) -> None:
    """Without names all assets are read that are data by their role, or imagery by their type."""
    assert [40, 30, 50] == first_pixel(builder(item).build(), tmp_path)


def test_uri_is_enough(item: Path, tmp_path: Path) -> None:
    """A JSON file as a raster source is a STAC item."""
    config = as_raster_source(str(item), [2])
    assert (keys.STAC_ITEM_SOURCE, [50]) == (config.source_type, first_pixel(config, tmp_path))


def test_resolution_is_that_of_the_stack(item: Path, tmp_path: Path) -> None:
    """The finest asset gives the grid, unless another is named."""
    config = builder(item).with_assets(["B05", "B04"])
    shapes = [
        c.build().create_source(str(tmp_path)).get_extent().tuple_format()
        for c in (config, config.with_primary(0).with_resampling("average"))
    ]
    assert [(0, 0, 8, 8), (0, 0, 4, 4)] == shapes


def test_nodata_of_the_item(write_raster: Write, tmp_path: Path) -> None:
    """What the item says of nodata counts where the file says nothing."""
    write_raster(np.array([[[7, 200]]], np.uint8), "a.tif")
    entries = [
        {"href": "a.tif", "nodata": 200},
        {"href": "a.tif", "raster:bands": [{"nodata": 200}]},
        {"href": "a.tif", "bands": [{"nodata": 200}]},
    ]
    for entry in entries:
        uri = write_item(tmp_path / "item.json", {"a": entry})
        source = builder(uri).with_assets(["a"]).build().create_source(str(tmp_path))
        with source.activate():
            assert [7, 0] == source.get_image_array().ravel().tolist()


def test_dtype_and_transformers_are_those_of_the_stack(item: Path, tmp_path: Path) -> None:
    """Options of the stack act on all assets."""
    config = builder(item).with_assets(["B04"]).with_dtype("uint8").build()
    assert np.uint8 == config.create_source(str(tmp_path)).get_dtype()
    scaled = builder(item).with_stats_transformer().build()
    assert 1 == len(scaled.create_source(str(tmp_path)).raster_transformers)


def test_missing_asset_is_named(item: Path, tmp_path: Path) -> None:
    """An asset that the item lacks is named, with the nearest and all that it has."""
    with pytest.raises(DataError, match="has no asset 'B4'") as caught:
        builder(item).with_assets(["B04", "B4"]).build().create_source(str(tmp_path))
    hint = str(caught.value.hint)
    assert "did you mean 'B04'?" in hint
    assert "thumbnail, B04, B03, B05, visual" in hint


def test_item_without_imagery(tmp_path: Path) -> None:
    """An item that does not say what is imagery needs names."""
    uri = write_item(tmp_path / "i.json", {f"a{i}": {"href": "x"} for i in range(30)})
    with pytest.raises(DataError, match="does not say which of its assets are imagery") as caught:
        builder(uri).build().create_source(str(tmp_path))
    assert "and 10 more" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "its type is 'list'"),
        ('{"type": "FeatureCollection", "features": []}', "its type is 'FeatureCollection'"),
        ('{"type": "Feature", "geometry": null}', "it has no assets"),
        ('{"type": "Feature", "assets": {"a": {}}}', "the asset 'a' .* has no href"),
        ('{"type": "Feature", "assets": {"a": 3}}', "the asset 'a' .* has no href"),
        ("{", "is no JSON"),
    ],
)
def test_what_is_no_item_is_refused(tmp_path: Path, text: str, message: str) -> None:
    """JSON of other kinds is told from items."""
    path = tmp_path / "i.json"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        builder(path).build().create_source(str(tmp_path))


def test_image_in_place_of_an_item_is_refused(tmp_path: Path) -> None:
    """An image where an item is wanted is told from one, not taken for broken text."""
    path = tmp_path / "i.tif"
    path.write_bytes(b"II*\0\xb6")
    with pytest.raises(DataError, match=r"i\.tif is no STAC item: .* is no UTF-8 text"):
        builder(path).build().create_source(str(tmp_path))


def test_missing_item_is_named(tmp_path: Path) -> None:
    """An item that is not there is named."""
    with pytest.raises(FileSystemError, match=r"none\.json"):
        builder(tmp_path / "none.json").build().create_source(str(tmp_path))


@pytest.mark.parametrize(
    ("item", "href", "expected"),
    [
        ("/data/i/item.json", "../b.tif", "/data/b.tif"),
        ("/data/i/item.json", "./a%20b.tif", "/data/i/a b.tif"),
        ("/data/i/item.json", "/c.tif", "/c.tif"),
        ("/data/i/item.json", "file:///c.tif", "/c.tif"),
        ("/data/i/item.json", "s3://b/k.tif", "s3://b/k.tif"),
        ("s3://b/p/q/item.json", "./k.tif", "s3://b/p/q/k.tif"),
        ("s3://b/p/q/item.json", "../k.tif", "s3://b/p/k.tif"),
        ("s3://b/item.json", "k.tif", "s3://b/k.tif"),
        ("http://h/p/item.json?sig=1/2", "../k.tif?x=1", "http://h/k.tif?x=1"),
        ("http://h/p/item.json", "https://g/k.tif", "https://g/k.tif"),
    ],
)
def test_links_start_from_the_item(item: str, href: str, expected: str) -> None:
    """Relative links are resolved against the place of the item, wherever it is."""
    assert expected == resolve_href(item, href)


def test_local_files_may_be_named_as_they_are(tmp_path: Path) -> None:
    """A file whose name has a percent sign is found, though a link should escape it."""
    (tmp_path / "a%20b.tif").touch()
    assert str(tmp_path / "a%20b.tif") == resolve_href(str(tmp_path / "i.json"), "a%20b.tif")


def test_plan_knows_the_files_of_a_local_item(item: Path) -> None:
    """Item and assets are inputs of what reads imagery; of an item elsewhere it is the item."""
    for uri, names in (
        (item, {"item.json", "B04.tif", "B03.tif", "B05.tif"}),
        ("s3://bucket/item.json", {"item.json"}),
        (item.parent / "later.json", {"later.json"}),
    ):
        io_def = CommandIODefinition()
        builder(uri).build().report_io(keys.CHIP, io_def)
        assert names == {name.rpartition("/")[2] for name in io_def.input_uris}
    io_def = CommandIODefinition()
    builder(item).build().report_io(keys.TRAIN, io_def)
    assert set() == io_def.input_uris


def test_remote_item(item: Path, tmp_path: Path, s3_root: str) -> None:
    """An item on S3 with relative links is read there."""
    from rvcli.utils.files import upload_or_copy

    for path in item.parent.rglob("*.*"):
        upload_or_copy(str(path), f"{s3_root}/items/{path.relative_to(item.parent)}")
    config = builder(f"{s3_root}/items/item.json").with_assets(["B03", "B05"]).build()
    temp_dir = tmp_path / "temp"
    assert [30, 50] == first_pixel(config, temp_dir)
    assert not [path for path in temp_dir.rglob("*") if path.is_file()]


def test_prediction_reads_another_item(item: Path, tmp_path: Path) -> None:
    """The same assets of another item are read to predict."""
    config = builder("/elsewhere/item.json").with_assets(["B03"]).build()
    assert [30] == first_pixel(config.for_prediction(str(item)), tmp_path)


def test_package_names_no_item(item: Path, tmp_path: Path) -> None:
    """A package keeps the names of the assets, and no place."""
    packed, files = builder(item).with_assets(["B03"]).build().save_bundle_files(str(tmp_path))
    assert (["item.json"], ["B03"], []) == (uris_of(packed), packed.assets, files)


def test_local_copy_is_a_stack(item: Path, tmp_path: Path) -> None:
    """A copy whose files are local names them itself."""
    local = builder(item).with_assets(["B04", "B03"]).build().create_local(str(tmp_path))
    assert ["B04.tif", "B03.tif"] == [Path(uri).name for uri in uris_of(local)]


def test_message_keeps_the_config(item: Path) -> None:
    """The message gives the same config again."""
    config = (
        builder(item)
        .with_assets(["B04", "B05"])
        .with_primary(1)
        .with_resampling(["nearest", "average"])
        .with_dtype("uint8")
        .build()
    )
    assert config.to_plain() == RasterSourceConfig.from_proto(config.to_proto()).to_plain()


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"assets": []}, "must not be empty"),
        ({"resampling": "cubic"}, "must be one of 'nearest'"),
        ({"assets": ["a"], "resampling": ["nearest"] * 2}, "has 2 values for 1 sources"),
    ],
)
def test_options_are_checked(values: dict[str, Any], text: str) -> None:
    """Mistakes are found when the config is built."""
    with pytest.raises(InvalidConfigError, match=text):
        builder("/i.json").set(**values).build()


def test_options_that_do_not_fit_the_item(item: Path, tmp_path: Path) -> None:
    """What only the item can tell is found when it is read."""
    config = builder(item).with_resampling(["nearest"] * 2).build()
    with pytest.raises(InvalidConfigError, match="has 2 values for 3 sources"):
        config.create_source(str(tmp_path))


def test_assets_keep_their_order(item: Path) -> None:
    """Assets are listed in the order of the item."""
    assert ["thumbnail", "B04", "B03", "B05", "visual"] == list(read_assets(str(item)))
