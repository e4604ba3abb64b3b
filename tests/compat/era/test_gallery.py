"""Experiments of the shape that published ones of that time had are planned, or run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import rasterio

from rvcli.cli.main import call


def lay_out(folder: Path, names: list[str]) -> Path:
    """Make empty files, which experiments find by listing."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    return folder


TOWN = [
    f"{folder}/{prefix}{number}.{ext}"
    for number in range(10, 15)
    for folder, prefix, ext in (
        ("RGB-PanSharpen", "RGB-PanSharpen_img", "tif"),
        ("geojson/roads", "roads_img", "geojson"),
        ("geojson/buildings", "buildings_img", "geojson"),
    )
]
CITY = [
    name
    for place in ("2_10", "2_11", "6_7", "6_8")
    for name in (f"images/top_city_{place}_RGBIR.tif", f"labels/top_city_{place}_label.tif")
]
COAST = ["images/one.tif", "images/two.tif", "images/three.tif"]


@pytest.fixture
def plan(
    team: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., dict[str, Any]]:
    """Give a function that plans an experiment of the gallery over empty files."""
    monkeypatch.setenv("HOME", str(team.home))
    monkeypatch.chdir(team.home)

    def run(experiment: str, files: list[str], *words: str) -> dict[str, Any]:
        raw = lay_out(tmp_path / "raw", ["readme", *files])
        path = str(team.old / "gallery" / f"{experiment}.py")
        rows = "images/{0}.tif,labels/{0}.geojson\n"
        for split, names in (("train", "abc"), ("val", "de")):
            (raw / f"vehicles-{split}.csv").write_text("".join(map(rows.format, names)))
        given = ["-a", "raw_uri", str(raw), "-a", "root_uri", str(team.root), "-x", "-n", "--json"]
        assert 0 == call(["run", "local", "-p", path, *words, *given])
        steps = json.loads(capsys.readouterr().out)["steps"]
        return {step["id"]: step for step in steps if step["status"] == "run"}

    return run


@pytest.mark.parametrize("framework", ["pytorch", "tensorflow"])
@pytest.mark.parametrize(
    ("target", "task"),
    [
        ("buildings", "semantic_segmentation"),
        ("roads", "semantic_segmentation"),
        ("buildings", "chip_classification"),
        ("buildings", "object_detection"),
    ],
)
def test_roads_and_roofs(plan: Any, framework: str, target: str, task: str) -> None:
    """Three tasks, backends of both times, classes and helper classes by target."""
    words = ["-a", "target", target, "-a", "task_type", task, "-a", "framework", framework]
    found = plan("roads_and_roofs", TOWN, *words, "-a", "test", "True")
    assert 6 == len(found)
    assert {f"{target}-{task}-test"} == {name.partition("/")[0] for name in found}


def test_roads_from_vector_tiles(plan: Any) -> None:
    """Labels come from tiles at a zoom level, classes by filters."""
    tiles = "https://tiles.example.com/{z}/{x}/{y}.mvt,14,@id"
    words = ["-a", "target", "roads", "-a", "vector_tile_options", tiles]
    assert 6 == len(plan("roads_and_roofs", TOWN, *words))


def test_channel_orders_of_a_city(plan: Any) -> None:
    """Two experiments of one method; labels in colours, predictions too."""
    found = plan("colour_coded_city", CITY, "-m", "exp_channels")
    assert {"city-irrg", "city-rgb"} == {name.partition("/")[0] for name in found}


def test_keys_share_commands(plan: Any) -> None:
    """Four experiments share one analyze command and two chip commands."""
    found = plan("colour_coded_city", CITY, "-m", "exp_sizes", "-a", "test", "true")
    count = {c: sum(n.endswith(c) for n in found) for c in ("ANALYZE", "CHIP", "TRAIN", "EVAL")}
    assert {"ANALYZE": 1, "CHIP": 2, "TRAIN": 4, "EVAL": 4} == count


def test_a_coast(plan: Any) -> None:
    """Several areas of interest, and images that COGIFY makes first."""
    found = plan("coast", COAST, "cogify", "analyze", "chip", "train")
    assert ["COGIFY", "ANALYZE", "CHIP", "TRAIN"] == [n.partition("/")[2] for n in found]


def test_listed_vehicles(plan: Any) -> None:
    """Scenes of CSV files, a detector of TensorFlow, and folds by key."""
    found = plan("vehicles", [], "-a", "folds", "3", "chip", "train", "predict")
    assert 9 == len(found)


@pytest.mark.slow
def test_cogify(team: Any) -> None:
    """An image becomes a cloud-optimized one, block by block."""
    image = f"{team.imagery('zanzibar_buildings')}/val/images/zanzibar_east.tif"
    raw = team.home / "raw" / "images"
    raw.mkdir(parents=True)
    for name in ("one", "two"):
        (raw / f"{name}.tif").symlink_to(image)
    path = str(team.old / "gallery" / "coast.py")
    words = ["-a", "raw_uri", str(raw.parent), "-a", "root_uri", str(team.root)]
    team.rv("run", "local", "-p", path, "cogify", *words)
    with rasterio.open(team.root / "cogs" / "one.tif") as made:
        assert ([(256, 256)] * 3, [2, 4]) == (made.block_shapes, made.overviews(1))


@pytest.mark.slow
@pytest.mark.parametrize("framework", ["pytorch", "tensorflow"])
@pytest.mark.parametrize(
    ("task", "prediction"),
    [
        ("semantic_segmentation", "tif"),
        ("chip_classification", "json"),
        ("object_detection", "json"),
    ],
)
def test_roofs_of_zanzibar(team: Any, framework: str, task: str, prediction: str) -> None:
    """A test run of a published kind, with today's backends, from analyze to bundle."""
    data = Path(team.imagery("zanzibar_buildings"))
    raw = team.home / "raw"
    for folder in ("RGB-PanSharpen", "geojson/buildings"):
        (raw / folder).mkdir(parents=True)
    for number in range(10, 15):
        split, scene = ("train", "zanzibar_west") if number % 2 else ("val", "zanzibar_east")
        image = raw / "RGB-PanSharpen" / f"RGB-PanSharpen_img{number}.tif"
        image.symlink_to(data / split / "images" / f"{scene}.tif")
        labels = raw / "geojson" / "buildings" / f"buildings_img{number}.geojson"
        labels.symlink_to(data / split / "labels" / f"{scene}.geojson")
    path = str(team.old / "gallery" / "roads_and_roofs.py")
    words = ["-a", "raw_uri", str(raw), "-a", "root_uri", str(team.root), "-a", "test", "True"]
    words += ["-a", "task_type", task, "-a", "framework", framework]
    team.rv("run", "inprocess", "-p", path, *words)
    name = f"buildings-{task}-test"
    assert {"Building", "average"} <= set(team.figures(f"eval/{name}/eval.json"))
    (package,) = (team.root / "bundle").rglob("predict_package.zip")
    (image,) = list((raw / "RGB-PanSharpen").glob("*10.tif"))
    team.rv("predict", str(package), str(image), f"found.{prediction}")
    assert (team.home / f"found.{prediction}").is_file()
