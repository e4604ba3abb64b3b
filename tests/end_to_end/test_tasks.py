"""The three tasks as somebody meets them: URIs and classes given, `rv` called."""

from __future__ import annotations

import json
import os
import signal
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from rasterio.errors import NotGeoreferencedWarning
from rasterio.transform import from_origin
from rasterio.warp import transform_geom

from rvcli.data.raster_source.stac_item import resolve_href

UTM, WGS84 = "EPSG:32633", "EPSG:4326"
COMMANDS = ["CHIP", "TRAIN", "PREDICT", "EVAL", "BUNDLE"]
CELL, SITE = 16, 32
HOUSE, POND, LAND = 1, 2, 3
NAMES = {HOUSE: "house", POND: "pond", LAND: "background"}
COLOURS = np.array([[0, 0, 0], [220, 120, 90], [40, 60, 180], [70, 120, 80]])


def draw_scene(
    folder: Path, name: str, seed: int, size_hw: tuple[int, int], share: float, suffix: str
) -> None:
    """Draw an image with 12 columns of no data, its objects, and the cells of a grid.

    Args:
        share: of the sites that have an object, which lies in one cell.
        suffix: of the label files: .geojson in WGS 84, or .gpkg in UTM.
    """
    random = np.random.default_rng(seed)
    height, width = size_hw
    transform = from_origin(500_000.0, 5_800_000.0, 0.5, 0.5)
    classes = np.full(size_hw, LAND)
    objects = []
    for top in range(0, height - CELL, SITE):
        for left in range(SITE, width - CELL, SITE):
            if random.random() < share:
                y, x = np.array([top, left]) + random.integers(1, 3, 2)
                h, w = random.integers(11, 14, 2)
                class_id = HOUSE if random.random() < 0.7 else POND
                classes[y : y + h, x : x + w] = class_id
                objects.append((shapely.box(x, y, x + w, y + h), class_id))
    cells = []
    for y in range(0, height, CELL):
        for x in range(0, width, CELL):
            inside = np.bincount(classes[y : y + CELL, x : x + CELL].ravel(), minlength=4)
            class_id = LAND if inside[LAND] > inside.sum() / 2 else int(inside[:3].argmax())
            cells.append((shapely.box(x, y, x + CELL, y + CELL), class_id))
    pixels = np.clip(COLOURS[classes] + random.normal(0, 8, (*size_hw, 3)), 1, 255)
    pixels[:, :12] = 0
    profile = {"driver": "GTiff", "dtype": "uint8", "crs": UTM, "nodata": 0, "count": 3}
    profile |= {"transform": transform, "height": height, "width": width}
    with rasterio.open(folder / f"{name}.tif", "w", **profile) as image:
        image.write(np.moveaxis(pixels.astype(np.uint8), -1, 0))
    for kind, shapes in (("", objects), (" Zellen", cells)):
        write_shapes(folder / f"{name}{kind}{suffix}", shapes, transform)


def write_shapes(path: Path, shapes: list[Any], transform: Any) -> None:
    """Write polygons in pixels with their classes as a vector file with a CRS."""
    affine = transform.to_shapely()
    shapes = [(shapely.affinity.affine_transform(shape, affine), name) for shape, name in shapes]
    if path.suffix == ".gpkg":
        pyogrio.raw.write(
            path,
            shapely.to_wkb([shape for shape, _ in shapes]),
            [np.array([NAMES[class_id] for _, class_id in shapes], object)],
            ["class_name"],
            geometry_type="Polygon",
            crs=UTM,
        )
        return
    features = [
        {
            "type": "Feature",
            "properties": {"class_name": NAMES[class_id]},
            "geometry": transform_geom(UTM, WGS84, shape.__geo_interface__),
        }
        for shape, class_id in shapes
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))


