"""Predict packages, used from Python."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin

from rvcli import keys, profile
from rvcli.backend.backend_config import BackendConfig
from rvcli.data.dataset_config import DatasetConfig
from rvcli.data.raster_source.raster_source_config import RasterSourceConfig
from rvcli.data.scene_config import SceneConfig
from rvcli.data.vector_source.ogr_file import OGRFile
from rvcli.errors import DataError
from rvcli.experiment.experiment_config import ExperimentConfig
from rvcli.package.check import training_facts
from rvcli.package.differences import differences
from rvcli.predictor import Predictor
from rvcli.progress import ProgressEvent, use_sink
from rvcli.runner.experiment_runner import ExperimentRunner
from rvcli.task.task_config import TaskConfig


def write_tiff(path: Path, array: Any) -> None:
    """Write bands with a georeference."""
    bands, height, width = array.shape
    options = {"count": bands, "height": height, "width": width, "dtype": array.dtype}
    transform = from_origin(500_000, 4_000_000, 1, 1)
    with rasterio.open(path, "w", "GTiff", crs="EPSG:32633", transform=transform, **options) as out:
        out.write(array)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Run a small experiment and give its folder, with `image.tif` and the package."""
    folder = tmp_path_factory.mktemp("made")
    rng = np.random.default_rng(0)
    labels = np.ones((1, 96, 96), np.uint8)
    labels[0, 20:60, 30:80] = 2
    image = rng.normal(800, 60, (3, 96, 96)) + 900 * (labels == 2)
    write_tiff(folder / "image.tif", image.astype(np.uint16))
    write_tiff(folder / "labels.tif", labels)
    task = (
        TaskConfig.builder(keys.SEMANTIC_SEGMENTATION)
        .with_classes({"a": 1, "b": 2})
        .with_chip_size(48)
        .with_predict_chip_size(48)
        .with_chip_options(chips_per_scene=6)
        .build()
    )
    backend = BackendConfig.builder(keys.SKLEARN_SEMANTIC_SEGMENTATION).with_task(task)
    source = RasterSourceConfig.builder(keys.RASTERIO_SOURCE).with_uri(str(folder / "image.tif"))
    scene = (
        SceneConfig.builder()
        .with_task(task)
        .with_id("s")
        .with_raster_source(source.with_stats_transformer().build())
        .with_label_source(str(folder / "labels.tif"))
        .build()
    )
    dataset = DatasetConfig.builder().with_train_scene(scene).with_validation_scene(scene).build()
    experiment = (
        ExperimentConfig.builder()
        .with_id("e")
        .with_task(task)
        .with_backend(backend.with_train_options(iterations=10, max_pixels=2000).build())
        .with_dataset(dataset)
        .with_root_uri(str(folder / "root"))
        .with_stats_analyzer()
        .build()
    )
    overrides = (f"RV.cache_dir={folder / 'cache'}",)
    with profile.use(profile.load_settings(overrides=overrides)):
        ExperimentRunner.get_runner("inprocess").run(experiment)
        yield folder


def package_of(folder: Path) -> str:
    """Return the path of the package."""
    return str(folder / "root/bundle/e/predict_package.zip")


def read(path: Path) -> Any:
    """Read the first band."""
    with rasterio.open(path) as dataset:
        return dataset.read(1)


def test_the_package_predicts_what_the_run_predicted(made: Path, tmp_path: Path) -> None:
    """And writes the message of the scene where it is asked to."""
    predictor = Predictor(package_of(made), str(tmp_path / "tmp"))
    predictor.load_model()
    out, config = tmp_path / "out.tif", tmp_path / "scene.json"
    predictor.predict(str(made / "image.tif"), str(out), str(config))
    assert np.array_equal(read(made / "root/predict/e/s.tif"), read(out))
    assert str(out) in config.read_text()


def test_labels_can_be_had_without_a_file(made: Path, tmp_path: Path) -> None:
    """They are kept in memory then."""
    labels = Predictor(package_of(made), str(tmp_path)).predict(str(made / "image.tif"))
    expected = read(made / "root/predict/e/s.tif")
    for window in labels.get_windows():
        part = expected[window.ymin : window.ymax, window.xmin : window.xmax]
        assert np.array_equal(part, labels.get_label_arr(window, window)[: part.shape[0]])


