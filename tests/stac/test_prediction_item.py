"""The item beside predictions, of every kind of store."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.errors import NotGeoreferencedWarning
from rasterio.transform import from_origin

from rvcli import keys
from rvcli.core.box import Box
from rvcli.data.label.chip_classification_labels import ChipClassificationLabels
from rvcli.data.label.object_detection_labels import ObjectDetectionLabels
from rvcli.data.label.semantic_segmentation_labels import SemanticSegmentationLabels
from rvcli.data.label_store.label_store_config import LabelStoreConfig
from rvcli.data.raster_source.raster_source_config import RasterSourceConfig
from rvcli.data.raster_source.stac_item import read_assets
from rvcli.data.scene_config import SceneConfig
from rvcli.stac.prediction_item import place_of_item, remove_items, write_item
from rvcli.stac.vocabulary import derived_from
from rvcli.task.task_config import TaskConfig

SIZE = 32
Validate = Callable[[dict[str, Any]], None]


def write_image(path: Path, crs: str | None = "EPSG:32633") -> str:
    """Write an image."""
    options: dict[str, Any] = {"count": 3, "height": SIZE, "width": SIZE, "dtype": "uint8"}
    if crs:
        options |= {"crs": crs, "transform": from_origin(500_000, 4_000_000, 1, 1)}
    with rasterio.open(path, "w", "GTiff", **options) as out:
        out.write(np.full((3, SIZE, SIZE), 7, np.uint8))
    return str(path)


def labels_of(task_type: str) -> Any:
    """Return labels that a store of a task takes."""
    box = Box(0, 0, SIZE, SIZE)
    if task_type == keys.SEMANTIC_SEGMENTATION:
        return SemanticSegmentationLabels([box], lambda w: np.ones((SIZE, SIZE), np.uint8))
    if task_type == keys.CHIP_CLASSIFICATION:
        labels = ChipClassificationLabels()
        labels.set_cell(box, 1)
        return labels
    return ObjectDetectionLabels(np.array([[2.0, 2, 9, 9]]), np.array([1]), np.array([0.9]))


def item_of(folder: Path, task_type: str, source: Any, store: Any = None) -> dict[str, Any]:
    """Save labels in the store of a scene, and return the item that is written beside them."""
    task = TaskConfig.builder(task_type).with_classes({"a b": (1, "red"), "c": 2}).build()
    ending = "tif" if task_type == keys.SEMANTIC_SEGMENTATION else "json"
    scene_config = (
        SceneConfig.builder()
        .with_task(task)
        .with_id("s")
        .with_raster_source(source)
        .with_label_store(store or str(folder / f"s.{ending}"))
        .build()
    )
    scene = scene_config.create_scene(task, str(folder / "tmp"))
    with scene.activate():
        scene.prediction_label_store.save(labels_of(task_type))
    links = [derived_from("s3://models/model.zip", "model")]
    place = write_item(scene_config, scene, task, id="s", links=links, properties={"rv:x": 1})
    assert str(folder / "stac" / f"s.{ending}.json") == place
    found: dict[str, Any] = json.loads(Path(str(place)).read_text("utf-8"))
    return found


@pytest.mark.parametrize(
    "task_type", [keys.SEMANTIC_SEGMENTATION, keys.CHIP_CLASSIFICATION, keys.OBJECT_DETECTION]
)
def test_each_task_has_an_item(tmp_path: Path, task_type: str, validate_item: Validate) -> None:
    """It says where predictions lie, what they are, and what they were made from."""
    image = write_image(tmp_path / "image ü.tif")
    item = item_of(tmp_path, task_type, image)
    validate_item(item)
    assert item["bbox"] == pytest.approx([15.0, 36.1444, 15.00036, 36.1447], abs=1e-4)
    properties = item["properties"]
    assert ("EPSG:32633", [SIZE, SIZE], 1) == tuple(
        properties[name] for name in ("proj:code", "proj:shape", "rv:x")
    )
    assert [1.0, 0.0, 500_000.0, 0.0, -1.0, 4_000_000.0] == properties["proj:transform"]
    assert {"rvcli", "numpy"} <= set(properties["processing:software"])
    assert [Path(image).as_uri(), "s3://models/model.zip"] == [k["href"] for k in item["links"]]
    predictions = item["assets"]["predictions"]
    classes = {c["value"]: c["name"] for c in predictions["classification:classes"]}
    assert {1: "a_b", 2: "c"}.items() <= classes.items()
    found = read_assets(str(next((tmp_path / "stac").glob("*.json"))))
    assert Path(found["predictions"].uri).is_file()


def test_all_that_a_raster_store_writes_is_an_asset(
    tmp_path: Path, validate_item: Validate
) -> None:
    """Probabilities and polygons are named beside the classes."""
    store = (
        LabelStoreConfig.builder(keys.SEMANTIC_SEGMENTATION_RASTER)
        .with_uri(str(tmp_path / "s.tif"))
        .with_vector_output(
            [
                {"mode": "polygons", "class_id": 1},
                {"mode": "buildings", "class_id": 2, "uri": str(tmp_path / "deep/b.gpkg")},
            ]
        )
        .build()
    )
    item = item_of(tmp_path, keys.SEMANTIC_SEGMENTATION, write_image(tmp_path / "i.tif"), store)
    validate_item(item)
    assets = item["assets"]
    assert ["predictions", "buildings-c", "polygons-a_b"] == list(assets)
    assert "../s-1-polygons.json" == assets["polygons-a_b"]["href"]
    assert "application/geopackage+sqlite3" == assets["buildings-c"]["type"]
    assert 0 == assets["predictions"]["nodata"]


def test_a_plain_image_has_no_place(tmp_path: Path, validate_item: Validate) -> None:
    """Its item has no geometry, no box and no CRS, and is valid."""
    with pytest.warns(NotGeoreferencedWarning):
        image = write_image(tmp_path / "i.tif", crs=None)
    item = item_of(tmp_path, keys.SEMANTIC_SEGMENTATION, image)
    validate_item(item)
    assert item["geometry"] is None
    assert "bbox" not in item
    assert "proj:code" not in item["properties"]


def test_a_crs_without_code_is_written_out(tmp_path: Path, validate_item: Validate) -> None:
    """Its code is null, and WKT says what it is."""
    image = write_image(tmp_path / "i.tif", crs="+proj=laea +lat_0=10 +lon_0=20")
    item = item_of(tmp_path, keys.SEMANTIC_SEGMENTATION, image)
    validate_item(item)
    assert item["properties"]["proj:code"] is None
    assert "Lambert Azimuthal" in item["properties"]["proj:wkt2"]


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ({"datetime": "2024-05-01T10:00:00Z"}, "2024-05-01T10:00:00Z"),
        (
            {"start_datetime": "2024-05-01T00:00:00Z", "end_datetime": "2024-06-01T00:00:00Z"},
            None,
        ),
    ],
)
def test_imagery_of_an_item_says_when_it_was_taken(
    tmp_path: Path, validate_item: Validate, times: dict[str, str], expected: str | None
) -> None:
    """The link leads to the item of the imagery, whose time is that of the predictions."""
    write_image(tmp_path / "i.tif")
    source_item = {
        "type": "Feature",
        "properties": {"datetime": None, **times},
        "assets": {"image": {"href": "./i.tif", "roles": ["data"]}},
    }
    path = tmp_path / "imagery.json"
    path.write_text(json.dumps(source_item))
    source = RasterSourceConfig.builder(keys.STAC_ITEM_SOURCE).with_uri(str(path)).build()
    item = item_of(tmp_path, keys.SEMANTIC_SEGMENTATION, source)
    validate_item(item)
    assert path.as_uri() == item["links"][0]["href"]
    assert expected == item["properties"]["datetime"]
    assert times.items() <= item["properties"].items()


class Silent:
    """A store of a plugin that names no file."""

    def report_io(self, command_type: str, io_def: Any) -> None:
        """Fail as plugins do."""
        raise ZeroDivisionError


class Named:
    """A store of a plugin that names its files by hand."""

    def report_io(self, command_type: str, io_def: Any) -> None:
        """Name a file."""
        io_def.add_output("/x/stripes.dat")


def test_stores_of_plugins() -> None:
    """One that names a file has an item; one that names none, or none of it, has none."""
    assert "/x/stac/stripes.dat.json" == place_of_item(Named())
    assert place_of_item(Silent()) is None
    assert place_of_item(None) is None


def test_items_of_other_predictions_are_removed(tmp_path: Path) -> None:
    """Before predictions are made anew nothing describes the former ones any more."""
    store = LabelStoreConfig.builder(keys.OBJECT_DETECTION_GEOJSON)
    config = store.with_uri(str(tmp_path / "a.json")).build()
    place = Path(str(place_of_item(config)))
    place.parent.mkdir()
    place.write_text("{}")
    remove_items([config, None])
    remove_items([config])
    assert not place.exists()
