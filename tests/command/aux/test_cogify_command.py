"""Images become Cloud Optimized GeoTIFFs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.enums import ColorInterp, MaskFlags

from rvcli import keys, registry
from rvcli.cli.main import call as main
from rvcli.command.aux import cogify_command
from rvcli.command.aux.cogify_command import (
    CogifyCommand,
    create_cog,
    gdal_cog_commands,
    run_cmd,
)
from rvcli.errors import CommandError, ConfigError, DataError, NotReadableError
from rvcli.utils.files import download_if_needed

TRANSFORM = rasterio.Affine(2, 0, 530000, 0, -2, 9330000)
EXPERIMENT = """
import rvcli as rv


class Images(rv.ExperimentSet):
    def exp_images(self):
        task = rv.TaskConfig.builder(rv.SEMANTIC_SEGMENTATION).with_classes(["a"]).build()
        return (
            rv.ExperimentConfig.builder()
            .with_id("images")
            .with_root_uri("out")
            .with_task(task)
            .with_backend(
                rv.BackendConfig.builder(rv.SKLEARN_SEMANTIC_SEGMENTATION).with_task(task).build()
            )
            .with_dataset(rv.DatasetConfig.builder().build())
            .with_custom_config({"cogify": {"key": "cogs", "config": {
                "uris": [("a.tif", "cogs/a.tif"), ("b.tif", "cogs/b.tif")],
                "block_size": 128,
                "overviews": [2, 4],
            }}})
            .build()
        )
"""


def draw(path: Path, size: tuple[int, int] = (200, 300), **options: Any) -> Any:
    """Draw an image of two bands, and give its pixels."""
    height, width = size
    options = {
        "dtype": "uint16", "count": 2, "crs": "EPSG:32737", "transform": TRANSFORM, **options
    }  # fmt: skip
    shape = (options["count"], height, width)
    pixels = np.random.default_rng(4).integers(1, 250, shape).astype(options["dtype"])
    with rasterio.open(path, "w", driver="GTiff", height=height, width=width, **options) as dataset:
        dataset.write(pixels)
        dataset.descriptions = [f"band {i}" for i in dataset.indexes]
        dataset.update_tags(source="drawn")
    return pixels


def cog(tmp_path: Path, **options: Any) -> Any:
    """Make a COG of the image and open it."""
    uri = str(tmp_path / "out" / "cog.tif")
    create_cog(str(tmp_path / "image.tif"), uri, str(tmp_path / "tmp"), **options)
    return rasterio.open(uri)


def test_pixels_and_descriptions_are_kept(tmp_path: Path) -> None:
    """The result has the pixels, grid, nodata, names and tags of the image, in tiles of 512."""
    pixels = draw(tmp_path / "image.tif", (600, 1100), nodata=3)
    with cog(tmp_path) as dataset:
        assert np.array_equal(pixels, dataset.read())
        assert "COG" == dataset.tags(ns="IMAGE_STRUCTURE")["LAYOUT"]
        assert [(512, 512)] * 2 == dataset.block_shapes
        assert (3, TRANSFORM, 32737) == (dataset.nodata, dataset.transform, dataset.crs.to_epsg())
        assert ("band 1", "band 2") == dataset.descriptions
        assert "drawn" == dataset.tags()["source"]
        assert "deflate" == dataset.compression.name
        # Of the usual ones, those that follow a level of more than a tile.
        assert [2, 4] == dataset.overviews(1)
    assert ["cog.tif"] == [path.name for path in (tmp_path / "out").iterdir()]
    assert [] == list((tmp_path / "tmp").iterdir())


def test_colour_table_is_kept(tmp_path: Path) -> None:
    """Classes keep their colours."""
    draw(tmp_path / "image.tif", dtype="uint8", count=1)
    with rasterio.open(tmp_path / "image.tif", "r+") as dataset:
        dataset.write_colormap(1, {1: (255, 0, 0, 255), 2: (0, 255, 0, 255)})
    with cog(tmp_path, block_size=128) as dataset:
        assert ColorInterp.palette == dataset.colorinterp[0]
        assert (0, 255, 0, 255) == dataset.colormap(1)[2]


def test_mask_is_kept(tmp_path: Path) -> None:
    """What the image's mask hides stays hidden, in overviews too."""
    draw(tmp_path / "image.tif")
    mask = np.zeros((200, 300), np.uint8)
    mask[:, :150] = 255
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
        rasterio.open(tmp_path / "image.tif", "r+") as dataset,
    ):
        dataset.write_mask(mask)
    with cog(tmp_path, block_size=128) as dataset:
        assert [MaskFlags.per_dataset] == dataset.mask_flag_enums[0]
        assert np.array_equal(mask, dataset.dataset_mask())
    with rasterio.open(tmp_path / "out" / "cog.tif", overview_level=0) as dataset:
        assert np.array_equal(mask[::2, ::2], dataset.dataset_mask())


