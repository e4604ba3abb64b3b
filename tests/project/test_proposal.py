"""What is proposed for images and labels."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shapely.geometry import shape

from rvcli import keys
from rvcli.errors import DataError, UsageError
from rvcli.project.pairs import Imagery, imagery_in
from rvcli.project.proposal import Proposal, look, propose
from rvcli.project.wishes import Wishes, take_default
from tests.project.conftest import CRS, GRID, Data


def proposed(*images: str, labels: Any = (), tmp_dir: str = ".", **wishes: Any) -> Proposal:
    """Return what is proposed where nobody is asked."""
    given = Wishes(images or ("town.tif",), (labels,) if isinstance(labels, str) else labels)
    wanted = Wishes(**{**vars(given), **wishes})
    return propose(look(wanted, tmp_dir), wanted, take_default)


def test_polygons_are_for_segmentation(data: Data) -> None:
    """Polygons that are no boxes give every pixel a class; what is between is background."""
    data.image()
    data.labels(GRID, kind="Hexagon")
    found = proposed()
    assert keys.SEMANTIC_SEGMENTATION == found.task
    assert ["building", "background"] == found.class_names
    assert (2, 64) == (found.background_id, found.chip_size)


def test_boxes_are_for_detection(data: Data) -> None:
    """Rectangles along the grid are boxes, also where the file is in degrees."""
    data.image()
    data.labels(GRID)
    found = proposed()
    assert (keys.OBJECT_DETECTION, ["building"]) == (found.task, found.class_names)


def test_cells_are_for_classification(data: Data) -> None:
    """Squares of one size on a grid are cells, and chips are as large."""
    data.image()
    cells = [(x, y, x + 32, y + 32) for x in range(0, 256, 32) for y in range(0, 192, 32)]
    data.labels(cells, [{"class_name": "ab"[i % 2]} for i in range(len(cells))])
    found = proposed()
    assert (keys.CHIP_CLASSIFICATION, 32, True) == (found.task, found.chip_size, found.are_cells)
    assert found.background_id is None


def test_one_label_for_each_image(data: Data) -> None:
    """Where a polygon covers its image it says what that is; each class is in both splits."""
    for i in range(12):
        name = f"images/{i}.tif"
        data.image(name, (64, 64))
        data.labels([(0, 0, 64, 64)], [{"class_name": "ab"[i % 2]}], f"labels/{i}.geojson")
    found = proposed("images", labels="labels")
    assert (keys.CHIP_CLASSIFICATION, 64) == (found.task, found.chip_size)
    kinds = [(scene.split, int(scene.id) % 2) for scene in found.scenes]
    assert {("train", 0): 5, ("train", 1): 5, ("validation", 0): 1, ("validation", 1): 1} == {
        kind: kinds.count(kind) for kind in kinds
    }


def test_points(data: Data) -> None:
    """Points are objects to find."""
    data.image()
    data.labels(GRID, kind="Point")
    found = proposed()
    assert (keys.OBJECT_DETECTION, "point") == (found.task, found.labels_kind)


def test_the_areas_do_not_overlap(data: Data) -> None:
    """One image is cut in two: no chip of one part reaches into the other, both have objects."""
    data.image()
    data.labels(GRID, kind="Hexagon")
    found = proposed()
    assert ["train", "validation"] == [scene.split for scene in found.scenes]
    areas = [
        shape(json.loads(text)["features"][0]["geometry"]) for text in found.area_files.values()
    ]
    assert areas[0].intersection(areas[1]).area < 1e-15
    objects = [
        shape(f["geometry"])
        for f in json.loads((data.root / "town.geojson").read_text())["features"]
    ]
    held = [sum(area.contains(one) for one in objects) for area in areas]
    assert held[0] > held[1] > 0
    assert 0.2 < held[1] / sum(held) < 0.45


def test_every_class_is_in_both_areas(data: Data) -> None:
    """A class that is rare in one place is not cut away from training or validation."""
    data.image()
    names = ["tree" if box[1] > 120 else "building" for box in GRID]
    data.labels(GRID, [{"class_name": name} for name in names], kind="Hexagon")
    found = proposed()
    features = json.loads((data.root / "town.geojson").read_text())["features"]
    for text in found.area_files.values():
        area = shape(json.loads(text)["features"][0]["geometry"])
        inside = {
            f["properties"]["class_name"] for f in features if area.contains(shape(f["geometry"]))
        }
        assert {"tree", "building"} == inside


def test_where_nothing_is_labelled_nothing_is_learned(data: Data) -> None:
    """Labels in a corner speak of that corner."""
    data.image(size=(512, 512))
    data.labels(
        [(x, y, x + 14, y + 10) for x in range(10, 160, 30) for y in range(10, 160, 30)],
        kind="Hexagon",
    )
    found = proposed()
    assert any("the rest has no labels" in note for note in found.notes)
    assert found.chip_size <= 64


def test_cuts_are_between_cells(data: Data) -> None:
    """Areas end where cells do, so that none is lost."""
    data.image()
    data.labels(GRID, kind="Hexagon")
    found = proposed(task=keys.CHIP_CLASSIFICATION, chip_size=48)
    assert ["building", "background"] == found.class_names
    lefts = [
        shape(json.loads(text)["features"][0]["geometry"]).area
        for text in found.area_files.values()
    ]
    share = min(lefts) / sum(lefts)
    assert min(abs(share - n / 256) for n in (48, 96)) < 0.01 or abs(share - 48 / 192) < 0.01


def test_coordinates_of_the_image_without_a_word(data: Data) -> None:
    """GeoJSON in the CRS of the image that does not say so is told by its coordinates."""
    data.image()
    data.labels(GRID, crs=CRS, kind="Hexagon")
    assert CRS == proposed().labels_crs


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_an_image_without_georeference(data: Data) -> None:
    """Labels are in pixels then, and so are areas."""
    data.image(crs=None)
    data.labels(GRID, crs=None, kind="Hexagon")
    found = proposed()
    corners = json.loads(found.area_files["areas/train.geojson"])["features"][0]["geometry"]
    assert [0.0, 0.0] in corners["coordinates"][0]


def test_folders_say_what_is_for_validation(data: Data) -> None:
    """Images in folders that are called train and val are split like that."""
    for name in ("train/a", "val/a"):
        data.image(f"{name}.tif")
        data.labels(GRID, name=f"{name}.geojson", kind="Hexagon")
    found = proposed("*/*.tif")
    assert {"train/a.tif": "train", "val/a.tif": "validation"} == {
        scene.image: scene.split for scene in found.scenes
    }
    assert {"train-a", "val-a"} == {scene.id for scene in found.scenes}
    assert all(scene.labels == scene.image.replace(".tif", ".geojson") for scene in found.scenes)


def test_of_two_images_that_with_more_labels_is_learned(data: Data) -> None:
    """The other is for validation."""
    for name, boxes in (("a", GRID[:5]), ("b", GRID)):
        data.image(f"{name}.tif")
        data.labels(boxes, name=f"{name}_labels.geojson", kind="Hexagon")
    found = proposed("a.tif", "b.tif", labels=("a_labels.geojson", "b_labels.geojson"))
    assert {"b": "train", "a": "validation"} == {s.id: s.split for s in found.scenes}


@pytest.mark.parametrize(
    ("values", "names", "mapping", "background"),
    [
        ([0, 1], ["object", "background"], {1: 1, 0: 2}, 2),
        ([0, 255], ["object", "background"], {255: 1, 0: 2}, 2),
        ([0, 1, 2, 3], ["class_1", "class_2", "class_3"], {}, None),
        ([0, 10, 20], ["class_10", "class_20"], {10: 1, 20: 2}, None),
    ],
)
def test_rasters(data: Data, values: Any, names: Any, mapping: Any, background: Any) -> None:
    """Of two values 0 is background, else it is ignored; values become ids from 1."""
    data.image()
    data.raster(np.random.default_rng(0).choice(values, (192, 256)))
    found = proposed(labels="town_labels.tif")
    assert (names, mapping, background) == (
        *(found.class_names, dict(found.raster_mapping), found.background_id),
    )


def test_full_cover_leaves_no_background(data: Data) -> None:
    """Where polygons cover everything, nothing is left for a class of its own."""
    data.image()
    strips = [(x, 0, x + 32, 192) for x in range(0, 256, 32)]
    data.labels(strips, [{"class_name": "ab"[i % 2]} for i in range(8)])
    assert ["a", "b"] == proposed(task=keys.SEMANTIC_SEGMENTATION).class_names


def test_a_band_that_is_called_alpha(data: Data) -> None:
    """Near infrared that GDAL has taken for alpha is used."""
    data.image(bands=4, photometric="RGB", alpha="yes")
    data.labels(GRID, kind="Hexagon")
    assert 4 == proposed().bands


PROPERTIES = [
    ({"class_name": "a"}, {"class_name": "b"}, ("a", "b"), "class_name", {}),
    ({"Class": "A"}, {"Class": "B"}, ("A", "B"), "Class", {"A": "A", "B": "B"}),
    ({"class": 1}, {"class": 2}, ("class_1", "class_2"), "class", {"1": "class_1", "2": "class_2"}),
    ({"building": "yes"}, {"building": "yes"}, ("building",), "building", {"yes": "building"}),
    (
        {"name": "A", "use": "x"},
        {"name": "B", "use": "y"},
        ("A", "B"),
        "name",
        {"A": "A", "B": "B"},
    ),
    ({}, {}, ("houses",), None, {}),
]


@pytest.mark.parametrize(("one", "other", "names", "name", "mapping"), PROPERTIES)
def test_classes(data: Data, one: Any, other: Any, names: Any, name: Any, mapping: Any) -> None:
    """The property that says what labels are is found; without any, the file's name is taken."""
    data.image()
    properties = [one if i % 2 else other for i in range(len(GRID))][::-1]
    data.labels(GRID, properties, "houses.geojson", kind="Hexagon")
    found = proposed(labels="houses.geojson").classes
    assert (set(names), name, mapping) == (
        *(set(found.names), found.class_property, dict(found.mapping)),
    )