def draw_village(folder: Path) -> None:
    """Draw the scenes of the experiments, and an area in one of them."""
    draw_scene(folder, "Nord ä", 1, (224, 224), 0.6, ".geojson")
    draw_scene(folder, "Süd ö", 2, (150, 230), 0.6, ".gpkg")
    draw_scene(folder, "leer", 3, (96, 96), 0.0, ".geojson")
    area = shapely.box(64, 0, 192, 96)
    transform = from_origin(500_000.0, 5_800_000.0, 0.5, 0.5)
    write_shapes(folder / "Gebiet.geojson", [(area, LAND)], transform)


@pytest.fixture(scope="module")
def village(tmp_path_factory: pytest.TempPathFactory, tools: Any) -> Iterator[Any]:
    """Give a project in which all four experiments have run; tests leave its root alone."""
    project = tools.lay_out(tmp_path_factory.mktemp("aufgaben"))
    draw_village(project.path)
    result = project.rv("run", "inprocess", "tasks.py")
    assert 0 == result.code, result.text
    yield project
    project.end()


def figures(root: Path, id: str, scene: str | None = None) -> dict[str, Any]:
    """Return the metrics of an experiment by class, of one scene or of all."""
    metrics = json.loads((root / "eval" / id / "eval.json").read_text())
    items = metrics["overall"] if scene is None else metrics["per_scene"][scene]
    return {item["class_name"]: item for item in items}


def features(path: Path) -> list[dict[str, Any]]:
    """Return the features of a GeoJSON file."""
    collection = json.loads(path.read_text())
    assert "FeatureCollection" == collection["type"]
    found: list[dict[str, Any]] = collection["features"]
    return found


def in_pixels(feature: dict[str, Any], image: Path) -> tuple[float, ...]:
    """Return the bounds (xmin, ymin, xmax, ymax) of a feature in pixels of an image."""
    with rasterio.open(image) as dataset:
        geometry = transform_geom(WGS84, dataset.crs, feature["geometry"])
        inverse = (~dataset.transform).to_shapely()
    shape = shapely.affinity.affine_transform(shapely.geometry.shape(geometry), inverse)
    assert shape.is_valid
    bounds: tuple[float, ...] = shape.bounds
    return bounds


# What a run makes.


@pytest.mark.parametrize(
    ("id", "f1"), [("cells", 0.95), ("inferred", 0.95), ("boxes", 0.95), ("pixels", 0.93)]
)
def test_figures_are_good(village: Any, id: str, f1: float) -> None:
    """Each task finds what is there; a class that never occurs has no figures instead of bad."""
    found = figures(village.root, id)
    assert found["average"]["f1"] > f1
    assert min(found[name]["recall"] for name in ("house", "pond")) > f1
    tower = found["tower"]
    assert (0, None, None) == (tower["gt_count"], tower["f1"], tower["recall"])


def test_a_scene_without_objects_has_no_boxes(village: Any) -> None:
    """Its file is empty GeoJSON, its figures are null, on average 0, and a warning tells of it."""
    assert [] == features(village.root / "predict/boxes/leer.json")
    found = figures(village.root, "boxes", "leer")
    assert 0.0 == found.pop("average")["f1"]
    assert {None} == {item["f1"] for item in found.values()}
    metrics = json.loads((village.root / "eval/boxes/eval.json").read_text())
    assert ["the scene leer has no labelled boxes to evaluate"] == metrics["warnings"]


@pytest.mark.parametrize("id", ["cells", "boxes"])
def test_vectors_lie_on_the_image(village: Any, id: str) -> None:
    """Cells and boxes are GeoJSON in WGS 84 on their image, with class names and scores."""
    found = features(village.root / f"predict/{id}/Süd ö.json")
    assert (150 if id == "cells" else 21) == len(found)
    for feature in found:
        xmin, ymin, xmax, ymax = in_pixels(feature, village.path / "Süd ö.tif")
        # The last cells of rows and columns reach beyond the image.
        assert min(xmin, ymin) > -0.1
        assert (xmax < 240.1, ymax < 160.1) == (True, True)
        properties = feature["properties"]
        assert NAMES[properties["class_id"]] == properties["class_name"]
        scores = properties["scores"] if id == "cells" else [properties["score"]]
        assert 0.5 < sum(scores) <= 1.001


