"""Predicted classes in GeoTIFFs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from affine import Affine
from rasterio.crs import CRS
from rasterio.features import rasterize

from rvcli.core.box import Box
from rvcli.core.class_map import ClassMap
from rvcli.data.crs_transformer.identity_crs_transformer import IdentityCRSTransformer
from rvcli.data.crs_transformer.rasterio_crs_transformer import RasterioCRSTransformer
from rvcli.data.label.semantic_segmentation_labels import SemanticSegmentationLabels
from rvcli.data.label_store.semantic_segmentation_raster_store import (
    SemanticSegmentationRasterStore,
)
from rvcli.data.label_store.vector_output_config import VectorOutput
from rvcli.errors import ConfigError, DataError, NotReadableError, NotWritableError
from rvcli.utils.files import download_if_needed

EXTENT = Box(0, 0, 50, 70)
CLASSES = ClassMap.construct_from({"car": (1, "red"), "tree": (2, "#00ff00"), "sea": (3, "blue")})


@pytest.fixture
def classes() -> Any:
    """Give class ids for every pixel of the extent, drawn with a seed."""
    return np.random.default_rng(7).integers(0, 4, (50, 70), dtype=np.uint8)


def labels_of(array: Any, size: int = 32) -> SemanticSegmentationLabels:
    """Give an array as labels in squares that reach beyond it."""
    padded = np.pad(array, ((0, size), (0, size)))

    def part(window: Box) -> Any:
        return padded[window.ymin : window.ymax, window.xmin : window.xmax]

    return SemanticSegmentationLabels(EXTENT.get_windows(size, size), part)


def store_at(uri: Any, grid: Any, tmp_path: Path, **options: Any) -> Any:
    """Make a store with the classes of these tests."""
    options.setdefault("class_map", CLASSES)
    return SemanticSegmentationRasterStore(str(uri), EXTENT, grid, str(tmp_path), **options)


def whole(labels: SemanticSegmentationLabels) -> Any:
    """Put the windows of labels together."""
    array = np.zeros((50, 70), dtype=np.uint16)
    for window, part in labels.get_label_arrs(clip_extent=EXTENT):
        array[window.ymin : window.ymax, window.xmin : window.xmax] = part
    return array


def test_file_is_what_other_programs_expect(
    tmp_path: Path, grid: RasterioCRSTransformer, classes: Any
) -> None:
    """The file has the image's grid, nodata 0, blocks, compression, colours and names."""
    path = tmp_path / "a b" / "käse.tif"
    store_at(path, grid, tmp_path).save(labels_of(classes))
    with rasterio.open(path) as dataset:
        assert dataset.read(1).tolist() == classes.tolist()
        assert dataset.crs == CRS.from_epsg(32737)
        assert dataset.transform == grid.get_affine_transform()
        assert dataset.dtypes == ("uint8",)
        assert dataset.nodata == 0
        assert dataset.profile["tiled"]
        assert dataset.compression.name == "deflate"
        assert dataset.colormap(1)[2] == (0, 255, 0, 255)
        assert json.loads(dataset.tags()["CLASS_NAMES"]) == {"1": "car", "2": "tree", "3": "sea"}
    assert [path] == list(path.parent.iterdir())


@pytest.mark.parametrize("rgb", [False, True])
def test_labels_come_back(
    tmp_path: Path, grid: RasterioCRSTransformer, classes: Any, rgb: bool
) -> None:
    """get_labels gives what save was given, also through colours."""
    store = store_at(tmp_path / "p.tif", grid, tmp_path, rgb=rgb)
    store.save(labels_of(classes))
    with store.activate():
        labels = store.get_labels(chip_size=30)
        assert len(labels.get_windows()) == 6
        assert classes.tolist() == whole(labels).tolist()
    assert store._dataset is None


