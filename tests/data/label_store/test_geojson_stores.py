"""Cells and boxes in GeoJSON files: written to the map, read back to the same pixels."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from rasterio.crs import CRS

from rvcli import keys
from rvcli.core.box import Box
from rvcli.core.class_map import ClassMap
from rvcli.core.command_io_definition import CommandIODefinition
from rvcli.data.crs_transformer.identity_crs_transformer import IdentityCRSTransformer
from rvcli.data.crs_transformer.rasterio_crs_transformer import RasterioCRSTransformer
from rvcli.data.label.chip_classification_labels import ChipClassificationLabels
from rvcli.data.label.object_detection_labels import ObjectDetectionLabels
from rvcli.data.label_store.chip_classification_geojson_store import (
    ChipClassificationGeoJSONStore,
)
from rvcli.data.label_store.label_store_config import LabelStoreConfig
from rvcli.data.label_store.object_detection_geojson_store import ObjectDetectionGeoJSONStore
from rvcli.errors import ConfigError, DataError, NotReadableError

CLASSES = ClassMap.construct_from(["car", "ship"])
KEYS = [keys.CHIP_CLASSIFICATION_GEOJSON, keys.OBJECT_DETECTION_GEOJSON]

GRIDS = {
    "UTM": RasterioCRSTransformer(Affine(0.1, 0, 5e5, 0, -0.1, 9.3e6), CRS.from_epsg(32737)),
    "turned": RasterioCRSTransformer(Affine(3, 1, 5e5, 1, -3, 9.3e6), CRS.from_epsg(32737)),
    "rows go up": RasterioCRSTransformer(Affine(1, 0, 5e5, 0, 1, 9.3e6), CRS.from_epsg(32737)),
    "web map": RasterioCRSTransformer(Affine(0.3, 0, 4e6, 0, -0.3, -7e5), CRS.from_epsg(3857)),
    "no map": IdentityCRSTransformer(),
}


def cells(*boxes: Box) -> ChipClassificationLabels:
    """Make labels of class 2 with scores."""
    labels = ChipClassificationLabels()
    for box in boxes:
        labels.set_cell(box, 2, [0.25, 0.75])
    return labels


@pytest.mark.parametrize("ending", ["json", "gpkg", "fgb"])
@pytest.mark.parametrize("name", GRIDS)
def test_cells_come_back(name: str, ending: str, tmp_path: Path) -> None:
    """Cells that were saved are read back to the same pixels, with class and scores."""
    store = ChipClassificationGeoJSONStore(str(tmp_path / f"cells.{ending}"), GRIDS[name], CLASSES)
    labels = cells(*Box(0, 0, 60, 40).get_windows(20, 20), Box(60, 0, 63, 20))
    labels.set_cell(Box(0, 40, 20, 60), 1)
    store.save(labels)
    found = store.get_labels()
    if ending == "fgb":  # which has an order of its own, for its index
        assert set(labels.get_cells()) == set(found.get_cells())
        assert all(labels.get_cell_scores(c) == found.get_cell_scores(c) for c in found.get_cells())
    else:
        assert labels == found


@pytest.mark.parametrize("ending", ["json", "gpkg"])
@pytest.mark.parametrize("name", GRIDS)
def test_boxes_come_back(name: str, ending: str, tmp_path: Path) -> None:
    """Boxes that were saved are read back with fractions of pixels, class and score."""
    store = ObjectDetectionGeoJSONStore(str(tmp_path / f"boxes.{ending}"), GRIDS[name], CLASSES)
    npboxes = np.array([[0, 0, 10, 20], [1.25, 2.5, 30.0625, 40.1234]])
    store.save(ObjectDetectionLabels(npboxes, np.array([1, 2]), np.array([0.9, 0.125])))
    read = store.get_labels()
    if name != "turned":  # where the bounds of a turned box are taken
        np.testing.assert_allclose(read.get_npboxes(), npboxes, atol=1e-4)
    assert [1, 2] == read.get_class_ids().tolist()
    assert [0.9, 0.125] == read.get_scores().tolist()


@given(
    lon=st.floats(-179, 179),
    lat=st.floats(-79, 79),
    degrees=st.floats(1e-9, 1e-4),
    numbers=st.lists(st.integers(0, 10_000), min_size=4, max_size=4),
)
def test_any_cell_comes_back(
    lon: float, lat: float, degrees: float, numbers: list[int], tmp_path_factory: Any
) -> None:
    """Wherever an image lies and whatever its resolution, a cell comes back to its pixels."""
    affine = Affine(degrees, 0, lon, 0, -degrees, lat)
    grid = RasterioCRSTransformer(affine, CRS.from_epsg(4326))
    y, x, height, width = numbers
    labels = cells(Box(y, x, y + height + 1, x + width + 1))
    uri = str(tmp_path_factory.getbasetemp() / "cells.json")
    store = ChipClassificationGeoJSONStore(uri, grid, CLASSES)
    store.save(labels)
    assert labels == store.get_labels()


@pytest.mark.parametrize("name", ["UTM", "rows go up", "web map"])
def test_files_are_as_rfc_7946_wants_them(name: str, tmp_path: Path) -> None:
    """Polygons are in longitude and latitude, closed, and run counterclockwise."""
    path = tmp_path / "cells.json"
    ChipClassificationGeoJSONStore(str(path), GRIDS[name], CLASSES).save(cells(Box(0, 0, 64, 64)))
    [feature] = json.loads(path.read_text())["features"]
    [ring] = feature["geometry"]["coordinates"]
    assert ring[0] == ring[-1]
    assert shapely.LinearRing(ring).is_ccw
    (lon, lat), expected = ring[0], {"web map": 35.9}.get(name, 39)
    assert (expected, -6.3) == pytest.approx((lon, lat), abs=0.1)


def test_properties_of_cells(tmp_path: Path) -> None:
    """A cell says its class by id and by name, and the scores of all classes."""
    path = tmp_path / "cells.json"
    ChipClassificationGeoJSONStore(str(path), GRIDS["UTM"], CLASSES).save(cells(Box(0, 0, 9, 9)))
    [feature] = json.loads(path.read_text())["features"]
    expected = {"class_id": 2, "class_name": "ship", "scores": [0.25, 0.75]}
    assert expected == feature["properties"]


def test_cells_without_class_are_left_out(tmp_path: Path) -> None:
    """Of a cell without class nothing is written."""
    store = ChipClassificationGeoJSONStore(str(tmp_path / "c.json"), GRIDS["UTM"], CLASSES)
    labels = cells(Box(0, 0, 9, 9))
    labels.set_cell(Box(9, 0, 18, 9), None)
    store.save(labels)
    assert cells(Box(0, 0, 9, 9)) == store.get_labels()


def test_nothing_is_something_too(tmp_path: Path) -> None:
    """Labels without cells or boxes are written, and read back."""
    of_cells = ChipClassificationGeoJSONStore(str(tmp_path / "c.json"), GRIDS["UTM"], CLASSES)
    of_cells.save(of_cells.empty_labels())
    assert of_cells.empty_labels() == of_cells.get_labels()
    of_boxes = ObjectDetectionGeoJSONStore(str(tmp_path / "b.json"), GRIDS["UTM"], CLASSES)
    of_boxes.save(of_boxes.empty_labels())
    assert 0 == len(of_boxes.get_labels())


def test_a_class_that_is_none_leaves_the_old_file(tmp_path: Path) -> None:
    """Labels with a class that the task lacks are refused, and the file stays as it was."""
    path = tmp_path / "cells.json"
    path.write_text("old")
    store = ChipClassificationGeoJSONStore(str(path), GRIDS["UTM"], CLASSES)
    labels = ChipClassificationLabels()
    labels.set_cell(Box(0, 0, 9, 9), 7)
    with pytest.raises(ConfigError, match="no class has the id 7"):
        store.save(labels)
    assert "old" == path.read_text()


def test_missing_predictions(tmp_path: Path) -> None:
    """Where there are no predictions, the error says so."""
    store = ChipClassificationGeoJSONStore(str(tmp_path / "c.json"), GRIDS["UTM"], CLASSES)
    with pytest.raises(NotReadableError, match="no predictions at"):
        store.get_labels()


def test_predictions_of_another_image(tmp_path: Path) -> None:
    """Cells that do not lie on the pixels of the image are of another one."""
    uri = str(tmp_path / "cells.json")
    ChipClassificationGeoJSONStore(uri, GRIDS["UTM"], CLASSES).save(cells(Box(0, 0, 64, 64)))
    with pytest.raises(DataError, match="not on the pixels of the image"):
        ChipClassificationGeoJSONStore(uri, GRIDS["turned"], CLASSES).get_labels()


@pytest.mark.parametrize(
    "feature",
    [
        {"type": "Feature", "geometry": None, "properties": {"class_id": 1}},
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2]}},
        {
            "type": "Feature",
            "geometry": {"type": "Polygon", "coordinates": [[[0, 0]] * 4]},
            "properties": {"class_id": 1},
        },
        {
            "type": "Feature",
            "geometry": {"type": "Polygon", "coordinates": [[[0, 0]] * 5]},
            "properties": {},
        },
    ],
)
def test_other_geojson(feature: Any, tmp_path: Path) -> None:
    """GeoJSON that holds anything but boxes with classes is refused."""
    path = tmp_path / "cells.json"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    store = ChipClassificationGeoJSONStore(str(path), IdentityCRSTransformer(), CLASSES)
    with pytest.raises(DataError, match="does not hold boxes"):
        store.get_labels()


@pytest.mark.parametrize("key", KEYS)
def test_default_uri(key: str) -> None:
    """Predictions go to `<scene id>.json` below the predict URI if nothing else is said."""
    config = LabelStoreConfig.builder(key).build()
    experiment = SimpleNamespace(predict_uri="s3://x/predict")
    scene = SimpleNamespace(id="a/b", raster_source=None)
    config.update_for_command(keys.PREDICT, experiment, [scene])
    assert "s3://x/predict/a/b.json" == config.uri
    assert [config.uri] == _outputs(config, keys.PREDICT)


def _outputs(config: Any, command: str) -> list[str]:
    io_def = CommandIODefinition()
    config.report_io(command, io_def)
    return sorted(io_def.output_uris)


@pytest.mark.parametrize("key", KEYS)
def test_messages(key: str) -> None:
    """A store travels as the message that old programs read: its URI, or nothing."""
    config = LabelStoreConfig.builder(key).with_uri("x.json").build()
    message = config.to_proto()
    assert (key, "x.json") == (message.store_type, message.uri)
    assert "x.json" == LabelStoreConfig.from_proto(message).uri
    unset = LabelStoreConfig.builder(key).build().to_proto()
    assert LabelStoreConfig.from_proto(unset).uri is None


@pytest.mark.parametrize(
    ("key", "store_class"),
    [(KEYS[0], ChipClassificationGeoJSONStore), (KEYS[1], ObjectDetectionGeoJSONStore)],
)
def test_configs_make_stores(key: str, store_class: type, tmp_path: Path) -> None:
    """A config makes its store, and for a prediction elsewhere one that writes there."""
    config = LabelStoreConfig.builder(key).with_uri("x.json").build().for_prediction("y.json")
    task = SimpleNamespace(class_map=CLASSES)
    store = config.create_store(task, Box(0, 0, 9, 9), GRIDS["UTM"], str(tmp_path))
    assert (store_class, "y.json") == (type(store), store.uri)