def test_pixels_are_a_cloud_optimized_geotiff(village: Any) -> None:
    """It has the grid of its image, and is 0 exactly where the image has no data."""
    with (
        rasterio.open(village.root / "predict/pixels/Süd ö.tif") as made,
        rasterio.open(village.path / "Süd ö.tif") as image,
    ):
        assert (image.crs, image.transform, image.shape) == (made.crs, made.transform, made.shape)
        assert ("COG", 0) == (made.tags(ns="IMAGE_STRUCTURE")["LAYOUT"], made.nodata)
        np.testing.assert_array_equal(made.read(1) == 0, (image.read() == 0).all(axis=0))


def test_nothing_is_predicted_outside_of_areas(village: Any) -> None:
    """Cells, boxes and pixels lie within the area of interest, and are those of all there."""
    for name, count in (("cells", 48), ("boxes", 7)):
        found = features(village.root / f"predict/{name}/Gebiet.json")
        assert count == len(found)
        for feature in found:
            bounds = in_pixels(feature, village.path / "Süd ö.tif")
            assert shapely.box(63.9, -0.1, 192.1, 96.1).covers(shapely.box(*bounds))
    paths = (village.root / f"predict/pixels/{name}.tif" for name in ("Gebiet", "Süd ö"))
    inside, everywhere = (rasterio.open(path).read(1) for path in paths)
    area = np.zeros_like(inside, np.bool_)
    area[:96, 64:192] = True
    np.testing.assert_array_equal(np.where(area, everywhere, 0), inside)


@pytest.mark.parametrize("id", ["cells", "boxes", "pixels"])
def test_a_package_predicts_what_the_run_did(village: Any, id: str) -> None:
    """`rv predict PACKAGE IMAGE OUTPUT` gives what the predict command gave."""
    name, old = ("neu.tif", ".tif") if id == "pixels" else (f"{id}.geojson", ".json")
    package = str(village.root / f"bundle/{id}/predict_package.zip")
    result = village.rv("predict", package, "Süd ö.tif", name)
    assert (0, f"predictions: {name}") == (result.code, result.out.splitlines()[-1]), result.text
    made, expected = village.path / name, village.root / f"predict/{id}/Süd ö{old}"
    if id == "pixels":
        with rasterio.open(made) as one, rasterio.open(expected) as other:
            np.testing.assert_array_equal(one.read(), other.read())
    else:
        assert features(expected) == features(made)


@pytest.mark.slow
def test_patches_of_pixels_become_boxes(village: Any) -> None:
    """The backend of pixels finds what the detector finds, and its package finds it again."""
    options = ("-a", "backend", "SKLEARN_PIXELS_TO_BOXES", "-a", "root_uri", "Flecken")
    result = village.rv("run", "inprocess", "tasks.py", "-m", "exp_boxes", *options)
    assert 0 == result.code, result.text
    root = village.path / "Flecken"
    assert figures(root, "boxes")["average"]["f1"] > 0.9
    assert [] == features(root / "predict/boxes/leer.json")
    package = str(root / "bundle/boxes/predict_package.zip")
    assert 0 == village.rv("predict", package, "Süd ö.tif", "Flecken.geojson").code
    expected = features(root / "predict/boxes/Süd ö.json")
    assert expected == features(village.path / "Flecken.geojson")


ELSEWHERE = """
import rvcli as rv
import tasks


class Elsewhere(rv.ExperimentSet):
    def exp_elsewhere(self):
        made = tasks.Tasks().exp_inferred("anderswo")
        task = made.task.to_builder().with_predict_package_uri("Ort/Paket.zip")
        task = task.with_debug(True).with_predict_debug_uri("Ort/Bilder")
        task = task.with_predict_batch_size(3).build()
        [scene] = made.dataset.validation_scenes
        scene = scene.to_builder().with_task(task).with_label_store("Ort/Zellen.geojson").build()
        evaluator = rv.EvaluatorConfig.builder(rv.CHIP_CLASSIFICATION_EVALUATOR).with_task(task)
        return (
            made.to_builder()
            .with_task(task)
            .with_dataset(
                rv.DatasetConfig.builder()
                .with_train_scenes(made.dataset.train_scenes)
                .with_validation_scene(scene)
                .build()
            )
            .with_evaluators([evaluator.with_output_uri("Ort/Zahlen.json").build()])
            .build()
        )
"""


