"""Files that are read along with another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rvcli import keys
from rvcli.command.aux.cogify_command import CogifyCommand
from rvcli.core.command_io_definition import CommandIODefinition
from rvcli.data.companions import raster_companions, vector_companions
from rvcli.data.raster_source.raster_source_config import RasterSourceConfig
from rvcli.data.vector_source.vector_source_config import VectorSourceConfig

STATISTICS = "<PAMDataset><Metadata><MDI key='STATISTICS_MEAN'>3</MDI></Metadata></PAMDataset>"
PLACE = "<PAMDataset><GeoTransform>0, 1, 0, 0, 0, -1</GeoTransform></PAMDataset>"


@pytest.fixture
def folder(tmp_path: Path) -> Any:
    """Give a function that writes files and returns the path of the first."""

    def write(*names: str, **texts: str) -> str:
        for name in names:
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(texts.get(name.rpartition(".")[2], ""))
        return str(tmp_path / names[0])

    return write


def names_of(paths: list[str]) -> list[str]:
    """Return the names of files."""
    return [Path(path).name for path in paths]


@pytest.mark.parametrize(
    ("image", "beside"),
    [
        ("a.png", ["a.pgw", "a.prj"]),
        ("a.tif", ["a.tfw", "a.tif.msk"]),
        ("A.TIF", ["A.TFW"]),
        ("a.bil", ["a.hdr"]),
        ("a.jpg", ["a.wld"]),
    ],
)
def test_side_cars_of_images(folder: Any, image: str, beside: list[str]) -> None:
    """World files, CRS, masks and headers belong to an image; what others have does not."""
    uri = folder(image, *beside, "b.prj", "a.txt")
    assert beside == names_of(raster_companions(uri))


@pytest.mark.parametrize(
    ("xml", "expected"), [(PLACE, ["a.tif.aux.xml"]), (STATISTICS, []), ("<broken", [])]
)
def test_statistics_beside_an_image_do_not_count(
    folder: Any, xml: str, expected: list[str]
) -> None:
    """A .aux.xml counts if it says where an image lies, not if a viewer left figures in it."""
    assert expected == names_of(raster_companions(folder("a.tif", "a.tif.aux.xml", xml=xml)))


def test_what_a_virtual_raster_shows(folder: Any, tmp_path: Path) -> None:
    """The files that a virtual raster shows belong to it, with their side-cars, and so on."""
    inner = '<VRTDataset><SourceFilename relativeToVRT="0">{}</SourceFilename></VRTDataset>'
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "inner.vrt").write_text(inner.format(folder("far.tif", "far.tfw")))
    outer = [
        '<SourceFilename relativeToVRT="1">a.tif</SourceFilename>',
        '<SourceDataset relativeToVRT="1">in/inner.vrt</SourceDataset>',
        '<SourceFilename relativeToVRT="1">outer.vrt</SourceFilename>',
        "<SourceFilename>/vsicurl/http://host/a.tif</SourceFilename>",
        "<SourceFilename/>",
    ]
    uri = folder("outer.vrt", "a.tif", vrt=f"<VRTDataset>{''.join(outer)}</VRTDataset>")
    assert ["a.tif", "far.tfw", "far.tif", "inner.vrt"] == sorted(names_of(raster_companions(uri)))


def test_what_is_remote_or_not_there_has_none(tmp_path: Path) -> None:
    """Only beside local files that are there others are looked for."""
    uris = ["s3://bucket/a.tif", str(tmp_path / "a.tif"), str(tmp_path)]
    assert [[]] * 3 == [raster_companions(uri) for uri in uris]
    assert [] == vector_companions("http://host/a.shp")


@pytest.mark.parametrize(
    ("labels", "beside"),
    [("a.shp", ["a.cpg"]), ("A.TAB", ["A.DAT", "A.MAP"]), ("a.mif", ["a.mid"]), ("a.gpkg", [])],
)
def test_parts_of_vector_files(folder: Any, labels: str, beside: list[str]) -> None:
    """Formats of several files have parts that say what is in them."""
    assert beside == names_of(vector_companions(folder(labels, *beside, "a.txt", "a.qix")))


def test_they_are_inputs(folder: Any, tmp_path: Path) -> None:
    """What is read along with an image or labels is an input of what reads these, and no other."""
    image = folder("a.tif", "a.tfw")
    labels = folder("b.tab", "b.map")
    configs = [
        RasterSourceConfig.builder(keys.RASTERIO_SOURCE).with_uri(image).build(),
        VectorSourceConfig.builder(keys.OGR_SOURCE).with_uri(labels).build(),
    ]
    found = {}
    for command in (keys.CHIP, keys.TRAIN):
        io_def = CommandIODefinition()
        for config in configs:
            config.report_io(command, io_def)
        found[command] = sorted(names_of(list(io_def.input_uris)))
    assert {keys.CHIP: ["a.tfw", "a.tif", "b.map", "b.tab"], keys.TRAIN: []} == found
    inputs = CogifyCommand.command_options.inputs({"uris": [[image, "out.tif"]]})
    assert ["a.tif", "a.tfw"] == names_of(inputs)