def test_rgb_file_holds_colors(tmp_path: Path, grid: RasterioCRSTransformer, classes: Any) -> None:
    """With rgb the file has three bands with the colours of the classes."""
    store_at(tmp_path / "p.tif", grid, tmp_path, rgb=True).save(labels_of(classes))
    with rasterio.open(tmp_path / "p.tif") as dataset:
        assert dataset.count == 3
        red = dataset.read()[:, classes == 1]
        assert red[:, 0].tolist() == [255, 0, 0]
        assert (red == red[:, :1]).all()


def test_image_without_georeference(tmp_path: Path, classes: Any) -> None:
    """Predictions of an image without georeference have none either."""
    store = store_at(tmp_path / "p.tif", IdentityCRSTransformer(), tmp_path, class_map=None)
    store.save(labels_of(classes))
    assert classes.tolist() == whole(store.get_labels()).tolist()
    store._deactivate()


def test_later_window_wins(tmp_path: Path, grid: RasterioCRSTransformer) -> None:
    """Where windows overlap, the later one is kept."""
    windows = [Box(0, 0, 30, 30), Box(10, 10, 40, 40), Box(5, 0, 20, 20)]

    def ids(window: Box) -> Any:
        return np.full((window.get_height(), window.get_width()), 1 + windows.index(window))

    store = store_at(tmp_path / "p.tif", grid, tmp_path)
    store.save(SemanticSegmentationLabels(windows, ids))
    expected = np.zeros((50, 70), dtype=int)
    for window in windows:
        expected[window.ymin : window.ymax, window.xmin : window.xmax] = ids(window)[0, 0]
    assert expected.tolist() == whole(store.get_labels()).tolist()
    store._deactivate()


def test_labels_of_a_plugin_are_saved(
    tmp_path: Path, grid: RasterioCRSTransformer, classes: Any
) -> None:
    """Labels that have only the methods of the old interface are saved, too."""
    inner = labels_of(classes)

    class Old:
        def get_windows(self) -> list[Box]:
            return inner.get_windows()

        def get_label_arr(self, window: Box, clip_extent: Box | None = None) -> Any:
            return inner.get_label_arr(window, clip_extent)

    store = store_at(tmp_path / "p.tif", grid, tmp_path)
    store.save(Old())
    with store.activate():
        assert classes.tolist() == whole(store.get_labels()).tolist()


def test_saving_again_replaces_what_was_read(
    tmp_path: Path, grid: RasterioCRSTransformer, classes: Any
) -> None:
    """After a second save the labels are the new ones, though the old ones were open."""
    store = store_at(tmp_path / "p.tif", grid, tmp_path)
    store.save(labels_of(classes))
    with store.activate():
        whole(store.get_labels())
        store.save(labels_of(3 - classes))
        assert (3 - classes).tolist() == whole(store.get_labels()).tolist()


def test_failed_save_leaves_nothing(
    tmp_path: Path, grid: RasterioCRSTransformer, classes: Any
) -> None:
    """If predicting fails midway there is no new file, and an old one stays as it was."""
    path = tmp_path / "out" / "p.tif"
    store = store_at(path, grid, tmp_path)

    def fail(window: Box) -> Any:
        if window.ymin > 0:
            raise KeyboardInterrupt
        return np.ones((32, 32), dtype=np.uint8)

    broken = SemanticSegmentationLabels(EXTENT.get_windows(32, 32), fail)
    with pytest.raises(KeyboardInterrupt):
        store.save(broken)
    assert list(path.parent.iterdir()) == []
    store.save(labels_of(classes))
    with pytest.raises(KeyboardInterrupt):
        store.save(broken)
    assert [path] == list(path.parent.iterdir())
    with rasterio.open(path) as dataset:
        assert dataset.read(1).tolist() == classes.tolist()


def test_s3_gets_the_whole_file(
    tmp_path: Path, grid: RasterioCRSTransformer, classes: Any, s3_root: str
) -> None:
    """A remote URI gets the file at once, and labels come back from there."""
    uri = f"{s3_root}/pred ict/p.tif"
    store_at(uri, grid, tmp_path / "one").save(labels_of(classes))
    assert list((tmp_path / "one").iterdir()) == []
    store = store_at(uri, grid, tmp_path / "two")
    with store.activate():
        assert classes.tolist() == whole(store.get_labels()).tolist()