@pytest.mark.slow
def test_everything_may_lie_elsewhere(village: Any) -> None:
    """Package, predictions, their drawings and figures go where they are told to go."""
    village.write("anderswo.py", ELSEWHERE)
    result = village.rv("run", "inprocess", "anderswo.py")
    assert 0 == result.code, result.text
    place = village.path / "Ort"
    names = sorted(p.relative_to(place).as_posix() for p in place.rglob("*") if p.is_file())
    item = "stac/Zellen.geojson.json"
    assert ["Bilder/Süd ö.png", "Paket.zip", "Zahlen.json", "Zellen.geojson", item] == names
    assert features(village.root / "predict/inferred/Süd ö.json") == features(
        place / "Zellen.geojson"
    )
    expected = json.loads((village.root / "eval/inferred/eval.json").read_text())
    assert expected == json.loads((place / "Zahlen.json").read_text())
    for unused in ("predict/inferred/Süd ö.json", "eval/inferred/eval.json"):
        assert not (village.path / "anderswo" / unused).exists()
    assert "nothing to run" in village.rv("run", "inprocess", "anderswo.py").out


# What a second run does.


def test_a_second_run_does_nothing(village: Any) -> None:
    """All commands of all tasks are up to date; `ls` and `explain` know them."""
    result = village.rv("run", "local", "tasks.py")
    assert "nothing to run: 24 commands up to date" == result.out.splitlines()[0]
    listed = village.rv("ls", "tasks.py").out
    for word in ("OBJECT_DETECTION", "SKLEARN_CHIP_CLASSIFICATION", "1 train, 3 validation"):
        assert word in listed
    explained = village.rv("explain", "tasks.py", "-m", "exp_boxes", "-a", "neg_ratio", "2")
    assert 0 == explained.code
    assert "neg_ratio" in explained.out


@pytest.mark.parametrize(
    ("method", "option", "value", "first"),
    [
        ("boxes", "merge_thresh", "0.4", "PREDICT"),
        ("boxes", "score_thresh", "0.6", "PREDICT"),
        ("boxes", "neg_ratio", "2", "CHIP"),
        ("boxes", "iterations", "40", "TRAIN"),
        ("cells", "trees", "30", "TRAIN"),
        ("inferred", "ioa_thresh", "0.4", "CHIP"),
        ("pixels", "predict_stride", "32", "PREDICT"),
    ],
)
def test_an_option_concerns_what_uses_it(
    village: Any, method: str, option: str, value: str, first: str
) -> None:
    """A changed option runs the first command that uses it, for that reason, and what follows."""
    words = ("tasks.py", "-m", f"exp_{method}", "-a", option, value)
    steps = village.plan(*words)["steps"]
    running = [step["command_type"] for step in steps if step["status"] == "run"]
    assert COMMANDS[COMMANDS.index(first) :] == running
    reasons = {step["command_type"]: step["reason"] for step in steps}
    assert option in reasons[first]
    if option == "ioa_thresh":
        assert option in reasons["EVAL"]