def test_progress_names_the_image(made: Path, tmp_path: Path) -> None:
    """It is told of the image that is predicted, not of the one the package was made with."""
    told: list[ProgressEvent] = []
    with use_sink(told.append):
        Predictor(package_of(made), str(tmp_path)).predict(str(made / "image.tif"))
    assert "predicting image.tif" in {event.description for event in told}


def test_statistics_can_be_measured_anew(made: Path, tmp_path: Path) -> None:
    """An image that is brighter as a whole is told apart as well."""
    with rasterio.open(made / "image.tif") as dataset:
        write_tiff(tmp_path / "bright.tif", dataset.read() * 8)
    predictor = Predictor(package_of(made), str(tmp_path / "tmp"), update_stats=True)
    predictor.predict(str(tmp_path / "bright.tif"), str(tmp_path / "out.tif"))
    expected = read(made / "root/predict/e/s.tif")
    assert (expected == read(tmp_path / "out.tif")).mean() > 0.95


def test_bands_can_be_reordered(made: Path, tmp_path: Path) -> None:
    """For an image whose bands come in another order, or that has more of them."""
    with rasterio.open(made / "image.tif") as dataset:
        image = dataset.read()
    write_tiff(tmp_path / "more.tif", np.concatenate([image[:1] * 0 + 7, image]))
    predictor = Predictor(package_of(made), str(tmp_path / "tmp"), channel_order=[1, 2, 3])
    predictor.predict(str(tmp_path / "more.tif"), str(tmp_path / "out.tif"))
    assert np.array_equal(read(made / "root/predict/e/s.tif"), read(tmp_path / "out.tif"))


def test_nothing_is_written_over_what_is_read(made: Path, tmp_path: Path) -> None:
    """Neither over the image, by whatever path, nor over the package."""
    predictor = Predictor(package_of(made), str(tmp_path / "tmp"))
    image, link = made / "image.tif", tmp_path / "link.tif"
    link.symlink_to(image)
    before = image.read_bytes()
    for out, config in ((link, None), (tmp_path / "o.tif", image), (package_of(made), None)):
        with pytest.raises(DataError, match="would be written over what is read"):
            predictor.predict(str(image), str(out), config and str(config))
    assert before == image.read_bytes()


def test_the_name_of_the_output_says_what_it_is(made: Path, tmp_path: Path) -> None:
    """A name that ends like another format is refused before anything is predicted."""
    predictor = Predictor(package_of(made), str(tmp_path / "tmp"))
    with pytest.raises(DataError, match=r"RASTER writes \.tif, .*\.gpkg or \.fgb$") as caught:
        predictor.predict(str(made / "image.tif"), str(tmp_path / "out.PNG"))
    assert "name the output out.tif" == caught.value.hint
    assert not (tmp_path / "out.PNG").exists()
    predictor.predict(str(made / "image.tif"), str(tmp_path / "without ending"))
    assert (tmp_path / "without ending").exists()


def test_the_package_names_no_place_of_its_origin(made: Path) -> None:
    """It can be given away."""
    with zipfile.ZipFile(package_of(made)) as package:
        text = package.read("bundle_config.json").decode()
        assert "BUNDLE" == json.loads(text)["commandType"]
        names = set(package.namelist())
        text += package.read("self_test/self_test.json").decode()
        text += package.read("stac-mlm.json").decode()
    tests = {f"self_test/{name}" for name in ("image.tif", "expected.tif", "self_test.json")}
    own = {"bundle_config.json", "model.zip", "stac-mlm.json", "stats.json"}
    assert own | tests == names
    assert str(made) not in text


def test_pixels_are_polygons_where_the_name_says_so(made: Path, tmp_path: Path) -> None:
    """A vector file holds the area of each class; its pixels are not kept."""
    predictor = Predictor(package_of(made), str(tmp_path / "tmp"))
    predictor.predict(str(made / "image.tif"), str(tmp_path / "out.gpkg"))
    table = OGRFile(str(tmp_path / "out.gpkg")).read()
    expected = read(made / "root/predict/e/s.tif")
    is_second = np.array(table.columns["class_id"]) == 2
    area = shapely.area(table.geometries[is_second]).sum()
    assert (expected == 2).sum() == pytest.approx(area)
    assert [] == list((tmp_path / "tmp").glob("pixels-*"))