def test_ids_over_255(tmp_path: Path, grid: RasterioCRSTransformer) -> None:
    """Class ids that need two bytes are kept whole."""
    classes = ClassMap.construct_from({"a": 1, "b": 1000})
    store = store_at(tmp_path / "p.tif", grid, tmp_path, class_map=classes)
    store.save(labels_of(np.full((50, 70), 1000, dtype=np.uint16)))
    with store.activate():
        assert (whole(store.get_labels()) == 1000).all()


@pytest.mark.parametrize("value", [-1, 256])
def test_labels_that_do_not_fit_are_refused(
    tmp_path: Path, grid: RasterioCRSTransformer, value: int
) -> None:
    """Class ids that the file cannot hold are refused, not wrapped around."""
    store = store_at(tmp_path / "p.tif", grid, tmp_path)
    with pytest.raises(DataError, match=str(value)):
        store.save(labels_of(np.full((50, 70), value, dtype=np.int64)))


def test_labels_of_the_wrong_size_are_refused(tmp_path: Path, grid: RasterioCRSTransformer) -> None:
    """Labels that are not of their window's size are refused."""
    labels = SemanticSegmentationLabels([Box(0, 0, 9, 9)], lambda _: np.ones((9, 9, 1)))
    with pytest.raises(DataError, match=r"\(9, 9, 1\)"):
        store_at(tmp_path / "p.tif", grid, tmp_path).save(labels)


def test_missing_predictions_are_named(tmp_path: Path, grid: RasterioCRSTransformer) -> None:
    """Reading what was never saved says where it should be, when it is read."""
    store = store_at(tmp_path / "p.tif", grid, tmp_path)
    with store.activate():
        labels = store.get_labels()
        with pytest.raises(NotReadableError, match=r"no predictions at .*p\.tif"):
            whole(labels)


def test_predictions_of_another_image_are_refused(
    tmp_path: Path, grid: RasterioCRSTransformer, classes: Any
) -> None:
    """Predictions of another size than the image are refused."""
    path = str(tmp_path / "p.tif")
    store_at(path, grid, tmp_path).save(labels_of(classes))
    other = SemanticSegmentationRasterStore(path, Box(0, 0, 60, 70), grid, str(tmp_path))
    with pytest.raises(DataError, match="50 x 70 pixels, the image is 60 x 70"):
        other.get_labels().get_label_arr(EXTENT)


def test_predictions_of_another_place_are_refused(
    tmp_path: Path, grid: RasterioCRSTransformer, classes: Any
) -> None:
    """Predictions as large as the image that lie elsewhere are refused, not compared with it."""
    path = tmp_path / "predictions.tif"
    store_at(path, grid, tmp_path).save(labels_of(classes))
    moved = grid.get_affine_transform() * Affine.translation(3, 0)
    elsewhere = RasterioCRSTransformer(moved, grid.get_image_crs())
    with pytest.raises(DataError, match="up to 3 pixels off the image"):
        whole(store_at(path, elsewhere, tmp_path).get_labels())


def test_empty_labels_have_no_windows(tmp_path: Path, grid: RasterioCRSTransformer) -> None:
    """Empty labels have no windows, and 0 everywhere; saved they are a file of 0."""
    store = store_at(tmp_path / "p.tif", grid, tmp_path)
    labels = store.empty_labels()
    assert labels.get_windows() == []
    assert labels.get_label_arr(Box(0, 0, 2, 3)).tolist() == [[0, 0, 0], [0, 0, 0]]
    store.save(labels)
    with store.activate():
        assert not whole(store.get_labels()).any()