@pytest.mark.parametrize(
    ("runner", "options", "ids"),
    [
        pytest.param(
            *("inprocess", ["--splits", "3"], ["cells", "boxes", "pixels"]), marks=pytest.mark.slow
        ),
        pytest.param(*("local", ["--splits", "2"], ["cells"]), marks=pytest.mark.slow),
    ],
)
def test_splits_and_runners_agree(
    village: Any, tools: Any, runner: str, options: list[str], ids: list[str]
) -> None:
    """With --splits 3, and in processes of its own, a run makes what it made in one piece."""
    root = f"Wurzel {runner}"
    methods = [word for name in ids for word in ("-m", f"exp_{name}")]
    words = ("tasks.py", "-a", "root_uri", root, *methods, *options)
    result = village.rv("run", runner, *words)
    assert 0 == result.code, result.text
    made = tools.outputs(village.path / root)
    expected = tools.outputs(village.root)
    names = [n for n in expected if "/logs/" not in n and n.split("/")[1] in ids]
    assert names == [n for n in made if "/logs/" not in n]
    assert [] == [n for n in names if expected[n] != made[n]]


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="finds processes below /proc")
def test_a_killed_prediction_is_made_again(village: Any, tools: Any) -> None:
    """After kill -9 of predict the same run goes on from there."""
    words = ("tasks.py", "-m", "exp_cells", "-a", "root_uri", "tot")
    assert 0 == village.rv("run", "inprocess", *words, "analyze", "chip", "train").code
    process = village.start("run", "local", *words, "predict")
    assert any("PREDICT: started" in line for line in process.stdout)
    assert tools.wait_for(lambda: village.children(process.pid))
    os.kill(village.children(process.pid)[0], signal.SIGKILL)
    _, error = process.communicate(timeout=60)
    assert (5, True) == (process.returncode, "ended by SIGKILL" in error), error
    assert {"cells/PREDICT", "cells/EVAL"} <= set(village.to_run(*words))
    assert 0 == village.rv("run", "inprocess", *words).code
    for name in ("predict/cells/Süd ö.json", "eval/cells/eval.json"):
        expected = json.loads((village.root / name).read_text())
        assert expected == json.loads((village.path / "tot" / name).read_text())


@pytest.mark.slow
def test_a_run_in_s3(village: Any, s3_root: str) -> None:
    """Imagery, labels in GeoJSON and GeoPackage, areas and all outputs may be in a bucket."""
    from rvcli.filesystem import resolve, s3_client

    client = s3_client.client()
    for path in sorted(village.path.iterdir()):
        if path.suffix in (".tif", ".geojson", ".gpkg"):
            client.upload_file(str(path), s3_root.removeprefix("s3://"), path.name)
    env = {k: v for k, v in os.environ.items() if k.startswith("AWS_")}
    project = type(village)(village.path, village.home, env)
    words = ("tasks.py", "-m", "exp_cells", "-a", "place", s3_root, "-a", "root_uri", s3_root)
    result = project.rv("run", "inprocess", *words)
    assert 0 == result.code, result.text
    text = resolve(s3_root).read_str(f"{s3_root}/predict/cells/Süd ö.json")
    expected = (village.root / "predict/cells/Süd ö.json").read_text()
    assert json.loads(expected) == json.loads(text)
    assert "nothing to run: 6 commands up to date" in project.rv("run", "local", *words).out


# What a newcomer does wrong.

