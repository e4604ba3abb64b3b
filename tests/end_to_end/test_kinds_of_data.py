"""Imagery, labels and areas of every kind, each through the whole pipeline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.errors import NotGeoreferencedWarning
from rasterio.features import rasterize
from rasterio.warp import transform_geom
from rasterio.windows import Window

EXPERIMENTS = """
import town

import rvcli as rv


def of(id, **changes):
    task = changes.pop("task", None) or town.task()
    return town.experiment(id, task=task, backend=town.quick_backend(task), **changes)


def raster_labels(uri, classes=None):
    builder = rv.LabelSourceConfig.builder(rv.SEMANTIC_SEGMENTATION).with_raster_source(uri)
    return (builder if classes is None else builder.with_rgb_class_map(classes)).build()


class Kinds(rv.ExperimentSet):
    def exp_other_crs(self):
        return of("other_crs", validation=[town.scene("netz", labels=town.labels("mercator"))])

    def exp_plain_image(self):
        images = [town.imagery("flach.png")]
        scene = town.scene("flach", imagery=images[0], labels=town.labels("flach"))
        return of("plain_image", train=[scene], validation=[scene])

    def exp_float(self):
        east = town.labels(town.EAST)
        return of("float", train=[town.scene("loch", labels=east)],
                  validation=[town.scene("loch", "v", labels=east)])

    def exp_small(self):
        task = town.task(chip_size=64, predict_chip_size=64)
        return of("small", task=task, train=[town.scene(town.EAST), town.scene("klein")],
                  validation=[town.scene("klein", "winzig")])

    def exp_unseen_class(self):
        classes = {"building": (1, "red"), "other": (2, "gray"), "lake": (3, "blue")}
        task = town.task(classes=classes)
        return town.experiment("unseen_class", task=task, backend=town.backend(task, 5))

    def exp_blended(self):
        task = town.task().to_builder().with_predict_stride(32).build()
        store = rv.LabelStoreConfig.builder(rv.SEMANTIC_SEGMENTATION_RASTER)
        scene = town.scene(town.WEST).to_builder().with_task(task)
        scene = scene.with_label_store(store.with_probabilities(True).build()).build()
        return town.experiment("blended", task=task, backend=town.backend(task, 5),
                               validation=[scene])

    def exp_mosaic(self):
        parts = town.imagery("teil links.tif", "teil rechts.tif")
        return of("mosaic",
                  validation=[town.scene("m", imagery=parts, labels=town.labels(town.WEST))])

    def exp_label_raster(self):
        return of("label_raster",
                  validation=[town.scene(town.WEST, labels=raster_labels("klassen.tif"))])

    def exp_label_colours(self):
        classes = {"building": (1, "red"), "other": (2, "green")}
        return of("label_colours",
                  validation=[town.scene(town.WEST, labels=raster_labels("farben.tif", classes))])

    def exp_aoi(self):
        return of("aoi", train=[town.scene(town.EAST), town.scene(town.WEST, "t",
                                                           aoi_uris=["gebiet ä.geojson"])],
                  validation=[town.scene(town.WEST, aoi_uris=["gebiet ä.geojson"])])