def test_only_areas_are_predicted(made: Path, tmp_path: Path) -> None:
    """Outside the areas, of a file in whatever CRS, there is nothing."""
    area = shapely.to_wkb(np.array([shapely.box(500_030, 3_999_950, 500_080, 3_999_980)]))
    path = str(tmp_path / "area.gpkg")
    pyogrio.raw.write(path, area, [], [], geometry_type="Polygon", crs="EPSG:32633")
    predictor = Predictor(package_of(made), str(tmp_path / "tmp"))
    predictor.predict(str(made / "image.tif"), str(tmp_path / "out.tif"), aoi_uri=path)
    item = json.loads((tmp_path / "stac/out.tif.json").read_text())
    sources = [(k["title"], k["href"]) for k in item["links"]]
    assert ("area of interest", Path(path).as_uri()) in sources
    expected = read(made / "root/predict/e/s.tif")
    outside = np.ones(expected.shape, bool)
    outside[20:50, 30:80] = False
    assert np.array_equal(np.where(outside, 0, expected), read(tmp_path / "out.tif"))


def write_item(path: Path, **assets: str) -> None:
    """Write a STAC item whose assets are imagery."""
    listed = {name: {"href": href, "roles": ["data"]} for name, href in assets.items()}
    path.write_text(json.dumps({"type": "Feature", "assets": listed}))


def test_an_item_names_the_image(made: Path, tmp_path: Path) -> None:
    """Of a STAC item the asset that is imagery is read, or several as bands of one image."""
    with rasterio.open(made / "image.tif") as dataset:
        image = dataset.read()
    for name, band in zip("abc", image, strict=True):
        write_tiff(tmp_path / f"{name}.tif", band[None])
    write_item(tmp_path / "one.json", visual=str(made / "image.tif"))
    write_item(tmp_path / "many.json", a="./a.tif", b="./b.tif", c="./c.tif")
    predictor = Predictor(package_of(made), str(tmp_path / "tmp"))
    predictor.predict(str(tmp_path / "one.json"), str(tmp_path / "one.tif"))
    many = str(tmp_path / "many.json")
    predictor.predict(many, str(tmp_path / "many.tif"), assets=["a", "b", "c"])
    expected = read(made / "root/predict/e/s.tif")
    assert np.array_equal(expected, read(tmp_path / "one.tif"))
    assert np.array_equal(expected, read(tmp_path / "many.tif"))
    with pytest.raises(DataError, match=r"3 assets that are imagery: a\.tif, b\.tif") as caught:
        predictor.predict(many, str(tmp_path / "none.tif"))
    assert "--asset NAME" in str(caught.value.hint)
    with pytest.raises(DataError, match="is no STAC item"):
        predictor.predict(str(made / "image.tif"), str(tmp_path / "none.tif"), assets=["a"])


def test_a_package_may_be_unpacked(made: Path, tmp_path: Path) -> None:
    """Its directory is a package as well, and stays as it is."""
    with zipfile.ZipFile(package_of(made)) as package:
        package.extractall(tmp_path / "unpacked")
    before = {path: path.read_bytes() for path in (tmp_path / "unpacked").glob("*.*")}
    predictor = Predictor(str(tmp_path / "unpacked"), str(tmp_path / "tmp"), update_stats=True)
    predictor.predict(str(made / "image.tif"), str(tmp_path / "out.tif"))
    assert before == {path: path.read_bytes() for path in (tmp_path / "unpacked").glob("*.*")}


def test_images_are_compared_with_those_of_training(made: Path, tmp_path: Path) -> None:
    """What differs is known before anything is predicted, and what may be measured anew."""
    package, image = package_of(made), str(made / "image.tif")
    with rasterio.open(image) as dataset:
        write_tiff(tmp_path / "bright.tif", dataset.read() * 8)
        write_tiff(tmp_path / "one.tif", dataset.read()[:1])

    def found(name: str, **options: Any) -> list[Any]:
        predictor = Predictor(package, str(tmp_path / "tmp"), **options)
        return differences(predictor, training_facts(predictor), str(name))

    assert [] == found(image)
    (bright,) = found(tmp_path / "bright.tif")
    assert ("values", True) == (bright.what, "--update-stats measures" in bright.advice)
    assert [] == found(tmp_path / "bright.tif", update_stats=True)
    (one,) = found(tmp_path / "one.tif")
    assert ("bands", True, "the image has 1 bands") == (one.what, one.is_fatal, one.here)


def test_another_zip_is_no_package(tmp_path: Path) -> None:
    """The error says what to give instead."""
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("a.txt", "a")
    with pytest.raises(DataError, match="no predict package"):
        Predictor(str(tmp_path / "x.zip"), str(tmp_path))