def test_some_of_the_classes(data: Data) -> None:
    """Labels of other classes are left out, and counted."""
    data.image()
    data.labels(GRID, [{"class_name": "ab"[i % 2]} for i in range(len(GRID))], kind="Hexagon")
    found = proposed(classes=("b",)).classes
    assert (("b",), {"b": "b"}, len(GRID) // 2) == (found.names, found.mapping, found.left_out)


def test_other_names_for_the_classes(data: Data) -> None:
    """As many names as there are values, none of which is one, stand for them in their order."""
    data.image()
    data.labels(GRID, [{"kind": i % 2} for i in range(len(GRID))], kind="Hexagon")
    found = proposed(classes=("house", "tree"), class_property="kind").classes
    assert {"0": "house", "1": "tree"} == dict(found.mapping)


def refusals() -> dict[str, Any]:
    """Return what is wrong, by the words of the message."""
    moved = [(x + 5000, y, x2 + 5000, y2) for x, y, x2, y2 in GRID]
    return {
        "lies on town.tif: they reach from": (moved, {}, DataError),
        "no label is of the class 'bilding'": (GRID, {"classes": ("bilding",)}, UsageError),
        "no property 'clas_name'": (GRID, {"class_property": "clas_name"}, UsageError),
        "too small to be cut": (GRID, {"chip_size": 190}, DataError),
        "there is nothing in town.geojson": ([], {}, DataError),
    }


@pytest.mark.parametrize("message", refusals())
def test_what_cannot_be(data: Data, message: str) -> None:
    """It is said in words, with what to do."""
    boxes, wishes, error = refusals()[message]
    data.image()
    data.labels(boxes, kind="Hexagon")
    with pytest.raises(error, match=message) as caught:
        proposed(labels="town.geojson", **wishes)
    assert caught.value.hint


def test_imagery_of_a_folder(tmp_path: Path) -> None:
    """One image is named by itself, several by their folder; labels by what is alone or beside."""
    assert imagery_in(tmp_path) is None
    files = ["a.tif", "houses.geojson", "b.tif", "a.gpkg"]
    found = []
    for file in files:
        (tmp_path / file).touch()
        found.append(imagery_in(tmp_path))
    a, houses = str(tmp_path / "a.tif"), str(tmp_path / "houses.geojson")
    expected = [(a, "", False), (a, houses, True), (str(tmp_path), houses, True)]
    assert [Imagery(*e) for e in [*expected, (str(tmp_path), "", True)]] == found


def test_coordinates_that_are_no_degrees(data: Data) -> None:
    """GeoJSON of another CRS than the image's that does not say which is recognized."""
    data.image()
    data.labels(GRID, kind="Hexagon")
    path = data.root / "town.geojson"
    text = re.sub(r"(\d+\.\d+)", r"\g<1>e4", path.read_text())
    path.write_text(text)
    with pytest.raises(DataError) as caught:
        proposed()
    assert "these are no degrees" in str(caught.value.hint)


def test_exchanged_coordinates(data: Data) -> None:
    """Latitude before longitude is recognized."""
    data.image()
    data.labels(GRID, kind="Hexagon")
    path = data.root / "town.geojson"
    geojson = json.loads(path.read_text())
    for feature in geojson["features"]:
        [ring] = feature["geometry"]["coordinates"]
        feature["geometry"]["coordinates"] = [[point[::-1] for point in ring]]
    path.write_text(json.dumps(geojson))
    with pytest.raises(DataError) as caught:
        proposed()
    assert "x and y are exchanged" in str(caught.value.hint)


def test_no_labels(data: Data) -> None:
    """It is said how to make some."""
    data.image()
    with pytest.raises(UsageError, match="there are no labels") as caught:
        proposed()
    assert "class_name" in str(caught.value.hint)


def test_images_of_two_kinds(data: Data) -> None:
    """A model learns from images of one kind."""
    for name, bands in (("a", 3), ("b", 4)):
        data.image(f"{name}.tif", bands=bands)
        data.labels(GRID, name=f"{name}.geojson", kind="Hexagon")
    with pytest.raises(DataError, match="the images differ"):
        proposed("a.tif", "b.tif")


def test_a_file_that_is_not_there(data: Data) -> None:
    """What is there instead is named."""
    data.image()
    with pytest.raises(UsageError, match=r"there is no file twon.tif \(--image\)") as caught:
        proposed("twon.tif")
    assert "town.tif" in str(caught.value.hint)