def test_directory_that_cannot_be_made(tmp_path: Path, grid: RasterioCRSTransformer) -> None:
    """A file where a directory is needed is named."""
    (tmp_path / "file").write_text("")
    store = store_at(tmp_path / "file" / "p.tif", grid, tmp_path)
    with pytest.raises(NotWritableError, match="file"):
        store.save(store.empty_labels())


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a place that takes no files")
def test_file_that_cannot_be_made(tmp_path: Path, grid: RasterioCRSTransformer) -> None:
    """A file that GDAL cannot make is named as it was given, not by its temporary name."""
    store = store_at("/proc/p.tif", grid, tmp_path)
    with pytest.raises(NotWritableError, match=r"^/proc/p\.tif cannot be written: ") as caught:
        store.save(store.empty_labels())
    assert "room on the disk" in str(caught.value.hint)


@pytest.mark.parametrize("rgb", [False, True])
def test_vector_outputs_are_made_of_the_pixels(
    tmp_path: Path, grid: RasterioCRSTransformer, rgb: bool
) -> None:
    """Polygons of a class lie beside the pixels, and where else they are asked for."""
    array = np.zeros((50, 70), np.uint8)
    array[10:20, 10:40] = array[30:40, 30:60] = 2
    array[40:45, 5:25] = 1
    outputs = [
        {"mode": "polygons", "class_id": 2},
        VectorOutput(mode="buildings", class_id=1, uri=str(tmp_path / "else" / "cars.gpkg")),
    ]
    store = store_at(tmp_path / "p.tif", grid, tmp_path, rgb=rgb, vector_output=outputs)
    store.save(labels_of(array))
    trees = json.loads((tmp_path / "p-2-polygons.json").read_text())["features"]
    assert [{"class_id": 2, "class_name": "tree"}] * 2 == [f["properties"] for f in trees]
    found = shapely.transform(
        [shapely.geometry.shape(f["geometry"]) for f in trees], grid.map_to_pixel_exact
    )
    drawn = rasterize(found, out_shape=(50, 70), dtype="uint8")
    assert (array == 2).tolist() == (drawn == 1).tolist()
    [car] = shapely.from_wkb(pyogrio.raw.read(tmp_path / "else" / "cars.gpkg")[2])
    assert 25.0 == pytest.approx(car.area)
    assert store._dataset is None


def test_vector_outputs_on_s3(
    tmp_path: Path, grid: RasterioCRSTransformer, classes: Any, s3_root: str
) -> None:
    """Remote URIs get their files, and the names of layers are those of the files."""
    outputs = [{"mode": "polygons", "class_id": 2, "uri": f"{s3_root}/trees.gpkg"}]
    store = store_at(f"{s3_root}/p.tif", grid, tmp_path / "one", vector_output=outputs)
    store.save(labels_of(classes))
    path = download_if_needed(f"{s3_root}/trees.gpkg", str(tmp_path / "two"))
    assert "trees" == pyogrio.list_layers(path)[0, 0]


def test_vector_output_of_no_class_is_refused(tmp_path: Path, grid: RasterioCRSTransformer) -> None:
    """Before anything is predicted."""
    with pytest.raises(ConfigError, match="of the class 9"):
        store_at("p.tif", grid, tmp_path, vector_output=[{"mode": "polygons", "class_id": 9}])


def test_vector_output_without_class_map(tmp_path: Path, grid: RasterioCRSTransformer) -> None:
    """Where nobody says what classes are called, they are called by their ids."""
    outputs = [{"mode": "polygons", "class_id": 3}]
    store = store_at(tmp_path / "p.tif", grid, tmp_path, class_map=None, vector_output=outputs)
    store.save(labels_of(np.full((50, 70), 3, np.uint8)))
    [feature] = json.loads((tmp_path / "p-3-polygons.json").read_text())["features"]
    assert "3" == feature["properties"]["class_name"]


def test_rgb_needs_classes(tmp_path: Path, grid: RasterioCRSTransformer) -> None:
    """Colours without a class map are refused."""
    with pytest.raises(ConfigError, match="without classes"):
        store_at("p.tif", grid, tmp_path, class_map=None, rgb=True)