"""


def draw_all(project: Any) -> None:
    """Draw what the experiments read."""
    folder: Path = project.path
    project.draw("netz", seed=3)
    project.draw("mercator", seed=3, label_crs="EPSG:3857")
    project.draw("flach", seed=4, image_crs=None)
    project.draw("klein", seed=5, size=40)
    with rasterio.open(folder / "Bild Ost ä.tif") as east:
        pixels = east.read().astype("float32")
        profile = {**east.profile, "dtype": "float32", "nodata": None}
    pixels[:, 40:60, 40:60] = np.nan
    with rasterio.open(folder / "loch.tif", "w", **profile) as image:
        image.write(pixels)
    with rasterio.open(folder / "Bild West ö.tif") as west:
        for name, left, right in (("links", 0, 50), ("rechts", 50, 100)):
            window = Window(left, 0, right - left, 100)
            profile = {**west.profile, "width": right - left}
            profile["transform"] = west.window_transform(window)
            with rasterio.open(folder / f"teil {name}.tif", "w", **profile) as part:
                part.write(west.read(window=window))
        collection = json.loads((folder / "Bild West ö.geojson").read_text())
        shapes = [
            (transform_geom("EPSG:4326", west.crs, feature["geometry"]), 1)
            for feature in collection["features"]
        ]
        classes = rasterize(shapes, west.shape, fill=2, transform=west.transform, dtype="uint8")
        profile = {**west.profile, "dtype": "uint8", "count": 1}
        with rasterio.open(folder / "klassen.tif", "w", **profile) as image:
            image.write(classes, 1)
        colours = np.array([[0, 0, 0], [255, 0, 0], [0, 128, 0]], dtype="uint8")
        with rasterio.open(folder / "farben.tif", "w", **{**profile, "count": 3}) as image:
            image.write(np.moveaxis(colours[classes], -1, 0))
        # Rows 20 to 70 and columns 30 to 80 of 100.
        left, top = west.transform * (30, 20)
        right, bottom = west.transform * (80, 70)
        ring = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
        area = transform_geom(west.crs, "EPSG:4326", {"type": "Polygon", "coordinates": [ring]})
    text = json.dumps({"type": "Feature", "properties": {}, "geometry": area})
    project.write("gebiet ä.geojson", text)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, tools: Any) -> Any:
    """Give a project in which all these experiments have run."""
    project = tools.lay_out(tmp_path_factory.mktemp("arten"))
    draw_all(project)
    project.write("arten.py", EXPERIMENTS)
    result = project.rv("run", "inprocess", "arten.py")
    assert 0 == result.code, result.text
    return project


def evaluation(ran: Any, id: str) -> dict[str, Any]:
    """Return the metrics of an experiment by class."""
    metrics = json.loads((ran.root / "eval" / id / "eval.json").read_text())
    return {item["class_name"]: item for item in metrics["overall"]}


def prediction(ran: Any, id: str, scene: str) -> Any:
    """Return the predicted classes of a scene."""
    with rasterio.open(ran.root / "predict" / id / f"{scene}.tif") as image:
        return image.read(1)


@pytest.mark.parametrize(
    "id",
    [
        *("other_crs", "plain_image", "small", "blended", "mosaic"),
        *("label_raster", "label_colours", "aoi"),
    ],
)
def test_it_works(ran: Any, id: str) -> None:
    """Labels in another CRS or as rasters, plain images, mosaics and areas all reach F1 > 0.95."""
    assert evaluation(ran, id)["average"]["f1"] > 0.95


def test_nodata_is_ignored(ran: Any) -> None:
    """Where the image has no data nothing is predicted, and nowhere else."""
    classes = prediction(ran, "other_crs", "netz")
    assert not classes[:6, :6].any()
    assert 36 == (classes == 0).sum()


def test_nan_is_nodata(ran: Any) -> None:
    """Pixels of float imagery that are NaN are like nodata: ignored, and they harm no other."""
    classes = prediction(ran, "float", "v")
    assert not classes[40:60, 40:60].any()
    found = evaluation(ran, "float")
    assert min(found[name]["precision"] for name in ("building", "other")) > 0.95


def test_plain_image_stays_plain(ran: Any) -> None:
    """The prediction of an image without georeferencing has none."""
    made = ran.root / "predict" / "plain_image" / "flach.tif"
    with pytest.warns(NotGeoreferencedWarning), rasterio.open(made) as image:
        assert (None, (96, 96)) == (image.crs, image.shape)


def test_scene_smaller_than_a_chip(ran: Any) -> None:
    """A scene smaller than a chip is trained on and predicted, in its own size."""
    assert (40, 40) == prediction(ran, "small", "winzig").shape
    assert {0, 1, 2} == set(np.unique(prediction(ran, "small", "winzig")).tolist())


def test_class_that_never_occurs(ran: Any) -> None:
    """A class without a pixel is not predicted, and its metrics are null instead of wrong."""
    found = evaluation(ran, "unseen_class")
    assert (0, None) == (found["lake"]["gt_count"], found["lake"]["f1"])
    assert found["average"]["f1"] > 0.95
    assert 3 not in prediction(ran, "unseen_class", "Bild West ö")


def test_windows_are_blended_and_probabilities_written(ran: Any) -> None:
    """From overlapping windows, classes are those of the highest probability in the other file."""
    classes = prediction(ran, "blended", "Bild West ö")
    path = ran.root / "predict/blended/Bild West ö-probabilities.tif"
    with rasterio.open(path) as dataset:
        assert ("building", "other") == dataset.descriptions
        probabilities = dataset.read().astype(int)
    assert (probabilities.sum(axis=0)[classes > 0] >= 254).all()
    assert not probabilities[:, classes == 0].any()
    apart = np.abs(probabilities[0] - probabilities[1]) > 1
    np.testing.assert_array_equal(1 + probabilities.argmax(axis=0)[apart], classes[apart])


def test_a_package_blends_and_writes_probabilities(ran: Any, tmp_path: Path) -> None:
    """A predict package gives what the experiment gave, probabilities too."""
    package = ran.root / "bundle/blended/predict_package.zip"
    result = ran.rv("predict", str(package), "Bild West ö.tif", str(tmp_path / "x.tif"))
    assert 0 == result.code, result.text
    for name in ("", "-probabilities"):
        with (
            rasterio.open(ran.root / f"predict/blended/Bild West ö{name}.tif") as expected,
            rasterio.open(tmp_path / f"x{name}.tif") as found,
        ):
            np.testing.assert_array_equal(expected.read(), found.read())


def test_mosaic_is_one_image(ran: Any) -> None:
    """Two files beside each other are predicted like the one image that they are of."""
    np.testing.assert_array_equal(
        prediction(ran, "label_raster", "Bild West ö"), prediction(ran, "mosaic", "m")
    )
    made = ran.root / "predict" / "mosaic" / "m.tif"
    with rasterio.open(made) as image, rasterio.open(ran.path / "Bild West ö.tif") as west:
        assert west.transform == image.transform


def test_area_of_interest_limits_the_evaluation(ran: Any) -> None:
    """Only pixels inside the area count."""
    assert 2500 == evaluation(ran, "aoi")["average"]["gt_count"]