def test_block_size(tmp_path: Path) -> None:
    """Tiles have the size that is asked for."""
    draw(tmp_path / "image.tif")
    with cog(tmp_path, block_size=144) as dataset:
        assert [(144, 144)] * 2 == dataset.block_shapes
        assert [2, 4] == dataset.overviews(1)


@pytest.mark.parametrize(
    ("method", "expected"), [("near", {0, 200}), ("average", {100}), ("mode", {0}), ("RMS", {141})]
)
def test_resample_method(tmp_path: Path, method: str, expected: set[int]) -> None:
    """Overviews are made as gdaladdo makes them with this name."""
    pixels = np.zeros((1, 64, 64), np.uint8)
    pixels[:, ::2, 1::2] = pixels[:, 1::2, ::2] = 200
    if method == "mode":
        pixels[:, ::2, 1::2] = 0
    options = {"count": 1, "dtype": "uint8", "crs": "EPSG:32737", "transform": TRANSFORM}
    path = tmp_path / "image.tif"
    with rasterio.open(path, "w", driver="GTiff", height=64, width=64, **options) as dataset:
        dataset.write(pixels)
    cog(tmp_path, resample_method=method, overviews=[2]).close()
    with rasterio.open(tmp_path / "out" / "cog.tif", overview_level=0) as dataset:
        assert set(np.unique(dataset.read())) <= expected


@pytest.mark.parametrize("name", ["none", "LZW", "zstd", "webp"])
def test_compression(tmp_path: Path, name: str) -> None:
    """Tiles are compressed as is asked for, in any case."""
    draw(tmp_path / "image.tif", dtype="uint8", count=3)
    with cog(tmp_path, compression=name) as dataset:
        found = dataset.tags(ns="IMAGE_STRUCTURE").get("COMPRESSION", "none")
        assert name.lower() == found.lower()


@pytest.mark.parametrize("overviews", [[], [3], [4, 2]])
def test_overviews(tmp_path: Path, overviews: list[int]) -> None:
    """There are those overviews that are asked for."""
    draw(tmp_path / "image.tif")
    with cog(tmp_path, overviews=overviews) as dataset:
        assert sorted(overviews) == dataset.overviews(1)


def test_overviews_of_the_image_itself_do_not_stay(tmp_path: Path) -> None:
    """The overviews are made anew, with the method that is asked for."""
    draw(tmp_path / "image.tif")
    with rasterio.open(tmp_path / "image.tif", "r+") as dataset:
        dataset.build_overviews([2, 8])
    with cog(tmp_path, overviews=[4]) as dataset:
        assert [4] == dataset.overviews(1)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_image_without_georeference(tmp_path: Path) -> None:
    """A PNG becomes a COG without georeference."""
    pixels = np.random.default_rng(1).integers(0, 255, (3, 40, 50), np.uint8)
    path = tmp_path / "image.tif"
    options = {"height": 40, "width": 50, "count": 3, "dtype": "uint8"}
    with rasterio.open(path, "w", driver="PNG", **options) as dataset:
        dataset.write(pixels)
    with cog(tmp_path) as dataset:
        assert dataset.transform.is_identity
        assert np.array_equal(pixels, dataset.read())