FAULTS = """
import rvcli as rv
import tasks
from tasks import HERE, TRAIN, EMPTY


def made(id, task, backend, image, labels, **options):
    builder = rv.TaskConfig.builder(task).with_classes(options.pop("classes", tasks.CLASSES))
    for name, value in {"chip_size": 16, **options}.items():
        builder = getattr(builder, f"with_{name}")(value)
    of = builder.build()
    built = rv.BackendConfig.builder(backend).with_task(of).build()
    scenes = [tasks.scene(of, id, f"{HERE}/{image}", labels and f"{HERE}/{labels}")]
    return tasks.assemble(id, "falsch", of, built, scenes, scenes)


def cells(id, image=f"{TRAIN}.tif", labels=f"{TRAIN} Zellen.geojson", **options):
    key = rv.SKLEARN_CHIP_CLASSIFICATION
    return made(id, rv.CHIP_CLASSIFICATION, key, image, labels, **options)


def boxes(id, image=f"{TRAIN}.tif", labels=f"{TRAIN}.geojson", **options):
    key = rv.SKLEARN_OBJECT_DETECTION
    return made(id, rv.OBJECT_DETECTION, key, image, labels, **options)


def pixels(id, image=f"{TRAIN}.tif", labels=f"{TRAIN}.geojson", **options):
    key = rv.SKLEARN_SEMANTIC_SEGMENTATION
    options = {"predict_chip_size": 32, **options}
    return made(id, rv.SEMANTIC_SEGMENTATION, key, image, labels, **options)


class Invalid(rv.ExperimentSet):
    def invalid_method(self):
        task = rv.TaskConfig.builder(rv.OBJECT_DETECTION).with_classes(tasks.OBJECTS)
        return task.with_chip_options(window_method="chips").build()

    def invalid_source(self):
        wrong, right = cells("a"), boxes("b")
        return right.to_builder().with_dataset(wrong.dataset).build()

    def invalid_backend(self):
        task = rv.TaskConfig.builder(rv.OBJECT_DETECTION).with_classes(tasks.OBJECTS).build()
        return rv.BackendConfig.builder(rv.SKLEARN_CHIP_CLASSIFICATION).with_task(task).build()

    def invalid_store(self):
        task = rv.TaskConfig.builder(rv.OBJECT_DETECTION).with_classes(tasks.OBJECTS).build()
        return rv.SceneConfig.builder().with_task(task).with_label_store("x.tif").build()

    def invalid_labels(self):
        return cells("ohne", labels=None)


class Failing(rv.ExperimentSet):
    def failing(self):
        return [
            boxes("leer", f"{EMPTY}.tif", f"{EMPTY}.geojson"),
            boxes("weit", labels="weit.geojson"),
            cells("weite Zellen", labels="weit.geojson"),
            pixels("weite Pixel", labels="weit.geojson", classes=tasks.OBJECTS),
            cells("Namen", classes=["car", "lorry"]),
            cells("keine Zellen", labels=f"{TRAIN}.geojson"),
            cells("grosse Zellen", chip_size=600),
            cells("doppelt", labels="doppelt.geojson"),
        ]
"""