def test_s3_and_http(tmp_path: Path, s3_root: str, web_server: Any) -> None:
    """Images may come from the web, and results go to S3."""
    pixels = draw(tmp_path / "image.tif")
    web_server.files["/an image.tif"] = (tmp_path / "image.tif").read_bytes()
    uri = f"{s3_root}/cogs/a.tif"
    create_cog(f"{web_server.url}/an image.tif", uri, str(tmp_path / "tmp"))
    with rasterio.open(download_if_needed(uri, str(tmp_path / "back"))) as dataset:
        assert np.array_equal(pixels, dataset.read())
        assert "COG" == dataset.tags(ns="IMAGE_STRUCTURE")["LAYOUT"]
    create_cog(uri, str(tmp_path / "again.tif"), str(tmp_path / "tmp"))
    assert (tmp_path / "again.tif").exists()


@pytest.mark.parametrize(
    ("options", "text", "hint"),
    [
        ({"resample_method": "avrage"}, "no resample method 'avrage'", "'average'"),
        ({"compression": "zip"}, "no compression 'zip'", "deflate"),
        ({"block_size": 200}, "block_size is 200", "16 x n"),
        ({"block_size": 64}, "block_size is 64", "128 or more"),
        ({"overviews": [1, 2]}, r"overviews are \[1, 2\]", "times smaller"),
    ],
)
def test_wrong_options_are_named(
    tmp_path: Path, options: dict[str, Any], text: str, hint: str
) -> None:
    """What there is not is refused, and nothing is written."""
    draw(tmp_path / "image.tif")
    with pytest.raises(ConfigError, match=text) as caught:
        cog(tmp_path, **options)
    assert hint in str(caught.value.hint)
    assert not (tmp_path / "out").exists()


def test_image_that_does_not_fit_the_compression(tmp_path: Path) -> None:
    """What GDAL refuses is said with the name of the image, and nothing is left."""
    draw(tmp_path / "image.tif", dtype="float32")
    with pytest.raises(DataError, match=r"no COG can be made of .*image\.tif at .*cog\.tif: "):
        cog(tmp_path, compression="jpeg")
    assert [] == list((tmp_path / "out").iterdir())


def test_what_is_no_image(tmp_path: Path) -> None:
    """A missing image and one that is none are named."""
    with pytest.raises(NotReadableError, match=r"image\.tif"):
        cog(tmp_path)
    (tmp_path / "image.tif").write_text("no image")
    with pytest.raises(DataError, match=r"cannot open the image .*image\.tif"):
        cog(tmp_path)


def test_broken_image_leaves_the_old_result(tmp_path: Path) -> None:
    """If making it fails, what was there before stays."""
    draw(tmp_path / "image.tif", (500, 600), compress="deflate", tiled=True)
    cog(tmp_path).close()
    before = (tmp_path / "out" / "cog.tif").read_bytes()
    content = bytearray((tmp_path / "image.tif").read_bytes())
    middle = len(content) // 2
    content[middle : middle + 5000] = bytes(5000)
    (tmp_path / "image.tif").write_bytes(content)
    with pytest.raises(DataError, match="no COG can be made"):
        cog(tmp_path)
    assert before == (tmp_path / "out" / "cog.tif").read_bytes()


def test_options_of_the_command() -> None:
    """It reads the sources, writes the destinations, and is divided by pairs."""
    command = registry.current().get(keys.AUX_COMMAND, keys.COGIFY)
    assert command is CogifyCommand
    options = CogifyCommand.command_options
    config = {"uris": [["a.jp2", "a.tif"], ("b.jp2", "b.tif")]}
    assert ["a.jp2", "b.jp2"] == options.inputs(config)
    assert ["a.tif", "b.tif"] == options.outputs(config)
    assert ("uris", ["uris"], False) == (
        *(options.split_on, options.required_fields, options.include_by_default),
    )


@pytest.mark.parametrize("uris", ["a.tif", None, [["a.tif"]], ["a.tif", "b.tif"], {"a": "b"}])
def test_pairs_that_are_none(uris: Any) -> None:
    """URIs that are no pairs are shown, with an example."""
    with pytest.raises(ConfigError, match="the uris of COGIFY are") as caught:
        CogifyCommand.command_options.inputs({"uris": uris})
    assert "image.jp2" in str(caught.value.hint)


def test_unknown_option_of_the_command(tmp_path: Path) -> None:
    """A misspelt option is no option."""
    command = CogifyCommand({"uris": [], "blocksize": 256})
    with pytest.raises(ConfigError, match="no option of COGIFY 'blocksize'"):
        command.run(str(tmp_path))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder with two images and an experiment."""
    monkeypatch.chdir(tmp_path)
    for name in "ab":
        draw(tmp_path / f"{name}.tif")
    (tmp_path / "experiment.py").write_text(EXPERIMENT)
    return tmp_path


def test_an_experiment_runs_it(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`rv run` makes the files where they are not, and divides the work."""
    arguments = ["run", "inprocess", "experiment.py", "cogify", "--splits", "2"]
    assert 0 == main(arguments)
    for name in "ab":
        with rasterio.open(project / "cogs" / f"{name}.tif") as dataset:
            assert ([(128, 128)] * 2, [2, 4]) == (dataset.block_shapes, dataset.overviews(1))
    messages = sorted(path.name for path in (project / "out/cogify/cogs").glob("*config*.json"))
    assert ["command-config-0.json", "command-config-1.json"] == messages
    capsys.readouterr()
    assert 0 == main([*arguments, "--dry-run", "--json"])
    assert {"up_to_date"} == {
        step["status"] for step in json.loads(capsys.readouterr().out)["steps"]
    }


def test_it_does_not_run_without_being_named(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Images are made only for who asks for them."""
    main(["run", "inprocess", "experiment.py", "--dry-run", "--json"])
    assert "cogify" not in capsys.readouterr().out.lower()


def test_arguments_for_gdals_programs() -> None:
    """Whoever has GDAL's programs gets their arguments, with all options."""
    commands, output = gdal_cog_commands("/data/a b.jp2", "/tmp/x", 256, "average", "lzw", [2, 4])
    translate, add, finish = commands
    assert ["gdal_translate", "gdaladdo", "gdal_translate"] == [c[0] for c in commands]
    assert "/data/a b.jp2" == translate[-2]
    assert translate[-1] == add[-3] == finish[-2]
    assert ["2", "4"] == add[-2:]
    assert "average" == add[add.index("-r") + 1]
    assert {"BLOCKXSIZE=256", "COMPRESS=LZW"} <= set(translate)
    assert {"COG", "BLOCKSIZE=256", "COMPRESS=LZW"} <= set(finish)
    assert "/tmp/x/a b-cog.tif" == output == finish[-1]
    assert 2 == len(gdal_cog_commands("a.tif", "/tmp", overviews=[])[0])
    default = gdal_cog_commands("a.tif", "/tmp")[0][1]
    assert list(map(str, cogify_command.DEFAULT_OVERVIEWS)) == default[-5:]


def test_programs_are_run(tmp_path: Path) -> None:
    """run_cmd runs a program without a shell, and says what it said when it failed."""
    path = tmp_path / "a b; c"
    run_cmd([sys.executable, "-c", "import sys; open(sys.argv[1], 'w')", str(path)])
    assert path.exists()
    with pytest.raises(CommandError, match="ended with 3: so it is"):
        run_cmd([sys.executable, "-c", "print('so it is'); raise SystemExit(3)"])
    with pytest.raises(CommandError, match="no program 'no-such-program'"):
        run_cmd(["no-such-program"])