REFUSED = {
    "method": "window_method must be one of 'chip', 'label', 'image', 'sliding', not 'chips'",
    "source": "train_scenes[0].label_source is CHIP_CLASSIFICATION, which works with"
    " CHIP_CLASSIFICATION, not with OBJECT_DETECTION",
    "backend": "SklearnChipClassificationConfigBuilder cannot do OBJECT_DETECTION",
    "store": "no provider makes a label store from 'OBJECT_DETECTION', 'x.tif'",
    "labels": "scene 'ohne' has no labels: give it with_label_source(...), or leave it out",
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_work_is_refused(village: Any, case: str) -> None:
    """Before anything runs the error names place and value, and the exit code is 3."""
    village.write("falsch.py", FAULTS)
    result = village.rv(
        "run", "local", "falsch.py", "--prefix", "invalid_", "-m", f"invalid_{case}"
    )
    assert (3, True) == (result.code, REFUSED[case] in result.err), result.text
    assert "Traceback" not in result.text
    assert not (village.path / "falsch").exists()


TOLD = [
    "leer/TRAIN failed: the 100 chips of the training scenes (leer) show no object",
    "weit.geojson: none of the 2 polygons gives a box on the image; check their CRS",
    "weite Zellen/TRAIN failed: the training scenes (weite Zellen) have no chips of labelled cells",
    "weit.geojson: none of the 2 polygons lies on the image; check their CRS",
    "weite Pixel/TRAIN failed: no labelled pixels: the",
    "features have names that the class map lacks",
    "Namen/TRAIN failed: all labelled cells of the training scenes (Namen) are of class 1",
    "keine Zellen are not of the chip size, 16 x 16 pixels: they are",
    "infer cells from polygons that are none with with_infer_cells(True)",
    "196 of 196 labelled cells of the scene grosse Zellen are not of the chip size, 600 x 600",
    "1 labelled cells come a second time with another class, as that at row 0, column 16",
    "check that the labels lie on the imagery, and the areas of interest",
]


def test_what_fails_says_why(village: Any) -> None:
    """Labels that lie nowhere, mean nothing or fit nothing are named, with what to do."""
    transform = from_origin(600_000.0, 5_700_000.0, 0.5, 0.5)
    far = [(shapely.box(x, 16, x + 16, 32), HOUSE) for x in (16, 32)]
    write_shapes(village.path / "weit.geojson", far, transform)
    transform = from_origin(500_000.0, 5_800_000.0, 0.5, 0.5)
    twice = [(shapely.box(16, 0, 32, 16), class_id) for class_id in (HOUSE, POND)]
    write_shapes(village.path / "doppelt.geojson", twice, transform)
    village.write("falsch.py", FAULTS)
    words = ("falsch.py", "--prefix", "failing", "analyze", "chip", "train")
    result = village.rv("run", "inprocess", *words)
    assert 5 == result.code
    assert [] == [line for line in TOLD if line not in result.text]
    assert "Traceback" not in result.text


def test_output_and_bands_are_checked(village: Any) -> None:
    """`rv predict` refuses a name of another format, and imagery with other bands."""
    package = str(village.root / "bundle/boxes/predict_package.zip")
    result = village.rv("predict", package, "leer.tif", "boxes.tif")
    assert (1, "TIP: name the output boxes.geojson") == (result.code, result.err.splitlines()[-1])
    with rasterio.open(village.path / "leer.tif") as image:
        profile, band = {**image.profile, "count": 1}, image.read(1)
    with rasterio.open(village.path / "grau.tif", "w", **profile) as image:
        image.write(band, 1)
    result = village.rv("predict", package, "grau.tif", "boxes.json")
    assert (1, True) == (result.code, "has 1 bands, but the model was trained on 3" in result.err)
    assert not (village.path / "boxes.json").exists()


def test_labels_in_pixels_of_a_plain_image(village: Any) -> None:
    """Of an image without georeference, labels and predictions are in pixels."""
    with rasterio.open(village.path / "Nord ä.tif") as image:
        pixels, inverse = image.read(), (~image.transform).to_shapely()
    profile = {"driver": "PNG", "dtype": "uint8", "count": 3, "height": 224, "width": 224}
    path = village.path / "flach.png"
    with pytest.warns(NotGeoreferencedWarning), rasterio.open(path, "w", **profile) as image:
        image.write(pixels)
    collection = json.loads((village.path / "Nord ä Zellen.geojson").read_text())
    for feature in collection["features"]:
        shape = shapely.geometry.shape(transform_geom(WGS84, UTM, feature["geometry"]))
        shape = shapely.affinity.affine_transform(shape, inverse)
        feature["geometry"] = shape.__geo_interface__
    (village.path / "flach.geojson").write_text(json.dumps(collection))
    village.write("falsch.py", FAULTS)
    village.write(
        "flach.py",
        "import rvcli as rv\nimport falsch\nclass Plain(rv.ExperimentSet):\n"
        "    def exp_plain(self):\n"
        "        return falsch.cells('flach', 'flach.png', 'flach.geojson')\n",
    )
    result = village.rv("run", "inprocess", "flach.py")
    assert 0 == result.code, result.text
    assert figures(village.path / "falsch", "flach")["average"]["f1"] > 0.95
    found = features(village.path / "falsch/predict/flach/flach.json")
    assert (0, 0, 16, 16) == shapely.geometry.shape(found[0]["geometry"]).bounds


@pytest.mark.parametrize("id", ["cells", "boxes", "pixels"])
def test_predictions_and_packages_carry_valid_metadata(
    village: Any, validate_item: Any, id: str
) -> None:
    """Each scene has a STAC item, and each package one of its model."""
    items = sorted((village.root / f"predict/{id}/stac").glob("*.json"))
    assert len(items) >= 1
    for path in items:
        item = json.loads(path.read_text("utf-8"))
        validate_item(item)
        assert Path(resolve_href(str(path), item["assets"]["predictions"]["href"])).exists()
    with zipfile.ZipFile(village.root / f"bundle/{id}/predict_package.zip") as package:
        model = json.loads(package.read("stac-mlm.json"))
    validate_item(model)
    assert "scikit-learn" == model["properties"]["mlm:framework"]
    assert "Polygon" in model["geometry"]["type"]
